"""Cuts tables of events, carry and weights at a time, so that data can grow (D6)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from omega.config.carry import Carry
from omega.config.events import Events
from omega.config.tables import Row
from omega.config.times import to_units
from omega.config.universe import Universe
from omega.contract import AnyForm
from omega.strategy.target_table import table_until
from omega.strategy.weights import Weights

_DATES = {"splits": 1, "dividends": 1, "symbols": 2, "delistings": 1, "halts": 1, "rolls": 1}
"""By table of events, the place of the date in its rows."""

Until = tuple[int, str]
"""A time in a unit."""


def settings_until(settings: Mapping[str, Any], until: Until | None) -> dict[str, Any]:
    """Return settings whose tables end with a time.

    Example:
        >>> splits = [{"date": "2024-01-03", "ratio": 2}, {"date": "2024-06-03", "ratio": 3}]
        >>> cut = settings_until({"events": Events(splits=splits)}, (1_710_000_000, "s"))
        >>> len(cut["events.splits"])
        1
    """
    made = dict(settings)
    if until is None:
        return made
    given = made.get("universe")
    if given is not None:
        made["universe"] = Universe.of(given)
    for name, cut in (("events", _of_events), ("carry", _of_carry), ("universe", _of_universe)):
        value = made.get(name)
        if isinstance(value, (Events, Carry, Universe)):
            del made[name]
            fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
            cut_fields = {field: cut(field, own, until) for field, own in fields.items()}
            made |= {f"{name}.{field}": own for field, own in cut_fields.items()}
    return made


def strategy_until(strategy: AnyForm, until: Until | None) -> Any:  # noqa: ANN401 - of any form
    """Return a strategy whose table of target weights ends with a time; of other forms itself."""
    if until is None or not isinstance(strategy, Weights):
        return strategy
    fields = {one.name: getattr(strategy, one.name) for one in dataclasses.fields(strategy)}
    if not strategy.is_function:
        fields["targets"] = table_until(strategy.targets, *until)
    if not isinstance(strategy.when, str):
        fields["when"] = [one for one in strategy.when if _is_by(one, until)]
    return fields


def _is_by(moment: object, until: Until) -> bool:
    return moment is None or to_units(moment, until[1]) <= until[0]


def _rows(rows: Iterable[Row], place: int, until: Until) -> tuple[Row, ...]:
    return tuple(row for row in rows if _is_by(row[place], until))


def _of_events(field: str, given: Any, until: Until) -> Any:  # noqa: ANN401 - as Events has it
    return _rows(given, _DATES[field], until) if field in _DATES else given


def _of_carry(field: str, given: Any, until: Until) -> Any:  # noqa: ANN401 - as Carry has it
    if isinstance(given, Mapping):
        return {str(symbol): _of_carry(field, own, until) for symbol, own in given.items()}
    return _rows(given, 0, until) if isinstance(given, tuple) else given


def _of_universe(field: str, given: Any, until: Until) -> Any:  # noqa: ANN401 - as Universe has it
    if field != "members":
        return given
    return tuple(
        (symbol, begin, end if _is_by(end, until) else None, known)
        for symbol, begin, end, known in given
        if _is_by(begin, until) and _is_by(known, until)
    )
