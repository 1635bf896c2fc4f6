"""The account: initial cash, leverage and margin, ruin and stop-out."""

from __future__ import annotations

from omega.config.values import check, number, one_of, optional, settings, text
from omega.errors import ConfigError


@settings
class Account:
    """The account that a run trades on (rules M7 to M9, M11 and M12).

    Attributes:
        kind: "cash", where purchases are paid in full and nothing is sold short; "margin", where
            the leverage or an instrument's margin rate must be given; or None: fully funded unless
            a leverage or a margin rate is given.
        cash: Balance at the start, above 0; the `cash` of the call by default.
        currency: Currency of the account; the `account_currency` of the call by default.
        leverage: Notional that one unit of equity may carry; `math.inf` tests no margin at all.
        stop_out_level: Equity as a share of used margin below which positions are closed; 0.5 is
            50 %.
        ruin: What happens where equity reaches 0: "stop" closes everything and refuses later
            orders, "allow" goes on.

    Example:
        >>> Account(leverage=30, stop_out_level=0.5)
        Account(leverage=30.0, stop_out_level=0.5)
        >>> try:
        ...     Account(kind="cash", leverage=2)
        ... except ValueError as error:
        ...     print(error)
        Account: given kind='cash' and leverage, expected one of them. ...
    """

    kind: str | None = None
    cash: float | None = None
    currency: str | None = None
    leverage: float | None = None
    stop_out_level: float | None = None
    ruin: str = "stop"

    def __post_init__(self) -> None:
        """Check every field, and that a cash account borrows nothing."""
        check(self, optional(one_of("cash", "margin")), "kind")
        check(self, optional(number(above=0)), "cash")
        check(self, optional(text), "currency")
        check(self, optional(number(above=0, infinite=True)), "leverage")
        check(self, optional(number(above=0, maximum=1)), "stop_out_level")
        check(self, one_of("stop", "allow"), "ruin")
        given = [name for name in ("leverage", "stop_out_level") if getattr(self, name) is not None]
        if self.kind == "cash" and given:
            raise ConfigError(
                f"Account: given kind='cash' and {given[0]}, expected one of them. A cash account "
                "borrows nothing; write kind='margin', or leave the kind out"
            )
