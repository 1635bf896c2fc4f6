"""A figure beside its target, and the best of several turns."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Figure:
    """What was measured, and the most (or least) that it may be."""

    name: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        low = self.at_least is None or self.measured >= self.at_least
        return low and (self.at_most is None or self.measured <= self.at_most)

    def __str__(self) -> str:
        target = f"<= {self.at_most:g}" if self.at_most is not None else f">= {self.at_least:g}"
        mark = "ok  " if self.holds else "MISS"
        line = f"{mark}  {self.name:<58} {self.measured:>9.3f} {self.unit:<5} {target:<8}"
        return f"{line} {self.detail}".rstrip()


def best(*turns: Callable[[], float], repeats: int) -> list[float]:
    """Give the least seconds of each, taken in turn: noise only ever adds."""
    least = [float("inf")] * len(turns)
    for _ in range(repeats):
        for place, turn in enumerate(turns):
            least[place] = min(least[place], turn())
    return least


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that a call takes."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def worked(work: Callable[[], object]) -> float:
    """Give the seconds of processor time that a call takes, of all threads of this process."""
    before = time.process_time()
    work()
    return time.process_time() - before
