"""Indicators in plain Python: each follows its definition, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omega.reference.indicators import (
    arithmetic,
    averages,
    channels,
    momentum,
    oscillators,
    patterns,
    periods,
    shapes,
    smoothing,
    special,
    statistics,
    trend,
    volatility,
    volume,
)
from omega.reference.indicators.registry import Columns, Entry, Outputs

__all__ = ["ENTRIES", "Columns", "compute"]

ENTRIES: Mapping[str, Entry] = {
    **arithmetic.ENTRIES,
    **averages.ENTRIES,
    **momentum.ENTRIES,
    **trend.ENTRIES,
    **volume.ENTRIES,
    **volatility.ENTRIES,
    **channels.ENTRIES,
    **statistics.ENTRIES,
    **special.ENTRIES,
    **smoothing.ENTRIES,
    **oscillators.ENTRIES,
    **shapes.ENTRIES,
    **periods.ENTRIES,
    **patterns.ENTRIES,
}
"""All indicators by name; the catalog has the same names, those of arithmetic aside."""


def compute(name: str, parameters: Sequence[float], columns: Columns) -> Outputs:
    """Compute an indicator; one list of values for each output.

    Example:
        >>> compute("sma", [2.0], Columns(([1.0, 2.0, 4.0],)))
        [[nan, 1.5, 3.0]]
    """
    return ENTRIES[name].compute(parameters, columns)
