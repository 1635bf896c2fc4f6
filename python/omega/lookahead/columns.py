"""Columns over the first bars, compared with the same columns over all bars.

A column is a function of candles, so that no run is needed: it is computed again over fewer of
them, and the first bar is given on which an early value changes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.libraries import text_of

if TYPE_CHECKING:
    from omega.strategy.expressions import Evaluation

_Floats = NDArray[np.float64]

ROWS_AT_MOST = 4_000_000
"""Rows that the spread-out prefixes of a column have together, so that long data stays quick."""

_FEWEST, _MOST = 24, 1_000
_NEAR = 64
"""So many bars ahead are looked at one by one."""

_GOLDEN = 0.6180339887498949
"""Steps of this part of the whole fall on all phases of an hour, a day and a week."""

_TOLERANCE = 1e-9
"""What is closer than this, relatively, is rounding: a library may add in another order."""


@dataclass(frozen=True)
class Finding:
    """One place at which something depends on bars that were still to come.

    Attributes:
        kind: "column", "data", "table", "order" or "error".
        name: The column's name and expression, or what was ordered.
        symbol: The symbol.
        timeframe: The timeframe; None for the candles as they were given.
        bar: Index of the bar.
        time: Its open time.
        value: What it is with all bars.
        value_then: What it is without later bars.
        bars_ahead: How many later bars it takes; None where it takes all, or it was not checked.
    """

    kind: str
    name: str
    symbol: str
    timeframe: str | None
    bar: int
    time: Any
    value: str
    value_then: str
    bars_ahead: int | None = None


class Uncheckable(Exception):
    """A column cannot be computed over fewer bars; the text has the reason."""


class _Column:
    """A column, over as many of the first bars as one likes."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.numbers = evaluation.expression.cast(pl.Float64)
        self.whole = floats(evaluation.values)
        finite = np.abs(self.whole[np.isfinite(self.whole)])
        self.least = _TOLERANCE * float(np.median(finite)) if len(finite) else 0.0

    def over(self, bars: int) -> _Floats:
        """Compute it over the first bars alone."""
        candles = self.evaluation.candles.head(bars)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a function that has too little to go by
                values = candles.select(self.numbers).to_series()
        except Exception as error:
            raise Uncheckable(f"it fails over {bars:,} bars: {text_of(error)}") from error
        if len(values) != bars:
            raise Uncheckable(
                f"it has {len(values):,} values over {bars:,} bars, so it was made before the run"
            )
        return floats(values)

    def first_change(self, bars: int) -> int | None:
        """Return the first of so many bars whose value changes with later ones."""
        return first_difference(self.over(bars), self.whole[:bars], self.least)

    def finding(self, bars: int, row: int, symbol: str) -> Finding:
        """Describe a row that changes between so many bars and all."""
        evaluation = self.evaluation
        return Finding(
            kind="column",
            name=named(evaluation),
            symbol=evaluation.symbol or symbol,
            timeframe=evaluation.timeframe,
            bar=row,
            time=evaluation.candles["time"][row],
            value=f"{self.whole[row]:.10g}",
            value_then=f"{self.over(bars)[row]:.10g}",
            bars_ahead=self._ahead(row),
        )

    def _ahead(self, row: int) -> int | None:
        """Return how many later bars the value of a row takes; None for all of them."""
        left = len(self.whole) - row - 1

        def settled(ahead: int) -> bool:
            try:
                values = self.over(row + 1 + ahead)[row : row + 1]
            except Uncheckable:
                return False
            return first_difference(values, self.whole[row : row + 1], self.least) is None

        # A value may be right by chance before it is settled, so the last wrong one is looked for.
        probes = [*range(min(left, _NEAR)), *(_NEAR << k for k in range(32) if _NEAR << k < left)]
        wrong: int = max((k for k, ahead in enumerate(probes) if not settled(ahead)), default=0)
        if wrong == len(probes) - 1:
            return None
        known, wanted = int(probes[wrong]), int(probes[wrong + 1])
        while wanted - known > 1:
            middle = (known + wanted) // 2
            known, wanted = (known, middle) if settled(middle) else (middle, wanted)
        return wanted


