"""What monthly target weights over many shares cost, with dividends and splits among them.

All tables are read. The weights of a month are drawn anew, so that each month trades every share.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl

import omega
from benchmarks.engine.figures import Figure, best, timed

SEED = 20_240_104
SYMBOLS, DAYS = 500, 5_040
TARGET, TIMES = 0.6, 10.0
_MONTH, _QUARTER = 21, 63
_BEGIN = datetime(2004, 1, 5)  # noqa: DTZ001 - candles of no zone
_TABLES = ("equity", "trades", "orders", "fills", "ledger", "weights")


def days(count: int) -> list[datetime]:
    """Return weekdays, as many as asked for."""
    return [_BEGIN + timedelta(days=k // 5 * 7 + k % 5) for k in range(count)]


def candles(symbols: int, count: int) -> tuple[dict[str, pl.DataFrame], omega.Events]:
    """Return raw prices of shares that split once and pay each quarter, and the events."""
    rng = np.random.default_rng(SEED)
    times, frames = pl.Series(days(count)), {}
    splits, dividends = [], []
    for number in range(symbols):
        name = f"S{number:04}"
        close = 100.0 * np.exp(np.cumsum(rng.normal(2e-4, 0.01, count)))
        split = int(rng.integers(1, count))
        opens = np.concatenate([[100.0], close[:-1]])
        scale = np.where(np.arange(count) < split, 1.0, 0.5)
        close, opens = close * scale, opens * scale
        highs, lows = np.maximum(opens, close), np.minimum(opens, close)
        prices = {"open": opens, "high": highs, "low": lows, "close": close}
        frames[name] = pl.DataFrame({"time": times, **prices})
        splits.append({"symbol": name, "date": times[split].date(), "ratio": 2.0})
        dividends += [
            {"symbol": name, "date": times[day].date(), "amount": 0.25}
            for day in range(number % _QUARTER + 1, count, _QUARTER)
        ]
    return frames, omega.Events(splits=splits, dividends=dividends)


def weights(names: list[str], count: int) -> omega.Weights:
    """Return weights of each month, which add up to 0.98."""
    rng = np.random.default_rng(SEED + 1)
    dates = days(count)[::_MONTH]
    drawn = rng.random((len(dates), len(names)))
    drawn *= 0.98 / drawn.sum(axis=1, keepdims=True)
    return omega.Weights(pl.DataFrame({"time": dates, **dict(zip(names, drawn.T, strict=True))}))


class Portfolio:
    """Shares in one store, their events, and weights."""

    def __init__(self, symbols: int, count: int) -> None:
        frames, self.events = candles(symbols, count)
        self.store = omega.CandleStore(frames)
        self.weights = weights(list(frames), count)

    def run(self, backend: str = "rust") -> omega.BacktestResult:
        """Run the weights over a cash account of ten million."""
        return omega.run_backtest(
            self.store, self.weights, events=self.events, cash=1e7, account="cash", backend=backend
        )

    def with_tables(self) -> omega.BacktestResult:
        """Run them, and read every table."""
        result = self.run()
        for name in _TABLES:
            assert getattr(result, name).height, f"{name} is empty"  # noqa: S101 - a check
        return result


def figures(symbols: int = SYMBOLS, count: int = DAYS) -> Iterator[Figure]:
    """Measure 500 shares over twenty years, and ten times as many."""
    check()
    few = Portfolio(symbols, count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = few.with_tables()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    tables = sum(getattr(result, name).estimated_size() for name in _TABLES) / 1e6
    detail = f"(grown by {grown:.0f} MB, tables {tables:.0f} MB, {result.trades.height:,} trades)"
    del result
    (quick,) = best(lambda: timed(few.with_tables), repeats=5)
    what = f"{symbols} shares x {count:,} days, monthly weights, all tables"
    yield Figure(what, quick, "s", TARGET, detail=detail)
    many = Portfolio(10 * symbols, count)
    (slow,) = best(lambda: timed(many.with_tables), repeats=2)
    yield Figure("ten times as many shares", slow / quick, "x", TIMES, detail=f"({slow:.1f} s)")


def check() -> None:
    """Check a small one against the reference."""
    small = Portfolio(12, 130)
    native, plain = small.run(), small.run("python")
    assert native.fingerprint == plain.fingerprint, "the backends differ"  # noqa: S101 - a check


if __name__ == "__main__":
    for figure in figures():
        print(figure, flush=True)
