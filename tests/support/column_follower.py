"""Candles, and a strategy that trades by a column, for the tests of the look-ahead check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

import omega
from tests.support import candles

BARS = 400
DATA = candles.walk(BARS)
CLOSE = pl.col("close")
TOMORROW = CLOSE.shift(-1)


def of(declare: Callable[[omega.Strategy], Any], **where: object) -> type[omega.Strategy]:
    """Make a strategy that trades by a column: above the close it buys, below it sells."""

    class Following(omega.Strategy):
        def init(self) -> None:
            self.line = declare(self)

        def on_bar(self, bar: omega.Bar) -> None:
            if self.position is not None:
                self.close()
            elif self.line[-1] > bar.close:
                self.buy()
            elif self.line[-1] < bar.close:
                self.sell()

    return Following
