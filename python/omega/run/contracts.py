"""The contracts of a continuous future: candles, days and opens, in order of expiry."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.calendar import CalendarLike, calendar_of
from omega.config.tables import day_number
from omega.config.times import PER_SECOND, as_date
from omega.config.values import shown
from omega.data.store import CandleStore, both_sides, require_unit
from omega.errors import ConfigError
from omega.run.clock import are_dates

Times = NDArray[np.int64]
Floats = NDArray[np.float64]

_DAY = 86_400
_PRICES = ("open", "high", "low", "close")


@dataclasses.dataclass(frozen=True, eq=False)
class Contract:
    """One contract.

    Attributes:
        name: Its name.
        frame: Its candles, by the roles of their columns.
        times: When they open, in the unit of their column.
        days: The number of the day of each (rule T4).
        bid: The bid at each open.
        ask: The ask at each open.
        last_day: The number of its last day; None where it is still traded when the data ends.
    """

    name: str
    frame: pl.DataFrame
    times: Times
    days: Times
    bid: Floats
    ask: Floats
    last_day: int | None

    @property
    def unit(self) -> str:
        """The unit of its times."""
        return str(getattr(self.frame["time"].dtype, "time_unit", "ns"))

    def volume_by_day(self) -> dict[int, float]:
        """Return the volume of each of its days.

        Raises:
            ConfigError: Its candles have none.
        """
        if "volume" not in self.frame.columns:
            raise ConfigError(
                f"Continuous: given roll='volume', and {self.name} has no volume; add a column of "
                "volumes, or use roll='days:5'"
            )
        volumes = self.frame["volume"].cast(pl.Float64).fill_null(0.0).to_numpy()
        days, places = np.unique(self.days, return_inverse=True)
        return dict(zip(days.tolist(), np.bincount(places, volumes).tolist(), strict=True))


def contracts_of(
    given: Any,  # noqa: ANN401 - as CandleStore
    expiries: Mapping[str, Any] | None,
    calendar: CalendarLike,
) -> list[Contract]:
    """Read contracts, and put them in order of their last day.

    Raises:
        ConfigError: There are none, or their times are in several units.
    """
    whole = given if isinstance(given, CandleStore) else CandleStore(given, validate="off")
    stores = {name: whole.symbol(name) for name in whole.symbols}
    frames = {name: _frame(store) for name, store in stores.items()}
    for name, store in stores.items():
        require_unit(f"Continuous: {name}", store, whole.time_unit)
        if not frames[name].height:
            raise ConfigError(f"Continuous: given no candles of {name}, expected some")
    if len({tuple(frame.columns) for frame in frames.values()}) > 1:
        raise ConfigError("Continuous: given contracts with different columns, expected the same")
    if not isinstance(expiries, (Mapping, type(None))):
        raise ConfigError(
            f"expiries: given {shown(expiries)}, expected {{contract: last day}}, such as "
            "{'2024H': '2024-03-15'}"
        )
    strange = [name for name in expiries or {} if name not in stores]
    if strange:
        raise ConfigError(
            f"Continuous: given an expiry of {strange[0]}, expected one of {', '.join(stores)}"
        )
    return _in_order(frames, expiries or {}, calendar)


def _frame(store: CandleStore) -> pl.DataFrame:
    """Return candles by plain names, or both sides; a constant spread becomes columns."""
    frame = pl.DataFrame(store)
    if store.native.spread(store.symbols[0]):
        sides = [f"{side}_{price}" for side in ("bid", "ask") for price in _PRICES]
        rest = [name for name in ("volume",) if name in frame.columns]
        return both_sides(store).select("time", *sides, *rest)
    if {"ask", "ask_open", "spread"} & set(frame.columns):
        return frame
    return frame.rename({f"bid_{price}": price for price in _PRICES}, strict=False)


def _in_order(
    frames: Mapping[str, pl.DataFrame], expiries: Mapping[str, Any], calendar: CalendarLike
) -> list[Contract]:
    times = {name: frame["time"].to_physical().to_numpy() for name, frame in frames.items()}
    unit = str(getattr(next(iter(frames.values()))["time"].dtype, "time_unit", "ns"))
    days = _days(times, unit, calendar)
    newest = max(int(own[-1]) for own in days.values())
    found = []
    for name, frame in frames.items():
        last = _last_day(name, days[name], newest, expiries, unit)
        bid, ask = _opens(frame)
        found.append(Contract(name, frame, times[name], days[name], bid, ask, last))
    # Of equals the order of their first bars, then that in which they were given.
    far = 2**62
    return sorted(
        found,
        key=lambda one: (far if one.last_day is None else one.last_day, int(one.times[0])),
    )


def _last_day(
    name: str, days: Times, newest: int, expiries: Mapping[str, Any], unit: str
) -> int | None:
    """Return the last day of a contract that is known to have one."""
    if name not in expiries:
        last = int(days[-1])
        return None if last == newest else last
    expiry = day_number(_moment(expiries[name]), unit, f"expiries of {name}")
    if expiry > newest:
        return expiry
    known = days[days <= expiry]
    if not len(known):
        raise ConfigError(
            f"Continuous: given {expiries[name]} as the expiry of {name}, expected a date after "
            "its first bar"
        )
    return int(known[-1])


def _moment(given: object) -> Any:  # noqa: ANN401 - a date, or what refuses to be one
    day = as_date(given)
    return given if day is None else day


def _opens(frame: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return bid and ask at each open (rule T2)."""
    known = [name for name in ("bid_open", "open", "bid") if name in frame.columns]
    bid = frame[known[0]].to_numpy()
    asks = [name for name in ("ask_open", "ask") if name in frame.columns]
    if asks:
        return bid, frame[asks[0]].to_numpy()
    return bid, bid + frame["spread"].to_numpy() if "spread" in frame.columns else bid


def _days(times: Mapping[str, Times], unit: str, calendar: CalendarLike) -> dict[str, Times]:
    chosen = calendar_of(calendar)
    if chosen.is_utc or all(are_dates(own, unit) for own in times.values()):
        return {name: own // (_DAY * PER_SECOND[unit]) for name, own in times.items()}
    first = min(int(own[0]) for own in times.values())
    last = max(int(own[-1]) for own in times.values())
    number, starts = chosen.days(first, last, unit)
    return {
        name: number + np.searchsorted(starts, own, side="right") - 1 for name, own in times.items()
    }
