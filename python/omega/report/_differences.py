"""Trades of several runs beside each other: the same, moved, or in one run only."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import polars as pl

from omega.report._candles import moments
from omega.report._codec import Integers
from omega.report._reported import Reported

STATUSES = ("same", "moved", "only left", "only right")
_COLUMNS = ("trade_id", "entry_time", "exit_time", "entry_price", "exit_price", "lots", "net_pnl")
_TIMES = ("entry_time", "exit_time")
_NAMES = ("symbol", "direction")

Pair: TypeAlias = tuple[int | None, int | None]
"""A row of the left table and one of the right table; None where there is none."""


def differences(runs: Mapping[str, Reported]) -> pl.DataFrame:
    """Compare the trades of each further run with those of the first.

    Trades of a symbol and direction that began at one time belong together, the parts of one
    position in their order. Of those left over, one has *moved* to the first of the other run that
    was open while it was.

    Returns:
        A row for each pair, and for each trade without one: ``left`` and ``right``, the names of
        the runs; ``status``: "same" (times, prices, size and net profit are equal), "moved", "only
        left" or "only right"; ``symbol`` and ``direction``; of both trades ``trade_id``, times,
        prices, ``lots`` and ``net_pnl``, with ``left_`` or ``right_`` before them; and
        ``difference``, the net profit of the right one less that of the left one.

    Example:
        >>> from omega.results.result import example_result
        >>> differences({"a": example_result(), "b": example_result()})["status"].to_list()
        ['same', 'same', 'same']
    """
    (name, first), *others = runs.items()
    tables = [_compared((name, first), other) for other in others]
    return pl.concat(tables) if tables else _compared((name, first), (name, first)).clear()


def counts(table: pl.DataFrame) -> list[tuple[str, int, int, int, int, float]]:
    """Count each status by run: its name, the four counts, and the difference in net profit.

    Example:
        >>> from omega.results.result import example_result
        >>> counts(differences({"a": example_result(), "b": example_result()}))
        [('b', 3, 0, 0, 0, 0.0)]
    """
    numbers = [(pl.col("status") == status).sum().alias(status) for status in STATUSES]
    grouped = table.group_by("right", maintain_order=True).agg(*numbers, pl.col("difference").sum())
    return list(grouped.iter_rows())


def _compared(left: tuple[str, Reported], right: tuple[str, Reported]) -> pl.DataFrame:
    ours, theirs = (result.trades for _, result in (left, right))
    begins = [moments(table["entry_time"]).tolist() for table in (ours, theirs)]

    def begin(pair: Pair) -> int:
        known = [times[row] for times, row in zip(begins, pair, strict=True) if row is not None]
        return int(known[0])

    pairs = sorted(_pairs(ours, theirs), key=begin)
    rows = [pl.Series([pair[side] for pair in pairs], dtype=pl.UInt32) for side in (0, 1)]
    kind = ours.schema["entry_time"]
    prefixes = ("left_", "right_")
    sides = [_side(*one, kind) for one in zip((ours, theirs), rows, prefixes, strict=True)]
    frame = pl.concat(sides, how="horizontal")
    equal = pl.all_horizontal(
        (pl.col(f"left_{name}") == pl.col(f"right_{name}")) for name in _COLUMNS[1:]
    )
    status = (
        pl.when(pl.col("right_trade_id").is_null())
        .then(pl.lit("only left"))
        .when(pl.col("left_trade_id").is_null())
        .then(pl.lit("only right"))
        .when(equal)
        .then(pl.lit("same"))
        .otherwise(pl.lit("moved"))
    )
    net = pl.col("right_net_pnl").fill_null(0.0) - pl.col("left_net_pnl").fill_null(0.0)
    return frame.select(
        pl.lit(left[0]).alias("left"),
        pl.lit(right[0]).alias("right"),
        status.cast(pl.Enum(STATUSES)).alias("status"),
        *(pl.coalesce(f"left_{name}", f"right_{name}").alias(name) for name in _NAMES),
        *(f"{side}_{name}" for side in ("left", "right") for name in _COLUMNS),
        net.alias("difference"),
    )


def _side(
    table: pl.DataFrame,
    rows: pl.Series,
    prefix: str,
    kind: Any,  # noqa: ANN401 - a `pl.Datetime`, which Polars types as any type
) -> pl.DataFrame:
    """Give the columns of one side, at rows of which some are missing, with times of one kind."""
    times = [pl.Series(name, moments(table[name])).cast(pl.Datetime("ns")) for name in _TIMES]
    zone = kind.time_zone
    shown = [one.dt.cast_time_unit(kind.time_unit).dt.replace_time_zone("UTC") for one in times]
    own = [
        one.dt.convert_time_zone(zone) if zone else one.dt.replace_time_zone(None) for one in shown
    ]
    names = table.select(pl.col(*_NAMES).cast(pl.String), *_COLUMNS).with_columns(*own)
    return names.select(pl.all().gather(rows).name.prefix(prefix))


def _pairs(left: pl.DataFrame, right: pl.DataFrame) -> Iterator[Pair]:
    """Give the rows that belong together; those that began together first."""
    there = {key: row for row, key in enumerate(_keys(right))}
    alone: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, key in enumerate(_keys(left)):
        partner = there.pop(key, None)
        if partner is None:
            alone[key[:2]].append(row)
        else:
            yield row, partner
    others: dict[tuple[str, str], list[int]] = defaultdict(list)
    for key, row in there.items():
        others[key[:2]].append(row)
    spans = [[moments(table[name]) for name in _TIMES] for table in (left, right)]
    for group in {**alone, **others}:
        yield from _open_together(alone[group], others[group], spans)


def _keys(trades: pl.DataFrame) -> Iterator[tuple[str, str, int, int]]:
    """Give what a trade is found by: symbol, direction, begin, and its place among such trades."""
    seen: dict[tuple[str, str, int], int] = defaultdict(int)
    names = [trades[name].cast(pl.String).to_list() for name in _NAMES]
    begins = moments(trades["entry_time"]).tolist()
    for symbol, direction, begun in zip(*names, begins, strict=True):
        place = seen[symbol, direction, begun]
        seen[symbol, direction, begun] += 1
        yield symbol, direction, begun, place


def _open_together(
    left: list[int], right: list[int], spans: list[list[Integers]]
) -> Iterator[Pair]:
    """Join each trade with the first of the other side that was open while it was."""
    (begin, end), (other_begin, other_end) = spans
    waiting = deque(sorted(right, key=lambda row: other_begin[row]))
    for row in sorted(left, key=lambda row: begin[row]):
        while waiting and other_end[waiting[0]] < begin[row]:
            yield None, waiting.popleft()
        if waiting and other_begin[waiting[0]] <= end[row]:
            yield row, waiting.popleft()
        else:
            yield row, None
    yield from ((None, row) for row in waiting)
