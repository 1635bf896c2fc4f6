"""The error of a run without a bar after its warm-up, with dates and symbols (rule L2)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from omega.config.times import from_units
from omega.errors import WarmupIndexNotFound
from omega.run.job import Job

if TYPE_CHECKING:
    from omega._core import Run

_NAMED = 5
"""So many symbols are named."""


@contextlib.contextmanager
def dates_in_message(job: Job, run: Run) -> Iterator[None]:
    """Let a run that has no bar left say so in dates."""
    try:
        yield
    except WarmupIndexNotFound as error:
        raise WarmupIndexNotFound(
            _reason(job, error, max(run.warmup(job.settings["semantics"]))),
            start=error.start,
            first=error.first,
            last=error.last,
        ) from None


def _reason(job: Job, error: WarmupIndexNotFound, warmup: int) -> str:
    _, _, unit, zone = job.stores[0].native.time_range(job.stores[0].symbols[0])
    start, end = job.settings["start"], job.settings["end"]
    names = [store.symbols[0] for store in job.stores]
    of = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")

    def shown(time: int) -> str:
        try:
            return str(from_units(time, unit, zone))
        except OverflowError:  # an integer beyond the years of a calendar
            return f"{time:,} {unit}"

    bars = max(map(len, job.stores))
    covers = f"the data of {of} covers {shown(error.first)} to {shown(error.last)} ({bars} bars)"
    if start is not None and end is not None and start > end:
        return f"start {shown(start)} is after end {shown(end)}; {covers}. Exchange the two"
    if start is not None and start > error.last:
        return f"start {shown(start)} is after the last bar: {covers}. Choose an earlier start"
    if end is not None and end < error.first:
        return f"end {shown(end)} is before the first bar: {covers}. Choose a later end"
    stretch = "" if start is None else f" from {shown(start)} on"
    stretch += "" if end is None else f" up to {shown(end)}"
    return (
        f"no bar is left{stretch} after a warm-up of {warmup} bars: {covers}. Choose an earlier "
        "start, a later end, shorter indicators or more data"
    )
