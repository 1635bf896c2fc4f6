"""Symbols of a table of events that a run does not have: another spelling, or another market."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from omega.config.events import Events
from omega.config.values import closest, counted
from omega.errors import ConfigError
from omega.notices import Notice

_SYMBOL_TABLES = ("splits", "dividends", "symbols", "delistings", "halts", "rolls")
_A_MARKET = 10
"""Events of so many symbols are those of a market, of which a run may have none."""
_LISTED = 3


def events_of(events: Events | None, symbol: str) -> Events | None:
    """Return the events of one symbol of a run alone."""
    if events is None:
        return None
    tables: dict[str, Any] = {
        name: tuple(row for row in getattr(events, name) if row[0] in {None, symbol})
        for name in _SYMBOL_TABLES
    }
    return dataclasses.replace(events, **tables)


def notices_of_symbols(events: Events | None, symbols: Sequence[str]) -> list[Notice]:
    """Return which symbols of the events are not in the run.

    Raises:
        ConfigError: None of them is, and they are not those of a market.
    """
    if events is None:
        return []
    there = set(symbols)
    rows = [
        # A share that has its name of another one is in the run under either.
        row[1] if name == "symbols" and row[1] in there else row[0]
        for name in _SYMBOL_TABLES
        for row in getattr(events, name)
    ]
    named = set(rows)
    unmatched = sorted({name for name in named if name is not None and name not in there})
    if not unmatched:
        return []
    plain = {name.casefold() for name in symbols}
    respelled = [name for name in unmatched if name.casefold() in plain]
    if len(unmatched) == len(named) and (respelled or len(named) < _A_MARKET):
        raise ConfigError(
            f"events: given events of {_listed(unmatched)}, and the run has "
            f"{_listed(symbols)}.{_hint([*respelled, *unmatched], symbols)}"
        )
    left_out = f"events of {counted(len(unmatched), 'symbol')} that "
    if respelled:
        text = f"{left_out}the run does not have were left out: {_listed(respelled)} among them."
        text += _hint(respelled, symbols)
        return [Notice("warning", "unmatched_events", text)]
    text = f"{left_out}the run does not have were left out: {_listed(unmatched)}"
    return [Notice("info", "unmatched_events", text)]


def knows_the_gone(events: Events | None, symbols: Sequence[str]) -> bool:
    """Whether the events have a delisting of a symbol of the run."""
    there = set(symbols)
    return events is not None and any(row[0] in there for row in events.delistings)


def _hint(given: Sequence[str], symbols: Sequence[str]) -> str:
    for name in given:
        close = closest(name, symbols)
        if close is not None:
            return f" Did you mean {close!r} for {name!r}? Give it to events, or name the candles"
    return " Give events of the symbols of the run, or name the candles, as by symbol="


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")
