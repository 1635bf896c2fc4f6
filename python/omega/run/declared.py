"""What a strategy declared, for the charts of its result."""

from __future__ import annotations

import dataclasses

import polars as pl

from omega.data.store import over
from omega.run.context import Context
from omega.run.job import Job
from omega.strategy.declared import Declared, declared_by


def declared_of(job: Job, context: Context) -> Declared:
    """Find what a strategy declared, and where the bars of higher timeframes begin."""
    found = declared_by(job.strategy, context, job.ran.conditions)
    begins = {}
    for line in found.lines:
        if line.timeframe is not None and (line.symbol, line.timeframe) not in begins:
            candles = over(context.run.candles(timeframe=line.timeframe, symbol=line.symbol))
            times = pl.DataFrame(candles)["time"].dt.epoch("ns")
            begins[line.symbol, line.timeframe] = times.to_numpy()
    return dataclasses.replace(found, begins=begins)
