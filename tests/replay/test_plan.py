"""Which bars are walked: start, end and warm-up (L2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError, OmegaError, WarmupIndexNotFound
from tests.support import candles

START = candles.START


def walked(backend: str, settings: dict[str, object], bars: int = 10) -> list[int]:
    """Give the index of the newest visible bar at each call."""
    seen: list[int] = []

    def on_bar(bar: omega.Bar) -> None:
        seen.append(bar.index)

    data = candles.rising(bars)
    any_settings: Any = settings
    result = omega.run_backtest(data, on_bar, backend=backend, **any_settings)
    flat = 0 if "start" in settings else 1
    assert result.stats.bars_processed == len(seen) == result.equity.height - flat
    assert result.equity["time"][flat:].to_list() == (
        data["time"][seen[0] + 1 : seen[-1] + 2].to_list()
    )
    assert result.equity["time"][:flat].to_list() == data["time"][:flat].to_list()
    return seen


class Waiting(omega.Strategy):
    """Notes its first bar."""

    bars: int = 0
    window: int = 0
    first: int = -1

    def init(self) -> None:
        if self.window:
            self.mean = self.sma(self.window)

    def on_bar(self, bar: omega.Bar) -> None:
        if self.first < 0:
            self.first = bar.index


def test_without_a_start_the_first_decision_is_after_the_first_bar(backend: str) -> None:
    assert walked(backend, {}) == list(range(9))


@pytest.mark.parametrize(
    "start",
    [
        START + timedelta(minutes=4),
        (START + timedelta(minutes=4)).replace(tzinfo=None),
        "2024-01-01 00:04",
        "2024-01-01T01:04:00+01:00",
        int((START + timedelta(minutes=4)).timestamp()) * 1_000_000,
        START + timedelta(minutes=3, seconds=1),
    ],
    ids=str,
)
def test_the_start_is_the_first_bar_that_is_acted_in(
    backend: str, start: datetime | str | int
) -> None:
    assert walked(backend, {"start": start}) == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (START + timedelta(minutes=6), 5),
        ("2024-01-01 00:06:59", 5),
        (date(2024, 1, 1), 8),
        ("2024-01-01", 8),
        (datetime(2030, 1, 1), 8),  # noqa: DTZ001 - counts as UTC
    ],
)
def test_the_end_is_included(backend: str, end: datetime | date | str, last: int) -> None:
    assert walked(backend, {"end": end})[-1] == last


def test_a_warmup_is_complete_bars_before_the_first_decision(backend: str) -> None:
    class Patient(Waiting):
        warmup = 5

    result = omega.run_backtest(candles.rising(10), Patient(), backend=backend)
    assert result.strategy.first == 4


def test_an_indicator_asks_for_the_bars_that_it_needs(backend: str) -> None:
    result = omega.run_backtest(candles.rising(10), Waiting(window=7), backend=backend)
    assert result.strategy.first == 6


def test_bars_before_the_start_are_warmup(backend: str) -> None:
    start, strategy = "2024-01-01 00:05", Waiting(window=3)
    result = omega.run_backtest(candles.rising(10), strategy, start=start, backend=backend)
    assert result.strategy.first == 4


@pytest.mark.parametrize(
    "settings",
    [{"start": "2024-01-02"}, {"end": "2023-12-31"}, {"start": "2024-01-01 00:05", "end": 0}],
    ids=str,
)
def test_no_bar_left_says_what_the_data_covers(backend: str, settings: dict[str, object]) -> None:
    with pytest.raises(WarmupIndexNotFound, match="10 bars") as caught:
        walked(backend, settings)
    first = int(START.timestamp()) * 1_000_000
    assert (caught.value.first, caught.value.last) == (first, first + 9 * 60_000_000)
    assert isinstance(caught.value, (LookupError, OmegaError))


def test_a_warmup_longer_than_the_data_is_refused(backend: str) -> None:
    with pytest.raises(WarmupIndexNotFound, match="warm-up"):
        omega.run_backtest(candles.rising(10), Waiting(window=10), backend=backend)


def test_one_row_has_no_bar_to_act_in(backend: str) -> None:
    with pytest.raises(WarmupIndexNotFound, match="1 bars"):
        omega.run_backtest(candles.rising(1), lambda bar: None, backend=backend)


def test_two_rows_are_enough(backend: str) -> None:
    assert walked(backend, {}, bars=2) == [0]


@pytest.mark.parametrize("start", ["not a moment", 1.5, True, [], "2024-13-01"], ids=repr)
def test_what_is_no_moment_is_refused(backend: str, start: object) -> None:
    with pytest.raises(ConfigError, match="start: given"):
        walked(backend, {"start": start})


def test_quote_ticks_are_bars_of_one_price(backend: str) -> None:
    times = [START + timedelta(seconds=k) for k in (0, 1, 1, 2)]
    ticks = pl.DataFrame({"time": times, "bid": [1.0, 2.0, 3.0, 4.0], "ask": [1.5, 2.5, 3.5, 4.5]})
    plan = candles.told({1: omega.Signal("long")})
    result = omega.run_backtest(ticks, plan, backend=backend)
    trade = result.trades.row(0, named=True)
    assert (trade["entry_index"], trade["entry_price"], trade["exit_price"]) == (2, 3.5, 4.0)
