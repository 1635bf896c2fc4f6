"""Daily statistics that a sweep keeps of each run: block moments always, returns on request.

Both lie beside the rows, as trades and equity do: one row a run, in memory or in parts on disk. The
Sharpe ratio of any union of blocks needs no more than the moments, so that the probability of
overfitting costs a sweep some hundred bytes a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.statistics._arguments import kernel

if TYPE_CHECKING:
    from omega.results.result import BacktestResult

BLOCKS = 16
"""Equal spans of days that the returns of a run are summed up in."""

KEPT = ("moments", "daily")
"""The tables of a sweep that are no tables of a run."""


class OfRun(Protocol):
    """A row, as far as it is kept here."""

    @property
    def number(self) -> int:
        """Its place in the sweep."""
        ...

    @property
    def moments(self) -> Sequence[float]:
        """What the returns of its days add up to."""
        ...

    @property
    def daily(self) -> NDArray[np.float64] | None:
        """The returns of its days."""
        ...


def measured(
    result: BacktestResult, backend: str
) -> tuple[Sequence[float], NDArray[np.float64] | None]:
    """Return the moments of a result and the returns of its days."""
    daily = result.tables.daily_returns()
    returns = np.array([]) if daily is None else daily
    return kernel(backend).trial_moments(returns, BLOCKS).tolist(), daily


def kept(rows: Sequence[OfRun], name: str) -> pl.DataFrame | None:
    """Return moments or returns of runs as a table, a list for each run."""
    values = [(row.number, getattr(row, name)) for row in rows]
    found = [(number, own) for number, own in values if own is not None and len(own)]
    if not found:
        return None
    numbers, lists = zip(*found, strict=True)
    flat = np.concatenate([np.asarray(own, dtype=np.float64) for own in lists])
    lengths = np.array([len(own) for own in lists])
    return pl.DataFrame(
        {
            "run": pl.Series(numbers, dtype=pl.UInt32),
            name: _lists(flat, lengths),
        }
    )


def _lists(flat: NDArray[np.float64], lengths: NDArray[np.int64]) -> pl.Series:
    """Cut numbers into lists; one by one Polars would take as long as a short run."""
    places = pl.Series(np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths))
    frame = pl.DataFrame({"place": places, "values": flat})
    return frame.group_by("place", maintain_order=True).agg("values")["values"]
