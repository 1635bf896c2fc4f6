"""A user's own script is clean under `mypy --strict`, and a mistake in it is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]

SCRIPT = '''\
"""What a user writes: a class, its indicators, a trigger, signals, settings, results."""

from __future__ import annotations

from datetime import datetime

import omega
import polars as pl


class Reversion(omega.Strategy):
    window: int = 60
    threshold: float = 2.0

    def init(self) -> None:
        self.z = self.zscore(self.window)
        self.range = self.atr(14)
        self.bands = self.bollinger(20, 2.0)
        self.trend = self.ema(20, timeframe="H1")
        self.change = self.column(pl.col("close").pct_change())

    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is None and self.z[-1] < -self.threshold:
            stop = bar.close - 3 * self.range[-1]
            order: int = self.buy(stop_loss=stop, take_profit=self.bands.middle[-1])
            assert order >= 0
        for position in self.positions:
            if position.profit > 0 and position.stop_loss is not None:
                self.modify(position, stop_loss=max(position.stop_loss, position.entry_price))

    def on_fill(self, fill: omega.Fill) -> None:
        print(fill.time, fill.price, fill.lots)

    def on_exit(self, trade: omega.Trade) -> None:
        print(trade.exit_reason, trade.net_pnl, trade.r_multiple)


class OnExtremes(Reversion):
    @omega.when(lambda self: (self.z < -2.0) & ~(self.range > 0.01))
    def on_bar(self, bar: omega.Bar) -> None:
        super().on_bar(bar)


def on_bar(bar: omega.Bar) -> omega.Signal | None:
    rising = bar.close > bar.ago(1).close and bar.close_window(5).mean() > bar.tf("H1").close
    return omega.Signal("long", stop_loss=bar.low, tags=("rising",)) if rising else None


def signals(fast: int, slow: int) -> omega.Signals:
    close = pl.col("close")
    entry = close.rolling_mean(fast) > close.rolling_mean(slow)
    stop = omega.Distance(0.002)
    return omega.Signals(entry=entry, direction="long", exit=~entry, stop_loss=stop)


def main(candles: pl.DataFrame) -> None:
    result: omega.BacktestResult = omega.run_backtest(
        candles,
        Reversion(threshold=2.5),
        symbol="EURUSD",
        instruments=omega.instruments.get("EURUSD"),
        start=datetime(2024, 1, 2),
        sizer=omega.RiskPercent(0.5),
        costs=omega.Costs(slippage_pips=0.1),
        limits=omega.Limits(max_positions=1, sessions=[("08:00", "17:00")]),
        timeframes=("H1",),
        position_manager=[omega.TrailingStop(0.002), omega.TimeExit(bars=60)],
    )
    trades: pl.DataFrame = result.trades
    worst, best = result.pnl_interval
    fingerprint: str = result.fingerprint
    print(trades.height, result.equity["equity"][-1], result.metrics["sharpe"])
    print(worst, best, fingerprint)
    print(result.summary())
    for strategy in (OnExtremes(), on_bar, signals(20, 50), omega.native("sma_cross")):
        omega.run_backtest(candles, strategy, symbol="EURUSD")
    try:
        omega.run_backtest({"EURUSD": candles, "GBPUSD": candles}, [Reversion(), OnExtremes()])
    except omega.errors.InvalidCandleData as problem:
        print(problem.column, problem.row, problem.value)
'''

MISTAKES = [
    ("Reversion(threshold=2.5)", "Reversion(treshold=2.5)", "treshold"),
    ("Reversion(threshold=2.5)", 'Reversion(threshold="high")', "threshold"),
    ("self.z[-1] < -self.threshold", 'self.z["now"] < 0', "Indicator"),
    ("self.buy(stop_loss=", "self.buy(stoploss=", "stoploss"),
    ("trade.net_pnl", "trade.profit", "profit"),
    ("sizer=omega.RiskPercent(0.5)", 'sizer="half"', "sizer"),
    ("omega.native(", "omega.natives(", "natives"),
]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one mypy finds in each script, in a folder that has nothing to do with this one."""
    folder, cache = tmp_path_factory.mktemp("scripts"), TOP / ".mypy_cache" / "of_users"
    texts = {"clean": SCRIPT}
    texts |= {f"with_{named}": SCRIPT.replace(right, wrong) for right, wrong, named in MISTAKES}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), "."]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stdout + found.stderr
    lines = found.stdout.splitlines()
    return {name: "\n".join(x for x in lines if x.startswith(f"{name}.py:")) for name in texts}


def test_a_users_script_is_clean(complaints: dict[str, str]) -> None:
    assert not complaints["clean"]


@pytest.mark.parametrize(("right", "wrong", "named"), MISTAKES)
def test_a_mistake_is_found(complaints: dict[str, str], right: str, wrong: str, named: str) -> None:
    assert right in SCRIPT
    assert named in complaints[f"with_{named}"].replace(f"with_{named}.py", "")
