"""A reader of one format: its options and its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from omega.config.values import optional, taken
from omega.config.values import text as text_field
from omega.errors import ConfigError
from omega.importing._files import Part
from omega.importing._scaling import scale_of

_SHOWN = 60


def short(text: object) -> str:
    """Quote a name or value of a file for a message; a file may hold one of any length."""
    whole = str(text)
    return repr(whole if len(whole) <= _SHOWN else f"{whole[: _SHOWN - 1]}…")


BARS, TICKS, TRADES = "bars", "ticks", "trades"
OPEN, CLOSE = "open", "close"
PRICES = ("open", "high", "low", "close")
ROW = "_row"
"""The column of row numbers, which rows keep whatever happens to them."""


def _are_columns(given: object) -> bool:
    """Return whether what was given names columns."""
    if isinstance(given, Mapping):
        return all(isinstance(one, str) for pair in given.items() for one in pair)
    if given is None or isinstance(given, str):
        return given is None
    return isinstance(given, Sequence) and all(isinstance(one, str) for one in given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user states about the files; None where nothing was stated."""

    symbol: str | None = None
    time_zone: str | None = None
    columns: Mapping[str, str] | Sequence[str] | None = None
    dates: str | None = None
    point: float | None = None
    price_scale: float | None = None
    decimal: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown word, and values of other kinds."""
        for name in ("symbol", "time_zone"):
            taken(name, getattr(self, name), optional(text_field))
        if self.point is not None:
            scale_of("point", self.point)
        if not _are_columns(self.columns):
            raise ConfigError(
                f"columns: given {self.columns!r}, expected {{role: name}}, or all roles from the "
                "left as ['time', 'open', ...], all of them texts"
            )
        if self.decimal not in (None, ".", ","):
            raise ConfigError(f"decimal: given {self.decimal!r}, expected '.', ',' or None")
        if self.dates not in (None, "day-first", "month-first"):
            raise ConfigError(
                f"dates: given {self.dates!r}, expected 'day-first', 'month-first' or None"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The rows of files of one format, and what the format states about them.

    Attributes:
        frame: `time`, naive or in UTC, and prices; nothing is repaired.
        holds: ``"bars"``, ``"ticks"`` (bid and ask) or ``"trades"`` (price and amount).
        counts: Each file with its number of rows, in the order of the rows.
        zone: The clock of naive times, where the format or the path states it.
        clock_hint: Where it does not: what its documentation and real files show.
        bar_time: What the time of a bar is, where the format states it.
        symbol: The symbol, where a path or column states it.
        side: ``"bid"`` or ``"ask"``, where the prices are of one side and the file states which.
        days: Whether there are dates alone.
        notes: What was found out on the way, as sentences.
    """

    frame: pl.DataFrame
    holds: str
    counts: list[tuple[str, int]]
    zone: str | None = None
    clock_hint: str = ""
    bar_time: str | None = None
    symbol: str | None = None
    side: str | None = None
    days: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Head:
    """What a file shows at its beginning."""

    part: Part
    raw: bytes
    lines: list[str]

    @property
    def first(self) -> str:
        """The first line."""
        return self.lines[0] if self.lines else ""

    def like(self, pattern: str) -> bool:
        """Return whether the first line is of a form; case, quotes and spaces do not matter."""
        first = self.first.strip()
        bare = re.sub(r'"([^",;]*)"', r"\1", re.sub(r"(?<=[,;]) +", "", first))
        return any(re.fullmatch(pattern, line, re.IGNORECASE) for line in (first, bare))


@dataclass(frozen=True, slots=True)
class Source:
    """A format that is read.

    Attributes:
        name: As `source=` takes it.
        holds: What files of it hold, in words.
        clock: What is known about its clock, in words.
        bar_time: ``"open"``, ``"close"``, ``"asked"`` or ``"-"``.
        matches: Whether, by the beginning of a file, it is of this format.
        read: Reads files that are.
    """

    name: str
    holds: str
    clock: str
    bar_time: str
    matches: Callable[[Head], bool]
    read: Callable[[Sequence[Part], Options], Parsed]


_CURRENCIES = (
    "USD EUR GBP JPY CHF CAD AUD NZD SGD HKD NOK SEK DKK PLN CZK HUF TRY ZAR MXN CNH RUB THB ILS"
)
FIAT = frozenset(_CURRENCIES.split())
_PAIR = re.compile(r"(?<![A-Z])([A-Z]{3})[/_-]?([A-Z]{3})(?![A-Z]{2})")


def symbol_in(name: str) -> str | None:
    """Return the currency pair or metal in a file's name."""
    for match in _PAIR.finditer(name.upper()):
        if match[2] in FIAT and (match[1] in FIAT or match[1] in {"XAU", "XAG"}):
            return match[1] + match[2]
    return None


_SIDE = re.compile(r"(?:^|[_\-. ])(bid|ask)(?:[_\-. ]|$)", re.IGNORECASE)


def side_in(name: str) -> str | None:
    """Return the side in a file's name."""
    found = {match.lower() for match in _SIDE.findall(name)}
    return found.pop() if len(found) == 1 else None
