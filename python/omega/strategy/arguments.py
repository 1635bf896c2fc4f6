"""What the methods of a strategy make of their words: orders, trade numbers, parameters."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from omega.errors import ConfigError

if TYPE_CHECKING:
    from omega._core import PendingOrder, Position


def order_fields(
    direction: str, size: float | None, limit: float | None, stop: float | None
) -> dict[str, Any]:
    """Give the fields of a signal by the prices that an order waits for."""
    order: dict[str, Any] = {"direction": direction, "size": size}
    if stop is not None and limit is not None:
        return order | {"type": "stop_limit", "entry_price": stop, "limit_price": limit}
    if stop is not None:
        return order | {"type": "stop", "entry_price": stop}
    if limit is not None:
        return order | {"type": "limit", "entry_price": limit}
    return order


def trade_number(given: Position | PendingOrder | int) -> int:
    """Give the number of a position or of an order that waits, which may be given itself."""
    if isinstance(given, int):
        return given
    return given.trade_id if hasattr(given, "trade_id") else given.order_id


def checked_parameter(strategy: str, name: str, given: object, default: object) -> object:
    """Refuse a parameter of another type than its default's; whole numbers pass for floats."""
    wanted = type(default)
    if default is None or isinstance(given, wanted):
        return given
    if wanted is float and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    raise ConfigError(
        f"{strategy}.{name}: given {given!r} ({type(given).__name__}), expected {wanted.__name__}"
    )


def unknown_parameter(strategy: str, name: str, known: list[str]) -> str:
    """Give the error of an unknown parameter, with those that there are."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{strategy} has no parameter {name!r}; it has {', '.join(known) or 'none'}.{hint}"
