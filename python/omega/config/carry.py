"""Carry: interest, borrowing and funding by the day."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

from omega.config.tables import Column, Row, order_of, rows_of
from omega.config.values import Refused as _Refused
from omega.config.values import check, number, one_of, settings, taken
from omega.errors import ConfigError

_DATE = Column("date", ("from", "time"), kind="date")
_RATE = Column("rate", kind="rate")
_SYMBOL = Column("symbol", ("ticker",), None, "text")
_FUNDING = (
    Column("symbol", ("ticker",), None, "text"),
    Column("time", ("timestamp", "datetime", "date", "funding_time"), kind="moment"),
    Column("rate", ("funding_rate", "fundingrate"), kind="rate"),
    Column("mark", ("mark_price", "markprice"), None),
)


@settings
class Carry:
    """Interest, borrow fees and funding, booked daily (rules C1 to C4).

    Each item is a ledger line of its own kind.

    A rate is a part of 1 a year: 0.05 is five percent. It is a number, or a table with columns
    `date` and `rate`, each rate from its date on.

    Attributes:
        cash: Interest on cash, booked for each calendar day when the next one has begun. In a cash
            account on what is not in positions, else on the balance.
        debit: Interest on a negative balance.
        borrow: What it costs to borrow what was sold short: one rate, a table with a column
            `symbol` too, or one for each symbol. A rate of None or null is unavailable: new shorts
            are refused `no_borrow`, and open ones are closed at the next open.
        funding: Payments between longs and shorts of a perpetual future: a table with columns
            `time`, `rate` and, where it is known, `mark`, and `symbol` for several; or one table
            for each symbol. Longs pay where the rate is above 0. A gap in it is refused.
        collateral: What borrowed shares are worth: their "close", or 102 % of it rounded up to the
            unit of currency, the brokers' "convention".
        days: Days of a year of interest on cash, 365 or 360; borrowing counts 360.

    Example:
        >>> Carry(cash=0.03, borrow={"GME": 0.25})
        Carry(cash=0.03, borrow={'GME': 0.25})
    """

    cash: Any = None
    debit: Any = None
    borrow: Any = None
    funding: Any = None
    collateral: str = "close"
    days: int = 365

    def __post_init__(self) -> None:
        """Take the tables, and check every field."""
        for name in ("cash", "debit"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _rates(f"Carry.{name}", given))
        if self.borrow is not None:
            object.__setattr__(self, "borrow", _borrow(self.borrow))
        if self.funding is not None:
            object.__setattr__(self, "funding", _funding(self.funding))
        check(self, one_of("close", "convention"), "collateral")
        check(self, _days, "days")


def _days(given: object) -> int:
    if isinstance(given, bool) or given not in (360, 365):
        raise _Refused("365 or 360")
    return int(given)


def _rates(place: str, given: object) -> Any:  # noqa: ANN401 - a number or rows
    """One rate, or rows of a date and the rate from it on; None in a row is unavailable."""
    if isinstance(given, numbers.Real):
        return taken(place, given, number())
    rows = rows_of(place, given, (_DATE, _RATE))
    if not rows:
        raise ConfigError(f"{place}: given a table without rows, expected a rate")
    return _in_order(place, rows)


def _in_order(place: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Put rows of a date and a rate in order of their dates, each of which comes once."""
    ordered = sorted(rows, key=lambda row: order_of(row[0]))
    for first, second in itertools.pairwise(ordered):
        if first[0] == second[0]:
            raise ConfigError(
                f"{place}: given rates of {first[1]} and {second[1]} from {first[0]} on, expected "
                "one rate for a date. Leave one out"
            )
    return tuple(ordered)


def _borrow(given: object) -> Any:  # noqa: ANN401 - a number, or by symbol
    """One rate for all, or the rates of each symbol."""
    if _is_taken(given, 2):
        return given
    if isinstance(given, Mapping) and not {"date", "rate"} <= {str(name) for name in given}:
        return {
            str(symbol): ((None, None),)
            if one is None
            else _rates(f"Carry.borrow of {symbol}", one)
            for symbol, one in given.items()
        }
    if isinstance(given, numbers.Real):
        return _rates("Carry.borrow", given)
    rows = rows_of("Carry.borrow", given, (_SYMBOL, _DATE, _RATE))
    if not rows:
        raise ConfigError("Carry.borrow: given a table without rows, expected a rate")
    if all(row[0] is None for row in rows):
        return _in_order("Carry.borrow", [row[1:] for row in rows])
    by_symbol: dict[str, list[Any]] = {}
    for symbol, *row in rows:
        by_symbol.setdefault(str(symbol), []).append(tuple(row))
    return {
        symbol: _in_order(f"Carry.borrow of {symbol}", own) for symbol, own in by_symbol.items()
    }


def _is_taken(given: object, width: int) -> bool:
    """Whether these are rows of a value that was made before."""
    is_rows = isinstance(given, tuple) and all(isinstance(row, tuple) for row in given)
    return is_rows and all(len(row) == width for row in given)  # type: ignore[attr-defined]  # rows


def _funding(given: object) -> Any:  # noqa: ANN401 - rows by symbol; None where it has no name
    """By symbol the rows of time, rate and mark; under None those of the only one."""
    if isinstance(given, Mapping) and all(_is_taken(rows, 3) for rows in given.values()):
        return given
    if isinstance(given, Mapping) and not {str(name).lower() for name in given} & {"rate", "time"}:
        parts: list[tuple[str | None, Any]] = [(str(name), one) for name, one in given.items()]
    else:
        parts = [(None, given)]
    found: dict[str | None, list[Any]] = {}
    for name, table in parts:
        for symbol, *row in rows_of("Carry.funding", table, _FUNDING):
            found.setdefault(name or symbol, []).append(tuple(row))
    for rows in found.values():
        for place, row in enumerate(rows):
            if row[1] is None:
                raise ConfigError(
                    f"Carry.funding: given no rate at {row[0]} in row {place}, expected one at "
                    "each time: a missing rate is not 0"
                )
    return {symbol: tuple(rows) for symbol, rows in found.items()}
