"""Variations of a run: the changed runs of each, or why it has none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from omega.config.costs import Costs, FeeBasis
from omega.contract import AnyForm
from omega.data.store import CandleStore
from omega.forward.timeline import Timeline
from omega.stressing.draws import seed_of, uniforms
from omega.sweeps.spec import strategy_with

_SCALED = (
    "slippage_pips",
    "slippage_random_pips",
    "slippage_percent",
    "impact",
    "fee_fixed",
    "fee_per_million",
    "fee_per_lot",
    "fee_percent",
    "fee_maker",
    "fee_taker",
    "fee_min",
)
_SWAPS = ("swap_long", "swap_short", "swap_long_percent", "swap_short_percent")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run of a variation.

    Attributes:
        variation: What it is called.
        number: Which of its runs.
        store: The candles.
        strategy: The strategy.
        settings: What differs from the settings of the base run.
        noise: The share of a bar's range that prices move by, and a seed, where they do.
        disturbed: Whether entries and exits go out late, a seed, and the share that is lost.
        about: What was changed, in words.
    """

    variation: str
    number: int
    store: CandleStore
    strategy: AnyForm
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    disturbed: tuple[bool, bool, int, float] | None = None
    about: str = ""
    noise: tuple[float, int] | None = None


@dataclasses.dataclass(frozen=True)
class Wishes:
    """How much is done.

    Attributes:
        runs: Runs of each variation that draws.
        noise: Share of a bar's range.
        dropped: Share of entries.
        jitter: Share of a parameter.
        factors: Of the costs.
        starts: How many later starts.
        reach: The share of the data in which they lie.
        seed: Of all draws.
    """

    runs: int
    noise: float
    dropped: float
    jitter: float
    factors: Sequence[float]
    starts: int
    reach: float
    seed: int


@dataclasses.dataclass(frozen=True)
class Base:
    """The run that is varied."""

    store: CandleStore
    strategy: AnyForm
    parameters: Mapping[str, Any]
    settings: Mapping[str, Any]
    timeline: Timeline
    first: int
    """The step at which the base run begins."""


Skipped = dict[str, str]


def trials_of(base: Base, wishes: Wishes, skipped: Skipped) -> Iterator[Trial]:
    """Return the runs of all variations; one that cannot apply is noted with its reason."""
    yield from _late(base)
    yield from _costs(base, wishes, skipped)
    yield from _noisy(base, wishes)
    yield from _dropping(base, wishes)
    yield from _jittered(base, wishes, skipped)
    yield from _later(base, wishes, skipped)


def _late(base: Base) -> Iterator[Trial]:
    given = {
        "late entries": (True, False),
        "late exits": (False, True),
        "late orders": (True, True),
    }
    for name, (entries, exits) in given.items():
        how = (entries, exits, 0, 0.0)
        yield Trial(name, 0, base.store, base.strategy, disturbed=how, about="a bar later")


def _costs(base: Base, wishes: Wishes, skipped: Skipped) -> Iterator[Trial]:
    given = base.settings.get("costs")
    several = given if isinstance(given, Mapping) else {"": given}
    if not any(one is not None and one != scaled(one, 2.0) for one in several.values()):
        for factor in wishes.factors:
            skipped[f"costs x {factor:g}"] = "the run has no costs; give costs=omega.Costs(...)"
        return
    for factor in wishes.factors:
        made = {n: None if one is None else scaled(one, factor) for n, one in several.items()}
        costs = made if isinstance(given, Mapping) else made[""]
        yield Trial(f"costs x {factor:g}", 0, base.store, base.strategy, {"costs": costs})


def scaled(costs: Costs, factor: float) -> Costs:
    """Return costs times a factor; what swap pays to the trader stays.

    Example:
        >>> scaled(Costs(fee_per_lot=4.0, swap_long=-2.0, swap_short=1.0), 1.5)
        Costs(fee_per_lot=6.0, swap_long=-3.0, swap_short=1.0)
    """
    changed: dict[str, Any] = {name: getattr(costs, name) * factor for name in _SCALED}
    swaps = {name: getattr(costs, name) for name in _SWAPS}
    changed |= {n: one * factor if one < 0.0 else one for n, one in swaps.items()}
    if costs.fee is not None:
        changed["fee"] = _times(costs.fee, factor)
    return dataclasses.replace(costs, **changed)


def _times(fee: Callable[[FeeBasis], float], factor: float) -> Callable[[FeeBasis], float]:
    def dearer(fill: FeeBasis) -> float:
        return fee(fill) * factor

    return dearer


def _noisy(base: Base, wishes: Wishes) -> Iterator[Trial]:
    for number in range(wishes.runs):
        how = (wishes.noise, seed_of(wishes.seed, 1, number))
        about = f"prices moved by up to {wishes.noise:g} of their bar's range"
        yield Trial("price noise", number, base.store, base.strategy, about=about, noise=how)


def _dropping(base: Base, wishes: Wishes) -> Iterator[Trial]:
    for number in range(wishes.runs):
        how = (False, False, seed_of(wishes.seed, 2, number), wishes.dropped)
        about = f"{wishes.dropped:.0%} of entries lost"
        yield Trial("lost entries", number, base.store, base.strategy, disturbed=how, about=about)


def _jittered(base: Base, wishes: Wishes, skipped: Skipped) -> Iterator[Trial]:
    names = [name for name, one in base.parameters.items() if is_number(one)]
    if not names:
        skipped["parameters"] = (
            "the strategy has no parameters that are numbers; give a class, omega.native(...), or "
            "parameters={...} with a function of them"
        )
        return
    for number in range(wishes.runs):
        draws = uniforms(seed_of(wishes.seed, 3, number), len(names))
        moved = {
            name: jittered(base.parameters[name], float(draw), wishes.jitter)
            for name, draw in zip(names, draws, strict=True)
        }
        about = ", ".join(f"{name} {one:g}" for name, one in moved.items())
        strategy = strategy_with(base.strategy, {**base.parameters, **moved})
        yield Trial("parameters", number, base.store, strategy, about=about)


def is_number(given: object) -> bool:
    """Return whether a parameter can be moved a little."""
    return isinstance(given, (int, float)) and not isinstance(given, bool)


def jittered(given: float, draw: float, share: float) -> float:
    """Move a number by up to a share of it; a whole one by at least one step, and never to 0.

    Example:
        >>> jittered(20, 0.0, 0.1), jittered(3, 0.99, 0.1), jittered(1, 0.0, 0.1)
        (18, 4, 1)
        >>> jittered(2.0, 0.75, 0.1)
        2.1
    """
    reach = abs(given) * share
    if not isinstance(given, int):
        return given + (2.0 * draw - 1.0) * reach
    steps = max(round(reach), 1)
    moved = given + int(draw * (2 * steps + 1)) - steps
    return max(moved, 1) if given > 0 else moved


def _later(base: Base, wishes: Wishes, skipped: Skipped) -> Iterator[Trial]:
    left = len(base.timeline) - base.first
    for number in range(wishes.starts):
        bars = int(left * wishes.reach * (number + 1) / wishes.starts)
        step = base.first + bars
        if bars == 0 or step >= len(base.timeline) - 1:
            skipped["later start"] = f"{left} bars are too few for a later start"
            return
        time = int(base.timeline.times[step])
        about = f"from {base.timeline.shown(step)} on"
        yield Trial("later start", number, base.store, base.strategy, {"start": time}, about=about)
