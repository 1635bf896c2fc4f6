"""What the methods of a strategy make of their words: orders, trade numbers, parameters."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from omega.config.distances import Distance
from omega.errors import ConfigError

if TYPE_CHECKING:
    from omega._core import PendingOrder, Position


def order_fields(
    direction: str,
    size: float | None,
    limit: float | None,
    stop: float | None,
    *,
    touch: float | None,
    trail: float | Distance | None,
    at_close: bool,
) -> dict[str, Any]:
    """Give the fields of a signal by the prices that an order waits for."""
    order: dict[str, Any] = {"direction": direction, "size": size}
    special = {"touch": touch, "trail": trail, "at_close": at_close or None}
    given = [name for name, value in special.items() if value is not None]
    if given and (len(given) > 1 or stop is not None or (limit is None) == (touch is not None)):
        raise ConfigError(
            f"order: given {' and '.join(given)} with limit={limit!r} and stop={stop!r}, expected "
            "touch with limit, or trail or at_close alone"
        )
    if touch is not None:
        return order | {"type": "limit_if_touched", "entry_price": touch, "limit_price": limit}
    if trail is not None:
        return order | {"type": "stop", "trail": trail}
    if stop is not None and limit is not None:
        return order | {"type": "stop_limit", "entry_price": stop, "limit_price": limit}
    kind = "limit" if limit is not None else "stop" if stop is not None else "market"
    price = limit if stop is None else stop
    return order | {"type": "close" if at_close else kind, "entry_price": price}


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
