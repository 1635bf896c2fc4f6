"""Times from text or numbers, by a format that is found in the values themselves.

They are naive local times, or UTC where the text has an offset or is a count since 1970. The order
of day and month is decided by evidence, or the column is refused.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.importing._source import short

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"

_CLOCKS = (
    "",
    "%H:%M:%S",
    "%H:%M:%S.%3f",
    "%H:%M:%S.%6f",
    "%H:%M:%S%.f",
    "%H:%M",
    "%H%M%S",
    "%H%M%S%3f",
    "%H%M",
    "%I:%M:%S %p",
    "%I:%M %p",
)
"""Those that Polars reads by position come first; they are several times as fast."""
_YEAR_FIRST = ("%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d")
_TEXT_MONTHS = (
    "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d-%b-%y", "%d %b %y", "%b %d, %y",
)  # fmt: skip
_PARTS = re.compile(r"\s*(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_DAY_AND_MONTH = r"^\s*(\d{1,2})([./-])(\d{1,2})[./-]\d\d"
_OFFSET = re.compile(r"\s*(?:(?:GMT|UTC)?[+-]\d\d(?::?\d\d)?|Z|UTC|GMT)$")
_CLOCK = re.compile(r"\d:\d\d|[T ]\d{4,6}")
"""What shows that a text has a time of day."""
_EPOCHS = (
    (1e8, 4e9, "s", 1_000_000),
    (1e11, 4e12, "ms", 1_000),
    (1e14, 4e15, "us", 1),
    (1e17, 4e18, "ns", 0.001),
)
"""From 1973 to 2096: larger numbers are dates without marks between their parts."""
_MINUTES = (190_001_010_000, 209_912_312_359)
"""Whole numbers between these may be years, months, days, hours and minutes: 202401311305."""
_NOONS = (
    (r"(?i)\b([ap])\.\s?m\.$", "${1}m"),
    (r"(?i)(\d) ?-([ap]m)$", "${1}:00 ${2}"),
)
"""Other ways to write "11:00 am": "11:00 a.m.", and "11-AM" as CryptoDataDownload does."""
_LAST_MONTH = 12
_DAY = 86_400_000_000
_FEWEST = 2
"""Rows that show whether they are a day apart."""
_NEXT_SESSION = 5
"""Days between sessions that follow one another, a long weekend included."""


Counts = Sequence[tuple[str, int]]
"""Files with their numbers of rows, in the order of the rows."""


def at(counts: Counts, row: int) -> tuple[str, int]:
    """Return the file of a row, and its number there."""
    for name, rows in counts:
        if row < rows:
            return name, row
        row -= rows
    return counts[-1][0], row


@dataclass(frozen=True, slots=True)
class Times:
    """Times with what is known about them.

    Attributes:
        values: Naive where `utc` is false, else in UTC; microseconds.
        utc: Whether the text fixed the moment.
        days: Whether there are dates alone.
        note: What was found out, for the summary.
    """

    values: pl.Series
    utc: bool
    days: bool
    note: str


def from_numbers(numbers: pl.Series, counts: Counts) -> Times:
    """Read counts since 1970, in the unit that their size gives away."""
    values = numbers.drop_nulls()
    if _are_minutes(values):
        return from_text(numbers.cast(pl.Int64).cast(pl.String), counts)
    units = {_unit(end) for end in (values.min(), values.max())} if len(values) else {""}
    if "" in units:
        whole = numbers.cast(pl.Int64, strict=False).cast(pl.String)
        return from_text(whole, counts)
    count = pl.col("time")
    micros = pl.coalesce(
        pl.when(count < high).then(count * times if times >= 1 else count // round(1 / times))
        for _, high, _, times in _EPOCHS
    )
    counted = pl.DataFrame({"time": numbers}).select(micros.cast(pl.Int64).cast(pl.Datetime("us")))
    utc = counted.to_series().dt.replace_time_zone("UTC")
    note = f"epoch in {' and '.join(sorted(units))}, UTC"
    return Times(utc, utc=True, days=False, note=note)


def _are_minutes(numbers: pl.Series) -> bool:
    """Return whether all are minutes without marks, which counts of 1976 would be by chance."""
    low, high = _MINUTES
    if numbers.is_empty() or not numbers.is_between(low, high).all():
        return False
    text = numbers.cast(pl.Int64).cast(pl.String)
    return text.str.to_datetime("%Y%m%d%H%M", strict=False).null_count() == 0


def _unit(number: object) -> str:
    size = float(number) if isinstance(number, (int, float)) else 0.0
    return next((unit for low, high, unit, _ in _EPOCHS if low <= size < high), "")


def from_text(text: pl.Series, counts: Counts, dates: str | None = None) -> Times:
    """Read text, by the first format that fits all of it.

    Args:
        text: The column; a null stays one.
        counts: The files with their numbers of rows.
        dates: ``"day-first"`` or ``"month-first"`` where the user stated it.

    Raises:
        InvalidCandleData: A row cannot be read.
        ConfigError: Days and months cannot be distinguished.
    """
    place = counts[0][0]
    sample = text.drop_nulls().str.strip_chars()
    if sample.is_empty():
        values = pl.Series(values=[None] * len(text), dtype=pl.Datetime("us"))
        return Times(values, utc=False, days=False, note="no rows")
    first = str(sample[0])
    for form, plainly in _NOONS:
        if re.search(form, first):
            text, sample = (one.str.replace(form, plainly) for one in (text, sample))
            first = str(sample[0])
    offset = _offset_of(first)
    plain = first.removesuffix(offset) if offset else first
    made, note = _dates(sample, plain, dates, place)
    layouts = (f"{date}{gap}{time}" for date, gap, time in product(made, (" ", "T", ""), _CLOCKS))
    for layout in dict.fromkeys(one.rstrip("T ") for one in layouts):
        if _reads(plain, layout) is not None:
            values = _all(text, layout, offset, counts)
            note = f"written {layout}{' with an offset' if offset else ''}{note}"
            days = "%H" not in layout and "%I" not in layout
            days = days or (offset is None and are_days(values))
            return Times(values, utc=offset is not None, days=days, note=note)
    raise InvalidCandleData(
        f"{place}, row 0: {short(first)} is no time that is known. Write it as 2024-01-31 "
        "13:05:00, or name the column that holds the time: columns={'time': 'its name'}",
        column="time",
        row=0,
        value=first,
        rule="time",
    )


def are_days(values: pl.Series) -> bool:
    """Return whether naive times are all midnights, a day apart at least (rule T4)."""
    known = values.drop_nulls()
    if len(known) < _FEWEST or (known.cast(pl.Int64) % _DAY != 0).any():
        return False
    return known.n_unique() == len(known)


def _offset_of(text: str) -> str | None:
    """Return the offset to UTC at the end of a time; a year that follows a dash is none."""
    found = _OFFSET.search(text)
    is_year = found is not None and found[0][0] == "-" and not _CLOCK.search(text[: found.start()])
    return None if found is None or is_year else found[0]


def _dates(
    sample: pl.Series, first: str, dates: str | None, place: str
) -> tuple[tuple[str, ...], str]:
    """Return the layouts of the date that are possible, and why."""
    parts = _PARTS.match(first)
    if not parts:
        return (*_YEAR_FIRST, *_TEXT_MONTHS), ""
    mark = parts[2]
    year = "%Y" if len(parts[4]) > len("24") else "%y"
    day_first, month_first = f"%d{mark}%m{mark}{year}", f"%m{mark}%d{mark}{year}"
    if dates is not None:
        return (day_first if dates == DAY_FIRST else month_first,), ""
    fields = sample.str.extract_groups(_DAY_AND_MONTH).struct.unnest()
    left, right = (fields[name].cast(pl.Int64, strict=False) for name in ("1", "3"))
    if _above(left) and not _above(right):
        return (day_first,), "; days come first, as one is above 12"
    if _above(right) and not _above(left):
        return (month_first,), "; months come first, as a day is above 12"
    spans = [_longest_step(sample, layout) for layout in (day_first, month_first)]
    if min(spans) <= _NEXT_SESSION < max(spans):
        chosen = (day_first, month_first)[spans.index(min(spans))]
        order = DAY_FIRST if chosen == day_first else MONTH_FIRST
        return (chosen,), f"; {order}, as the days then follow one another"
    raise ConfigError(
        f"{place}: {short(first)} may have the day or the month first, and no row decides it. "
        f'State which: dates="{DAY_FIRST}" or dates="{MONTH_FIRST}"'
    )


def _above(values: pl.Series) -> bool:
    return bool((values > _LAST_MONTH).any())


def _longest_step(sample: pl.Series, layout: str) -> float:
    cut = sample.str.extract(r"^\s*(\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2}))")
    days = cut.unique(maintain_order=True).str.to_date(layout, strict=False)
    steps = days.diff().dt.total_days().drop_nulls()
    if days.null_count() or steps.is_empty() or not (days.is_sorted() or (steps < 0).all()):
        return float("inf")
    return float(steps.abs().max())  # type: ignore[arg-type]  # days are numbers


_SHAPES = {
    "%Y": r"\s*\d{4}", "%y": r"\s*\d\d", "%m": r"\s*\d\d?", "%d": r"\s*\d\d?",
    "%b": r"[A-Za-z]+", "%H": r"\s*\d\d?", "%I": r"\s*\d\d?", "%M": r"\s*\d\d?",
    "%S": r"\s*\d\d?", "%3f": r"\d{3}", "%6f": r"\d{6}", "%.3f": r"\.\d{3}",
    "%.6f": r"\.\d{6}", "%.f": r"(?:\.\d+)?", "%p": r"\s*[AaPp][Mm]",
}  # fmt: skip
"""What each part of a layout may look like, which is quicker to try than to parse."""


@functools.cache
def _shape(layout: str) -> re.Pattern[str]:
    parts = re.split(r"(%\.?\d?[A-Za-z])", layout)
    return re.compile("".join(_SHAPES.get(part, re.escape(part)) for part in parts))


def _reads(text: str, layout: str) -> object:
    if not _shape(layout).fullmatch(text):
        return None
    try:
        return pl.Series([text]).str.to_datetime(layout, time_unit="us", strict=False)[0]
    except pl.exceptions.PolarsError:
        return None


def _all(text: pl.Series, layout: str, offset: str | None, counts: Counts) -> pl.Series:
    """Read every row, or name the first that does not fit."""
    values = _read(text.str.strip_chars(), layout, offset)
    lost = values.is_null() & text.is_not_null()
    if lost.any() and "%S" in layout and ":" in layout:
        layout = re.sub(r"%S(\.%\df|%\.f)?", "%S%.f", layout)
        values = _read(text.str.strip_chars(), layout, offset)
    lost = values.is_null() & text.is_not_null()
    if lost.any():
        row = int(lost.arg_true()[0])
        file, within = at(counts, row)
        raise InvalidCandleData(
            f"{file}, row {within}: {short(text[row])} is no time of the form {layout}, as the "
            "rows before it are. Correct the row or remove it",
            column="time",
            row=within,
            value=text[row],
            rule="time",
        )
    return values


def _read(text: pl.Series, layout: str, offset: str | None) -> pl.Series:
    if offset is None:
        return text.str.to_datetime(layout, time_unit="us", strict=False, cache=False)
    if text.str.ends_with(offset).all():
        naive = text.str.head(-len(offset))
        naive = naive.str.to_datetime(layout, time_unit="us", strict=False, cache=False)
        return naive.dt.offset_by(_back(offset)).dt.replace_time_zone("UTC")
    mark = re.sub(r"([+-]\d\d(:?\d\d)?|Z|UTC|GMT)$", "", offset)
    zoned = text.str.replace(r"(Z|UTC|GMT)$", "+0000").str.replace(r"([+-]\d\d)$", "${1}00")
    return zoned.str.to_datetime(f"{layout}{mark}%z", time_unit="us", strict=False)


def _back(offset: str) -> str:
    """The way from a local time with this offset to UTC."""
    found = re.search(r"([+-])(\d\d):?(\d\d)?$", offset)
    if found is None:
        return "0s"
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return f"-{minutes}m" if found[1] == "+" else f"{minutes}m"
