"""Several symbols and timeframes over real candles: both backends, to the byte.

Rates and higher bars are worked out here a second time, by Polars from the files alone.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import omega
from tests.golden.frozen import TABLES, compare_facts, daily, minutes
from tests.support.backends import BACKENDS
from tests.support.real_data import FOLDER as REAL

OANDA = REAL / "lean"
EVERY_TABLE = (*TABLES, "ledger", "equity", "positions", "ambiguous_trades")
SESSION = omega.Timeframe("D1", anchor="17:00", zone="America/New_York")
GOLD: dict[str, Any] = {
    "timeframes": ("H1",),
    "account_currency": "EUR",
    "sizer": omega.RiskPercent(0.5),
    "costs": {
        "EURUSD": omega.Costs(slippage_pips=0.1, slippage_random_pips=0.2, fee_per_million=30),
        "XAUUSD": omega.Costs(slippage_pips=0.5, swap_long=-6.1, swap_short=1.9),
    },
    "account": omega.Account(leverage=30),
    "seed": 2014,
}
PRICES = [
    f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close")
]

pytestmark = pytest.mark.skipif(
    not OANDA.is_dir(), reason=f"no real candles at {OANDA}; set OMEGA_DATA"
)


class HourlyTrend(omega.Strategy):
    """Takes the minutes that fell far, or rose far, against the trend of the hours."""

    hours: int = 20
    window: int = 60
    threshold: float = 2.0

    def init(self) -> None:
        self.of = {
            name: (
                self.ema(self.hours, symbol=name, timeframe="H1"),
                self.zscore(self.window, symbol=name),
                self.atr(14, symbol=name),
            )
            for name in ("EURUSD", "XAUUSD")
        }

    def on_bar(self, bar: omega.Bar) -> None:
        for name, (trend, score, reach) in self.of.items():
            newest = bar[name]
            if not newest.fresh or self.positions_in(name):
                continue
            rising = newest.tf("H1").close > trend[-1]
            risk = 4 * reach[-1]
            low, high = newest.close, newest.ask.close
            if rising and score[-1] < -self.threshold:
                self.buy(symbol=name, stop_loss=low - risk, take_profit=high + risk)
            elif not rising and score[-1] > self.threshold:
                self.sell(symbol=name, stop_loss=high + risk, take_profit=low - risk)


class Crossings(omega.Strategy):
    """Follows two averages in each of three symbols, always one lot."""

    def init(self) -> None:
        names = ("EURGBP", "GBPUSD", "EURUSD")
        self.means = {n: (self.sma(20, symbol=n), self.sma(60, symbol=n)) for n in names}

    def on_bar(self, bar: omega.Bar) -> None:
        for name, (fast, slow) in self.means.items():
            held = self.positions_in(name)
            up = fast[-1] > slow[-1]
            if held and (held[0].direction == "long") == up:
                continue
            if held:
                self.close(symbol=name)
            (self.buy if up else self.sell)(symbol=name)


def run_on_each(
    data: dict[str, pl.DataFrame],
    strategy: type[omega.Strategy],
    **words: Any,  # noqa: ANN401 - of the run
) -> omega.BacktestResult:
    """Run on every backend, compare all tables, and give the result."""
    first, *others = [
        omega.run_backtest(data, strategy(), instruments="auto", backend=backend, **words)
        for backend in BACKENDS
    ]
    assert first.copied_bytes == 0
    for other in others:
        for name in EVERY_TABLE:
            ours, theirs = getattr(first, name), getattr(other, name)
            assert ours.schema == theirs.schema, name
            assert repr(ours.rows()) == repr(theirs.rows()), f"{name} differs"
        assert first.fingerprint == other.fingerprint
        assert repr(first.metrics) == repr(other.metrics)
    return first


def with_profit(
    trades: pl.DataFrame, pair: pl.DataFrame, size: float, *, inverse: bool
) -> pl.DataFrame:
    """Add what trades should have made, by the middle of the newest close of a pair (M2)."""
    middle = (pl.col("bid_close") + pl.col("ask_close")) / 2
    rates = pair.select(rate_time=pl.col("time"), middle=1 / middle if inverse else middle)
    sign = pl.when(pl.col("direction") == "long").then(1.0).otherwise(-1.0)
    moved = (pl.col("exit_price") - pl.col("entry_price")) * sign
    return (
        trades.sort("exit_time")
        .join_asof(rates, left_on="exit_time", right_on="rate_time")
        .with_columns(expected=moved * pl.col("lots") * size * pl.col("middle"))
    )


def test_minutes_under_hours_with_gold_converted_into_euros() -> None:
    data = {"EURUSD": minutes("EURUSD", "forex"), "XAUUSD": minutes("XAUUSD", "cfd")}
    times = [frame["time"] for frame in data.values()]
    assert len(set(times[0]) & set(times[1])) == 14_800
    result = run_on_each(data, HourlyTrend, **GOLD)
    compare_facts("eurusd_xauusd_may_2014.json", result)
    for name, size in (("EURUSD", 100_000.0), ("XAUUSD", 100.0)):
        trades = result.trades.filter(pl.col("symbol") == name)
        assert trades.height > 50
        own = data[name]["time"]
        assert own.gather(trades["exit_index"]).to_list() == trades["exit_time"].to_list()
        found = with_profit(trades, data["EURUSD"], size, inverse=True)
        assert found["expected"].to_list() == found["gross_pnl"].to_list()
    assert (found["rate_time"] < found["exit_time"]).any(), "gold has minutes that euros have not"


def test_twelve_years_of_days_with_pounds_converted_into_dollars() -> None:
    data = {name: daily(name) for name in ("EURGBP", "GBPUSD", "EURUSD")}
    assert [frame.height for frame in data.values()] == [3_738] * 3
    result = run_on_each(data, Crossings, cash=100_000.0)
    compare_facts("three_pairs_2007_to_2018.json", result)
    trades = result.trades.filter(pl.col("symbol") == "EURGBP")
    found = with_profit(trades, data["GBPUSD"], 100_000.0, inverse=False)
    assert found.height > 30
    assert found["expected"].to_list() == found["gross_pnl"].to_list()
    bought, sold = "2007-03-12", "2007-06-07"
    first = trades.row(0, named=True)
    assert (f"{first['entry_time']:%F}", f"{first['exit_time']:%F}") == (bought, sold)
    # by hand: 49 pounds are lost, each worth the middle of that day's closes, 1.97808 and 1.97841
    assert (first["entry_price"], first["exit_price"]) == (0.67780, 0.67731)
    assert round(first["gross_pnl"], 6) == round(-49 * 1.978245, 6) == -96.934005


@pytest.mark.parametrize("backend", BACKENDS)
def test_hours_and_sessions_are_those_that_polars_makes(backend: str) -> None:
    data = {"EURUSD": minutes("EURUSD", "forex"), "XAUUSD": minutes("XAUUSD", "cfd")}
    clocks = {"H1": None, "D1": None, "session": SESSION}
    found: dict[tuple[str, str], list[Any]] = {(s, c): [] for s in data for c in clocks}

    def on_bar(bar: omega.Bar) -> None:
        for (name, clock), rows in found.items():
            try:
                higher = bar[name].tf(clock)
            except IndexError:
                continue
            if higher.fresh:
                assert higher.index == len(rows)
                rows.append([higher.time, *prices_of(higher)])

    omega.run_backtest(data, on_bar, timeframes=clocks, backend=backend)
    for (name, clock), rows in found.items():
        expected = by_polars(data[name], clock).rows()
        assert len(rows) in (len(expected), len(expected) - 1), "the last may not be over"
        assert len(rows) > 10
        assert [tuple(row) for row in rows] == expected[: len(rows)], f"{clock} of {name}"


def prices_of(bar: omega.Bar) -> list[float]:
    sides = (bar.bid, bar.ask)
    return [price for side in sides for price in (side.open, side.high, side.low, side.close)]


def by_polars(frame: pl.DataFrame, clock: str) -> pl.DataFrame:
    """Resample by New York's own clock for the session, else by UTC."""
    zone = str(SESSION.zone) if clock == "session" else "UTC"
    local = frame.with_columns(
        pl.col("time").dt.convert_time_zone(zone).dt.replace_time_zone(None).set_sorted()
    )
    every, offset = {"H1": ("1h", "0h"), "D1": ("1d", "0h"), "session": ("1d", "17h")}[clock]
    pick = {"open": "first", "high": "max", "low": "min", "close": "last"}
    bars = local.group_by_dynamic("time", every=every, offset=offset, start_by="window").agg(
        getattr(pl.col(name), pick[name[4:]])() for name in PRICES
    )
    return bars.with_columns(pl.col("time").dt.replace_time_zone(zone).dt.convert_time_zone("UTC"))
