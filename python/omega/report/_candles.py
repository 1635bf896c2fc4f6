"""Candles for the page: one whole level, and the finest detail around trades.

Blocks of packed text stay below the size limit together, unless there is none; the page makes
coarser levels by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report import _codec
from omega.report._codec import Integers

_BLOCK = 32_768
_FEWEST = 2_000
_SHARE_OF_WHOLE = 0.7
_MARGINS = (1_000, 200, 60, 24)
_LONG = 400
_NS = 1e9


@dataclass(frozen=True, slots=True)
class Bars:
    """The candles of a symbol in whole ticks, and their times in nanoseconds."""

    time: Integers
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    decimals: int
    exact: bool

    def __len__(self) -> int:
        """Number of bars."""
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Packed:
    """What the page gets: a description, and the blocks that it names by number."""

    about: dict[str, Any]
    blocks: list[str]

    @property
    def size(self) -> int:
        """Characters of all blocks."""
        return sum(len(block) for block in self.blocks)


def bars_of(frame: pl.DataFrame) -> Bars:
    """Turn a frame of candles into whole ticks.

    Example:
        >>> from datetime import datetime
        >>> row = {"time": [datetime(2024, 1, 1)], "open": [1.5], "high": [2.0], "low": [1.0],
        ...        "close": [1.25]}
        >>> bars_of(pl.DataFrame(row)).close.tolist()
        [125]
    """
    frame = frame.drop_nulls(["open", "high", "low", "close"])
    columns = {name: frame[name].to_numpy() for name in ("open", "high", "low", "close")}
    ranges = columns["high"] - columns["low"]
    usual = float(np.median(ranges[ranges > 0])) if np.any(ranges > 0) else 0.01
    coarse = _codec.coarse_decimals(usual, 3)
    every = np.concatenate(list(columns.values()))
    decimals, exact = _codec.decimals_of(every, coarse=coarse)
    ticks = {name: _codec.scaled(values, decimals) for name, values in columns.items()}
    return Bars(moments(frame["time"]), **ticks, decimals=decimals, exact=exact)


def moments(times: pl.Series) -> Integers:
    """Return times as nanoseconds since 1970.

    Example:
        >>> from datetime import datetime
        >>> moments(pl.Series([datetime(1970, 1, 1, 0, 0, 1)])).tolist()
        [1000000000]
    """
    return times.dt.epoch("ns").to_numpy().astype(np.int64)


def grouped(bars: Bars, factor: int) -> Bars:
    """Join every so many bars into one.

    Example:
        >>> one = np.array([1, 2, 3])
        >>> grouped(Bars(one, one, one, one, one, 0, True), 2).high.tolist()
        [2, 3]
    """
    if factor == 1:
        return bars
    starts = np.arange(0, len(bars), factor)
    lasts = np.minimum(starts + factor, len(bars)) - 1
    return Bars(
        bars.time[starts],
        bars.open[starts],
        np.maximum.reduceat(bars.high, starts),
        np.minimum.reduceat(bars.low, starts),
        bars.close[lasts],
        bars.decimals,
        bars.exact,
    )


def pack(bars: Bars, entries: Integers, exits: Integers, room: float | None) -> Packed:
    """Pack candles into so many characters; None packs every bar.

    Args:
        bars: The candles.
        entries: The bar of each trade's entry, the most important trade first.
        exits: The bar of its exit.
        room: Characters that the blocks may have.
    """
    about, times = _codec.table([clock(bars.time)])
    left = None if room is None else room - len(times)
    factor, whole = _whole(bars, left)
    about |= {
        "bars": len(bars),
        "factor": factor,
        "decimals": bars.decimals,
        "exact": bars.exact,
        "fine": [],
    }
    blocks = [times, whole]
    if factor > 1 and left is not None:
        fine, described = _fine(bars, factor, (entries, exits), left - len(whole))
        blocks += fine
        about["fine"] = described
    return Packed(about, blocks)


def clock(times: Integers) -> _codec.Column:
    """Return the column of times as multiples of their common step, which are mostly ones.

    Example:
        >>> column = clock(np.array([5_000_000_000, 7_000_000_000, 11_000_000_000]))
        >>> column.values.tolist(), column.scale, column.first
        ([0, 1, 3], 2.0, 5.0)
    """
    first = int(times[0]) if len(times) else 0
    unit = max(int(np.gcd.reduce(np.diff(times))) if len(times) > 1 else 1, 1)
    counts = (times - first) // unit
    return _codec.Column("time", counts, "unsigned", None, "sum", unit / _NS, first / _NS)


def _whole(bars: Bars, room: float | None) -> tuple[int, str]:
    """The finest level that fits as a whole."""
    factor = 1
    while True:
        level = grouped(bars, factor)
        text = _codec.packed(_columns(level, _before(level)))
        share = 1.0 if factor == 1 else _SHARE_OF_WHOLE
        if room is None or len(text) <= room * share or len(level) <= _FEWEST:
            return factor, text
        # A level four times too large needs no look at the one that is twice too large.
        factor *= 4 if len(text) > 4 * room else 2


def _before(bars: Bars) -> Integers:
    return np.concatenate([[0], bars.close[:-1]]) if len(bars) else bars.close


def _columns(bars: Bars, before: Integers) -> list[bytes]:
    top, bottom = np.maximum(bars.open, bars.close), np.minimum(bars.open, bars.close)
    return [
        _codec.signed(bars.open - before),
        _codec.signed(bars.close - bars.open),
        _codec.unsigned(np.maximum(bars.high - top, 0)),
        _codec.unsigned(np.maximum(bottom - bars.low, 0)),
    ]


def _fine(
    bars: Bars, factor: int, trades: tuple[Integers, Integers], room: float
) -> tuple[list[str], list[list[int]]]:
    """The finest bars around as many trades as there is room for, in blocks."""
    sample = slice(0, min(len(bars), 4 * _BLOCK))
    part = _cut(bars, np.arange(sample.start, sample.stop))
    each = max(len(_codec.packed(_columns(part, _before(part)))) / max(len(part), 1), 0.1)
    limit = room / each
    for _ in range(8):
        cells = np.flatnonzero(_around(len(bars), factor, trades, limit / factor))
        blocks, described = _in_blocks(bars, factor, cells)
        if sum(len(block) for block in blocks) + 24 * len(described) <= room:
            return blocks, described
        limit *= 0.8
    return [], []


def _around(
    bars: int, factor: int, trades: tuple[Integers, Integers], limit: float
) -> NDArray[np.bool_]:
    """Which cells of the whole level get their bars, the most important trades first."""
    entries, exits = trades
    chosen = np.zeros(-(-bars // factor), dtype=np.bool_)
    margin = next((m for m in _MARGINS if len(entries) * 2 * m < limit * factor), _MARGINS[-1])
    taken = 0
    for entry, leave in zip(entries.tolist(), exits.tolist(), strict=True):
        spans = [(entry, leave)] if leave - entry < _LONG else [(entry, entry), (leave, leave)]
        for begin, end in spans:
            cells = chosen[max(begin - margin, 0) // factor : (end + margin) // factor + 1]
            taken += len(cells) - int(np.count_nonzero(cells))
            if taken > limit:
                return chosen
            cells[:] = True
    return chosen


def _in_blocks(bars: Bars, factor: int, cells: Integers) -> tuple[list[str], list[list[int]]]:
    """Pack chosen cells; each stretch of them is described by its block, first cell and length."""
    blocks: list[str] = []
    described: list[list[int]] = []
    per_block = max(_BLOCK // factor, 1)
    for start in range(0, len(cells), per_block):
        part = cells[start : start + per_block]
        rows = (part[:, None] * factor + np.arange(factor)[None, :]).ravel()
        cut = _cut(bars, rows[rows < len(bars)])
        before = _before(cut)
        cuts = np.flatnonzero(np.diff(part) != 1) + 1
        firsts = np.concatenate([[0], cuts])
        # A stretch starts at its own open, which the whole level has already.
        before[firsts * factor] = cut.open[firsts * factor]
        blocks.append(_codec.packed(_columns(cut, before)))
        lengths = np.diff(np.concatenate([firsts, [len(part)]]))
        number = len(blocks) - 1
        described += [
            [number, int(part[first]), int(length)]
            for first, length in zip(firsts, lengths, strict=True)
        ]
    return blocks, described


def _cut(bars: Bars, rows: Integers) -> Bars:
    return Bars(
        bars.time[rows],
        bars.open[rows],
        bars.high[rows],
        bars.low[rows],
        bars.close[rows],
        bars.decimals,
        bars.exact,
    )
