"""How a figure is measured: interleaved, the best of several rounds, and told with its noise.

What goes in: calls that do the same amount of work. What comes out: the shortest time of each, and
how far the next shortest was from it, which is what the machine adds by chance.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """The shortest time of a call in seconds, and its noise as a part of it."""

    best: float
    noise: float


@dataclass(frozen=True)
class Figure:
    """One number that the engine must show, its target, and whether it is a ceiling."""

    name: str
    value: float
    unit: str
    target: float
    noise: float = 0.0
    is_ceiling: bool = True
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the target is kept, give or take the noise."""
        if self.is_ceiling:
            return self.value <= self.target * (1 + self.noise)
        return self.value * (1 + self.noise) >= self.target

    def __str__(self) -> str:
        """Give one line of the table."""
        sign = "<=" if self.is_ceiling else ">="
        verdict = "ok" if self.is_met else "MISSED"
        value = f"{self.value:.3f} {self.unit}".rjust(14)
        target = f"{sign} {self.target:g} {self.unit}".ljust(14)
        noise = f"±{100 * self.noise:.0f} %".rjust(6)
        return f"{verdict:6} {self.name:44} {value}  {target} {noise}  {self.detail}"


def interleaved(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Time each call once a round, in turn, so that a busy moment hits them all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            began = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - began)
    return {name: _timing(sorted(found)) for name, found in times.items()}


def _timing(times: list[float]) -> Timing:
    return Timing(times[0], times[len(times) // 3] / times[0] - 1)


def require(holds: bool, what: str) -> None:
    """End the benchmark where an answer is wrong: nothing that is wrong is worth timing."""
    if not holds:
        message = f"the answer is wrong, so it was not timed: {what}"
        raise SystemExit(message)
