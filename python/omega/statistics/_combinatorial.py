"""Combinatorial purged cross-validation: many paths out of sample from one span of time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omega.config.values import counted, whole
from omega.errors import ConfigError
from omega.reference.statistics.moments import column_totals, means_of
from omega.reference.statistics.overfitting import ratios
from omega.statistics._arguments import Numbers, field, kernel, matrix

if TYPE_CHECKING:
    from omega._core import Statistics

MOST_GROUPS, MOST_SPLITS = 40, 20_000

Range = tuple[int, int]
"""The first row, and one past the last."""


@dataclasses.dataclass(frozen=True)
class Split:
    """One way to part the groups.

    Attributes:
        tested: The groups that are tested.
        train: The stretches of rows that are chosen on, in order.
        test: The stretch of each tested group.

    Example:
        >>> combinatorial_splits(12, groups=3, tested=2, purge=1).splits[1].train
        ((5, 7),)
    """

    tested: tuple[int, ...]
    train: tuple[Range, ...]
    test: tuple[Range, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Splits:
    """All ways to test some of the groups, and the paths that their tests make.

    Attributes:
        groups: The stretch of each group.
        splits: In lexicographic order of the tested groups.
        paths: A row for each path: for each group the split that its test is of.

    Example:
        >>> combinatorial_splits(60, groups=6, tested=2)
        Splits(6 groups, 15 splits, 5 paths)
    """

    groups: tuple[Range, ...]
    splits: tuple[Split, ...]
    paths: NDArray[np.int64]

    def __repr__(self) -> str:
        """How many there are."""
        return (
            f"Splits({counted(len(self.groups), 'group')}, {counted(len(self.splits), 'split')}, "
            f"{counted(len(self.paths), 'path')})"
        )


def combinatorial_splits(
    rows: int, groups: int = 6, tested: int = 2, *, purge: int = 0, embargo: int = 0
) -> Splits:
    """Return the splits of combinatorial purged cross-validation.

    The rows are cut into even groups, the first of them one row longer where they are not equal,
    and each choice of `tested` groups is tested in turn; the others are trained on. Each group is
    tested in `C(groups - 1, tested - 1)` splits, so that the tests make as many whole paths: path
    `p` takes each group from the `p`-th split that tests it (López de Prado, "Advances in Financial
    Machine Learning", 2018, chapter 12).

    Args:
        rows: Periods.
        groups: Groups that they are cut into.
        tested: How many of them a split tests.
        purge: Periods that are left out of the training before and after each tested stretch.
        embargo: Further periods that are left out after it.

    Raises:
        ConfigError: There are fewer rows than groups, no group to train on, or too many splits.

    Example:
        >>> combinatorial_splits(60, groups=6, tested=2).paths[1].tolist()
        [1, 5, 5, 6, 7, 8]
    """
    count = field("rows", rows, whole(1, 2**31))
    many = field("groups", groups, whole(2, MOST_GROUPS))
    few = field("tested", tested, whole(1, MOST_GROUPS))
    cuts = [field(name, given, whole(0, 2**31)) for name, given in _named(purge, embargo)]
    if few >= many:
        raise ConfigError(f"tested: given {few} of {many} groups, expected fewer than there are")
    if count < many:
        raise ConfigError(f"groups: given {many} for {count} rows, expected at most one a row")
    if math.comb(many, few) > MOST_SPLITS:
        raise ConfigError(
            f"groups: {few} of {many} groups are {math.comb(many, few):,} splits, expected at most "
            f"{MOST_SPLITS:,}; give fewer groups"
        )
    ranges = _groups(count, many)
    found = tuple(_split(ranges, chosen, *cuts) for chosen in combinations(range(many), few))
    own = [[k for k, one in enumerate(found) if group in one.tested] for group in range(many)]
    return Splits(ranges, found, np.array(own, dtype=np.int64).T)


def _named(purge: object, embargo: object) -> list[tuple[str, object]]:
    return [("purge", purge), ("embargo", embargo)]


def _groups(rows: int, many: int) -> tuple[Range, ...]:
    each, rest = divmod(rows, many)
    ends = [group * each + min(group, rest) for group in range(many + 1)]
    return tuple(pairwise(ends))


def _split(groups: Sequence[Range], tested: tuple[int, ...], purge: int, embargo: int) -> Split:
    """Part the groups; what is near a tested one is left out."""
    test = tuple(groups[group] for group in tested)
    closed = [(begin - purge, end + purge + embargo) for begin, end in test]
    train: list[Range] = []
    for stretch in _joined(groups[k] for k in range(len(groups)) if k not in tested):
        train += _without(stretch, closed)
    return Split(tested, tuple(train), test)


def _joined(stretches: Iterator[Range]) -> list[Range]:
    found: list[Range] = []
    for begin, end in stretches:
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def _without(stretch: Range, closed: Sequence[Range]) -> list[Range]:
    """Return what is left of a stretch."""
    left = [stretch]
    for begin, end in closed:
        parts = [part for a, b in left for part in ((a, min(b, begin)), (max(a, end), b))]
        left = [(a, b) for a, b in parts if a < b]
    return left


@dataclasses.dataclass(frozen=True, eq=False)
class CrossValidation:
    """What choosing the best trial in each split comes to.

    Attributes:
        splits: The splits, and the paths of their tests.
        chosen: Column of the trial that is best in the training of each split; -1 where too little
            is left to train on.
        in_sample: Its Sharpe ratio there, of a period; NaN where there is none.
        out_of_sample: Its ratio over the tested groups; NaN as above.
        returns: A row for each period, a column for each path: the returns of the trials chosen.
        sharpe: The ratio of each path.

    Example:
        >>> returns = [[0.01 * ((k * 7) % 5 - 2), 0.01 * ((k * 3) % 7 - 2)] for k in range(60)]
        >>> cpcv(returns)
        CrossValidation(15 splits, 5 paths, sharpe 0.485 to 0.485)
    """

    splits: Splits
    chosen: NDArray[np.int64]
    in_sample: Numbers
    out_of_sample: Numbers
    returns: Numbers
    sharpe: Numbers

    def __repr__(self) -> str:
        """How the paths came out."""
        low, high = float(self.sharpe.min()), float(self.sharpe.max())
        return (
            f"CrossValidation({counted(len(self.splits.splits), 'split')}, "
            f"{counted(len(self.sharpe), 'path')}, "
            f"sharpe {low:.3g} to {high:.3g})"
        )


def cpcv(
    returns: object,
    groups: int = 6,
    tested: int = 2,
    *,
    purge: int = 0,
    embargo: int = 0,
    backend: str = "auto",
) -> CrossValidation:
    """Return the paths out of sample of choosing the best of many trials, by slices of returns.

    In each split of `omega.statistics.combinatorial_splits` the trial with the best Sharpe ratio
    over the training rows is chosen, of equal ones the first, and its returns in the tested groups
    become parts of the paths. So there is a distribution of results in place of a single one; the
    paths share their periods, and are not independent. The returns are slices of runs over all of
    the time: positions that are open at a border, and sizes that follow the account, are not those
    of a run that begins there. `omega.cross_validate` makes such runs.

    Args:
        returns: A row for each period, a column for each trial.
        groups: As `omega.statistics.combinatorial_splits`.
        tested: As above.
        purge: As above.
        embargo: As above.
        backend: As `run_backtest`.

    Raises:
        ConfigError: The returns are no numbers, or there are fewer than groups.

    Example:
        >>> found = cpcv([[0.02, 0.0], [0.01, 0.01], [0.03, -0.01]] * 4, groups=3, tested=1)
        >>> found.chosen.tolist(), len(found.sharpe)
        ([0, 0, 0], 1)
    """
    values, of = matrix(returns), kernel(backend)
    splits = combinatorial_splits(len(values), groups, tested, purge=purge, embargo=embargo)
    moments = Moments(values)
    choices = [_best(moments.ratios(split.train)) for split in splits.splits]

    def piece(split: int, group: int) -> Numbers:
        begin, end = splits.groups[group]
        own = choices[split][0]
        return np.zeros(end - begin) if own < 0 else values[begin:end, own]

    return assembled(splits, choices, piece, of)


Choice = tuple[int, float]
"""The number of the trial that is best, -1 where there is none, and its ratio."""


def _best(ratios: Numbers | None) -> Choice:
    if ratios is None:
        return -1, math.nan
    best = int(np.argmax(ratios))
    return best, float(ratios[best])


def assembled(
    splits: Splits,
    choices: Sequence[Choice],
    piece: Callable[[int, int], Numbers],
    of: type[Statistics],
) -> CrossValidation:
    """Put the tests of all splits together into paths.

    Args:
        splits: The splits.
        choices: What each of them chose.
        piece: Returns the returns of the choice of a split in a group; zeros where there is none.
        of: The functions of a backend.
    """
    outside = [
        math.nan if best < 0 else ratio(np.concatenate([piece(k, g) for g in split.tested]), of)
        for k, (split, (best, _)) in enumerate(zip(splits.splits, choices, strict=True))
    ]
    paths = [
        np.concatenate([piece(int(split), group) for group, split in enumerate(path)])
        for path in splits.paths
    ]
    return CrossValidation(
        splits,
        np.array([best for best, _ in choices], dtype=np.int64),
        np.array([ratio for _, ratio in choices]),
        np.array(outside),
        np.column_stack(paths),
        np.array([ratio(path, of) for path in paths]),
    )


def ratio(returns: Numbers, of: type[Statistics]) -> float:
    """Return the Sharpe ratio of a period; 0 without spread."""
    mean, deviation, _, _ = of.moments(np.ascontiguousarray(returns))
    return mean / deviation if deviation > 0.0 else 0.0


class Moments:
    """Sums and squares of stretches of rows, each added up once."""

    def __init__(self, values: Numbers) -> None:
        """Take rows of all trials; their means are taken off, as large ones eat digits."""
        self._offsets = means_of(values)
        self._apart = values - self._offsets
        self._known: dict[Range, tuple[Numbers, Numbers]] = {}

    def ratios(self, stretches: Sequence[Range]) -> Numbers | None:
        """Return the Sharpe ratio of each trial; None of fewer than two rows."""
        lengths = [end - begin for begin, end in stretches]
        if sum(lengths) < 2:  # noqa: PLR2004 - a deviation needs two
            return None
        sums, squares = zip(*map(self._of, stretches), strict=True)
        blocks = range(len(lengths))
        return ratios(blocks, lengths, self._offsets, np.array(sums), np.array(squares))

    def _of(self, stretch: Range) -> tuple[Numbers, Numbers]:
        if stretch not in self._known:
            rows = self._apart[stretch[0] : stretch[1]]
            many = rows.shape[1]
            squares = (row * row for row in rows)
            self._known[stretch] = column_totals(rows, many), column_totals(squares, many)
        return self._known[stretch]
