"""Conversion of quote currency into account currency (M2)."""

from __future__ import annotations

from omega.errors import ConfigError
from omega.reference.columns import Columns


class Rates:
    """Account currency per unit of quote currency (M2.2)."""

    def __init__(
        self, constant: float = 1.0, pair: Columns | None = None, *, inverse: bool = False
    ) -> None:
        self.constant, self.pair, self.inverse = constant, pair, inverse

    def require(self, time: int) -> None:
        """Refuse a pair that is not known by the first time requested."""
        if self.pair is not None and self.pair.newest_at(time) < 0:
            raise ConfigError(
                f"conversion: given {self.pair.symbol} without a bar at or before {time}, expected "
                "rates from before the first bar of the run. Start later, or give data of the "
                "conversion pair that begins earlier"
            )

    def at(self, time: int) -> float:
        """The rate of the newest bar that is open at a time; before all bars that of the first."""
        if self.pair is None:
            return self.constant
        bar = self.pair.candle(max(self.pair.newest_at(time), 0))
        middle = (bar.bid.close + bar.ask.close) / 2.0
        return 1.0 / middle if self.inverse else middle
