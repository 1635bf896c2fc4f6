"""Target weights, read step by step by a strategy (rules W1 and W3)."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from omega.contract import WeightFields
from omega.reference.context import Context
from omega.reference.executor import State
from omega.strategy.actions import Action
from omega.strategy.rebalance import Kind, Rebalance

Weight = float | None


class TargetReader:
    """Brings positions to target weights."""

    warmup = 0

    def __init__(self, context: Context, fields: WeightFields) -> None:
        self.world, self.symbols = context.world, context.symbols
        self.missing, self.rules = fields["missing"], fields["rules"]
        self._sets = list(_sets(fields))
        self._known = [self._after(int(time)) for time in fields["times"]]
        """The first step at which each set is known (L1)."""
        schedule = fields["schedule"]
        self._due: set[int] | None = None
        if schedule is not None:
            times = self.world.times
            self._due = {bisect.bisect_left(times, int(time)) for time in schedule} - {0}
        self._taken = 0
        self._last: dict[int, Weight] = {}
        """By symbol, the last target that was acted on."""

    def go_on_from(self, before: TargetReader) -> None:
        """Go on from targets that another one has acted on: what does not differ is left alone."""
        self._last = before._last

    def _after(self, time: int) -> int:
        return bisect.bisect_right(self.world.times, time)

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Take no note."""

    def evaluate(self, state: State, actions: list[Action]) -> None:  # noqa: ARG002 - of the loop
        """Act on what is known and due."""
        step, before = self.world.step, self._taken
        if self._due is not None and step not in self._due:
            return
        while self._taken < len(self._known) and self._known[self._taken] <= step:
            self._taken += 1
        if self._taken == 0 or (self._due is None and self._taken == before):
            return
        if self._due is None:
            targets: Mapping[int, Weight] = self._changed(self._sets[before : self._taken])
            missing = "hold"
        else:
            targets, missing = self._sets[self._taken - 1], self.missing
        if targets or missing == "sell":
            actions.append(Rebalance(self._named(targets), missing, self.rules))

    def _changed(self, sets: Iterable[Mapping[int, Weight]]) -> dict[int, Weight]:
        """The targets that differ from the last ones, after these sets."""
        wanted = dict(self._last)
        for one in sets:
            if self.missing == "sell":
                wanted.update(dict.fromkeys(set(wanted) - set(one), 0.0))
            wanted.update((symbol, weight) for symbol, weight in one.items() if weight is not None)
        changed = {
            symbol: weight
            for symbol, weight in wanted.items()
            if symbol not in self._last or self._last[symbol] != weight
        }
        self._last = wanted
        return changed

    def _named(self, targets: Mapping[int, Weight]) -> tuple[tuple[str, Kind, float], ...]:
        named: list[tuple[str, Kind, float]] = []
        for place, weight in sorted(targets.items()):
            kind: Kind = "keep" if weight is None else "weight"
            named.append((self.symbols[place], kind, 0.0 if weight is None else weight))
        return tuple(named)

    def manage(self, state: State, actions: list[Action]) -> None:
        """Leave it to the built-in managers."""

    def finish(self, state: State, actions: list[Action]) -> None:
        """Take no note."""


def _sets(fields: WeightFields) -> Iterable[Mapping[int, Weight]]:
    """Each set by the place of the symbol; None leaves it alone."""
    offsets: Sequence[int] = fields["offsets"].tolist()
    symbols, weights = fields["symbols"].tolist(), fields["weights"].tolist()
    for first, past in itertools.pairwise(offsets):
        yield {
            symbol: None if math.isnan(weight) else weight
            for symbol, weight in zip(symbols[first:past], weights[first:past], strict=True)
        }
