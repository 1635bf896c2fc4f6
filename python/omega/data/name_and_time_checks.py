"""Checks of symbols and times that no candles may have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import polars as pl

from omega.config.times import PER_SECOND, zone_of
from omega.config.values import nearest, shown
from omega.errors import ConfigError, InvalidCandleData

_EARLIEST, _LATEST = -62_104_060_800, 253_370_764_800
"""The years that the calendars of all libraries reach, in seconds since 1970."""


def refuse_names(names: Iterable[object]) -> None:
    """Refuse symbols that are no text, or text that other programs do not take.

    Raises:
        ConfigError: One is none.
    """
    for name in names:
        if not isinstance(name, str) or not name or not _is_text(name):
            raise ConfigError(
                f"symbol: given {name!r}, expected a text that is not empty, such as 'EURUSD'"
            )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # half of a character
        return False
    return "\0" not in name


def are_of_a_calendar(times: pl.Series) -> bool:
    """Return whether all times lie in years that calendars know.

    Example:
        >>> are_of_a_calendar(pl.Series([2**62]).cast(pl.Datetime("ms")))
        False
    """
    unit = getattr(times.dtype, "time_unit", "us")
    ends = [times.to_physical().min(), times.to_physical().max()]
    return all(
        _EARLIEST < time // PER_SECOND[unit] < _LATEST for time in ends if isinstance(time, int)
    )


def refuse_times(symbol: str, first: int, last: int, unit: str, zone: str | None) -> None:
    """Refuse times beyond the years of a calendar, and a time zone that is none.

    Raises:
        InvalidCandleData: They are.
    """
    if zone is not None and zone_of(zone) is None:
        raise InvalidCandleData(
            f"{symbol}: the times are in the zone {zone!r}, expected one of the IANA database, "
            "such as 'Europe/Berlin', or an offset such as '+05:30'",
            column="time",
            rule="column",
            symbol=symbol,
        )
    for row, time in (("first", first), ("last", last)):
        if not _EARLIEST < time // PER_SECOND[unit] < _LATEST:
            raise InvalidCandleData(
                f"{symbol}: the {row} time is {time} ({unit} since 1970), expected times of the "
                "years 2 to 9998. Is the unit right?",
                column="time",
                value=time,
                rule="time_range",
                symbol=symbol,
            )


def negative_symbols(
    given: Collection[str] | Callable[[str], bool], symbols: list[str]
) -> list[str]:
    """Return the symbols whose prices may be zero or below."""
    if callable(given):
        return [symbol for symbol in symbols if given(symbol)]
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigError(
            f"allow_negative: given {shown(given)}, expected a list of symbols, or a function of a "
            "symbol"
        )
    refuse_unknown("allow_negative", given, symbols)
    return list(given)


def refuse_unknown(parameter: str, given: Collection[str], known: Collection[str]) -> None:
    """Refuse names that are no symbols of the data."""
    for name in given:
        if name not in known:
            raise ConfigError(f"{parameter}: no symbol {name!r}. {nearest(name, known)}")


def refuse_checks(validate: object, *, cast: object) -> None:
    """Refuse settings that have no effect on a `CandleStore`, whose rows were read before.

    Raises:
        ConfigError: One is not at its default.

    Example:
        >>> refuse_checks("error", cast=False)
    """
    for name, given, default in (("validate", validate, "error"), ("cast", cast, False)):
        if given != default:
            raise ConfigError(
                f"{name}: given {shown(given)} for a CandleStore, whose rows were read and checked "
                f"before. Leave it out, or give it where the store is made, as "
                f"CandleStore(data, {name}={shown(given)})"
            )
