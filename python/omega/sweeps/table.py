"""Rows of a sweep as columns: the main table and those beside it.

The schema is fixed: `run`, parameters, metrics, `fingerprint`, `error`; trades or equity have the
number of their run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import polars as pl

from omega.results.result import example_result
from omega.sweeps.block_moments import KEPT, kept
from omega.sweeps.spec import METRICS, Parameters, Row

WHOLE = frozenset(n for n, value in example_result().metrics.items() if isinstance(value, int))
"""Metrics that are counts."""

NAMES = ("run", "dsr", "p_adjusted", "fingerprint", "error")

_ROUNDING = 1e-9
_WHOLE_NUMBERS = 1 << 127


class Schema:
    """The columns of a sweep; those of parameters are found as they come.

    A parameter has the type of its values: truth values, whole numbers, numbers, or text; values of
    several types are text.
    """

    def __init__(self, metrics: Sequence[str]) -> None:
        self.metrics = tuple(metrics)

    def frame(self, rows: Sequence[Row]) -> pl.DataFrame:
        """Return rows as a frame."""
        names = list(dict.fromkeys(name for row in rows for name in row.parameters))
        columns: dict[str, pl.Series] = {
            "run": pl.Series([row.number for row in rows], dtype=pl.UInt32)
        }
        for name in names:
            columns[column_of(name)] = _parameter([row.parameters.get(name) for row in rows])
        # Row by row, for a look-up of its own for each cell takes longer than a short run.
        found = [tuple(map(row.metrics.get, self.metrics)) for row in rows]
        by_name = zip(*found, strict=True) if found else [()] * len(self.metrics)
        for name, values in zip(self.metrics, by_name, strict=True):
            kind = pl.Int64 if name in WHOLE else pl.Float64
            columns[name] = pl.Series(values, dtype=kind)
        columns["fingerprint"] = pl.Series([row.fingerprint for row in rows], dtype=pl.String)
        columns["error"] = pl.Series([row.error for row in rows], dtype=pl.String)
        return pl.DataFrame(columns)


def column_of(name: str) -> str:
    """Return the column of a parameter, which must not be that of a metric."""
    return f"{name}_" if name in (*METRICS, *NAMES) else name


def _parameter(values: Sequence[object]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool} or kinds <= {str} or (kinds <= {int} and _fits(values)):
        return pl.Series(values)
    if kinds <= {int, float}:
        return pl.Series(values, dtype=pl.Float64)
    return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)


def _fits(values: Sequence[Any]) -> bool:
    """Return whether whole numbers fit into a column, which has up to 128 bits."""
    return all(value is None or -_WHOLE_NUMBERS <= value < _WHOLE_NUMBERS for value in values)


def joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put frames below each other, in the order of runs; a parameter that one lacks is null."""
    return pl.concat(frames, how="diagonal_relaxed").sort("run", maintain_order=True)


_LOST = r"^(worker died|out of memory) \d+ times$|^WorkerFailed: "
"""The error of a row whose workers have ended in it: that may be the machine's fault."""


def standing(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the last row of each run: one that was lost may have been made later."""
    return frame.unique("run", keep="last", maintain_order=True)


def settled(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of runs that need not be made again, which those that were lost are.

    Example:
        >>> errors = ["worker died 3 times", "ValueError: no", None]
        >>> settled(pl.DataFrame({"run": [0, 1, 2], "error": errors}))["run"].to_list()
        [1, 2]
    """
    lost = pl.col("error").str.contains(_LOST).fill_null(value=False)
    return frame.filter(~lost)


def beside(rows: Sequence[Row], name: str) -> pl.DataFrame | None:
    """Return a table of all runs that have it, each row with the number of its run."""
    if name in KEPT:
        return kept(rows, name)
    frames = [
        row.tables[name].select(
            pl.lit(row.number, pl.UInt32).alias("run"),
            pl.all().exclude(pl.Categorical, pl.Enum),
            pl.col(pl.Categorical, pl.Enum).cast(pl.String),
        )
        for row in rows
        if name in row.tables
    ]
    return pl.concat(frames) if frames else None


def metrics_chosen(chosen: Sequence[str] | None, needed: Sequence[str]) -> tuple[str, ...]:
    """Return the metrics of the table: all, or those requested and those that a search reads."""
    if chosen is None:
        return METRICS
    return tuple(name for name in METRICS if name in {*chosen, *needed})


def parameters_match(frame: pl.DataFrame, runs: Mapping[int, Parameters]) -> int | None:
    """Return the first run of a frame whose parameters are not those of the sweep, or None."""
    for row in frame.iter_rows(named=True):
        expected = runs.get(row["run"])
        if expected is None:
            return int(row["run"])
        if not all(_is_kept(row.get(column_of(n)), value) for n, value in expected.items()):
            return int(row["run"])
    return None


def _is_kept(found: object, given: object) -> bool:
    """Return whether a cell is what a column keeps of a parameter.

    A column of whole numbers and others has floats, which have fewer digits than a large integer;
    one with values of several kinds has texts. NaN is NaN.

    Example:
        >>> _is_kept(float("nan"), float("nan")), _is_kept(float(2**53), 2**53 + 1)
        (True, True)
        >>> _is_kept("1e-7", 1e-07), _is_kept("true", True), _is_kept(1.5, 2)
        (True, True, False)
    """
    if found == given or (found is None and given is None):
        return True
    if isinstance(given, str) or given is None or found is None:
        return False
    number, cell = _as_float(given), _as_float(found)
    if number is not None and cell is not None:
        return number == cell or (math.isnan(number) and math.isnan(cell))
    return isinstance(found, str) and found.lower() == str(given).lower()


def _as_float(given: object) -> float | None:
    """Return a number, or a text of one, as a float; None of what is none."""
    try:
        return float(given)  # type: ignore[arg-type]  # anything may be tried
    except (TypeError, ValueError):
        return None
    except OverflowError:
        return math.inf if cast("int", given) > 0 else -math.inf


def ruined(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the runs whose equity reached 0 (M8), but for rounding.

    Example:
        >>> made = pl.DataFrame({"initial_equity": [9.0, 9.0], "lowest_equity": [4.0, -1.0]})
        >>> ruined(made).height
        1
    """
    if not {"initial_equity", "lowest_equity"} <= set(table.columns):
        return table.clear()
    return table.filter(pl.col("lowest_equity") <= _ROUNDING * pl.col("initial_equity"))
