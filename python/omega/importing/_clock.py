"""Time zones that are stated, and local times as moments.

In: naive times and the word of a user or of a format's documentation on their clock. Out: times in
UTC. A local time that comes twice or never is an error, or a finding where the user said what to
do; it is never settled in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from omega.errors import ConfigError, InvalidCandleData

UTC = "UTC"
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
    shifted = _SHIFTED.fullmatch(text.strip())
    name, ahead = (shifted[1], int(shifted[2]) * 60) if shifted else (text.strip(), 0)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"time_zone: given {text!r}, expected an IANA name or an offset: {EXAMPLES}"
        ) from None
    return Clock(name, ahead, text)


def to_utc(times: pl.Series, on: Clock, *, ambiguous: str, nonexistent: str) -> pl.Series:
    """Turn naive local times into UTC; what does not exist becomes null where that was asked for.

    Args:
        times: Naive times in microseconds.
        on: The clock they were read from.
        ambiguous: ``"raise"``, ``"earliest"`` or ``"latest"``.
        nonexistent: ``"raise"`` or ``"drop"``.

    Raises:
        InvalidCandleData: A time comes twice or never, and nothing was said about it.
    """
    naive = times - pl.duration(minutes=on.ahead) if on.ahead else times
    naive = pl.select(naive).to_series() if isinstance(naive, pl.Expr) else naive
    if on.zone == UTC:
        return naive.dt.replace_time_zone(UTC)
    first = _localised(naive, on.zone, "earliest")
    missing = first.is_null() & naive.is_not_null()
    if nonexistent == "raise":
        _refuse(missing, times, on, _NEVER)
    if ambiguous == "raise":
        _refuse(ambiguous_rows(times, on), times, on, _TWICE)
        return first.dt.convert_time_zone(UTC)
    return _localised(naive, on.zone, ambiguous).dt.convert_time_zone(UTC)


def ambiguous_rows(times: pl.Series, on: Clock) -> pl.Series:
    """Tell of each local time whether it comes twice."""
    naive = pl.select(times - pl.duration(minutes=on.ahead)).to_series() if on.ahead else times
    if on.zone == UTC:
        return pl.repeat(value=False, n=len(times), eager=True)
    early, late = (_localised(naive, on.zone, which) for which in ("earliest", "latest"))
    return (early != late).fill_null(value=False)


def _localised(naive: pl.Series, zone: str, ambiguous: str) -> pl.Series:
    frame = pl.DataFrame({"time": naive})
    local = pl.col("time").dt.replace_time_zone(
        zone,
        ambiguous=pl.lit(ambiguous),
        non_existent="null",
    )
    return frame.select(local)["time"]


def _refuse(rows: pl.Series, times: pl.Series, on: Clock, fault: _Fault) -> None:
    if not rows.any():
        return
    row = rows.arg_true()[0]
    words = " or ".join(f'{fault.option}="{way}"' for way in fault.ways)
    raise InvalidCandleData(
        f"row {row}: {times[row]} {fault.what} in {on.text}; {rows.sum():,} rows are so. Is the "
        f"zone right? If it is, say what to do: {words}",
        column="time",
        row=int(row),
        value=times[row],
        rule=fault.option,
    )
