"""Strategies of every form, with the grids that a walk-forward of each is made over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import omega


class Follows(omega.Strategy):
    """Enters above its mean, leaves below it, and has an order waiting now and then."""

    n: int = 5

    def init(self) -> None:
        self.mean = self.sma(self.n)

    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is None and bar.close > self.mean[-1]:
            self.buy(stop_loss=bar.close - 3)
            if not self.pending:
                self.sell(limit=bar.close + 30)
        elif self.position is not None and bar.close < self.mean[-1] - 0.5:
            self.close()

    def on_fill(self, fill: omega.Fill) -> None:
        if fill.side == "buy" and len(self.pending) < 2:
            self.buy(limit=fill.price - 2)


class Wakes(omega.Strategy):
    """Is called where its conditions hold."""

    n: int = 5

    def init(self) -> None:
        self.z = self.zscore(self.n)

    @omega.when(lambda self: self.z < -1)
    def on_bar(self, bar: omega.Bar) -> None:
        self.buy(stop_loss=bar.close - 3)

    @omega.when(lambda self: self.z > 1)
    def leave(self, bar: omega.Bar) -> None:
        self.close()


def every(n: int) -> Callable[[omega.Bar], omega.Signal | omega.Close | None]:
    """Give a function that enters every so many bars and leaves two bars later."""

    def on_bar(bar: omega.Bar) -> omega.Signal | omega.Close | None:
        if bar.index % n == 0:
            return omega.Signal("long")
        return omega.Close() if bar.index % n == 2 else None

    return on_bar


def columns(n: int) -> omega.Signals:
    """Give signal columns."""
    return omega.Signals(
        entry=lambda own: own.zscore(n) < -1,
        exit=lambda own: own.zscore(n) > 0,
        direction="long",
        stop_loss=omega.Distance(2.0),
    )


_START = datetime(2026, 1, 1)  # noqa: DTZ001 - of columns without a zone


def weights(
    n: int,
    symbols: Sequence[str] = ("SYMBOL",),
    when: str = "change",
    band: float = 0.0,
    participation: float | None = None,
) -> omega.Weights:
    """Give target weights of every n hours, and of as many symbols, in all below 1."""
    times = [_START + timedelta(hours=n * k) for k in range(800 // n)]
    table: dict[str, object] = {"time": times}
    for place, symbol in enumerate(symbols):
        shares = [(k * k + n * k + 3 * place) % 11 / 11 for k in range(len(times))]
        table[symbol] = [share / len(symbols) for share in shares]
    return omega.Weights(table, when=when, band=band, participation=participation)


def called_weights(n: int, when: str = "change") -> omega.Weights:
    """Give weights by a function, which holds what is above its price of n bars before."""

    def wanted(bar: omega.Bar) -> dict[str, float | None]:
        found: dict[str, float | None] = {}
        for symbol in bar.symbols:
            own = bar[symbol]
            rises = own.index >= n and own.close > own.ago(n).close
            found[symbol] = 0.8 / len(bar.symbols) if rises else None if own.index % 7 == 0 else 0.1
        return found

    return omega.Weights(wanted, when=when)


class Form(NamedTuple):
    """A strategy, and the grid of its parameters."""

    strategy: Any
    grid: dict[str, list[Any]]


FORMS = {
    "class": Form(Follows, {"n": [4, 6, 9]}),
    "conditions": Form(Wakes, {"n": [4, 6, 9]}),
    "function": Form(every, {"n": [5, 7, 11]}),
    "columns": Form(columns, {"n": [4, 6, 9]}),
    "sma_cross": Form(omega.native("sma_cross", slow=20), {"fast": [3, 6, 9]}),
    "zscore_reversion": Form(
        omega.native("zscore_reversion", threshold=1.0, bars_at_most=9), {"window": [8, 12]}
    ),
    "donchian_breakout": Form(omega.native("donchian_breakout", exit=6), {"entry": [6, 12]}),
    "weights": Form(weights, {"n": [5, 7, 11]}),
    "weights by day": Form(partial(weights, when="1d"), {"n": [5, 7, 11]}),
    "called weights": Form(called_weights, {"n": [5, 7, 11]}),
    "called weights by day": Form(partial(called_weights, when="1d"), {"n": [5, 7, 11]}),
    "rsi_reversion": Form(omega.native("rsi_reversion"), {"window": [5, 9]}),
}


def candles(count: int, seed: int, *, minutes: int = 60, start: str = "2026-01-01") -> pl.DataFrame:
    """Give a random walk, an hour a bar."""
    draws = np.random.default_rng(seed)
    close = np.round(100 + np.cumsum(draws.normal(0, 0.5, count)), 4)
    opens = np.concatenate([[100.0], close[:-1]])
    wide = np.round(draws.uniform(0.05, 0.6, count), 4)
    times = pl.datetime_range(
        pl.lit(start).str.to_datetime(),
        pl.lit(start).str.to_datetime() + pl.duration(minutes=minutes * (count - 1)),
        f"{minutes}m",
        eager=True,
    )
    return pl.DataFrame(
        {
            "time": times,
            "open": opens,
            "high": np.maximum(opens, close) + wide,
            "low": np.minimum(opens, close) - wide,
            "close": close,
        }
    )
