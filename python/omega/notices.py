"""Notices: what the numbers of a run should be read with, such as refused orders or a ruin.

The page "Results" defines each kind.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omega.errors import ConfigError, printable

LABELS = {"error": "Error", "warning": "Warning", "info": "Notice"}
"""The levels, worst first, and how a summary calls each."""

KINDS = (
    "ruin",
    "stop_out",
    "stale",
    "refused_orders",
    "refused_actions",
    "exposure",
    "unreached_targets",
    "small_positions",
    "far_stops",
    "near_stops",
    "start_moved",
    "late_symbols",
    "ambiguous",
    "no_swap",
    "no_costs",
    "crossed_rows",
    "data",
    "magnifier",
    "uncompiled",
    "borrowed_currency",
    "calendar_zone",
    "adjusted_prices",
    "unmatched_events",
    "survivorship",
    "null_targets",
    "no_preset",
    "cancelled_orders",
    "scaled_orders",
    "several_currencies",
    "spans",
    "short_period",
    "cast",
)
"""The kinds, in the order in which those of one level stand."""

ABOVE = 3
"""How many notices stand above a summary at most."""


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """One thing about a run that its numbers do not show; `str()` gives its text.

    Attributes:
        level: "error", "warning" or "info".
        kind: A stable name, such as "refused_orders"; the page "Results" lists all.
        text: A sentence.

    Example:
        >>> notice = Notice("warning", "refused_orders", "18 of 94 entries refused: margin 18")
        >>> print(notice)
        18 of 94 entries refused: margin 18
    """

    level: str
    kind: str
    text: str

    def __post_init__(self) -> None:
        """Refuse what is no notice, and escape what would steer a terminal."""
        if self.level not in LABELS or not isinstance(self.kind, str):
            raise ConfigError(
                f"Notice: given level={self.level!r} and kind={self.kind!r}, expected a level of "
                f"{', '.join(LABELS)} and a name"
            )
        object.__setattr__(self, "text", printable(str(self.text)))

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, given: Notice | str | Mapping[str, str]) -> Notice:
        """Return a notice as it is, from its saved fields, or from a sentence about the data.

        Example:
            >>> Notice.of("3 rows are crossed")
            Notice(level='warning', kind='data', text='3 rows are crossed')
        """
        if isinstance(given, Notice):
            return given
        if isinstance(given, Mapping) and set(given) == {"level", "kind", "text"}:
            return cls(**given)
        if isinstance(given, str):
            return cls("warning", "data", given)
        raise ConfigError(f"notices: given {given!r}, expected a Notice, its fields, or a sentence")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What notices need to know of a run that its tables do not have.

    Attributes:
        data: The notices of the candles.
        start: The first step that the run could decide on without a warm-up; None where unknown.
        start_given: Whether the user gave a start.
        has_sizer: Whether the user gave a sizer.
        chose_leverage: Whether the user gave a leverage or a margin rate.
        signed: Symbols whose prices may be below 0.
        without_preset: Symbols that were looked up and have no preset.
        without_swap: Symbols that cost money to hold overnight, and have no swap here.
        shares: Symbols without a base currency: what they cost to hold is carry.
        is_free: Whether nobody gave costs, and no symbol has a spread.
        borrowed: Equities that are paid in borrowed currency: symbol and currency.
        currency: The currency of the account.
        zones: The zone of the calendar, and that of the time column where it is another, and the
            user gave no calendar.
        begins: Of several symbols each with the time of its first bar, as Polars keeps times.
    """

    data: Sequence[Notice] = ()
    start: int | None = None
    start_given: bool = False
    has_sizer: bool = True
    chose_leverage: bool = False
    signed: Sequence[str] = ()
    without_preset: Sequence[str] = ()
    without_swap: Sequence[str] = ()
    shares: Sequence[str] = ()
    is_free: bool = False
    borrowed: Sequence[tuple[str, str]] = ()
    currency: str = ""
    zones: tuple[str, str] | None = None
    begins: Sequence[tuple[str, int]] = ()


def in_order(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return notices by level, worst first, then by kind.

    Example:
        >>> cast, ruin = Notice("info", "cast", "a cast"), Notice("error", "ruin", "a ruin")
        >>> [str(notice) for notice in in_order([cast, ruin])]
        ['a ruin', 'a cast']
    """
    levels = list(LABELS)
    places = {kind: place for place, kind in enumerate(KINDS)}
    return tuple(
        sorted(
            notices,
            key=lambda one: (levels.index(one.level), places.get(one.kind, len(places))),
        )
    )


def divided(notices: Sequence[Notice]) -> tuple[Sequence[Notice], Sequence[Notice]]:
    """Return the errors and warnings that stand above a summary, and the notices below it.

    Example:
        >>> ruin, cast = Notice("error", "ruin", "a ruin"), Notice("info", "cast", "a cast")
        >>> divided([ruin, cast]) == ([ruin], [cast])
        True
    """
    above = [one for one in notices if one.level != "info"][:ABOVE]
    return above, [one for one in notices if one not in above]


def to_explain(notices: Iterable[Notice]) -> str:
    """Return the command that explains notices; nothing where none has an entry.

    Example:
        >>> to_explain([Notice("info", "cast", "a cast"), Notice("info", "mine", "my own")])
        'omega explain cast'
    """
    kinds = dict.fromkeys(one.kind for one in notices if one.kind in KINDS)
    return " ".join(["omega explain", *kinds]) if kinds else ""


def as_fields(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Return notices as JSON keeps them.

    Example:
        >>> as_fields([Notice("info", "cast", "a cast")])
        [{'level': 'info', 'kind': 'cast', 'text': 'a cast'}]
    """
    return [dataclasses.asdict(one) for one in notices]