def check_column(
    evaluation: Evaluation, symbol: str, bars_of_interest: Sequence[int], *, exhaustive: bool
) -> Finding | None:
    """Compare a column on prefixes with the whole.

    Args:
        evaluation: The column and what it was computed of.
        symbol: The first symbol of the run.
        bars_of_interest: Bars after which decisions were made.
        exhaustive: Whether every prefix is checked.

    Raises:
        Uncheckable: It cannot be computed over fewer bars.
    """
    column = _Column(evaluation)
    whole = len(column.whole)
    wanted: Iterable[int] = range(1, whole) if exhaustive else _cuts(whole, bars_of_interest)
    clean, failure, checked = 0, None, False
    for bars in wanted:
        try:
            change = column.first_change(bars)
        except Uncheckable as error:
            failure = error
            continue
        checked = True
        if change is not None:
            return _earliest(column, clean, bars, symbol)
        clean = bars
    if failure is not None and not checked:
        raise failure
    return None


def _earliest(column: _Column, clean: int, dirty: int, symbol: str) -> Finding:
    """Find the shortest prefix that shows a change, by halves."""
    while dirty - clean > 1:
        middle = (clean + dirty) // 2
        try:
            change = column.first_change(middle)
        except Uncheckable:
            change = None
        clean, dirty = (clean, middle) if change is not None else (middle, dirty)
    row = column.first_change(dirty)
    return column.finding(dirty, dirty - 1 if row is None else row, symbol)


def _cuts(whole: int, bars_of_interest: Sequence[int]) -> list[int]:
    """Choose how many bars are known: just after decisions, and all over the data."""
    count = min(max(2 * ROWS_AT_MOST // max(whole, 1), _FEWEST), _MOST)
    around = {bar + 1 for bar in evenly(bars_of_interest, count)}
    return sorted(bars for bars in around | set(scattered(whole, count)) if 0 < bars < whole)


def evenly(items: Sequence[int], count: int) -> Iterator[int]:
    """Take so many of some items, the first and the last among them.

    Example:
        >>> list(evenly(range(10), 4))
        [0, 3, 6, 9]
    """
    if len(items) <= count:
        yield from items
        return
    for k in range(count):
        yield items[k * (len(items) - 1) // max(count - 1, 1)]


def scattered(whole: int, count: int) -> list[int]:
    """Return so many numbers below `whole`, all over it and on no regular step.

    Example:
        >>> scattered(100, 4)
        [61, 23, 85, 47]
    """
    return [int((k + 1) * _GOLDEN % 1.0 * whole) for k in range(count)]


def first_difference(some: _Floats, others: _Floats, least: float = 0.0) -> int | None:
    """Return the first row in which two columns differ by more than rounding; NaN equals NaN.

    Example:
        >>> first_difference(np.array([1.0, np.nan, 2.0]), np.array([1.0, np.nan, 3.0]))
        2
    """
    with np.errstate(invalid="ignore"):
        near = np.abs(some - others) <= np.maximum(
            _TOLERANCE * np.maximum(np.abs(some), np.abs(others)), least
        )
    alike = near | (some == others) | (np.isnan(some) & np.isnan(others))
    rows: NDArray[np.int64] = np.flatnonzero(~alike)
    return int(rows[0]) if len(rows) else None


def named(evaluation: Evaluation) -> str:
    """Name a column: what it calls itself, and what it is."""
    text = str(evaluation.expression)
    text = "a function" if "python_udf" in text else text
    return f"{evaluation.name}: {text if len(text) <= _WIDTH else text[: _WIDTH - 3] + '...'}"


_WIDTH = 72


def floats(values: pl.Series) -> _Floats:
    """Return values with NaN where there is none."""
    return values.cast(pl.Float64).to_numpy()
