"""`omega.resample`: the bars that a run shows as a higher timeframe, of candles in any form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS

MINUTES = omega.sample("EURUSD_M1").head(4_000)
SHARE = omega.sample("SHARE").head(100)
PRICES = ("open", "high", "low", "close")


class Notes(omega.Strategy):
    """Notes each complete bar of the higher timeframe."""

    def __init__(self, timeframe: str) -> None:
        super().__init__()
        self.timeframe = timeframe
        self.notes: dict[datetime, tuple[Any, ...]] = {}

    def init(self) -> None:
        self.sma(1, timeframe=self.timeframe)  # a warm-up of one bar

    def on_bar(self, bar: omega.Bar) -> None:
        seen = bar.tf(self.timeframe)
        bid = [getattr(seen, price) for price in PRICES]
        ask = [getattr(seen.ask, price) for price in PRICES]
        self.notes[seen.time] = (*bid, *ask, seen.volume)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("data", "timeframe", "calendar"),
    [
        (MINUTES, "H1", None),
        (MINUTES, "D1", "FX"),
        (MINUTES.select("time", *(pl.col(f"bid_{one}").alias(one) for one in PRICES), "volume")
         .with_columns(spread=pl.col("close") * 1e-5), "M15", None),
        (SHARE, "W1", "America/New_York"),
        (SHARE, "MN1", None),
    ],
)  # fmt: skip
def test_bars_are_those_of_a_run(
    backend: str, data: pl.DataFrame, timeframe: str, calendar: str | None
) -> None:
    made = omega.resample(data, timeframe, calendar=calendar)
    words: dict[str, Any] = {"timeframes": (timeframe,), "calendar": calendar, "backend": backend}
    notes = omega.run_backtest(data, Notes(timeframe), **words).strategy.notes
    prefixes = ("", "") if "open" in made.columns else ("bid_", "ask_")
    names = [f"{prefix}{price}" for prefix in prefixes for price in PRICES]
    columns = [made[name].to_list() for name in (*names, "volume")]
    rows = dict(zip(made["time"].to_list(), zip(*columns, strict=True), strict=True))
    assert len(notes) >= made.height - 2  # the last bar may not be complete
    for time, seen in notes.items():
        assert rows[time] == seen


def test_pandas_and_several_symbols_and_a_strategy_over_them() -> None:
    whole = omega.resample(MINUTES, "H1")
    assert omega.resample(MINUTES.to_pandas(), "H1").drop("time").equals(whole.drop("time"))
    both = omega.resample({"A": MINUTES, "B": SHARE}, "D1")
    assert both["symbol"].unique(maintain_order=True).to_list() == ["A", "B"]
    assert both.null_count().sum_horizontal().item() == 0
    one = omega.resample({"A": MINUTES, "B": SHARE}, "D1", symbol="B")
    assert (one.columns, one.height) == (SHARE.columns, SHARE.height)
    held = omega.run_backtest(whole, omega.native("buy_and_hold"), backend=BACKENDS[0])
    assert held.metrics["bars"] == whole.height


def test_times_in_seconds_stay_the_same_times() -> None:
    import pyarrow as pa  # noqa: PLC0415 - the one table of seconds

    table = MINUTES.to_arrow()
    seconds = table.set_column(
        0, "time", table["time"].cast(pa.timestamp("us")).cast(pa.timestamp("s"))
    )
    expected = omega.resample(MINUTES, "H1")["time"].dt.epoch("s").to_list()
    assert omega.resample(seconds, "H1")["time"].dt.epoch("s").to_list() == expected


def test_what_is_no_timeframe_or_symbol_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected M, H, D, W or MN"):
        omega.resample(MINUTES, "1h")
    with pytest.raises(ConfigError, match="expected one of A, B"):
        omega.resample({"A": MINUTES, "B": SHARE}, "H1", symbol="C")
