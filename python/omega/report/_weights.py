"""Weights over time: the largest symbols drawn, all of them in a table."""

from __future__ import annotations

import dataclasses
from itertools import groupby
from operator import attrgetter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import counted
from omega.data.store import CandleStore
from omega.report._curves import Curve
from omega.report._numbers import percent
from omega.report._parts import curves, hint, none, table
from omega.report._reported import Reported
from omega.report._symbol_values import values_held

Numbers = NDArray[np.float64]

_POINTS = 1_000
"""Bars that are drawn; more would not be told apart."""
_DRAWN = 7
"""Symbols with a colour of their own."""
_COLOURS = ("run-0", "run-1", "run-2", "run-3", "run-4", "run-6", "run-7", "up")
"""Grey comes last: of the others."""


@dataclasses.dataclass(frozen=True)
class Weights:
    """Shares of the equity by symbol.

    Attributes:
        times: Those of the bars that are drawn.
        drawn: The largest symbols and, where there are more, what is left of the others.
        table: `symbol`, and over all bars `mean`, `smallest`, `largest` and `last`; the symbols
            with the largest shares, shorts as well, come first.
    """

    times: pl.Series
    drawn: dict[str, Numbers]
    table: pl.DataFrame


def weights(result: Reported, stores: dict[int, CandleStore]) -> Weights | None:
    """Find the share of the equity that each symbol had at the close of each bar, shorts below 0.

    None for a single symbol, where nothing was held, or where what was held has no candles here.

    Example:
        >>> from omega.results.result import example_result
        >>> weights(example_result(), {}) is None
        True
    """
    known = {result.symbols[number]: store for number, store in stores.items()}
    held = result.orders.filter(pl.col("order_id").is_in(result.fills["trade_id"].implode()))
    names = set(held["symbol"].cast(pl.String))
    needed = set(result.symbols) if result.happened else names  # symbols may be renamed
    if len(result.symbols) == 1 or not names or not needed <= set(known):
        return None
    equity = result.equity["equity"].to_numpy()
    rows = np.unique(np.linspace(0, len(equity) - 1, _POINTS).astype(np.intp))
    lines: dict[str, Numbers] = {}
    about = []
    for symbol, parts in groupby(values_held(result, known.__getitem__), key=attrgetter("entered")):
        worth = sum((one.sign * one.worth for one in parts), np.zeros(len(equity)))
        share = np.divide(worth, equity, out=np.full(len(equity), np.nan), where=equity > 0)
        lines[symbol] = share[rows]
        seen = share[np.isfinite(share)] if np.isfinite(share).any() else np.zeros(1)
        about.append((symbol, seen.mean(), seen.min(), seen.max(), share[-1], np.abs(seen).mean()))
    found = pl.DataFrame(
        about, orient="row", schema=["symbol", "mean", "smallest", "largest", "last", "size"]
    ).sort(["size", "symbol"], descending=[True, False])
    return Weights(result.equity["time"][rows], _largest(found, lines), found.drop("size"))


def _largest(found: pl.DataFrame, lines: dict[str, Numbers]) -> dict[str, Numbers]:
    """The lines that are drawn, and the sum of the others."""
    names = found["symbol"].to_list()
    most = _DRAWN if len(names) > _DRAWN + 1 else len(names)
    drawn = {name: lines[name] for name in names[:most]}
    if names[most:]:
        drawn["Others"] = np.sum([lines[name] for name in names[most:]], axis=0)
    return drawn


def stacked(found: Weights) -> list[Curve]:
    """Return the curves of the page; each is its own share, and the page stacks them."""
    return [
        Curve(name, share, unit="percent", kind="stack", colour=colour)
        for colour, (name, share) in zip(_COLOURS, found.drawn.items(), strict=False)
    ]


def panel(found: Weights | None, result: Reported) -> str:
    """The weights as a picture and a table."""
    if found is None:
        held = result.fills.height
        return none("Weights need the candles of all symbols." if held else "Nothing was held.")
    rows = [
        (name, ["-" if one is None or np.isnan(one) else percent(one) for one in numbers])
        for name, *numbers in found.table.iter_rows()
    ]
    head = ["Mean", "Smallest", "Largest", "Last"]
    others = found.table.height - len(found.drawn) + 1
    note = "Values at the close as a share of the equity, shorts below zero"
    note += f"; others are {counted(others, 'symbol')}." if "Others" in found.drawn else "."
    return (
        curves("weights", "Share of the equity of each symbol over time, stacked")
        + hint(note)
        + table(head, rows, caption="Weights over all bars", first="Symbol", kind="tall")
    )
