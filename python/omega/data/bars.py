"""Bars by tick, volume, money, range and Renko instead of time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import number, one_of, taken, whole
from omega.contract import ArrowLike
from omega.data import roles
from omega.data.columns import Candles
from omega.data.dataset import Dataset
from omega.data.frames import frame_of
from omega.data.store import CandleStore
from omega.errors import ConfigError, InvalidCandleData
from omega.libraries import arguments_of

_KINDS = ("tick", "volume", "dollar", "range", "renko")
_PRICES = ("open", "high", "low", "close")
_DATES = "DatetimeIndex"
"""The index of a frame of pandas that is its time."""
_AT_ONCE = 1 << 18
"""Rows that are turned into numbers of Python at once."""
_NEAR = 1e-9
"""The part of a size by which a price may miss a level: decimals are not exact in doubles."""

Times = NDArray[np.int64]


class _Ends(NamedTuple):
    """The last rows of bars, and of Renko how many bricks each made and where the last one ends."""

    rows: list[int]
    bricks: list[int] | None = None
    levels: list[float] | None = None


def bars(
    data: ArrowLike,
    kind: str,
    size: float,
    *,
    symbol: str | None = None,
) -> pl.DataFrame:
    """Make bars of ticks or candles that end by what happened and not by the clock.

    A bar is whole rows of the data, so that the next one opens at a price that could be traded: it
    ends with the row that completes it, and with all rows of the time of that row. What comes after
    the last complete bar is left out. A bar depends on rows up to its own end only.

    Args:
        data: Candles as `run_backtest` takes them; or ticks: `time` with `bid` and `ask`, or with
            `price`, and `volume` where there is one. Several rows may have one time.
        kind: What completes a bar: "tick", so many rows; "volume", so much volume; "dollar", so
            much price times volume, of closes of the bid; "range", high less low of the bid;
            "renko", a close of the bid one brick beyond the last brick, or two against it.
        size: Rows, volume, money, or the range or brick in units of the price.
        symbol: The symbol to take of several; None takes all.

    Returns:
        A frame that runs as candles do: `time` of the first row, the prices of the data's sides,
        the widest `spread`, the sum of `volume` (of ticks without one their number) and

        - `close_time`: when the bar was known. Of candles the end of the last one: its own
          `close_time`, the opening of the next, or its opening plus the shortest step so far,
          whichever is first. Of ticks one unit of the clock after the last one.
        - `rows`: how many rows it is made of.
        - `bricks`, `brick`: of Renko how many bricks it made, below 0 downwards, and the price at
          which the last of them ends. Bricks of one moment are one bar, as nothing could be traded
          between them. Levels are whole multiples of the size.

    Raises:
        ConfigError: The kind or the size is none, or a column is missing.
        InvalidCandleData: The rows are not in the order of time, or lack a price.

    Example:
        >>> from datetime import datetime
        >>> ticks = {"time": [datetime(2024, 1, 1, 0, 0, s) for s in range(6)],
        ...          "price": [1.0, 1.4, 1.1, 3.2, 3.1, 0.9], "volume": [2.0] * 6}
        >>> bars(pl.DataFrame(ticks), "volume", 4).select("open", "high", "volume").rows()
        [(1.0, 1.4, 4.0), (1.1, 3.2, 4.0), (3.1, 3.1, 4.0)]
        >>> bars(pl.DataFrame(ticks), "renko", 1).select("close", "bricks", "brick").rows()
        [(3.2, 2, 3.0), (0.9, -1, 1.0)]
    """
    kind, size = _checked(kind, size)
    with arguments_of("bars"):
        parts = _parts(data, symbol)
    made = [_of_symbol(part, kind, size) for part in parts]
    return made[0] if len(made) == 1 else pl.concat(made)


def _checked(kind: str, size: float) -> tuple[str, float]:
    kind = taken("bars kind", kind, one_of(*_KINDS))
    rule = whole(1) if kind == "tick" else number(above=0.0)
    return kind, taken(f"bars size of kind={kind!r}", size, rule)


def _parts(data: ArrowLike, symbol: str | None) -> list[pl.DataFrame]:
    """Return the rows of each symbol."""
    if isinstance(data, (str, Path)):
        data = Dataset(data)
    if isinstance(data, Dataset):
        data = data.scan()
    if type(getattr(data, "index", None)).__name__ == _DATES:
        data = data.reset_index(names="time")
    if _is_for_a_store(data):
        data = CandleStore(data)
    if isinstance(data, CandleStore):
        names = data.symbols if symbol is None else [symbol]
        several = len(data.symbols) > 1
        found = [(name, frame_of(data.symbol(name))) for name in names]
        return [
            frame.with_columns(symbol=pl.lit(name)) if several else frame for name, frame in found
        ]
    frame = data.collect() if isinstance(data, pl.LazyFrame) else pl.DataFrame(data)
    column = roles.column_of("symbol", frame.columns, {})
    if column is None:
        if symbol is not None:
            raise ConfigError(f"bars symbol: given {symbol!r}, but the data has no column symbol")
        return [frame]
    if symbol is None:
        return frame.partition_by(column, maintain_order=True) or [frame]
    known = frame[column].unique(maintain_order=True).to_list()
    if symbol not in known:
        raise ConfigError(f"bars symbol: given {symbol!r}, expected one of {known}")
    return [frame.filter(pl.col(column) == symbol)]


def _is_for_a_store(data: Any) -> bool:  # noqa: ANN401 - whatever was given
    """Return whether these are candles, and of a form that Polars does not read."""
    if isinstance(data, Mapping):
        return any(hasattr(one, "columns") or isinstance(one, (str, Path)) for one in data.values())
    return isinstance(data, Candles)


class _Columns(NamedTuple):
    """The columns of a table by what they are: those of each side by open, high, low and close."""

    time: str
    sides: dict[str, tuple[str, str, str, str]]
    volume: str | None
    spread: str | None
    is_tick: bool

    @property
    def first_side(self) -> tuple[str, str, str, str]:
        """The prices of the bid, which bars are measured by."""
        return next(iter(self.sides.values()))


def _columns(frame: pl.DataFrame) -> _Columns:
    names = frame.columns
    is_trade = roles.column_of("open", names, {}) is None and "price" in names
    found = roles.find(names, dict.fromkeys(roles.PLAIN, "price") if is_trade else {})
    is_quote = "bid" in found
    layouts = {"": roles.PLAIN, "bid_": roles.BID, "ask_": roles.ASK}
    if is_quote:
        sides = {f"{side}_": (found[side],) * 4 for side in roles.QUOTE}
    else:
        sides = {
            prefix: (found[o], found[h], found[lo], found[c])
            for prefix, (o, h, lo, c) in layouts.items()
            if o in found
        }
    is_tick = is_trade or is_quote
    return _Columns(found["time"], sides, found.get("volume"), found.get("spread"), is_tick)


def _of_symbol(frame: pl.DataFrame, kind: str, size: float) -> pl.DataFrame:
    columns = _columns(frame)
    if not columns.is_tick and frame.height == 1 and "close_time" not in frame.columns:
        frame = frame[:0]  # how long a single candle lasts, nobody knows
    if kind in ("volume", "dollar") and columns.volume is None:
        raise ConfigError(f"bars: given {kind!r} of data without a volume. Use another kind")
    times = frame[columns.time]
    _require_order(times)
    moments = times.to_physical().cast(pl.Int64).to_numpy()
    for name in dict.fromkeys(name for side in columns.sides.values() for name in side):
        _require_numbers(frame[name])
    is_last = np.append(moments[1:] != moments[:-1], True)
    ends = _ends(frame, columns, kind, size, is_last)
    return _grouped(frame, columns, ends, _known(frame, columns, moments))


def _require_order(times: pl.Series) -> None:
    if not times.dtype.is_temporal():
        raise InvalidCandleData(
            f"bars: given times of type {times.dtype}, expected datetimes", column=times.name
        )
    early = (times.to_physical().diff() < 0).fill_null(value=False) | times.is_null()
    if early.any():
        row = int(early.arg_max() or 0)
        raise InvalidCandleData(
            f"bars, row {row}: its time is missing or before that of the row above. Sort the "
            "rows by time first",
            column=times.name,
            row=row,
            rule="time_order",
        )


def _require_numbers(prices: pl.Series) -> None:
    lacking = ~prices.cast(pl.Float64).is_finite().fill_null(value=False)
    if lacking.any():
        row = int(lacking.arg_max() or 0)
        raise InvalidCandleData(
            f"bars, row {row}: {prices.name} is {prices[row]}, expected a price. Drop the row",
            column=prices.name,
            row=row,
            value=prices[row],
        )


def _known(frame: pl.DataFrame, columns: _Columns, times: Times) -> Times:
    """Return when each row was known."""
    if columns.is_tick or len(times) == 0:
        return times + 1
    steps = np.diff(times) if len(times) > 1 else np.array([np.iinfo(np.int64).max])
    steps[steps == 0] = np.iinfo(np.int64).max
    shortest = np.minimum.accumulate(np.append(steps[:1], steps))
    known = np.minimum(times, np.iinfo(np.int64).max - shortest) + shortest
    known[:-1] = np.where(times[1:] > times[:-1], np.minimum(known[:-1], times[1:]), known[:-1])
    if "close_time" in frame.columns:
        own = frame["close_time"].cast(frame[columns.time].dtype).to_physical().cast(pl.Int64)
        given = own.fill_null(np.iinfo(np.int64).max).to_numpy()
        known = np.minimum(known, np.maximum(given, times + 1))
    found: Times = known
    return found


def _numbers(frame: pl.DataFrame, *names: str) -> Iterator[tuple[float, ...]]:
    """Yield the rows of some columns as numbers."""
    for part in frame.select(pl.col(names).cast(pl.Float64)).iter_slices(_AT_ONCE):
        yield from zip(*(part[name].to_list() for name in names), strict=True)


def _ends(
    frame: pl.DataFrame,
    columns: _Columns,
    kind: str,
    size: float,
    is_last: NDArray[np.bool_],
) -> _Ends:
    _, high, low, close = columns.first_side
    if kind == "renko":
        return _renko((c for (c,) in _numbers(frame, close)), is_last.tolist(), size)
    if kind == "range":
        frame = frame.select(pl.col(high).alias("high"), pl.col(low).alias("low"))
        return _Ends(_by_range(_numbers(frame, "high", "low"), is_last.tolist(), size))
    if kind == "tick":
        amounts = pl.lit(1.0)
    else:
        volume = pl.col(columns.volume or "").cast(pl.Float64).fill_nan(0.0).fill_null(0.0)
        amounts = volume if kind == "volume" else volume * pl.col(close)
    rows = _numbers(frame.select(amount=pl.repeat(0.0, pl.len()) + amounts), "amount")
    return _Ends(_by_sum((amount for (amount,) in rows), is_last.tolist(), size))


def _by_sum(amounts: Iterator[float], is_last: Sequence[bool], size: float) -> list[int]:
    """Return the rows with which sums reach a size; each begins again after them."""
    ends, total = [], 0.0
    for row, last, amount in zip(count(), is_last, amounts, strict=False):
        total += amount
        if total >= size and last:
            ends.append(row)
            total = 0.0
    return ends


def _by_range(
    ranges: Iterator[tuple[float, ...]], is_last: Sequence[bool], size: float
) -> list[int]:
    """Return the rows with which highest less lowest reaches a size."""
    ends, enough = [], size * (1.0 - _NEAR)
    highest, lowest = -math.inf, math.inf
    for row, last, (high, low) in zip(count(), is_last, ranges, strict=False):
        highest = max(highest, high)
        lowest = min(lowest, low)
        if last and highest - lowest >= enough:
            ends.append(row)
            highest, lowest = -math.inf, math.inf
    return ends


def _renko(closes: Iterator[float], is_last: Sequence[bool], size: float) -> _Ends:
    """Return the rows whose closes made bricks.

    The last brick lies between two neighbouring levels; before there is one, both are that of the
    first close, rounded down.
    """
    rows: list[int] = []
    bricks: list[int] = []
    levels: list[float] = []
    near, top, bottom = _NEAR * size, 0, 0
    above, below = -math.inf, math.inf
    for row, last, close in zip(count(), is_last, closes, strict=False):
        if below < close < above or not last:
            continue
        level = math.floor((close + near) / size)
        if below == math.inf:
            top = bottom = level
        else:
            if close >= above:
                made, top, bottom = level - top, level, level - 1
            else:
                level = math.ceil((close - near) / size)
                made, top, bottom = level - bottom, level + 1, level
            rows.append(row)
            bricks.append(made)
            levels.append(level * size)
        above, below = (top + 1) * size - near, (bottom - 1) * size + near
    return _Ends(rows, bricks, levels)


def _grouped(frame: pl.DataFrame, columns: _Columns, ends: _Ends, known: Times) -> pl.DataFrame:
    """Put the rows of each bar together."""
    last = np.array(ends.rows, dtype=np.int64)
    used = int(last[-1]) + 1 if len(last) else 0
    lengths = np.diff(last, prepend=-1)
    group = pl.Series("bar", np.repeat(np.arange(len(last)), lengths))
    prices = [
        made.cast(pl.Float64).alias(f"{prefix}{price}")
        for prefix, (o, h, lo, c) in columns.sides.items()
        for price, made in zip(
            _PRICES,
            (pl.col(o).first(), pl.col(h).max(), pl.col(lo).min(), pl.col(c).last()),
            strict=True,
        )
    ]
    more = [] if columns.spread is None else [pl.col(columns.spread).max().alias("spread")]
    if columns.volume is not None:
        more.append(pl.col(columns.volume).cast(pl.Float64).sum().alias("volume"))
    elif columns.is_tick:
        more.append(pl.len().cast(pl.Float64).alias("volume"))
    symbol = roles.column_of("symbol", frame.columns, {})
    names = [] if symbol is None else [pl.col(symbol).first().alias("symbol")]
    time = pl.col(columns.time).first().alias("time")
    made = (
        frame[:used].with_columns(group).group_by("bar", maintain_order=True)
        .agg(time, *names, *prices, *more).drop("bar")
    )  # fmt: skip
    closes = pl.Series("close_time", known[last]).cast(frame[columns.time].dtype)
    made = made.with_columns(closes, pl.Series("rows", lengths))
    if ends.bricks is None:
        return made
    bricks = pl.Series("bricks", ends.bricks, dtype=pl.Int64)
    return made.with_columns(bricks, pl.Series("brick", ends.levels, dtype=pl.Float64))
