"""The yardstick: buy at the first open and hold to the end.

The native strategy `buy_and_hold` does the same without leaving the core.
"""

from __future__ import annotations

import omega


class BuyAndHold(omega.Strategy):
    """Buy once."""

    def init(self) -> None:
        """Nothing is bought yet."""
        self.bought = False

    def on_bar(self, bar: omega.Bar) -> None:  # noqa: ARG002 - any bar will do
        """Buy on the first bar."""
        if not self.bought:
            self.bought = True
            self.buy()
