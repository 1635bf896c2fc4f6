"""The indicators and conditions that a strategy declared, for the charts of its result."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.store import over
from omega.run.context import Context
from omega.run.job import Job
from omega.strategy.declared import Declared, Line, declared_by


def declared_of(job: Job, context: Context) -> Declared:
    """Find what a strategy declared, and where the bars of higher timeframes begin."""
    found = declared_by(job.strategy, context, job.ran.conditions)
    return dataclasses.replace(found, begins=begins_of(found.lines, context))


def begins_of(
    lines: Iterable[Line], context: Context
) -> Mapping[tuple[str, str], NDArray[np.int64]]:
    """Return where the bars of the higher timeframes of some lines begin."""
    begins = {}
    for line in lines:
        if line.timeframe is not None and (line.symbol, line.timeframe) not in begins:
            candles = over(context.run.candles(timeframe=line.timeframe, symbol=line.symbol))
            times = pl.DataFrame(candles)["time"].dt.epoch("ns")
            begins[line.symbol, line.timeframe] = times.to_numpy()
    return begins
