"""Splits: those that a file states, and jumps of prices that look like one.

A split of 7:1 makes seven shares of one, and a seventh of the price.
"""

from __future__ import annotations

import math

import polars as pl

_WHOLE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 100)
_NEAR, _NEARER = 0.13, 0.05
"""How far, in logarithms, the price may have moved beside the split; less where 3:2 is one."""
_FACTORS = (
    *((float(n), f"{n}:1", _NEAR) for n in _WHOLE),
    *((1 / n, f"1:{n}", _NEAR) for n in _WHOLE),
    *((n / 2, f"{n}:2", _NEARER) for n in (3, 5, 7)),
)


def named(ratio: float) -> str | None:
    """Name the split that a price after, divided by the price before, looks like.

    Example:
        >>> named(93.7 / 645.57), named(20.1), named(1.62)
        ('7:1', '1:20', None)
    """
    if not 0 < ratio < math.inf:
        return None
    near = [(abs(math.log(ratio * factor)), name) for factor, name, most in _FACTORS
            if abs(math.log(ratio * factor)) <= most]  # fmt: skip
    return min(near)[1] if near else None


def jump_notes(ratios: pl.Series) -> pl.Series:
    """Return for each jump which split it looks like."""
    names = [None if ratio is None else named(ratio) for ratio in ratios.to_list()]
    notes = [name and f"looks like a split of {name} that prices are not adjusted for"
             for name in names]  # fmt: skip
    return pl.Series("note", notes, dtype=pl.String)


def factors(stated: pl.Series) -> pl.Series:
    """Read a column of splits, such as ``2.0``, ``7:1`` or ``3/2``; null where there is none.

    Example:
        >>> factors(pl.Series(["0.0", "7:1", "3/2", "1", "", None])).to_list()
        [None, 7.0, 1.5, None, None, None]
    """
    parts = stated.cast(pl.String).str.extract_groups(r"^\s*([\d.]+)\s*(?:[:/]\s*([\d.]+))?\s*$")
    first, second = (parts.struct[k].cast(pl.Float64, strict=False) for k in (0, 1))
    factor = first / second.fill_null(1.0)
    is_split = factor.is_finite() & (factor > 0) & (factor != 1)
    return pl.select(pl.when(is_split).then(factor)).to_series()


def stated_notes(splits: pl.Series, ratios: pl.Series) -> pl.Series:
    """Return for each split that a file states whether the prices show it."""
    notes = []
    for factor, ratio in zip(splits.to_list(), ratios.to_list(), strict=True):
        shows = ratio is not None and ratio > 0 and abs(math.log(ratio * factor)) <= _NEAR
        state = "are not adjusted for it" if shows else "are adjusted for it"
        notes.append(f"the file states a split of {factor:g}:1; prices {state}")
    return pl.Series("note", notes, dtype=pl.String)
