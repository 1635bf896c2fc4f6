"""What the methods of a strategy make of their words: orders, trade numbers, parameters."""

from __future__ import annotations

import difflib
from typing import Any

from omega.config.distances import Distance
from omega.config.values import plain
from omega.errors import ConfigError, RanOnCopy


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


def trade_number(given: Any) -> int:  # noqa: ANN401 - a position or an order
    """Give the number of a position or of an order that waits, which may be given itself."""
    number = plain(given)
    if isinstance(number, int):
        return number
    return int(given.trade_id if hasattr(given, "trade_id") else given.order_id)


def checked_parameter(strategy: str, name: str, given: object, default: object) -> object:
    """Refuse a parameter of another type than its default's; whole numbers pass for floats."""
    given, wanted = plain(given), type(default)
    if default is None or isinstance(given, wanted):
        return given
    if wanted is float and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    raise ConfigError(
        f"{strategy}.{name}: given {given!r} ({type(given).__name__}), expected {wanted.__name__}"
    )


def unknown_parameter(strategy: type, name: str, known: list[str]) -> str:
    """Give the error of an unknown parameter: a missing annotation, or the nearest known one."""
    own = strategy.__name__
    default = plain(getattr(strategy, name, None)) if not name.startswith("_") else None
    if type(default) in (bool, int, float, str):
        return (
            f"{own}.{name} = {default!r} is no parameter, as it has no annotation; write "
            f"{name}: {type(default).__name__} = {default!r} in the class"
        )
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{own} has no parameter {name!r}; it has {', '.join(known) or 'none'}.{hint}"


def refuse_method_name(strategy: type, base: type, name: str) -> None:
    """Refuse a parameter that takes the place of a method.

    Raises:
        ConfigError: A class above the one that declares it has a method or property of that name.
    """
    for above in base.__mro__[1:]:
        taken = vars(above).get(name)
        if callable(taken) or isinstance(taken, (property, classmethod, staticmethod)):
            owner = "Strategy" if above.__module__.startswith("omega.") else above.__name__
            raise ConfigError(
                f"{strategy.__name__}.{name}: a parameter is named like the method "
                f"{owner}.{name}, which it would replace; give it another name"
            )


class OnTheCopy:
    """What a run made of a strategy that was given to it, on whose copy alone it is (rule D4).

    An attribute that raises and not a `__getattr__` of the class, which would make every attribute
    that a strategy reads four times as slow.
    """

    def __init__(self, strategy: str, name: str) -> None:
        object.__setattr__(self, "words", (strategy, name))

    def __getattribute__(self, used: str) -> Any:  # noqa: ANN401 - never returns
        if used.startswith("__"):  # what copies and prints objects
            return object.__getattribute__(self, used)
        strategy, name = object.__getattribute__(self, "words")
        raise RanOnCopy(
            f"{strategy}.{name}: a run works on a copy of the strategy (rule D4), and only the "
            f"copy has {name!r}. Read result.strategy.{name}, or of several strategies "
            f"result.strategy.strategies[label].{name}"
        )

    def _raise(self, *_given: object) -> Any:  # noqa: ANN401 - never returns
        return self.value

    __call__ = __getitem__ = __iter__ = __len__ = __bool__ = __contains__ = _raise
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __float__ = __int__ = _raise
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _raise
    __hash__ = __repr__ = __str__ = __setattr__ = __setitem__ = _raise
