"""Progress of a sweep: a bar on a terminal, or a callback."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

from omega.progress import Update, progress_bar
from omega.report._metrics import LESS_IS_BETTER
from omega.sweeps.spec import Row

_SECONDS_BETWEEN = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep is.

    Attributes:
        done: Runs that are over, those of an earlier call included.
        total: Runs in all.
        failed: Runs that ended in an error.
        rate: Runs a second, of this call.
        seconds_left: At this rate; None before the first run.
        best: The best value so far of the metric that is watched; None where there is none.
        metric: That metric.
        slots: Places of a cluster where runs can be made at once; None without one.
        busy: How many of them have something to do.

    Example:
        >>> SweepProgress(1, 4, 0, 2.0, 1.5, 0.7, "sharpe").done
        1
    """

    done: int
    total: int
    failed: int
    rate: float
    seconds_left: float | None
    best: float | None
    metric: str
    slots: int | None = None
    busy: int | None = None


AtWork = Callable[[], tuple[int, int]]
"""Gives how many slots of a cluster are busy, and how many there are."""

Shown = Callable[[SweepProgress], object]


class Counter:
    """Counts rows, and reports them now and then."""

    def __init__(
        self,
        total: int,
        done: int,
        metric: str,
        show: Shown | None,
        at_work: AtWork | None = None,
    ) -> None:
        self.total, self.done, self.failed, self.metric = total, done, 0, metric
        self.best: float | None = None
        self._at_work = at_work
        self._show, self._sign = show, -1.0 if metric in LESS_IS_BETTER else 1.0
        # A clock for the person who waits; no row depends on it.
        self._began, self._before, self._shown = time.monotonic(), done, 0.0

    def count(self, row: Row) -> None:
        """Take a row into account."""
        self.done += 1
        self.failed += row.error is not None
        value: Any = row.metrics.get(self.metric)
        if value is not None and (self.best is None or self._sign * (value - self.best) > 0):
            self.best = float(value)
        now = time.monotonic()
        if now - self._shown >= _SECONDS_BETWEEN or self.done == self.total:
            self._shown = now
            self.tell()

    @property
    def left(self) -> int:
        """Runs that are still to be made."""
        return self.total - self.done

    def tell(self) -> None:
        """Show how far it is."""
        if self._show is None:
            return
        made = self.done - self._before
        rate = made / max(time.monotonic() - self._began, 1e-9)
        left = (self.total - self.done) / rate if made else None
        state = (self.done, self.total, self.failed, rate, left, self.best, self.metric)
        busy, slots = self._at_work() if self._at_work else (None, None)
        self._show(SweepProgress(*state, slots=slots, busy=busy))


@contextlib.contextmanager
def showing(wanted: bool | Shown | None) -> Iterator[Shown | None]:
    """Yield what shows progress: nothing, a bar or a line, or the user's own function."""
    if callable(wanted):
        yield wanted
        return
    if not wanted:
        yield None
        return
    with progress_bar("sweep") as update:
        yield update and _in_words(update)


def _in_words(update: Update) -> Shown:
    def show(state: SweepProgress) -> None:
        best = "" if state.best is None else f", best {state.metric} {state.best:.4g}"
        failed = f", {state.failed} failed" if state.failed else ""
        where = "" if state.slots is None else f" on {state.busy} of {state.slots} slots"
        update(state.done, state.total, f"{state.rate:,.0f} runs/s{where}{failed}{best}")

    return show
