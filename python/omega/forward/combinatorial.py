"""Combinatorial purged cross-validation of a grid: many paths out of sample."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.cluster.protocol import Cluster
from omega.config.values import counted
from omega.contract import AnyForm, ArrowLike
from omega.errors import ConfigError
from omega.forward.call import origin_of, store_of
from omega.forward.parameter_sets import Sets, history_of, require_settings
from omega.forward.runs import Runs
from omega.forward.timeline import Timeline
from omega.libraries import arguments_of
from omega.run.backend import chosen_backend
from omega.run.prepare import Moment
from omega.run.settings import seed_field
from omega.statistics import CrossValidation, Split, Splits, combinatorial_splits
from omega.statistics._arguments import kernel
from omega.statistics._combinatorial import Choice, Moments, Range, assembled, ratio
from omega.sweeps.constraints import Given
from omega.sweeps.progress import Shown
from omega.sweeps.spec import SETTINGS
from omega.sweeps.table import column_of

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class CrossValidated:
    """What choosing in each split, and trading the groups that it tests, comes to.

    Ratios are those of a day, never annualised.

    Attributes:
        splits: A row for each split: `split`, the `tested` groups, the number of the set that was
            chosen as `run`, its parameters, its ratio in the training days (`is_sharpe`) and in the
            tested ones (`oos_sharpe`).
        paths: A row for each path: `path`, `sharpe`, `total_return`, `max_drawdown`.
        returns: A row for each day: `day`, and the return of each path.
        groups: A row for each group: its first and last day.
        left_out: Numbers of the sets that could not be chosen, since a run of them failed or lost
            all of its money.
        is_approximate: Whether slices of whole runs were scored.

    Example:
        >>> data, strategy = omega.sample("EURUSD"), omega.native("sma_cross", slow=50)
        >>> omega.cross_validate(data, strategy, {"fast": [5, 10]}, groups=4, tested=1)
        CrossValidated(4 splits, 1 path, slices, sharpe ...)
    """

    splits: pl.DataFrame
    paths: pl.DataFrame
    returns: pl.DataFrame
    groups: pl.DataFrame
    left_out: tuple[int, ...]
    is_approximate: bool

    def __repr__(self) -> str:
        """How the paths came out."""
        ratios = self.paths["sharpe"].to_list()
        how = "slices" if self.is_approximate else "exact"
        return (
            f"CrossValidated({counted(self.splits.height, 'split')}, "
            f"{counted(self.paths.height, 'path')}, {how}, "
            f"sharpe {min(ratios):.3g} to {max(ratios):.3g} a day)"
        )


@arguments_of("cross_validate")
def cross_validate(
    data: ArrowLike,
    strategy: AnyForm,
    grid: Any,  # noqa: ANN401 - values by name, a list of runs, or a sampler
    *,
    groups: int = 6,
    tested: int = 2,
    purge: int = 0,
    embargo: int = 0,
    reuse: str = "sliced",
    start: Moment | None = None,
    constraint: Given = None,
    workers: int | None = None,
    executor: Executor | Cluster | None = None,
    progress: bool | Shown = False,
    seed: int = 0,
    backend: str = "auto",
    **settings: Any,  # noqa: ANN401 - those of run_backtest
) -> CrossValidated:
    """Choose parameters on some groups of days, trade the others with them, for all choices.

    A walk-forward is one path through the data; this gives `C(groups - 1, tested - 1)` of them, and
    so a spread of results (López de Prado, "Advances in Financial Machine Learning", 2018, chapter
    12). It trains on days after those that it tests, too, which a trader cannot: it is a measure
    of how robust the choice is, and no account. The set with the best Sharpe ratio of daily returns
    over the training days is chosen, of equal ones the first.

    Args:
        data: As `run_backtest`.
        strategy: As `sweep`; any form.
        grid: Parameters of the strategy, as `sweep` takes them.
        groups: Even groups of days that the data is cut into, from the first bar on which every set
            has the history that it needs; the first ones are a day longer where they are not even.
        tested: How many of them a split tests.
        purge: Days that are left out of the training before and after each tested group.
        embargo: Further days that are left out after it.
        reuse: "sliced" runs each set once over all data and scores slices of its daily returns:
            approximate, as positions are open at the borders and sizes follow the account. "exact"
            makes a run of each set over each stretch that is trained on, flat at its begin and at
            its end, and joins their daily returns; and one of each choice over each tested group.
        start: The first bar, at least the one on which every set has its history.
        constraint: Which combinations are sets, as `sweep`.
        workers: As `sweep`.
        executor: As `sweep`.
        progress: As `sweep`.
        seed: As `sweep`.
        backend: As `run_backtest`.
        **settings: Further settings of `run_backtest`, the same for all runs.

    Raises:
        ConfigError: A number is impossible, or no set has a result.
        WarmupIndexNotFound: The data is shorter than the warm-up.

    Example:
        >>> import omega
        >>> data, strategy = omega.sample("EURUSD"), omega.native("sma_cross", slow=50)
        >>> found = omega.cross_validate(data, strategy, {"fast": [5, 10]}, groups=4, tested=2)
        >>> found.splits.height, found.paths.height
        (6, 3)
    """
    if reuse not in ("sliced", "exact"):
        raise ConfigError(f"reuse: given {reuse!r}, expected one of sliced, exact")
    require_settings("cross_validate", settings)
    for name in ("end", "benchmark", "risk_free"):
        if settings.get(name) is not None:
            raise ConfigError(
                f"{name}: given to cross_validate, whose runs are stretches of the data; cut the "
                "data, or leave it out"
            )
    backend, seed = chosen_backend(backend, warn=True), seed_field(seed)
    store = store_of(data, settings)
    shared = {name: one for name, one in settings.items() if name in SETTINGS}
    sets = Sets.of(strategy, grid, {**shared, "seed": seed}, seed, backend, constraint)
    given = {**SETTINGS, **settings}
    timeline = Timeline.of(store, given["calendar"], given["align"], given["semantics"])
    origin = origin_of(timeline, history_of(store, sets, backend).first, start)
    runs = Runs(store, sets, timeline, backend, workers, executor, None, progress)
    days = _Days(runs, origin)
    wanted: object = groups  # what is no number is refused below
    if isinstance(wanted, int) and len(days) < wanted:
        raise ConfigError(
            f"groups: given {groups}, expected at most {len(days)}, the days from "
            f"{timeline.shown(origin)} on; give more data, or fewer groups"
        )
    splits = combinatorial_splits(len(days), groups, tested, purge=purge, embargo=embargo)
    made = _sliced(days, splits) if reuse == "sliced" else _exact(days, splits)
    return _tables(days, made, is_approximate=reuse == "sliced")


@dataclasses.dataclass(frozen=True)
class _Made:
    """A cross-validation whose columns are sets, and the sets that could not be chosen."""

    found: CrossValidation
    left_out: tuple[int, ...]


class _Days:
    """The days of the data, and the daily returns of runs over some of them."""

    def __init__(self, runs: Runs, origin: int) -> None:
        self.runs = runs
        self.numbers, first = np.unique(runs.timeline.days()[origin:], return_index=True)
        self._first = np.append(first + origin, len(runs.timeline))

    def __len__(self) -> int:
        return len(self.numbers)

    def returns(
        self, wanted: Sequence[tuple[int, Range]], *, is_chosen_from: bool
    ) -> Iterator[Floats | None]:
        """Make a run of a set over days for each pair; None where it has not all of its days."""
        trials = None if is_chosen_from else False
        stretches = [(number, self._steps(days)) for number, days in wanted]
        made = self.runs.stretches(stretches, daily=True, trials=trials)
        kept = made._kept("daily")  # noqa: SLF001 - as a frame, without statistics of all
        by_run = {} if kept is None else dict(kept.select("run", "daily").iter_rows())
        failed = set(made.failures["run"])
        for place, (_, days) in enumerate(wanted):
            own = np.array(by_run.get(place, ()), dtype=np.float64)
            whole = len(own) == days[1] - days[0] and bool(np.isfinite(own).all())
            yield own if whole and place not in failed else None

    def _steps(self, days: Range) -> Range:
        return int(self._first[days[0]]), int(self._first[days[1]])


def _sliced(days: _Days, splits: Splits) -> _Made:
    """Run each set over all days, and slice."""
    numbers = range(len(days.runs.sets))
    made = list(days.returns([(one, (0, len(days))) for one in numbers], is_chosen_from=True))
    there = [number for number in numbers if made[number] is not None]
    _require_some(there)
    moments = Moments(np.column_stack([own for own in made if own is not None]))
    choices = [_best(moments.ratios(split.train), there) for split in splits.splits]

    def piece(split: int, group: int) -> Floats:
        begin, end = splits.groups[group]
        own = made[choices[split][0]] if choices[split][0] >= 0 else None
        return np.zeros(end - begin) if own is None else own[begin:end]

    found = assembled(splits, choices, piece, kernel(days.runs.backend))
    return _Made(found, tuple(number for number in numbers if made[number] is None))


def _exact(days: _Days, splits: Splits) -> _Made:
    """Make a run of each set over each stretch that is trained on, and of each choice."""
    numbers = range(len(days.runs.sets))
    stretches = sorted({one for split in splits.splits for one in split.train})
    wanted = [(number, stretch) for number in numbers for stretch in stretches]
    made = dict(zip(wanted, days.returns(wanted, is_chosen_from=True), strict=True))
    lost = {number for number, stretch in wanted if made[number, stretch] is None}
    there = [number for number in numbers if number not in lost]
    _require_some(there)
    of = kernel(days.runs.backend)

    def ratios(split: Split) -> Floats | None:
        if sum(end - begin for begin, end in split.train) < 2:  # noqa: PLR2004 - for a deviation
            return None
        joined = (np.concatenate([made[one, part] for part in split.train]) for one in there)
        return np.array([ratio(returns, of) for returns in joined])

    choices = [_best(ratios(split), there) for split in splits.splits]
    tests = sorted(
        {
            (best, group)
            for split, (best, _) in zip(splits.splits, choices, strict=True)
            for group in split.tested
            if best >= 0
        }
    )
    runs = [(number, splits.groups[group]) for number, group in tests]
    traded = dict(zip(tests, days.returns(runs, is_chosen_from=False), strict=True))

    def piece(split: int, group: int) -> Floats:
        begin, end = splits.groups[group]
        own = traded.get((choices[split][0], group))
        # Who has lost all of it, or cannot trade there, makes nothing more.
        return np.zeros(end - begin) if own is None else own

    return _Made(assembled(splits, choices, piece, of), tuple(sorted(lost)))


def _best(ratios: Floats | None, there: Sequence[int]) -> Choice:
    if ratios is None:
        return -1, math.nan
    best = int(np.argmax(ratios))
    return there[best], float(ratios[best])


def _require_some(there: Sequence[int]) -> None:
    if not there:
        raise ConfigError(
            "cross_validate: no set has returns of all days; see the errors of the same grid in "
            "omega.sweep(...).failures"
        )


def _tables(days: _Days, made: _Made, *, is_approximate: bool) -> CrossValidated:
    found, labels = made.found, days.runs.sets.labels
    names = days.runs.sets.names
    rows = []
    for place, (split, best) in enumerate(zip(found.splits.splits, found.chosen, strict=True)):
        own = labels[best] if best >= 0 else {}
        rows.append(
            {
                "split": place,
                "tested": list(split.tested),
                "run": int(best) if best >= 0 else None,
                **{column_of(name): own.get(name) for name in names},
                "is_sharpe": _known(found.in_sample[place]),
                "oos_sharpe": _known(found.out_of_sample[place]),
            }
        )
    growth = np.cumprod(1.0 + found.returns, axis=0)
    peaks = np.maximum.accumulate(np.maximum(growth, 1.0), axis=0)
    paths = {
        "path": range(len(found.sharpe)),
        "sharpe": found.sharpe,
        "total_return": growth[-1] - 1.0,
        "max_drawdown": ((peaks - growth) / peaks).max(axis=0),
    }
    dates = pl.Series("day", days.numbers.astype(np.int32)).cast(pl.Date)
    groups = [(dates[begin], dates[end - 1]) for begin, end in found.splits.groups]
    kinds = {"run": pl.UInt32, "is_sharpe": pl.Float64, "oos_sharpe": pl.Float64}
    returns = [pl.Series(f"path {k}", own) for k, own in enumerate(found.returns.T)]
    return CrossValidated(
        pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None),
        pl.DataFrame(paths),
        pl.DataFrame([dates, *returns]),
        pl.DataFrame(groups, schema=["first", "last"], orient="row").with_row_index("group"),
        made.left_out,
        is_approximate,
    )


def _known(ratio: float) -> float | None:
    return None if math.isnan(ratio) else float(ratio)
