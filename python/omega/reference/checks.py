"""Rules T1 and T3 over whole columns, with plain Polars expressions.

Findings are every value that breaks a rule, by row, rule and column, or the first of them as the
error that refuses the data.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.reference.digits import shown

Rule: TypeAlias = tuple[str, str, pl.Expr, pl.Expr | None, str]
"""Its name, the column at fault, where it is broken, what the value is held against, the words."""

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_REPAIR = "Repair or drop the row; omega.CandleStore(data, validate='report').validate() lists all"
_HINTS = {
    "null": "Drop or fill the rows without a value before the run",
    "nan": "Drop or fill the rows before the run",
    "time_order": "Sort by time and drop duplicate times before the run",
    "price": "Drop the row, or set allow_negative for an instrument that may trade below zero",
    "high": _REPAIR,
    "low": _REPAIR,
    "crossed": (
        "Drop the row, or pass validate={'crossed': 'allow'} to trade each side as it stands"
    ),
    "volume": "Drop or repair the row, or leave the volume column out",
}
ALL_ERRORS = dict.fromkeys(_HINTS, "error")
"""The level of every rule: `error`, `warn` or `allow`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One value that breaks one rule; `time` and `against` are in the unit of the time column."""

    row: int
    rule: str
    role: str
    time: int | None
    value: float | None
    against: float | int | None
    problem: str

    def error(self, symbol: str, column: str, unit: str) -> InvalidCandleData:
        """The finding as the reason to refuse the symbol."""
        value = "null" if self.value is None else shown(self.value)
        if self.role == "time" and self.rule != "null" and self.time is not None:
            value = time_text(self.time, unit)
        against = ""
        if self.against is not None:
            is_time = self.rule == "time_order"
            against = time_text(int(self.against), unit) if is_time else shown(self.against)
        return refused(
            symbol,
            column,
            self.row,
            value=value,
            rule=self.rule,
            words=(self.problem.format(against), _HINTS[self.rule]),
        )


def refused(
    symbol: str, column: str, row: int, *, value: str, rule: str, words: tuple[str, str]
) -> InvalidCandleData:
    """The error that names a value; `words` are the problem and what to do about it."""
    problem, hint = words
    found: object = None if value == "null" else value
    with contextlib.suppress(ValueError):  # a time, or no value at all
        found = float(value)
    return InvalidCandleData(
        f"symbol '{symbol}', column '{column}', row {row}: {problem}; the value is {value} "
        f"(rule '{rule}'). {hint}",
        column=column,
        row=row,
        value=found,
        rule=rule,
        symbol=symbol,
    )


def time_text(time: int, unit: str) -> str:
    """A time as ISO text in UTC; the bare number where the calendar does not reach.

    Example:
        >>> time_text(1_500, "ms")
        '1970-01-01 00:00:01.500'
    """
    seconds, rest = divmod(time, _PER_SECOND[unit])
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return str(time)
    digits = f"{rest * (1_000_000_000 // _PER_SECOND[unit]):09}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{moment:%Y-%m-%d %H:%M:%S}" + (f".{digits}" if digits else "")


def levels(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What to do about each rule, all being errors that are not named.

    Raises:
        ConfigError: There is no such rule or level, or the engine cannot do without the rule.
    """
    known = dict(ALL_ERRORS)
    for rule, level in given:
        if rule not in known:
            raise ConfigError(
                f"validate: given the rule '{rule}', expected one of {', '.join(known)}. "
                "Name the rules as the findings of validate='report' do"
            )
        if level not in ("error", "warn", "allow"):
            raise ConfigError(
                f"validate['{rule}']: given '{level}', expected 'error', 'warn' or 'allow'. "
                "See the rule T3"
            )
        if level != "error" and rule in ("null", "time_order"):
            raise ConfigError(
                f"validate['{rule}']: given 'warn' or 'allow', expected 'error'. {_HINTS[rule]}"
            )
        known[rule] = level
    return known


def findings(frame: pl.DataFrame, allowed: Mapping[str, str]) -> list[Finding]:
    """Every value that breaks a rule which is not allowed, by row, then rule, then column."""
    found: list[tuple[int, int, Finding]] = []
    numbered = frame.lazy().with_row_index("row")
    for place, (rule, role, broken, against, problem) in enumerate(_rules(frame.columns)):
        if allowed[rule] == "allow":
            continue
        checked = numbered.select(
            "row",
            time=pl.col("time").cast(pl.Int64),
            value=pl.lit(None) if role == "time" else pl.col(role),
            against=pl.lit(None) if against is None else against,
            broken=broken,
        )
        for row, time, value, held in checked.filter("broken").drop("broken").collect().iter_rows():
            found.append((row, place, Finding(row, rule, role, time, value, held, problem)))
    return [finding for _, _, finding in sorted(found, key=lambda one: one[:2])]


def missing(frame: pl.DataFrame) -> list[Finding]:
    """Missing values alone: all that has to be checked in data known to be good."""
    return findings(frame, dict.fromkeys(ALL_ERRORS, "allow") | {"null": "error"})


def crossed_rows(frame: pl.DataFrame) -> int:
    """Number of rows in which any ask is below its bid, or the spread is negative."""
    pairs = [_finite(ask) < _finite(_bid_of(ask)) for ask in frame.columns if ask[:3] == "ask"]
    if "spread" in frame.columns:
        pairs.append(pl.col("spread") < 0.0)
    crossed = pl.any_horizontal(pl.lit(value=False), *pairs).fill_null(value=False)
    return int(frame.select(crossed.sum()).item())


def _finite(role: str) -> pl.Expr:
    return pl.when(pl.col(role).is_finite()).then(pl.col(role))


def _bid_of(ask: str) -> str:
    return ask.replace("ask", "bid")


def _rules(roles: Collection[str]) -> Iterator[Rule]:
    """Every rule in the order in which the findings of a row are listed."""
    numbers = [role for role in roles if role != "time"]
    prices = [role for role in numbers if role not in ("spread", "volume")]
    for role in ("time", *numbers):
        yield "null", role, pl.col(role).is_null(), None, "a value is missing"
    for role in numbers:
        yield "nan", role, ~pl.col(role).is_finite(), None, "a value is NaN or infinite"
    time = pl.col("time").cast(pl.Int64)
    before = time.shift().forward_fill()
    late = time < before if "bid" in roles else time <= before
    yield "time_order", "time", late, before, "the time does not come after the row before, {}"
    for role in prices:
        yield "price", role, _finite(role) <= 0.0, None, "the price is not above zero"
    yield from _extremes(roles)
    for role in prices:
        if role.startswith("ask"):
            bid = _finite(_bid_of(role))
            yield "crossed", role, _finite(role) < bid, bid, "the ask is below the bid, {}"
    if "spread" in roles:
        yield "crossed", "spread", _finite("spread") < 0.0, None, "the spread is negative"
    if "volume" in roles:
        yield "volume", "volume", _finite("volume") < 0.0, None, "the volume is negative"


def _extremes(roles: Collection[str]) -> Iterator[Rule]:
    """High and low of the sides that have them."""
    sides = [side for side in ("bid", "ask") if f"{side}_open" in roles]
    ends: Any = {side: [_finite(f"{side}_open"), _finite(f"{side}_close")] for side in sides}
    for side in sides:
        high, top = f"{side}_high", pl.max_horizontal(*ends[side])
        yield "high", high, _finite(high) < top, top, "the high is below max(open, close) = {}"
    for side in sides:
        low, bottom = f"{side}_low", pl.min_horizontal(*ends[side])
        yield "low", low, _finite(low) > bottom, bottom, "the low is above min(open, close) = {}"
