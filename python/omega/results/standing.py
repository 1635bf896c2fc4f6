"""Rank of a run among the runs of its sweep, and how much of it is luck."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from omega.errors import OmegaError


@dataclasses.dataclass(frozen=True)
class Standing:
    """What is known of a run because it was made by a sweep; what is not known is None.

    The numbers of the page "How much of this is luck?", of this run.

    Attributes:
        run: Its number in the sweep.
        metric: The metric that the runs are ranked by: the one that `best` was given, or "sharpe".
        rank: Its place, 1 for the best; of equal ones all have the first. None where the metric is
            undefined for it.
        ranked: How many runs have a value of the metric.
        trials: Runs that have a result.
        distinct: Distinct results among them and in the ledger of trials.
        psr: Probability that its true Sharpe ratio is above 0, as if it were the only trial.
        dsr: The same above what the best of all trials would show without skill.
        dsr_null: The same with the variance of trials without skill, if that is larger.
        pbo: Probability of overfitting by choosing the best of these runs.
        p_adjusted: Its p-value against cash, all runs considered; needs `daily=True`.
        notes: Why a number is missing, and how to have it.

    Example:
        >>> runs = omega.sweep(candles, omega.native("sma_cross", slow=20), {"fast": [5, 8]})
        >>> standing = runs.run(runs.best("net_profit")).standing
        >>> standing.rank, standing.ranked, standing.metric, standing.trials
        (1, 2, 'net_profit', 2)
    """

    run: int
    metric: str
    rank: int | None
    ranked: int
    trials: int
    distinct: int
    psr: float | None
    dsr: float | None
    dsr_null: float | None
    pbo: float | None
    p_adjusted: float | None
    notes: tuple[str, ...]


def read(kept: object, broken: Callable[[str], OmegaError]) -> Standing | None:
    """Return a standing that was saved; `broken` makes the error of one that was not.

    Example:
        >>> read(None, ValueError) is None
        True
    """
    if kept is None:
        return None
    fields: dict[str, Any] = dict(kept) if isinstance(kept, dict) else {}
    if {*fields} != {one.name for one in dataclasses.fields(Standing)}:
        raise broken(f"its standing is {kept!r}")
    metric, notes = fields.pop("metric"), fields.pop("notes")
    if not isinstance(metric, str) or not _are_texts(notes):
        raise broken(f"its standing is {kept!r}")
    for name, value in fields.items():
        whole = name in ("run", "rank", "ranked", "trials", "distinct")
        can_lack = not whole or name == "rank"
        if not (isinstance(value, int if whole else (int, float)) or (value is None and can_lack)):
            raise broken(f"its standing has {value!r} for {name!r}")
    return Standing(metric=metric, notes=tuple(notes), **fields)


def _are_texts(notes: object) -> bool:
    return isinstance(notes, list) and all(isinstance(note, str) for note in notes)


def nothing() -> None:
    """Return the standing of a run that no sweep made.

    Example:
        >>> nothing()
    """


def known(standing: Standing | None) -> Callable[[], Standing | None]:
    """Return a function that returns a standing, and travels with it.

    Example:
        >>> known(None)() is None
        True
    """
    return partial(_same, standing)


def _same(standing: Standing | None) -> Standing | None:
    return standing
