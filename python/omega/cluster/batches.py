"""Runs that travel together, and how many: about a second of work at a time."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

Numbered = tuple[int, Any]

SECONDS = 1.0
"""How long a batch should take: long beside the scheduling, short beside the sweep."""

SHORTEST = 0.1
"""How long a batch takes at least, where it can: towards the end they become shorter."""

GROWS = 4
"""How much larger than the largest batch so far the next one may be: a first run may be short."""

LARGEST = 10_000
"""Runs of a batch at most, so that its rows are a message of some megabytes."""

SLOW = 3.0
"""Times the usual time after which a batch is sent again, where nobody has anything to do."""

PATIENCE = 2.0
"""Seconds before which no batch is late: that much may be the machine's."""


@dataclasses.dataclass(eq=False)
class Batch:
    """Runs that were sent, or are to be sent again.

    Attributes:
        trials: The runs.
        copies: How many workers are at it.
        deaths: How many workers have died of it.
        raised: How often the engine could not begin it.
        done: Whether its rows are there.
        marks: By run, what its first row was, while other copies are on their way.
    """

    trials: Sequence[Numbered]
    copies: int = 0
    deaths: int = 0
    raised: int = 0
    done: bool = False
    marks: dict[int, str] = dataclasses.field(default_factory=dict)

    def halves(self) -> tuple[Batch, Batch]:
        """Return two batches in the place of this one."""
        middle = len(self.trials) // 2
        return Batch(self.trials[:middle]), Batch(self.trials[middle:])

    @property
    def numbers(self) -> list[int]:
        """The numbers of its runs."""
        return [number for number, _ in self.trials]


class Sizes:
    """How long runs take, and so how many of them are a batch."""

    def __init__(self) -> None:
        self._each: deque[float] = deque(maxlen=1_000)
        self._largest = 0

    def learn(self, runs: int, seconds: float) -> None:
        """Note how long some runs took."""
        self._each.append(max(seconds, 1e-7) / runs)
        self._largest = max(self._largest, runs)

    def next(self, left: int, slots: int) -> int:
        """Return the size of the next batch: smaller towards the end, so that slots end at once.

        Example:
            >>> sizes = Sizes()
            >>> sizes.next(left=1_000, slots=2)
            1
            >>> sizes.learn(runs=10, seconds=0.5)
            >>> sizes.next(left=1_000, slots=2), sizes.next(left=12, slots=2)
            (20, 3)
        """
        if not self._each:
            return 1
        recent = statistics.fmean(islice(reversed(self._each), max(slots, 1)))
        fair = max(math.ceil(left / (2 * max(slots, 1))), int(SHORTEST / recent))
        return max(1, min(int(SECONDS / recent), GROWS * self._largest, fair, LARGEST))

    def is_late(self, batch: Batch, elapsed: float) -> bool:
        """Whether a batch takes far longer than others of its size."""
        if not self._each or elapsed < PATIENCE:
            return False
        return elapsed > SLOW * statistics.median(self._each) * len(batch.trials)


def taken(source: Iterator[Numbered], count: int) -> Batch | None:
    """Take the next runs; None where there are no more."""
    trials = list(islice(source, count))
    return Batch(trials) if trials else None
