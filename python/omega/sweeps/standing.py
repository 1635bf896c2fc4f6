"""Rank of a run among all runs of its sweep."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from omega.results.standing import Standing
from omega.sweeps.objectives import objective_of
from omega.sweeps.trust import Trials

_METRIC = "sharpe"


def standing_of(
    table: pl.DataFrame,
    scores: Sequence[str],
    trials: Trials,
    run: int,
    chosen_by: tuple[str, bool | None] | None,
) -> Standing:
    """Return the standing of a run.

    Args:
        table: A row for each run.
        scores: The columns that are metrics.
        trials: What is known of the days of the runs.
        run: The number of the run.
        chosen_by: The metric or expression that it was chosen by, and whether more is better.
    """
    default = _METRIC if _METRIC in scores else next(iter(scores), "run")
    metric, maximize = chosen_by or (default, None)
    rank, ranked = _rank(table, scores, run, metric, maximize=maximize)
    known = any(trial.run == run for trial in trials.all)
    found = trials.trust(metric, run) if known else None
    own = table.filter(pl.col("run") == run)
    return Standing(
        run=run,
        metric=metric,
        rank=rank,
        ranked=ranked,
        trials=len(trials.all) if known else table.height,
        distinct=trials.count if known else table.height,
        **{name: getattr(found, name, None) for name in ("psr", "dsr", "dsr_null", "pbo")},
        p_adjusted=own["p_adjusted"][0] if "p_adjusted" in own.columns else None,
        notes=found.notes if found else ("the sweep kept nothing of the days of its runs",),
    )


def _rank(
    table: pl.DataFrame, scores: Sequence[str], run: int, metric: str, *, maximize: bool | None
) -> tuple[int | None, int]:
    """Return the place of a run, and how many runs have one."""
    if metric not in table.columns and not scores:
        return None, 0
    _, values, more = objective_of(table, scores, metric, maximize)
    known = table.select("run").with_columns(by=values).filter(pl.col("by").is_not_null())
    own = known.filter(pl.col("run") == run)["by"]
    if own.is_empty():
        return None, known.height
    better = pl.col("by") > own[0] if more else pl.col("by") < own[0]
    return known.filter(better).height + 1, known.height
