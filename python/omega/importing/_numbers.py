"""Number formats of people and programs: ``"1,262.25"``, ``$182.68``, ``68.18K``, ``1.250,5``.

What the comma and the point mean is decided by the numbers themselves, or asked for; a number that
fits neither way is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from omega.errors import ConfigError
from omega.importing._source import short

POINT, COMMA = ".", ","
MISSING = ("", "null", "none", "nan", "na", "n/a", "#n/a", "-", "--", ".")
"""What stands for a value that is not there; case does not matter."""

_AROUND = " \t\r\"'$€£¥₹\u00a0\u202f"
_INSIDE = r"['\u00a0\u202f ]"
_PARTED = rf"^[+-]?\d{{1,3}}(?:{_INSIDE}\d{{3}})+(?:[.,]\d*)?{_INSIDE}*[kKmMbBtT]?$"
_SUFFIXED = rf"^[^'\u00a0\u202f ]+{_INSIDE}+[kKmMbBtT]$"
"""Where such marks may stand: between thousands and before a suffix; 110'16 is a price in 32nds."""
_GROUP = 3
"""Digits between marks of thousands."""
_BY_SUFFIX = {"k": "e3", "m": "e6", "b": "e9", "t": "e12"}


def _grouped(mark: str) -> str:
    """The form of a number whose thousands have a mark, or whose lakhs as in India."""
    own = re.escape(mark)
    return rf"[+-]?(?:\d{{1,3}}(?:{own}\d{{3}})+|\d{{1,2}}(?:{own}\d{{2}})+{own}\d{{3}})"


def decimal_mark(cells: Iterable[str], separator: str, stated: str | None, place: str) -> str:
    """Return what stands before the decimals of some numbers.

    Args:
        cells: The numbers, as they are written.
        separator: What stands between them; a comma there is no decimal mark unless quoted.
        stated: ``"."`` or ``","`` where the user said it.
        place: The file, for messages.

    Raises:
        ConfigError: The numbers contradict each other, or leave it open.
    """
    if stated is not None:
        return stated
    plain = [_bare(cell) for cell in cells]
    seen = {mark: next((one for one in plain if _shows(one, mark)), None)
            for mark in (POINT, COMMA)}  # fmt: skip
    if seen[POINT] and seen[COMMA]:
        raise ConfigError(
            f"{place}: {short(seen[POINT])} has a point before its decimals and "
            f"{short(seen[COMMA])} a comma, so that one of them would be read wrongly. Write all "
            'numbers alike, or say what stands before decimals: decimal="." or decimal=","'
        )
    if seen[POINT] or seen[COMMA]:
        return POINT if seen[POINT] else COMMA
    unclear = next((one for one in plain if re.fullmatch(_grouped(COMMA), one)), None)
    quoted = separator == COMMA and any(COMMA not in one for one in plain)
    if unclear is None or quoted:  # who separates by commas has no other use of them in numbers
        return POINT
    raise ConfigError(
        f"{place}: {short(unclear)} may be {unclear.replace(COMMA, '')} or "
        f"{unclear.replace(COMMA, POINT)}, and no other number decides it. State the decimal "
        'mark: decimal="." or decimal=","'
    )


def _bare(cell: str) -> str:
    """Take off what stands around a number, and between its thousands."""
    cell = cell.strip(_AROUND)
    apart = re.search(_PARTED, cell) or re.search(_SUFFIXED, cell)
    return re.sub(_INSIDE, "", cell) if apart else cell


def _shows(number: str, mark: str) -> bool:
    """Return whether a number can have only this mark before its decimals."""
    other = re.escape(COMMA if mark == POINT else POINT)
    mark = re.escape(mark)
    lone = re.fullmatch(rf"[+-]?(\d*){mark}(\d*)[kKmMbBtT]?", number)
    if lone:
        return len(lone[2]) != _GROUP or not 0 < len(lone[1]) <= _GROUP or lone[1][0] == "0"
    return re.fullmatch(rf"[+-]?\d{{1,3}}(?:{other}\d{{3}})+{mark}\d+", number) is not None


def _forms(mark: str) -> tuple[str, str]:
    """Return the forms of a number whose thousands are marked, and of one whose are not."""
    own = re.escape(mark)
    whole = rf"^{_grouped(COMMA if mark == POINT else POINT)}(?:{own}\d*)?[kKmMbBtT]?$"
    single = rf"^[+-]?(?:\d+{own}?\d*|{own}\d+)(?:[eE][+-]?\d+|[kKmMbBtT])?$|^[+-]?(?i:inf)$"
    return whole, single


def is_number(cell: str, mark: str) -> bool:
    """Return whether one cell is a number, or stands for one that is missing."""
    bare = _bare(cell)
    return bare.lower() in MISSING or any(re.search(form, bare) for form in _forms(mark))


def read(text: pl.Series, mark: str) -> pl.Series:
    """Read numbers; what is none becomes null, as what is missing is.

    Args:
        text: The column.
        mark: What stands before the decimals.

    Example:
        >>> read(pl.Series(["$1,262.25", "68.18K", "-", "abc"]), ".").to_list()
        [1262.25, 68180.0, None, None]
        >>> read(pl.Series(["1.250", "1,5", "1.5"]), ",").to_list()
        [1250.0, 1.5, None]
    """
    thousands = COMMA if mark == POINT else POINT
    cell = pl.col("text").str.strip_chars(_AROUND)
    apart = cell.str.contains(_PARTED) | cell.str.contains(_SUFFIXED)
    bare = pl.when(apart).then(cell.str.replace_all(_INSIDE, "")).otherwise(cell)
    whole, single = _forms(mark)
    number: pl.Expr = (
        pl.when(bare.str.contains(whole))
        .then(bare.str.replace_all(thousands, "", literal=True))
        .when(bare.str.contains(single))
        .then(bare)
    )
    number = number.str.replace(mark, POINT, literal=True)
    for suffix, power in _BY_SUFFIX.items():
        number = number.str.replace(f"(?i){suffix}$", power)
    frame = pl.DataFrame({"text": text}).select(number.cast(pl.Float64, strict=False))
    return frame.to_series().alias(text.name)


def is_missing(text: pl.Series) -> pl.Series:
    """Mark what stands for a value that is not there."""
    bare = text.str.strip_chars(_AROUND).str.to_lowercase()
    return text.is_null() | bare.is_in(MISSING)
