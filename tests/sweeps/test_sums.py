"""Goal: a run of a sweep that keeps no tables has the numbers of one that does, bit for bit.

`rust/omega_core/tests/invariants.rs` compares the same over random runs of one symbol.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.results.limits import with_limits
from omega.sweeps.spec import METRICS
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import walk

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")

BARS = 1_600
ONE = walk(BARS, seed=3)
TWO = {"EURUSD": ONE, "GBPUSD": walk(BARS, seed=4).gather_every(3)}
IS_HIGH = pl.int_range(pl.len()) // 100 % 2 == 1
JUMPS = ONE.with_columns(pl.col(pl.Float64) * pl.when(IS_HIGH).then(3.0).otherwise(1.0))
FINER = pl.concat([ONE, ONE.with_columns(pl.col("time") + timedelta(seconds=20))]).sort("time")
SPLIT = {"symbol": "EURUSD", "time": ONE["time"][700], "ratio": 2.0}
DIVIDEND = {"symbol": "EURUSD", "time": ONE["time"][900], "amount": 0.05}


class Turns(omega.Strategy):
    """Buys and sells by the bar, adds to what is open, and trades each symbol."""

    hold: int = 7
    size: float = 0.01

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        place = bar.index % self.hold
        if place == 0:
            self.buy(size=self.size, symbol=bar.symbol, stop_loss=bar.close * 0.995)
        elif place == 2:
            self.buy(size=self.size, symbol=bar.symbol, take_profit=bar.close * 1.002)
        elif place == 5:
            self.sell(size=self.size, symbol=bar.symbol)


class Hourly(omega.Strategy):
    """Decides by a higher timeframe."""

    window: int = 5

    def init(self) -> None:
        self.slow = self.sma(self.window, timeframe="H1")

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        if bar.close > self.slow[-1] and not self.positions:
            self.buy(size=0.01)
        elif bar.close < self.slow[-1]:
            self.close()


CROSS: dict[str, Any] = {
    "strategy": omega.native("sma_cross"),
    "grid": {"fast": [2, 3], "slow": [13, 21]},
}
TURNS: dict[str, Any] = {"strategy": Turns, "grid": {"hold": [6, 11], "size": [0.01, 0.02]}}
COSTS = omega.Costs(
    fee_per_million=30, slippage_percent=0.01, swap_long_percent=-2, swap_short_percent=1
)

CASES: dict[str, dict[str, Any]] = {
    "costs": {**CROSS, "costs": COSTS},
    "stops": {
        "strategy": omega.native("zscore_reversion"),
        "grid": {"window": [20, 40], "threshold": [1.0, 1.5]},
        "costs": COSTS,
    },
    "many orders": {**TURNS, "data": walk(14_000, seed=5)},
    "no trades": {**CROSS, "grid": {"fast": [2], "slow": [BARS - 1]}},
    "interest": {**TURNS, "costs": COSTS, "carry": omega.Carry(cash=0.03)},
    "netting": {**TURNS, "execution": omega.Execution(position_mode="netting")},
    "ruin": {
        **CROSS,
        "data": JUMPS,
        "sizer": omega.FixedUnits(50_000),
        "account": omega.Account(leverage=30),
    },
    "two symbols": {**TURNS, "data": TWO},
    "finer bars": {**TURNS, "execution": omega.Execution(intrabar="magnifier", magnifier=FINER)},
    "a higher timeframe": {"strategy": Hourly, "grid": {"window": [3, 8]}, "timeframes": ["H1"]},
    "events": {
        **TURNS,
        "symbol": "EURUSD",
        "events": omega.Events(splits=[SPLIT], dividends=[DIVIDEND], tax=0.2),
    },
}


def rows(case: dict[str, Any], **words: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as `sweep`
    given: dict[str, Any] = {"data": ONE, **case, **words}
    data, strategy, grid = (given.pop(name) for name in ("data", "strategy", "grid"))
    made = omega.sweep(data, strategy, grid, workers=2, **given).to_polars()
    assert made["error"].null_count() == made.height, made["error"].to_list()
    return made.drop("run", "dsr", "p_adjusted", "error").to_dicts()


def bits(row: dict[str, Any]) -> dict[str, Any]:
    """Tell apart what only looks equal: zeros of both signs."""
    signs = {f"sign of {n}": math.copysign(1, v) for n, v in row.items() if isinstance(v, float)}
    return {**row, **signs}


@pytest.mark.parametrize("name", CASES)
def test_numbers_without_tables_are_those_of_tables(name: str) -> None:
    case = CASES[name]
    hashed = [bits(row) for row in rows(case)]
    assert hashed == [bits(row) for row in rows(case, trades=True)]
    alone = [bits(row) for row in rows(case, fingerprint=False)]
    assert alone == [{**row, "fingerprint": None} for row in hashed]
    given = {"data": ONE, **case}
    data, strategy, grid = (given.pop(word) for word in ("data", "strategy", "grid"))
    own = {word: hashed[-1][word] for word in grid}
    made = strategy(**own) if isinstance(strategy, type) else omega.native(strategy.name, **own)
    single = omega.run_backtest(data, made, **given)
    limits = with_limits(single.metrics)
    metrics = {one: limits[one] for one in METRICS}
    assert bits({**own, **metrics, "fingerprint": single.fingerprint}) == hashed[-1]
    assert (single.trades.height > 0) == (name != "no trades")
    assert (limits["lowest_equity"] <= 0) == (name == "ruin")
