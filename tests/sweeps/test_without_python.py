"""Goal: compiled classes, and C functions, run on threads with the rows of single runs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omega
from examples.c_strategy import run as c_example
from omega.examples.sma_cross import SmaCross
from omega.sweeps import core, without_python
from omega.sweeps.core import Core, Numbered
from omega.sweeps.spec import Row
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import walk
from tests.support.compiled_strategies import Crossing, OnCrossings, TrailingByHand

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")

CANDLES = walk(1_200, chunks=3)
GRID = {"fast": [2, 3, 5], "slow": [7, 11]}


class Uncompiled(Crossing):
    """The same in Python."""

    def on_bar(self, bar: omega.Bar) -> None:
        Crossing.on_bar(self, bar)


class Fails(omega.Strategy):
    fast: int = 2

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index > 5 and 10 // (self.fast - 2) > 0:
            self.buy()


class FallsBack(omega.Strategy):
    fast: int = 2

    @omega.compiled(fallback=True)
    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index % 7 == self.fast:
            self.buy(reason=f"at {bar.index}")


def rows(strategy: object, grid: object, workers: int) -> list[tuple[Any, ...]]:
    run: Any = omega.sweep
    made = run(CANDLES, strategy, grid, workers=workers, fingerprint=True)
    return list(made.to_polars().rows())


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_are_those_of_single_runs(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = rows(Uncompiled, GRID, 1)
    made: list[int] = []
    batch = Core._batch  # noqa: SLF001 - whether it ran in the core

    def counted(self: Core, trials: Sequence[Numbered]) -> list[Row]:
        made.append(len(trials))
        return batch(self, trials)

    monkeypatch.setattr(Core, "_batch", counted)
    assert rows(Crossing, GRID, workers) == plain
    assert sum(made) == 6


def test_settings_and_triggers_vary() -> None:
    grid = {"mode": ["both", "long"], "cash": [5_000.0, 10_000.0]}
    (first, *others) = (rows(OnCrossings, grid, workers) for workers in (1, 2))
    assert all(first == other for other in others)
    single = omega.run_backtest(CANDLES, OnCrossings(mode="long"), cash=5_000.0, compiled=False)
    assert any(single.fingerprint in row for row in first)
    both = rows(TrailingByHand, {"window": [10, 20], "share": [0.3, 0.6]}, 2)
    assert len(both) == 4


def test_a_failure_is_the_row_of_python() -> None:
    made = omega.sweep(CANDLES, Fails, {"fast": [1, 2, 3]}, workers=2).to_polars()
    assert made["error"].to_list() == [
        None,
        "ZeroDivisionError: integer division or modulo by zero",
        None,
    ]


def test_a_fallback_runs_in_python() -> None:
    made = omega.sweep(CANDLES, FallsBack, {"fast": [1, 2]}, workers=2, fingerprint=True)
    single = omega.run_backtest(CANDLES, FallsBack(fast=2), compiled=False)
    assert made.to_polars()["fingerprint"].to_list()[1] == single.fingerprint


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler, cc")
def test_a_function_in_c_has_a_context_for_each_run(tmp_path: Path) -> None:
    loaded = c_example.library(c_example.SOURCE, tmp_path)

    def make(fast: int, slow: int) -> object:
        return c_example.strategy(loaded, fast, slow)

    assert rows(make, GRID, 2) == rows(SmaCross, GRID, 1)


class Shares(omega.Strategy):
    """Counts in an array and a list that its class has."""

    fast: int = 2
    seen = np.zeros(2)
    kept = [1]  # noqa: RUF012 - what runs must not share

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Buy once, of a size that shows whether another run was here before."""
        self.seen[0] += 1
        self.kept.append(bar.index)
        if bar.index == 10:
            self.buy(size=self.seen[0] + len(self.kept) + self.fast)


class Given(omega.Strategy):
    """The same, of its instances."""

    fast: int = 2

    def __init__(self, **given: int) -> None:
        """Keep an array."""
        super().__init__(**given)
        self.seen = GIVEN

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Buy once, as above."""
        self.seen[0] += 1
        if bar.index == 10:
            self.buy(size=self.seen[0] + self.fast)


GIVEN = np.zeros(2)


@pytest.mark.parametrize("kind", [Shares, Given])
def test_runs_share_nothing(kind: type[omega.Strategy]) -> None:
    made = omega.sweep(CANDLES, kind, {"fast": [1, 2, 3]}, workers=2, fingerprint=True).to_polars()
    single = [omega.run_backtest(CANDLES, kind(fast=fast)).fingerprint for fast in (1, 2, 3)]
    assert made["fingerprint"].to_list() == single
    assert (GIVEN.tolist(), Shares.seen.tolist(), Shares.kept) == ([0, 0], [0, 0], [1])


def test_a_class_is_looked_at_once_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []

    def form_of(strategy: object) -> without_python.Form:
        looked.append(type(strategy))
        return without_python.form_of(strategy)

    monkeypatch.setattr(core, "form_of", form_of)
    grid = {"fast": list(range(2, 30)), "slow": [40, 50]}
    assert len(omega.sweep(CANDLES, Crossing, grid, workers=2)) == 56
    assert looked == [Crossing]


class Stops(Crossing):
    """Is interrupted while the run of a number is put together, and cannot be put together."""

    stops: bool = False
    refuses: bool = False

    def init(self) -> None:
        """Declare."""
        super().init()
        if self.stops:
            raise KeyboardInterrupt
        if self.refuses:
            raise ValueError("refused")


def test_what_is_put_together_may_fail_or_be_interrupted_while_runs_go_on() -> None:
    lines = [{"fast": 2, "slow": slow, "refuses": slow % 3 == 0} for slow in range(5, 35)]
    made = omega.sweep(CANDLES, Stops, lines, workers=2).to_polars()
    refused = [one["refuses"] for one in lines]
    assert [error == "ValueError: refused" for error in made["error"]] == refused
    plain = [row for row in lines if not row["refuses"]]
    alone = omega.sweep(CANDLES, Crossing, [{"fast": 2, "slow": row["slow"]} for row in plain])
    assert made.filter(~made["refuses"])["fingerprint"].equals(alone.to_polars()["fingerprint"])
    stops = {"fast": 2, "slow": 9, "stops": True}
    ended = omega.sweep(CANDLES, Stops, [*lines[:12], stops, *lines], workers=2)
    assert ended.interrupted
    assert 8 <= ended.to_polars().height <= 12  # the first batch, at least


def test_what_fails_at_once_makes_no_batch_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is about a quarter of a second of runs: an interrupt loses no more."""
    made: list[int] = []
    batch = Core._batch  # noqa: SLF001 - how many runs are made at once

    def counted(self: Core, trials: Sequence[Numbered]) -> list[Row]:
        made.append(len(trials))
        return batch(self, trials)

    monkeypatch.setattr(Core, "_batch", counted)
    failing = [{"fast": 5, "slow": -1}] * 8
    whole = [{"fast": 5, "slow": slow} for slow in range(20, 60)]
    native = omega.native("sma_cross")
    swept = omega.sweep(walk(2_000), native, failing + whole, workers=2)
    assert swept.failures.height == 8
    assert made[:2] == [8, 8]


def test_tables_of_a_sweep_whose_runs_all_failed_are_refused_as_that() -> None:
    swept = omega.sweep(CANDLES, omega.native("sma_cross"), {"slow": [-1, -2]}, trades=True)
    with pytest.raises(omega.ConfigError, match=r"trades: all 2 runs of this sweep failed"):
        _ = swept.trades
