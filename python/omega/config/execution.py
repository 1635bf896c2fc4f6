"""Execution settings: how orders are matched."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from omega.config.values import check, flag, number, one_of, optional, settings
from omega.errors import ConfigError

_INTRABAR = ("pessimistic", "optimistic", "ohlc_path", "nearest", "magnifier")


@settings
class Execution:
    """How orders are matched; `Account` and `Limits` set what may be held.

    Attributes:
        intrabar: What happened first inside a bar (rule I2): "pessimistic", "optimistic",
            "ohlc_path", "nearest" or "magnifier".
        market_fill: Where market orders fill (rule L3): "next_open" or "last_close".
        position_mode: "hedging", each entry its own position, or "netting" (rule F7). None is
            hedging, and netting for `omega.Weights`, which takes nothing else.
        close_at_end: Close what is open at the last close (rule L4).
        magnifier: Finer candles of the same symbol, or {symbol: finer candles}; needs
            `intrabar="magnifier"`.
        limit_improvement: A limit that the open passes fills at the better open (rule F2).
        participation: The share of a bar's volume that orders in a symbol may trade in a bar; the
            rest is cancelled or tried again. Protective exits are not limited. None is no limit
            (rule W10).
        participation_lagged: Whether that is the volume of the bar before, which is known at the
            open; False takes that of the bar itself.
        carry_over: What happens to the rest: "cancel", or "retry" as a new order at the next bar.

    Example:
        >>> Execution(intrabar="ohlc_path", position_mode="netting")
        Execution(intrabar='ohlc_path', position_mode='netting')
        >>> try:
        ...     Execution(leverage=30)
        ... except ValueError as error:
        ...     print(error)
        Execution has no 'leverage'; omega.Account has it
    """

    intrabar: str = "pessimistic"
    market_fill: str = "next_open"
    position_mode: str | None = None
    close_at_end: bool = True
    magnifier: object = dataclasses.field(default=None, repr=False)
    limit_improvement: bool = True
    participation: float | None = None
    participation_lagged: bool = True
    carry_over: str = "cancel"

    _elsewhere: ClassVar[dict[str, str]] = dict.fromkeys(
        ("leverage", "stop_out_level"), "omega.Account"
    ) | dict.fromkeys(
        (
            "max_positions",
            "max_positions_per_symbol",
            "cooldown_bars",
            "cooldown_minutes",
            "cooldown_after_exit_minutes",
            "sessions",
            "blackouts",
        ),
        "omega.Limits",
    )
    """Settings that stood here in version 1, and the class that has them now."""

    def __post_init__(self) -> None:
        """Check every field, and that the magnifier and its policy come together."""
        check(self, one_of(*_INTRABAR), "intrabar")
        check(self, one_of("next_open", "last_close"), "market_fill")
        check(self, optional(one_of("hedging", "netting")), "position_mode")
        check(self, flag, "close_at_end", "limit_improvement", "participation_lagged")
        check(self, optional(number(above=0, maximum=1)), "participation")
        check(self, one_of("cancel", "retry"), "carry_over")
        if (self.magnifier is not None) != (self.intrabar == "magnifier"):
            message = (
                f"Execution: given intrabar={self.intrabar!r} and "
                f"{'no ' if self.magnifier is None else 'a '}magnifier, expected both or neither. "
                "Write Execution(intrabar='magnifier', magnifier=finer_candles)"
            )
            raise ConfigError(message)
