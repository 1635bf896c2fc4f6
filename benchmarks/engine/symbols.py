"""What a bar costs where there are fifty symbols, beside a run of one of them.

Either all symbols share their times, so that a step has fifty bars and one callback; or each has
times of its own, so that each bar is a step with a callback, and orders mostly wait for a bar. The
cost of a bar is loop and tables, divided by the bars of all symbols.

Where each bar is a step and half of fifty symbols is held, each bar pays for an equity row over all
that is open; the run of one symbol has one position to sum. The target is the same nevertheless.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

import omega
from benchmarks.engine.figures import Figure, best
from benchmarks.engine.loop import nothing, seconds_of

SEED = 20_240_103
SYMBOLS = 50
BARS = 100_000
TARGET = 2.5
EVERY = 20
"""A strategy that trades orders once in so many bars of a symbol."""

_START = 1_577_836_800_000_000
_MINUTE = 60_000_000
_PRICES = ["entry_price", "exit_price", "gross_pnl"]


class Turns(omega.Strategy):
    """Buys or closes each symbol when its turn comes: at one step of a period."""

    def __init__(self, turns: list[list[str]]) -> None:
        super().__init__()
        self.turns, self.step, self.held = turns, 0, set[str]()

    def on_bar(self, _bar: omega.Bar) -> None:
        """Ask for what the turn is."""
        for name in self.turns[self.step % len(self.turns)]:
            if name in self.held:
                self.close(symbol=name)
                self.held.remove(name)
            else:
                self.buy(symbol=name, stop_loss=0.001)
                self.held.add(name)
        self.step += 1


def turns_of(symbols: int, steps_a_bar: int) -> Turns:
    """Give a strategy in which each symbol has its turn once in `EVERY` bars of its own."""
    period = EVERY * steps_a_bar
    turns: list[list[str]] = [[] for _ in range(period)]
    for number in range(symbols):
        turns[number * max(period // symbols, 1) % period].append(name_of(number))
    return Turns(turns)


def name_of(number: int) -> str:
    """Give the name of a symbol."""
    return f"S{number:02}"


def frames(symbols: int, bars: int) -> dict[str, pl.DataFrame]:
    """Give minutes of each symbol, all at the same times."""
    rng = np.random.default_rng(SEED)
    made = {}
    for number in range(symbols):
        close = 1.5 * np.exp(np.cumsum(rng.normal(0.0, 1e-4, bars)))
        opened = np.concatenate([[1.5], close[:-1]])
        high, low = np.maximum(opened, close), np.minimum(opened, close)
        times = pl.Series(_START + np.arange(bars) * _MINUTE).cast(pl.Datetime("us"))
        prices = {"open": opened, "high": high, "low": low, "close": close}
        made[name_of(number)] = pl.DataFrame({"time": times, **prices})
    return made


def apart(together: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Give the same bars, each symbol a second of the minute after the one before."""
    later = enumerate(together.items())
    return {
        name: frame.with_columns(pl.col("time") + pl.duration(seconds=second))
        for second, (name, frame) in later
    }


def figures(symbols: int = SYMBOLS, bars: int = BARS) -> Iterator[Figure]:
    """Measure a callback that does nothing and a strategy that trades, results first."""
    candles = frames(symbols, bars)
    yield from compared("same times", candles, 1)
    fewer = {name: frame[: bars // 5] for name, frame in candles.items()}
    yield from compared("own times", apart(fewer), symbols)


def compared(when: str, candles: dict[str, pl.DataFrame], steps_a_bar: int) -> Iterator[Figure]:
    """Measure all symbols beside the first."""
    symbols = len(candles)
    store = omega.CandleStore(candles)
    alone = store.symbol(name_of(0))
    trades = omega.run_backtest(alone, turns_of(1, 1)).trades
    check(omega.run_backtest(store, turns_of(symbols, steps_a_bar)).trades, trades, symbols)
    one, many, one_trades, many_trade = best(
        lambda: min(seconds_of(alone, nothing) for _ in range(10)),
        lambda: seconds_of(store, nothing),
        lambda: min(seconds_of(alone, turns_of(1, 1)) for _ in range(3)),
        lambda: seconds_of(store, turns_of(symbols, steps_a_bar)),
        repeats=3,
    )
    for what, few, all_of_them in (
        ("no-op", one, many),
        ("trades", one_trades, many_trade),
    ):
        bar, bar_of_many = few / len(alone), all_of_them / len(store)
        detail = f"({bar_of_many * 1e9:.0f} ns a bar, of one {bar * 1e9:.0f})"
        name = f"a bar of {symbols} symbols, {when}, {what} / of one"
        yield Figure(name, bar_of_many / bar, "x", TARGET, detail=detail)


def check(trades: pl.DataFrame, alone: pl.DataFrame, symbols: int) -> None:
    """Check that each symbol is traded as often, and the first as it is alone."""
    counts = trades["symbol"].value_counts()["count"].to_list()
    assert alone.height > 1, "nothing was traded"  # noqa: S101 - a check
    assert len(counts) == symbols, "a symbol was not traded"  # noqa: S101 - a check
    assert max(counts) - min(counts) <= 1, "one was traded more"  # noqa: S101 - a check
    first = trades.filter(trades["symbol"] == name_of(0)).select(_PRICES)
    assert first.equals(alone.select(_PRICES)), "other trades"  # noqa: S101 - a check
