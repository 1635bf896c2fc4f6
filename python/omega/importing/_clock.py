"""Time zones that are stated, and local times as moments in UTC.

The zone comes from the user or from the format's documentation. A local time that comes twice or
never is an error, or a finding where an argument decides it; it is never settled in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from omega.errors import ConfigError, InvalidCandleData

UTC = "UTC"
_QUARTER = 900_000_000
EXAMPLES = (
    'time_zone="UTC", time_zone="America/New_York", time_zone="UTC+3" (a fixed offset), '
    'time_zone="America/New_York+7" (New York local time plus 7 hours, as many brokers have it)'
)

_FIXED = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?")
_SHIFTED = re.compile(r"([A-Za-z]+(?:/[\w-]+)+)([+-]\d{1,2})")


@dataclass(frozen=True, slots=True)
class _Fault:
    """What can be wrong with a local time, and what may be done about it."""

    what: str
    option: str
    ways: tuple[str, ...]


_NEVER = _Fault("does not exist (clocks go forward)", "nonexistent", ("drop",))
_TWICE = _Fault("comes twice (clocks go back)", "ambiguous", ("earliest", "latest"))


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that local times were read from.

    Attributes:
        zone: An IANA name.
        ahead: Minutes by which the clock is ahead of that zone.
        text: As the user or the format has it.
    """

    zone: str
    ahead: int
    text: str


def clock(text: str) -> Clock:
    """Understand a time zone.

    Raises:
        ConfigError: There is no such zone.
    """
    fixed = _FIXED.fullmatch(text.strip())
    if fixed:
        minutes = int(fixed[2]) * 60 + int(fixed[3] or 0)
        return Clock(UTC, minutes if fixed[1] == "+" else -minutes, text)
    name, ahead = text.strip(), 0
    shifted = _SHIFTED.fullmatch(name)
    if shifted and not _is_zone(name):  # "Etc/GMT+5" is a zone, five hours behind UTC
        name, ahead = shifted[1], int(shifted[2]) * 60
    if not _is_zone(name):
        raise ConfigError(
            f"time_zone: given {text!r}, expected an IANA name or an offset: {EXAMPLES}"
        )
    return Clock(name, ahead, text)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def to_utc(times: pl.Series, on: Clock, *, ambiguous: str, nonexistent: str) -> pl.Series:
    """Turn naive local times into UTC; what does not exist becomes null where that was requested.

    Args:
        times: Naive times in microseconds.
        on: The clock they were read from.
        ambiguous: ``"raise"``, ``"earliest"`` or ``"latest"``.
        nonexistent: ``"raise"`` or ``"drop"``.

    Raises:
        InvalidCandleData: A time comes twice or never, and no argument decides it.
    """
    offsets = _offsets(times, on)
    early, late = offsets["early"], offsets["late"]
    if nonexistent == "raise":
        _refuse(early.is_null() & times.is_not_null(), times, on, _NEVER)
    if ambiguous == "raise":
        _refuse((early != late).fill_null(value=False), times, on, _TWICE)
    chosen = late if ambiguous == "latest" else early
    return (times - chosen).dt.replace_time_zone(UTC)


def ambiguous_rows(times: pl.Series, on: Clock) -> pl.Series:
    """Mark each local time that comes twice."""
    offsets = _offsets(times, on)
    return (offsets["early"] != offsets["late"]).fill_null(value=False)


def _offsets(times: pl.Series, on: Clock) -> pl.DataFrame:
    """Return how far the clock is ahead of UTC at each time, both ways where it comes twice.

    Clocks change at whole quarters of an hour, so that one look-up a quarter does for all its rows.
    """
    ahead = pl.duration(minutes=on.ahead)
    if on.zone == UTC:
        return pl.DataFrame({"time": times}).with_columns(early=ahead, late=ahead)
    quarter = pl.col("time").cast(pl.Int64) // _QUARTER - on.ahead * 60_000_000 // _QUARTER
    rows = pl.DataFrame({"time": times}).select(quarter.alias("quarter"))
    quarters = rows.unique("quarter", maintain_order=True).drop_nulls()
    naive = (pl.col("quarter") * _QUARTER).cast(pl.Datetime("us"))

    def offset(which: str) -> pl.Expr:
        local = naive.dt.replace_time_zone(on.zone, ambiguous=pl.lit(which), non_existent="null")
        utc = local.dt.convert_time_zone(UTC).dt.replace_time_zone(None)
        return naive - utc + ahead

    table = quarters.with_columns(early=offset("earliest"), late=offset("latest"))
    return rows.join(table, on="quarter", how="left", maintain_order="left")


def _refuse(rows: pl.Series, times: pl.Series, on: Clock, fault: _Fault) -> None:
    if not rows.any():
        return
    row = rows.arg_true()[0]
    words = " or ".join(f'{fault.option}="{way}"' for way in fault.ways)
    raise InvalidCandleData(
        f"row {row}: {times[row]} {fault.what} in {on.text}; {rows.sum():,} rows are so. Is the "
        f"zone right? If it is, choose what to do: {words}",
        column="time",
        row=int(row),
        value=times[row],
        rule=fault.option,
    )
