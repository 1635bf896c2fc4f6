"""The dates on which a chain of futures contracts rolls (rules R1, R4)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from omega.config.tables import Column, rows_of
from omega.config.times import from_units, to_units
from omega.config.values import shown
from omega.errors import ConfigError
from omega.run.contracts import Contract

_DIGITS = re.compile(r"[0-9]{1,9}")
_SATURDAY = 5
"""Days after a Monday."""
_TABLE = (
    Column("time", ("date", "from", "datetime"), kind="moment"),
    Column("contract", ("symbol", "new"), kind="text"),
)


@dataclasses.dataclass(frozen=True)
class Held:
    """A contract that is held for a while.

    Attributes:
        contract: Which one.
        begin: Its first bar of the chain.
        past: The bar after its last one.
    """

    contract: Contract
    begin: int
    past: int


class Rule(Protocol):
    """Which contract follows another one, and from when on."""

    @property
    def first(self) -> tuple[Contract, int | None]:
        """The first one, and from when on it is held; None is its first bar."""

    def after(self, held: Contract, since: int) -> tuple[int, Contract] | None:
        """Return from when on another one is to be held, and which; None for never."""


def rule_of(
    given: Any,  # noqa: ANN401 - a name, or any table
    contracts: Sequence[Contract],
    unit: str,
) -> Rule:
    """Read a rule.

    Raises:
        ConfigError: It is none.
    """
    if isinstance(given, str):
        kind, _, number = given.partition(":")
        if kind == "days" and _DIGITS.fullmatch(number):
            return _ByDays(contracts, int(number))
        if given == "volume":
            return _ByVolume(contracts)
        raise ConfigError(
            f"Continuous: given roll={shown(given)}, expected 'days:5', 'volume', or a table with "
            "the columns time and contract"
        )
    rows = [
        (to_units(time, unit, "Continuous.roll"), name)
        for time, name in rows_of("Continuous.roll", given, _TABLE)
    ]
    names = [contract.name for contract in contracts]
    for time, name in rows:
        if name not in names:
            raise ConfigError(
                f"Continuous.roll: given {name!r} at {from_units(time, unit, None)}, expected one "
                f"of {', '.join(names)}"
            )
    if not rows:
        raise ConfigError("Continuous.roll: given a table without rows, expected one at least")
    return _ByTable(contracts, sorted(rows))


def chain_of(rule: Rule) -> list[Held]:
    """Return which contract is held when, in order.

    Raises:
        ConfigError: Two that follow each other have no bar in common.
    """
    contract, begin = rule.first
    row = 0 if begin is None else int(np.searchsorted(contract.times, begin))
    if row >= len(contract.times):
        raise ConfigError(f"Continuous: given no bar of {contract.name} from its begin on")
    chain: list[Held] = []
    while True:
        since = int(contract.times[row])
        following = rule.after(contract, since)
        if following is None:
            return [*chain, Held(contract, row, _end_of(contract))]
        time = _common(contract, following[1], max(following[0], since + 1))
        chain.append(Held(contract, row, int(np.searchsorted(contract.times, time))))
        contract = following[1]
        row = int(np.searchsorted(contract.times, time))


def _end_of(contract: Contract) -> int:
    """Return the bar after the last one of its last day."""
    if contract.last_day is None:
        return len(contract.times)
    return int(np.searchsorted(contract.days, contract.last_day, side="right"))


def _common(held: Contract, new: Contract, begin: int) -> int:
    """Return the first time from a moment on at which both have a bar."""
    shared = np.intersect1d(held.times, new.times)
    place = int(np.searchsorted(shared, begin))
    if place >= len(shared):
        raise ConfigError(
            f"Continuous: given {held.name} and {new.name} without a bar of the same time from "
            f"{from_units(begin, held.unit, None)} on, expected one: a roll is priced in both. "
            "Give more bars, roll earlier, or name the times in a table"
        )
    return int(shared[place])


@dataclasses.dataclass(frozen=True)
class _Ordered:
    """A rule that follows the order of the contracts."""

    contracts: Sequence[Contract]

    @property
    def first(self) -> tuple[Contract, int | None]:
        """The one that expires first."""
        return self.contracts[0], None

    def later(self, held: Contract, time: int) -> list[Contract]:
        """Return those that come after one and have a bar at or after a time."""
        place = self.contracts.index(held)
        return [one for one in self.contracts[place + 1 :] if int(one.times[-1]) >= time]


@dataclasses.dataclass(frozen=True)
class _ByDays(_Ordered):
    """So many trading days before the last one."""

    number: int

    def after(self, held: Contract, since: int) -> tuple[int, Contract] | None:
        """Return the next one in order."""
        if held.last_day is None:
            return None
        day = self._roll_day(held.last_day)
        row = int(np.searchsorted(held.days, day))
        time = max(int(held.times[row]), since) if row < len(held.times) else since
        later = self.later(held, time)
        return (time, later[0]) if later else None

    def _roll_day(self, last: int) -> int:
        """Return the day that is so many trading days before a contract's last one.

        After the data every weekday counts as one.
        """
        known = np.unique(np.concatenate([one.days for one in self.contracts]))
        ahead = [day for day in range(int(known[-1]) + 1, last + 1) if (day + 3) % 7 < _SATURDAY]
        days = [*known[known <= last].tolist(), *ahead]
        return int(days[max(len(days) - 1 - self.number, 0)])


@dataclasses.dataclass(frozen=True)
class _ByVolume(_Ordered):
    """Once a later one had more volume on a day, from the next day on."""

    def after(self, held: Contract, since: int) -> tuple[int, Contract] | None:
        """Return the later one with the most volume."""
        own = held.volume_by_day()
        others = [(one, one.volume_by_day()) for one in self.later(held, since)]
        first = int(held.days[np.searchsorted(held.times, since)])
        most: Contract | None = None
        for day in sorted(day for day in own if day >= first):
            time = self._begin_of(held, day)
            if day == held.last_day:
                rest = [most, *self.later(held, time)]
                found = next((one for one in rest if one is not None), None)
                return None if found is None else (time, found)
            volumes = [(known.get(day, 0.0), one) for one, known in others]
            best = max(volumes, key=lambda pair: pair[0], default=(0.0, None))
            most = best[1]
            if most is not None and best[0] > own[day]:
                return self._begin_of(held, day + 1), most
        return None

    def _begin_of(self, held: Contract, day: int) -> int:
        """Return when the first bar of a contract from a day on opens; after it where none does."""
        row = int(np.searchsorted(held.days, day))
        return int(held.times[row]) if row < len(held.times) else int(held.times[-1]) + 1


@dataclasses.dataclass(frozen=True)
class _ByTable:
    """As a table has them."""

    contracts: Sequence[Contract]
    rows: Sequence[tuple[int, str]]

    @property
    def first(self) -> tuple[Contract, int | None]:
        """The first of the table, from its time on."""
        return self._named(self.rows[0][1]), self.rows[0][0]

    def after(self, held: Contract, since: int) -> tuple[int, Contract] | None:
        """Return the next row that names another one."""
        begun = [
            place
            for place, (time, name) in enumerate(self.rows)
            if name == held.name and time <= since
        ]
        rows = [row for row in self.rows[begun[-1] + 1 :] if row[1] != held.name]
        return (rows[0][0], self._named(rows[0][1])) if rows else None

    def _named(self, name: str) -> Contract:
        return next(one for one in self.contracts if one.name == name)
