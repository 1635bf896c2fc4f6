"""A robustness test in processes, on pools and on clusters: the rows of one process."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from tests.support.backends import WITHOUT_CORE
from tests.support.forward_forms import FORMS, candles

FEW: dict[str, Any] = {"runs": 2, "starts": 1, "costs": omega.Costs(fee_fixed=0.5)}


def require_same(made: omega.StressResult, local: omega.StressResult) -> None:
    assert made.runs.equals(local.runs)
    assert made.base.fingerprint == local.base.fingerprint
    assert made.skipped == local.skipped


@pytest.mark.parametrize("name", list(FORMS))
def test_processes_make_the_same_rows(name: str) -> None:
    form, data = FORMS[name], candles(120, seed=4)
    point = {key: values[0] for key, values in form.grid.items()}
    backend = "python" if WITHOUT_CORE else "rust"
    words = {**FEW, "parameters": point, "backend": backend}
    local = omega.stress(data, form.strategy, **words)
    require_same(omega.stress(data, form.strategy, workers=2, **words), local)
    assert local.runs["error"].is_null().all()


def test_pools_and_clusters_make_the_same_rows(tmp_path: Path) -> None:
    data = candles(120, seed=4)
    strategy = omega.native("sma_cross", fast=3, slow=9)
    local = omega.stress(data, strategy, **FEW)
    told: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        cluster = omega.cluster.futures(pool, shared=tmp_path)
        words = {**FEW, "progress": lambda done, name: told.append(name)}
        require_same(omega.stress(data, strategy, executor=cluster, **words), local)
    assert sorted(told) == sorted(local.runs["variation"])
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as processes:
        require_same(omega.stress(data, strategy, executor=processes, **FEW), local)
    assert list(tmp_path.iterdir()) == []


class Failing(omega.Strategy):
    size: int = 3

    def on_bar(self, bar: omega.Bar) -> None:
        if self.size != 3:
            raise ValueError("only three will do")
        if bar.index == 2:
            self.buy(size=1)


def test_a_run_that_fails_is_a_row_wherever_it_is_made() -> None:
    data = candles(60, seed=4)
    local = omega.stress(data, Failing, **FEW)
    moved = local.runs.filter(pl.col("variation") == "parameters")
    assert moved["error"].str.contains("only three will do").any()
    require_same(omega.stress(data, Failing, workers=2, **FEW), local)
