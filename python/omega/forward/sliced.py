"""Each set run once over all data, and slices of its daily returns scored: approximate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.forward.layout import Window
from omega.forward.measures import MEASURED, Curve, measured, of_trades
from omega.forward.runs import Runs
from omega.sweeps.result import SweepResult
from omega.sweeps.table import column_of

METRICS = MEASURED
"""What a slice has."""

_ROWS_AT_ONCE = 1 << 23
"""Equity rows in memory, in sets of at least one run."""


def sliced(runs: Runs, windows: Sequence[Window]) -> list[SweepResult]:
    """Score each set on the train stretch of each window by slices of one run."""
    rows: list[list[dict[str, Any]]] = [[] for _ in windows]
    steps = windows[0].train[0], len(runs.timeline)
    for number, curve, trades, error, fingerprint in _whole_runs(runs, steps):
        for place, window in enumerate(windows):
            begin, end = _times(runs, window.train)
            found = {} if error else _scored(curve, trades, begin, end)
            rows[place].append(
                {
                    "run": number,
                    **{column_of(n): v for n, v in runs.sets.labels[number].items()},
                    **{name: found.get(name) for name in METRICS},
                    "fingerprint": fingerprint,
                    "error": error,
                }
            )
    return [_result(own) for own in rows]


def _result(rows: list[dict[str, Any]]) -> SweepResult:
    kinds = {"run": pl.UInt32, "fingerprint": pl.String, "error": pl.String}
    kinds |= {name: pl.Float64 for name in METRICS if name != "trades"}
    table = pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None)
    return SweepResult(table, metrics=METRICS, total=len(rows))


def _times(runs: Runs, steps: tuple[int, int]) -> tuple[int, int]:
    times = runs.timeline.times
    return int(times[steps[0]]), int(times[steps[1] - 1]) + 1


def _scored(curve: Curve, trades: pl.DataFrame, begin: int, end: int) -> dict[str, Any]:
    part = curve.stretch(begin, end)
    left = trades.filter(pl.col("__exit").is_between(begin, end, closed="left"))
    found = {**measured(part, curve.before(begin, float(curve.equity[0]))), **of_trades(left)}
    return {**found, "exposure": part.exposure()}


def _whole_runs(
    runs: Runs, steps: tuple[int, int]
) -> Iterator[tuple[int, Curve, pl.DataFrame, str | None, str | None]]:
    """Make one run of each set, some at a time; give curve, trades, error and fingerprint."""
    size = max(_ROWS_AT_ONCE // max(steps[1] - steps[0], 1), 1)
    days, times = runs.timeline.days(), runs.timeline.times
    for first in range(0, len(runs.sets), size):
        numbers = range(first, min(first + size, len(runs.sets)))
        made = runs.over(numbers, steps, is_chosen_from=True, equity=True, trades=True)
        table = made.to_polars()
        curves = made.equity.partition_by("run", as_dict=True, include_key=False)
        trades = made.trades.with_columns(pl.col("exit_time").to_physical().alias("__exit"))
        for place, number in enumerate(numbers):
            rows = curves.get((place,))
            own = _curve(rows, days, times)
            error, mark = table["error"][place], table["fingerprint"][place]
            yield number, own, trades.filter(pl.col("run") == place), error, mark


def _curve(rows: pl.DataFrame | None, days: NDArray[np.int64], times: NDArray[np.int64]) -> Curve:
    none = np.empty(0, dtype=np.int64)
    if rows is None:
        return Curve(none, np.empty(0), none, none)
    own = rows["time"].to_physical().to_numpy()
    return Curve(
        own,
        rows["equity"].to_numpy(),
        days[np.searchsorted(times, own)],
        rows["open_positions"].to_numpy(),
    )
