"""What a strategy declared for a run: its indicators and conditions, by the names it gave them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from omega.strategy.conditions import Condition
from omega.strategy.operands import Evaluates, is_indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omega._core import Indicator

_DEPTH = 3
"""How deep indicators may lie in lists and mappings of an attribute."""


Places: TypeAlias = "Mapping[tuple[str | None, str], Condition | Indicator]"


@dataclasses.dataclass(frozen=True)
class Line:
    """An indicator, or one of a group such as the three bands.

    Attributes:
        group: The attribute that holds it.
        name: How the indicator calls itself.
        view: Its values.
        symbol: Whose candles it is of.
        timeframe: Of which bars; None for the candles as they were given.
    """

    group: str
    name: str
    view: Indicator
    symbol: str
    timeframe: str | None


@dataclasses.dataclass(frozen=True)
class Declared:
    """What a strategy declared.

    Attributes:
        lines: Its indicators, in the order in which it keeps them.
        conditions: Where it is called or acts, by symbol and name: conditions, and columns that
            are not 0 there. Without a symbol it is the only one of the run.
        begins: Where the bars of higher timeframes begin, in nanoseconds since 1970, by symbol and
            timeframe.
    """

    lines: tuple[Line, ...] = ()
    conditions: Places = dataclasses.field(default_factory=dict)
    begins: Mapping[tuple[str, str], NDArray[np.int64]] = dataclasses.field(default_factory=dict)


def declared_by(strategy: object, run: Evaluates, conditions: Mapping[str, Condition]) -> Declared:
    """Find what a strategy declared, while its run is there."""
    kept = [
        (group, view) for group, value in _attributes(strategy) for view in _views(value, _DEPTH)
    ]
    by_name: Places = {(None, name): condition for name, condition in conditions.items()}
    return Declared(tuple(lines_of(kept, by_name.values(), run)), by_name)


def lines_of(
    kept: Iterable[tuple[str, Indicator]], conditions: Iterable[object], run: Evaluates
) -> Iterator[Line]:
    """Yield the lines of indicators by what keeps them, and of those in conditions alone."""
    seen: set[int] = set()
    inside = ((view.name, view) for one in conditions for view in _compared(one))
    for group, view in [*kept, *inside]:
        if id(view) not in seen:
            seen.add(id(view))
            yield Line(group, view.name, view, *run.place_of(view))


def _compared(given: object) -> Iterator[Indicator]:
    """Yield the indicators that a condition compares."""
    for side in ("left", "right"):
        part = getattr(given, side, None)
        if isinstance(part, Condition):
            yield from _compared(part)
        elif part is not None:
            yield from _views(part, 0)


def _attributes(strategy: object) -> Iterator[tuple[str, Any]]:
    """Yield what a strategy keeps, or the members of one that joins several."""
    members = getattr(strategy, "strategies", None)
    if isinstance(members, Mapping):
        for label, member in members.items():
            yield from ((f"{label}: {name}", value) for name, value in _attributes(member))
    for name, value in vars(strategy).items():
        if not name.startswith("_") and name != "strategies":
            yield name, value


def _views(value: Any, depth: int) -> Iterator[Indicator]:  # noqa: ANN401 - whatever is kept
    if isinstance(value, (str, float, int)):  # a long list of numbers is passed over quickly
        return
    if is_indicator(value) and type(value).__name__ == "Indicator":  # bars have windows, too
        yield value
    elif depth and isinstance(value, (list, tuple)):
        for one in value:
            yield from _views(one, depth - 1)
    elif depth and isinstance(value, dict):
        for one in value.values():
            yield from _views(one, depth - 1)
