"""Train windows shortened by the longest holding time, so that no trade lies in train and test."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import polars as pl

from omega.errors import ConfigError
from omega.forward.layout import Window
from omega.forward.runs import Runs


def without_holding(runs: Runs, windows: Sequence[Window]) -> list[Window]:
    """Cut each train stretch by the bars that the longest trade of its runs was held.

    The runs of the stretch itself show how many; nothing after it is read.

    Raises:
        ConfigError: Nothing of a stretch would be left.
    """
    return [_cut(runs, place, window) for place, window in enumerate(windows)]


def _cut(runs: Runs, place: int, window: Window) -> Window:
    # Window by window: the trades of all at once may not fit into memory.
    made = runs.over(range(len(runs.sets)), window.train, trades=True)
    longest = made.trades.select(pl.col("bars_held").max()).item() or 0
    begin, end = window.train
    if end - longest <= begin:
        raise ConfigError(
            f"purge: given 'holding', and a trade of window {place} was held for {longest} of its "
            f"{end - begin} train bars; choose a longer train stretch, or a purge in bars"
        )
    return dataclasses.replace(window, train=(begin, end - longest))
