"""Two moving averages: always in the market, on the side of the faster one.

The native strategy `sma_cross` does the same without leaving the core.
"""

from __future__ import annotations

import omega


class SmaCross(omega.Strategy):
    """Reverse where the averages of the close cross."""

    fast: int = 20
    slow: int = 50

    def init(self) -> None:
        """Declare the two averages."""
        self.short, self.long = self.sma(self.fast), self.sma(self.slow)

    def on_bar(self, bar: omega.Bar) -> None:  # noqa: ARG002 - the averages tell all
        """Turn to the side of the faster average."""
        if omega.crossover(self.short, self.long):
            self.turn("long")
        elif omega.crossunder(self.short, self.long):
            self.turn("short")

    def turn(self, direction: str) -> None:
        """Close what is open and open the other way."""
        if self.position is not None:
            self.close()
        if direction == "long":
            self.buy()
        else:
            self.sell()
