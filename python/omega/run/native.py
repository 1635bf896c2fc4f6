"""A job as the core takes it: stores, rates, timeframes.

What goes in: a `Job`. What comes out: a run over its market, and what stands behind its candles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from omega.data.conversion import Pair
from omega.data.store import CandleStore
from omega.data.timeframes import TimeframeJob
from omega.run.job import Behind, Job

if TYPE_CHECKING:
    from omega._core import Run


def native_run(job: Job) -> Run:
    """Put the market of a job together for the core."""
    from omega._core import Run  # noqa: PLC0415 - the message is ours where it cannot be loaded

    timeframes = [_native_timeframe(timeframe, job.stores) for timeframe in job.timeframes]
    stores = [store.native for store in job.stores]
    return Run(stores, job.settings["cash"], timeframes, job.settings["align"])


def native_behind(job: Job) -> list[dict[str, object]]:
    """Give what stands behind the candles of a job as the core takes it."""
    return [_native_behind(behind) for behind in job.behind]


def _native_behind(behind: Behind) -> dict[str, object]:
    pair = behind.rate if isinstance(behind.rate, Pair) else None
    return {
        "rate": 1.0 if isinstance(behind.rate, Pair) else behind.rate,
        "rate_store": pair and pair.store.native,
        "rate_inverse": bool(pair and pair.inverse),
        "magnifier": behind.magnifier and behind.magnifier.native,
    }


def _native_timeframe(timeframe: TimeframeJob, stores: Sequence[CandleStore]) -> dict[str, object]:
    regular = timeframe.grid if isinstance(timeframe.grid, tuple) else (None, 0)
    given = timeframe.given
    return {
        "name": timeframe.name,
        "step": regular[0],
        "offset": regular[1],
        "boundaries": None if isinstance(timeframe.grid, tuple) else timeframe.grid,
        "given": given and [given[store.symbols[0]].native for store in stores],
        "length": timeframe.length,
    }
