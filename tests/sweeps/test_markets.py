"""Files with a run each are run side by side, with the rows of one after the other."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from data.generate import random_walk
from omega.sweeps.markets import side_by_side, small_markets
from tests.support.backends import WITHOUT_CORE

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="runs of the core")


def files(folder: Path, count: int) -> dict[str, Path]:
    """Write files of candles that differ, so that each run has a fingerprint of its own."""
    found = {}
    for number in range(count):
        found[str(number)] = folder / f"{number}.parquet"
        random_walk.candles(400, seed=number).write_parquet(found[str(number)])
    return found


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("fast", [[3], [3, 4], [3, 4, 5, 6, 7]])
def test_rows_are_those_of_one_file_after_the_other(
    count: int, fast: list[int], tmp_path: Path
) -> None:
    grid = {"data": files(tmp_path, count), "fast": fast}
    strategy = omega.native("sma_cross", slow=20)
    one, three = (omega.sweep(None, strategy, grid, workers=workers) for workers in (1, 3))
    assert one.to_polars().equals(three.to_polars())
    assert one.to_polars()["fingerprint"].n_unique() == count * len(fast)


def crossing(s: Any) -> Any:  # noqa: ANN401 - whatever declares indicators
    return omega.crossover(s.sma(3), s.sma(9))


def test_two_files_are_run_at_once(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)

    def entry(s: Any) -> Any:  # noqa: ANN401 - as above
        both.wait()  # breaks where only one is there
        return crossing(s)

    result = omega.sweep(None, omega.Signals(entry=entry), {"data": files(tmp_path, 4)}, workers=2)
    assert len(result) == 4
    assert result.failures.is_empty()


def test_a_file_that_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    given = files(tmp_path, 3)
    given["1"].write_bytes(b"PAR1")
    grid = {"data": given}
    table = omega.sweep(None, omega.native("sma_cross"), grid, workers=3).to_polars()
    assert [error is None for error in table["error"]] == [True, False, True]


def test_signals_may_run_over_files_side_by_side(tmp_path: Path) -> None:
    signals = omega.Signals(entry=crossing, exit=~(pl.col("close") > 0))
    grid = {"data": files(tmp_path, 6)}
    one, two = (omega.sweep(None, signals, grid, workers=workers) for workers in (1, 2))
    assert one.failures.is_empty()
    assert one.to_polars().equals(two.to_polars())


def test_a_market_that_goes_on_is_not_cut() -> None:
    assert small_markets("aab", str, 2, workers=4) == ["aa"]
    assert small_markets("aaa", str, 2, workers=4) == []
    assert small_markets("abbbb", str, 9, workers=4) == ["a"]
    assert small_markets("a", str, 1, workers=1) == []


def test_an_error_ends_the_others() -> None:
    def fails(number: int, _: object) -> list[int]:
        raise ZeroDivisionError(number)

    with pytest.raises(ZeroDivisionError, match="1"):
        list(side_by_side(["a", "b", "c"], [1, 2], fails))
