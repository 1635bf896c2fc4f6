"""The look-ahead check: what looks back is called clean, the examples among it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import omega
from omega.examples.buy_and_hold import BuyAndHold
from omega.examples.donchian_breakout import DonchianBreakout
from omega.examples.rsi_reversion import RsiReversion
from omega.examples.sma_cross import SmaCross
from omega.examples.zscore_reversion import ZScoreReversion
from tests.support import candles, catalog
from tests.support.backends import WITHOUT_CORE
from tests.support.column_follower import BARS, CLOSE, DATA, of
from tests.support.scenario_reversion import SCENARIOS


def joined_late(frame: pl.DataFrame) -> omega.Signals:
    """Join them by their end: each is complete when it is seen."""
    quarters = frame.group_by_dynamic("time", every="15m", label="right").agg(
        pl.col("close").last().alias("m15")
    )
    seen = frame.join_asof(quarters, on="time", allow_exact_matches=True)
    return omega.Signals(entry=(seen["m15"] > frame["close"]).fill_null(value=False))


EXAMPLES = [
    BuyAndHold,
    DonchianBreakout,
    RsiReversion,
    SmaCross,
    SmaCross(fast=5, slow=9),
    ZScoreReversion(window=20, threshold=1.5),
]


@pytest.mark.parametrize("strategy", EXAMPLES, ids=str)
def test_the_examples_are_clean(
    backend: str,
    strategy: Any,  # noqa: ANN401 - a class or an instance
) -> None:
    report = omega.check_lookahead(
        strategy,
        DATA,
        backend=backend,
        symbol="EURUSD",
        instruments="auto",
        sizer=omega.RiskPercent(1.0) if isinstance(strategy, ZScoreReversion) else None,
        costs=omega.Costs(slippage_random_pips=1.0, fee_per_million=30),
    )
    assert report.clean, report
    assert report.unchecked == ()
    assert str(report).startswith("LookaheadReport: nothing looks ahead")


class Causal(omega.Strategy):
    """Columns of all kinds that look back, and events."""

    def init(self) -> None:
        day = pl.col("time").dt.truncate("1h")
        self.lines = [
            self.column(CLOSE.ewm_mean(span=9), "ewm"),
            self.column(CLOSE.rolling_std(20), "std"),
            self.column((CLOSE - CLOSE.rolling_mean(30)) / CLOSE.rolling_std(30), "z"),
            self.column(pl.col("high").cum_max().over(day), "high of the hour"),
            self.column(np.maximum.accumulate, "peak", source="high"),
            self.column(CLOSE.pct_change().rolling_mean(7), "drift"),
            self.column(CLOSE.rolling_mean(3), "slow", timeframe="M5"),
            self.ema(3, timeframe="M5"),
        ]
        self.hurt = 0

    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is None and self.lines[2][-1] < -1:
            self.buy(1 + self.hurt % 3, stop_loss=bar.close - 2 * self.lines[1][-1])
            self.sell(limit=bar.ask.close + 2 * self.lines[1][-1])
        elif self.position is not None and bar.tf("M5").close > self.lines[6][-1]:
            self.close()

    def on_exit(self, trade: omega.Trade) -> None:
        self.hurt += trade.net_pnl < 0


MANAGED = {"position_manager": [omega.TimeExit(bars=3), omega.PartialClose(1e-4, fraction=0.5)]}
THIN = {
    "sizer": omega.FixedLots(250_000),
    "account": omega.Account(leverage=30, stop_out_level=0.9),
}

CLEAN: list[tuple[str, Any, dict[str, Any]]] = [
    ("columns that look back", Causal, {"timeframes": "M5"}),
    ("several strategies", [SmaCross(fast=3, slow=8), Causal()], {"timeframes": "M5"}),
    ("a manager", SmaCross(fast=3, slow=8), {"position_manager": omega.TrailingStop(3e-4)}),
    ("a manager that leaves at the close", Causal, MANAGED | {"timeframes": "M5"}),
    ("an account that stops out", of(lambda s: s.ema(3)), THIN),
    ("a function", lambda bar: omega.Signal("long") if bar.index % 9 == 0 else omega.Close(), {}),
    ("a joined higher timeframe by its end", joined_late, {"build": True}),
    (
        "a given higher timeframe",
        Causal,
        {
            "timeframes": {
                "M5": DATA.group_by_dynamic("time", every="5m").agg(
                    pl.col("bid_open", "ask_open").first(),
                    pl.col("bid_high", "ask_high").max(),
                    pl.col("bid_low", "ask_low").min(),
                    pl.col("bid_close", "ask_close").last(),
                )
            }
        },
    ),
    (
        "signal columns",
        omega.Signals(
            entry=CLOSE.rolling_mean(20) > CLOSE, exit=CLOSE.shift(3) < CLOSE, size=2, reverse=True
        ),
        {},
    ),
    (
        "a market with plain prices",
        SmaCross(fast=2, slow=4),
        {"start": 5, "execution": omega.Execution(close_at_end=False)},
    ),
]


@pytest.mark.parametrize(
    ("strategy", "settings"), [case[1:] for case in CLEAN], ids=[case[0] for case in CLEAN]
)
def test_what_looks_back_is_clean(
    backend: str,
    strategy: Any,  # noqa: ANN401 - any form
    settings: dict[str, Any],
) -> None:
    data = candles.rising(80) if "start" in settings else DATA
    report = omega.check_lookahead(strategy, data, backend=backend, **settings)
    assert report.clean, report
    assert report.unchecked == ()


TICKS = pl.DataFrame(
    {
        "time": DATA["time"].gather(pl.int_range(BARS, eager=True) // 2 * 2),  # each time twice
        "bid": DATA["bid_close"],
        "ask": DATA["ask_close"],
    }
)
ONE_SIDE = DATA.select("time", *(f"bid_{price}" for price in ("open", "high", "low", "close")))
SECONDS = pa.table(
    {
        "time": pa.array(range(0, 60 * BARS, 60), pa.timestamp("s")),
        "bid": DATA["bid_close"].to_numpy(),
        "ask": DATA["ask_close"].to_numpy(),
    }
)


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (TICKS, {}),
        (omega.Candles(bid=ONE_SIDE, spread=0.0002), {}),
        (DATA.with_columns(spread=DATA["ask_close"] - DATA["bid_close"]).drop(r"^ask_.*$"), {}),
        (SECONDS, {"start": 6_000, "end": 18_000}),
        (DATA.to_pandas(), {"start": "2024-01-01 02:00"}),
    ],
    ids=["quotes that repeat a time", "a constant spread", "a spread column", "seconds", "pandas"],
)
def test_every_kind_of_data_is_clean_and_shows_a_leak(
    data: Any,  # noqa: ANN401 - any data
    settings: dict[str, Any],
) -> None:
    crosses = omega.check_lookahead(SmaCross(fast=2, slow=5), data, prefixes=30, **settings)
    assert crosses.clean, crosses
    causal = of(lambda s: s.column(CLOSE.shift(1)))
    assert omega.check_lookahead(causal, data, prefixes=30, **settings).clean
    leak = of(lambda s: s.column(CLOSE.shift(-1)))
    assert not omega.check_lookahead(leak, data, **settings).clean


@pytest.mark.parametrize("align", ["union", "intersection"])
def test_several_symbols_are_clean(backend: str, align: str) -> None:
    sparse = candles.walk(BARS, seed=2).gather_every(3)
    report = omega.check_lookahead(
        of(lambda s: s.column(CLOSE.rolling_mean(3), symbol="B", warmup=3)),
        {"A": DATA, "B": sparse},
        align=align,
        start=DATA["time"][10],  # by then B has a complete bar, and is waited for
        backend=backend,
    )
    assert report.clean, report


@pytest.mark.skipif(WITHOUT_CORE, reason="a strategy of the core needs the core")
def test_a_strategy_of_the_core_is_clean() -> None:
    report = omega.check_lookahead(omega.native("sma_cross", fast=3, slow=8), DATA)
    assert report.clean


@pytest.mark.skipif(WITHOUT_CORE, reason="some forms need the core")
@pytest.mark.parametrize("name", ["grid", "pairs", "scenario_reversion", "session_range"])
def test_the_larger_examples_are_clean(name: str) -> None:
    example = {**catalog.EXAMPLES, "scenario_reversion": SCENARIOS}[name]
    data = example.prepare(example.source().candles)
    settings = {**catalog.RUN, **example.settings}
    for form in example.forms.values():
        assert omega.check_lookahead(form(), data, prefixes=4, **settings).clean


class Following(omega.Strategy):
    """Its orders table shows prices of later bars, as the market made them of its requests."""

    def on_bar(self, bar: omega.Bar) -> None:
        step = bar.index % 40
        if step == 0:
            self.close()
            self.buy(1, stop_loss=omega.Distance(0.5), take_profit=omega.Distance.percent(3))
            self.sell(1, trail=omega.Distance.percent(2), expires="day")
            self.waiting = self.buy(1, limit=bar.close * 0.98)
        elif step < 20 and self.waiting in [one.order_id for one in self.pending]:
            price = bar.close * 0.98
            self.modify(self.waiting, price=price, size=1 + step, stop_loss=price * 0.99)


def following(bar: omega.Bar) -> omega.Signal | None:
    return omega.Signal("long", stop_loss=omega.Distance(0.1)) if bar.index % 30 == 0 else None


@pytest.mark.parametrize("strategy", [Following, following, [Following(), Following()]])
def test_requests_count_and_not_what_later_bars_make_of_them(
    backend: str,
    strategy: Any,  # noqa: ANN401 - of any form
) -> None:
    report = omega.check_lookahead(strategy, candles.walk(200), backend=backend)
    assert report.clean, report
