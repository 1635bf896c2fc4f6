"""From which bar on the runs of a sweep are scored, where their warm-ups differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from omega.errors import ConfigError
from omega.notices import Notice
from omega.sweeps.core import Numbered
from omega.sweeps.samplers import Search
from omega.sweeps.spec import Row, SweepSpec

Makes = Callable[[SweepSpec, Sequence[Numbered]], Iterator[Row]]
"""A function that makes runs of a spec."""


def spans_field(given: object) -> str:
    """Return which bars the runs of a sweep are scored over.

    Raises:
        ConfigError: It is neither "own" nor "equal".

    Example:
        >>> spans_field("equal")
        'equal'
    """
    if isinstance(given, str) and given in ("own", "equal"):
        return given
    raise ConfigError(
        f"spans: given {given!r}, expected 'own' (each run decides from the end of its own warm-up "
        "on) or 'equal' (all from the end of the longest)"
    )


def named_spans(given: object) -> dict[str, object]:
    """Give the spans as a part of a sweep's identity, which those of the default leave as it was.

    Example:
        >>> named_spans("own"), named_spans("equal")
        ({}, {'spans': 'equal'})
    """
    return {} if spans_field(given) == "own" else {"spans": given}


def with_equal_spans(spec: SweepSpec, begin: Callable[[], Search], make: Makes) -> SweepSpec:
    """Give a spec whose runs over the same candles all start where the last of them could decide.

    Each run is made once without a hash to see where its warm-up ends.

    Raises:
        ConfigError: The runs depend on each other, so that they are not known before.
    """
    search = begin()
    if not search.fixed:
        raise ConfigError(
            "spans: 'equal' needs runs that are known from the start, and this search chooses each "
            "by the results before it; give start= with room for the longest warm-up"
        )
    trials: list[Numbered] = []
    while batch := search.ask():
        trials += enumerate(batch, start=len(trials))
    seen = Spans(spec)
    for row in make(dataclasses.replace(spec, fingerprint=False, tables=()), trials):
        seen.note(row)
    return dataclasses.replace(spec, starts={key: last for key, (_, last) in seen.found.items()})


class Spans:
    """The first decisions of runs, by what they have in common: candles and settings.

    Attributes:
        found: The earliest and the latest of them.
    """

    def __init__(self, spec: SweepSpec) -> None:
        """Begin with none."""
        self._spec = spec
        self.found: dict[tuple[Any, ...], tuple[int, int]] = {}

    def note(self, row: Row) -> None:
        """Take a run."""
        if row.first is None:
            return
        key = self._spec.market_key(row.parameters)
        low, high = self.found.get(key, (row.first, row.first))
        self.found[key] = min(low, row.first), max(high, row.first)

    def notices(self) -> tuple[Notice, ...]:
        """Say that runs over the same candles could decide from different bars on."""
        if all(low == high for low, high in self.found.values()):
            return ()
        text = (
            "runs over the same candles could trade from different bars on, each from the end of "
            "its own warm-up; sweep(..., spans='equal') starts all where the longest ends"
        )
        return (Notice("warning", "spans", text),)
