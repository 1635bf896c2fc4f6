"""Candles and strategies that sweeps are tested with."""

from __future__ import annotations

import time

import polars as pl

import omega
from data.generate import random_walk

GRID = {"fast": [3, 5, 8], "slow": [13, 21]}


def walk(bars: int = 2_000, seed: int = 5) -> pl.DataFrame:
    return random_walk.candles(bars, seed=seed)


class Cross(omega.Strategy):
    """Two averages, in Python; some parameters fail on purpose."""

    fast: int = 5
    slow: int = 20

    def init(self) -> None:
        if self.fast == 99:
            raise ValueError("99 is not to be had")
        self.short, self.long = self.sma(self.fast), self.sma(self.slow)

    def on_bar(self, bar: omega.Bar) -> None:
        if omega.crossover(self.short, self.long):
            self.turn("long")
        elif omega.crossunder(self.short, self.long):
            self.turn("short")

    def turn(self, direction: str) -> None:
        if self.position is not None:
            self.close()
        (self.buy if direction == "long" else self.sell)()


class Slow(Cross):
    """The same, so slow that it can be stopped on its way."""

    def init(self) -> None:
        super().init()
        time.sleep(0.02)
