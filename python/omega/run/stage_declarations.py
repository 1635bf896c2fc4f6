"""Indicators of a schedule for its chart: on each bar those of the stage in force.

Strategies of different stages keep the same indicators with other parameters. Each line is joined
from its values in each stage, under a name without parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from omega.data.closes import times_of
from omega.run.context import Context
from omega.run.declared import begins_of
from omega.run.execute import market_of
from omega.run.job import Job
from omega.strategy.declared import Declared, Line
from omega.strategy.schedule import Schedule

if TYPE_CHECKING:
    from omega._core import Indicator

Times = NDArray[np.int64]
Span = tuple[int, int | None]
"""The time of the first step of a stage, and of the first one after it."""


class JoinedValues:
    """The values of an indicator, joined from stages: what a chart reads of a view."""

    def __init__(self, name: str, bars: int) -> None:
        self.name = name
        self.values = np.full(bars, np.nan)

    def __len__(self) -> int:
        return len(self.values)

    def window(self, length: int) -> NDArray[np.float64]:
        """The last values."""
        return self.values[len(self.values) - length :]


def joined_stages(job: Job, stages: Iterable[tuple[int, Declared]], backend: str) -> Declared:
    """Join what the strategies of a schedule declared.

    Args:
        job: That of the schedule, which ran.
        stages: The declarations of each stage, by its place in the schedule, in order.
        backend: The backend that computes them.
    """
    schedule = cast("Schedule", job.strategy)
    spans = _spans(schedule, _steps(job))
    own_times = {store.symbols[0]: times_of(store) for store in job.stores}
    context = Context(market_of(job, backend), job)
    joined: dict[tuple[str, str | None, str], JoinedValues] = {}
    lines: list[Line] = []
    begins: dict[tuple[str, str], Times] = {}
    for place, declared in stages:
        begins |= begins_of(declared.lines, context)
        for line in declared.lines:
            times = own_times[line.symbol]
            if line.timeframe is not None:
                times = _complete_at(begins[line.symbol, line.timeframe], job)
            key = line.symbol, line.timeframe, _joined_name(line)
            if key not in joined:
                joined[key] = JoinedValues(key[2], len(times))
                view = cast("Indicator", joined[key])
                lines.append(Line(line.group, key[2], view, line.symbol, line.timeframe))
            _fill(joined[key], line.view, times, spans[place])
    return Declared(tuple(lines), {}, begins)


def _fill(into: JoinedValues, view: Indicator, times: Times, span: Span) -> None:
    """Copy the values of the bars of a stage."""
    known = len(view)
    begin, end = span
    first = int(np.searchsorted(times, begin))
    last = known if end is None else min(int(np.searchsorted(times, end)), known)
    if first < last:
        into.values[first:last] = view.window(known)[first:last]


def _joined_name(line: Line) -> str:
    """Name a line without its parameters, by the attribute that holds it where there is one."""
    if line.group == line.name:
        return line.name
    kind, _, rest = line.name.partition("(")
    output = rest.rpartition(").")[2] if ")." in rest else ""
    return f"{kind}({line.group})" + (f".{output}" if output else "")


def _spans(schedule: Schedule, steps: Times) -> list[Span]:
    begins = [int(steps[stage.begin]) for stage in schedule.stages]
    return list(zip(begins, [*begins[1:], None], strict=True))


def _steps(job: Job) -> Times:
    """The times of all steps: of several symbols their union or intersection."""
    columns: Sequence[Times] = [times_of(store) for store in job.stores]
    if len(columns) > 1 and job.settings["align"] == "intersection":
        return reduce(np.intersect1d, columns)
    return np.unique(np.concatenate(columns))


def _complete_at(begins: Times, job: Job) -> Times:
    """When bars of a higher timeframe are complete at the latest, in the unit of the candles."""
    per = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}[job.stores[0].time_unit]
    return np.append(begins[1:] // per, np.iinfo(np.int64).max)


def numbered(schedule: Schedule) -> Iterator[tuple[int, object]]:
    """Yield the stages that have a strategy, by their places."""
    for place, stage in enumerate(schedule.stages):
        if stage.strategy is not None:
            yield place, stage.strategy
