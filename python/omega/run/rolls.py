"""Rolls of contracts among the events of a run, and the settings that exclude them (rule R3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from omega.config.events import Events
from omega.contract import EventFields, EventRow, Settings
from omega.data.store import CandleStore, both_sides
from omega.errors import ConfigError
from omega.run.continuous import unrolled


def with_events(events: Events | None, rolls: tuple[tuple[Any, ...], ...]) -> Events:
    """Return the events of a run with the rolls of its candles.

    Raises:
        ConfigError: There are rolls among the events as well.
    """
    own = Events(rolls=rolls)
    if events is None:
        return own
    if events.rolls:
        raise ConfigError(
            "events: given rolls beside omega.Continuous, expected one of them: the candles have "
            "theirs. Give Continuous.candles with events, or Continuous alone"
        )
    return events + own


def without_chains(
    data: Any,  # noqa: ANN401 - as CandleStore
    settings: dict[str, Any],
) -> tuple[Any, dict[str, Any]]:
    """Return data as plain candles, and settings with the rolls of its chains among the events.

    For runs in other processes, which get files of candles.
    """
    plain, rolls = unrolled(data, None)
    if isinstance(data, CandleStore):
        plain, rolls = CandleStore(data), data.rolls
        plain.rolls = ()
    if not rolls:
        return data, settings
    return plain, {**settings, "events": with_events(settings.get("events"), rolls)}


def require_rollable(settings: Settings, finer: Mapping[str, CandleStore]) -> None:
    """Refuse what rolls do not go with.

    Raises:
        ConfigError: Contracts are paid in full, or bars are looked into.
    """
    events = settings["events"]
    if events is None or not events["rolls"]:
        return
    if settings["account"]["kind"] == "cash":
        raise ConfigError(
            "account: given 'cash' with rolls of contracts, expected 'margin': a future is held "
            "against margin, and a roll is no purchase"
        )
    if finer:
        raise ConfigError(
            "Execution.magnifier: given with rolls of contracts, expected none: finer candles are "
            "of one contract. Run on the finer candles"
        )


def happened(events: EventFields, stores: Sequence[CandleStore]) -> Collection[EventRow]:
    """Return what happens by date in a run, rolls too, for the table of its events."""
    if not events["rolls"]:
        return events["rows"]
    rows = list(events["rows"])
    opens = {row[0]: both_sides(stores[row[0]])["bid_open"] for row in events["rolls"]}
    for place, time, bar, bid, *_ in events["rolls"]:
        rows.append((place, "roll", time, bar, bid, float(opens[place][bar]) - bid, None, None))
    return rows
