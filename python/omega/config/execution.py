"""How orders are matched, and the limits on what a strategy may hold."""

from __future__ import annotations

import dataclasses

from omega.config.intervals import Intervals, Moment, intervals, windows
from omega.config.values import check, flag, number, one_of, optional, settings, whole
from omega.errors import ConfigError

_INTRABAR = ("pessimistic", "optimistic", "ohlc_path", "nearest", "magnifier")


@settings
class Execution:
    """How orders are matched and what a strategy may hold.

    Attributes:
        intrabar: What happened first inside a bar (rule I2): "pessimistic", "optimistic",
            "ohlc_path", "nearest" or "magnifier".
        market_fill: Where market orders fill (rule L3): "next_open" or "last_close".
        position_mode: "hedging", each entry its own position, or "netting" (rule F7).
        close_at_end: Close what is open at the last close (rule L4).
        magnifier: Finer candles of the same symbol, or {symbol: finer candles}; needs
            `intrabar="magnifier"`.
        leverage: Notional that one unit of equity may carry; None leaves it to the instrument.
        stop_out_level: Equity as a share of used margin below which positions are closed (rule
            M6); 0.5 is 50 %.
        max_positions: Largest number of open positions.
        max_positions_per_symbol: Largest number of open positions in one symbol.
        cooldown_bars: Bars after an entry in which no order is taken.
        cooldown_minutes: Minutes after an entry in which no order is taken.
        cooldown_after_exit_minutes: Minutes after an exit in which no order is taken.
        sessions: Windows of the UTC day in which orders are taken, as ("08:00", "17:00") pairs or
            a table with columns `start` and `end`; a window that ends before it starts runs over
            midnight. None is always.
        blackouts: Intervals in which no order is taken, as (start, end) pairs of moments or a table
            with columns `start` and `end`, or `from` and `to`: any frame that exports Arrow.
        limit_improvement: A limit that the open passes fills at the better open (rule F2).

    Example:
        >>> Execution(max_positions=1, sessions=[("08:00", "17:00")])
        Execution(max_positions=1, sessions=(('08:00', '17:00'),))
    """

    intrabar: str = "pessimistic"
    market_fill: str = "next_open"
    position_mode: str = "hedging"
    close_at_end: bool = True
    magnifier: object = dataclasses.field(default=None, repr=False)
    leverage: float | None = None
    stop_out_level: float | None = None
    max_positions: int | None = None
    max_positions_per_symbol: int | None = None
    cooldown_bars: int = 0
    cooldown_minutes: float = 0.0
    cooldown_after_exit_minutes: float = 0.0
    sessions: Intervals[str] | None = None
    blackouts: Intervals[Moment] | None = None
    limit_improvement: bool = True

    def __post_init__(self) -> None:
        """Check every field, and that the magnifier and its policy come together."""
        check(self, one_of(*_INTRABAR), "intrabar")
        check(self, one_of("next_open", "last_close"), "market_fill")
        check(self, one_of("hedging", "netting"), "position_mode")
        check(self, flag, "close_at_end", "limit_improvement")
        check(self, optional(number(above=0)), "leverage")
        check(self, optional(number(above=0, maximum=1)), "stop_out_level")
        check(self, optional(whole(minimum=1)), "max_positions", "max_positions_per_symbol")
        check(self, whole(minimum=0), "cooldown_bars")
        check(self, number(minimum=0), "cooldown_minutes", "cooldown_after_exit_minutes")
        check(self, optional(windows), "sessions")
        check(self, optional(intervals), "blackouts")
        if (self.magnifier is not None) != (self.intrabar == "magnifier"):
            message = (
                f"Execution: given intrabar={self.intrabar!r} and "
                f"{'no ' if self.magnifier is None else 'a '}magnifier, expected both or neither. "
                "Write Execution(intrabar='magnifier', magnifier=finer_candles)"
            )
            raise ConfigError(message)
