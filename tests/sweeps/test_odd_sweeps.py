"""Arguments of sweeps and of their results that mean something else than they seem to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega import ConfigError
from omega.results.reconciling import fills_of, reconcile
from tests.support.candles import rising

CANDLES = rising(60)
CROSS = omega.native("sma_cross", slow=20)


@pytest.mark.parametrize("name", ["trades", "equity", "daily", "fingerprint"])
@pytest.mark.parametrize("given", ["no", 1, None])
def test_what_is_kept_is_true_or_false(name: str, given: object) -> None:
    settings: dict[str, Any] = {name: given}
    with pytest.raises(ConfigError, match=rf"^{name}: given {given!r}, expected True or False"):
        omega.sweep(CANDLES, CROSS, {"fast": [5]}, **settings)


def grid_of(size: int) -> omega.SweepResult:
    rows = [(x, y, float(x + y)) for x in range(size) for y in range(size)]
    frame = pl.DataFrame(rows, schema=["x", "y", "sharpe"], orient="row")
    return omega.SweepResult(frame.with_row_index("run"), metrics=("sharpe",), total=size * size)


def test_a_reach_beyond_the_grid_is_that_of_the_grid() -> None:
    result = grid_of(4)
    assert result.zone("sharpe", reach=10**9).neighbours == 15
    assert result.zone("sharpe", reach=10**9).ranges == result.zone("sharpe", reach=3).ranges


def test_a_gate_takes_numbers_of_any_kind() -> None:
    least: Any = Fraction(7, 2)
    assert grid_of(3).select(minimum={"sharpe": least})["sharpe"].to_list() == [4.0]


@pytest.mark.parametrize("given", [5, 1.5, ["sharpe"]])
def test_a_metric_that_is_no_name_is_shown(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^metric: given (5|1\.5|\['sharpe'\]), expected"):
        grid_of(2).best(given)


def test_a_trial_without_its_fields_is_refused(tmp_path: Path) -> None:
    ledger = omega.trials(tmp_path / "trials")
    with pytest.raises(ConfigError, match=r"^trials: given \{'data': 'ab'\}, expected data, "):
        ledger.add([{"data": "ab"}])
    assert len(ledger) == 0


def test_a_row_of_a_ledger_that_is_nested_without_end_was_changed(tmp_path: Path) -> None:
    file = tmp_path / "trials"
    file.write_text("[" * 100_000 + "\n")
    with pytest.raises(omega.errors.TrialsChanged, match="row 1"):
        omega.trials(file)


@pytest.mark.parametrize("given", ["sharpe", 5, [0.5, "x"]])
def test_amounts_of_money_are_numbers(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^cash: given .*, expected"):
        omega.capacity(CANDLES, CROSS, given, costs=omega.Costs(impact=1.0))


@pytest.mark.parametrize("kind", [np.int64, np.uint8, int])
def test_numbers_of_a_cluster_may_be_of_numpy(kind: type[Any], tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        made = omega.cluster.futures(pool, shared=tmp_path, slots=kind(2), threads=kind(1))
        assert made.slots() == 2
        refused: list[Any] = [kind(0), True, 1.5]
        for given in refused:
            with pytest.raises(ConfigError, match=r"^threads: given .*, expected a whole number"):
                omega.cluster.futures(pool, shared=tmp_path, threads=given)


def test_a_tolerance_may_be_a_number_of_any_kind() -> None:
    result = omega.run_backtest(rising(9), omega.native("buy_and_hold"))
    fills = fills_of(result).with_columns(pl.col("price") + 0.25)
    numbers: list[Any] = [np.float32(0.5), np.int64(1), 0.5]
    for given in numbers:
        assert not reconcile(result, fills, price_tolerance=given).differences.height
    with pytest.raises(ConfigError, match=r"^price_tolerance: given True, expected a number"):
        reconcile(result, fills, price_tolerance=True)


@pytest.mark.parametrize("make", [np.array, pl.Series, tuple])
def test_amounts_of_cash_may_be_an_array(make: Any) -> None:  # noqa: ANN401 - of three libraries
    share = omega.sample("SHARE")
    given: dict[str, Any] = {"costs": omega.Costs(impact=1.0), "sizer": omega.EquityPercent(90)}
    native = omega.native("sma_cross", fast=5, slow=20)
    found = omega.capacity(share, native, make([1e5, 1e8]), workers=1, **given)
    assert found.table["cash"].to_list() == [1e5, 1e8]
    square: Any = np.ones((2, 2))
    with pytest.raises(ConfigError, match=r"^cash: given .*, expected"):
        omega.capacity(share, native, square, **given)
