"""How fast candles become a checked store, and how much memory that takes.

The floor is one sum over every column: the least that a pass over all values can cost. The result
is checked first: no byte is copied, and a single spoiled value in the last row is found.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.engine.figures import Figure, best, timed
from omega.data.store import CandleStore
from omega.errors import InvalidCandleData

SEED = 20_240_101
REPEATS = 5
PRICES = ("open", "high", "low", "close")


def frame(rows: int, chunks: int) -> pl.DataFrame:
    """Give valid bars with both sides: nine columns, in chunks."""
    random = np.random.default_rng(SEED)
    size = rows // chunks
    return pl.concat([_chunk(random, k * size, size) for k in range(chunks)], rechunk=False)


def _chunk(random: np.random.Generator, start: int, rows: int) -> pl.DataFrame:
    opened, closed = 1 + random.random(rows), 1 + random.random(rows)
    bid = {
        "open": opened,
        "high": np.maximum(opened, closed) + 0.1,
        "low": np.minimum(opened, closed) - 0.1,
        "close": closed,
    }
    minutes = pl.int_range(start, start + rows, eager=True) * 60_000
    return pl.DataFrame(
        {
            "time": minutes.cast(pl.Datetime("ms")),
            **{f"bid_{price}": bid[price] for price in PRICES},
            **{f"ask_{price}": bid[price] + 0.01 for price in PRICES},
        }
    )


def check(candles: pl.DataFrame) -> None:
    """Refuse to time what does not give the right answer."""
    assert CandleStore(candles).copied_bytes == 0, "something was copied"  # noqa: S101 - a check
    last = candles.height - 1
    spoiled = candles.with_columns(
        pl.when(pl.int_range(pl.len()) == last).then(0.5).otherwise("ask_low").alias("ask_low")
    )
    try:
        CandleStore(spoiled)
    except InvalidCandleData as error:
        if (error.column, error.row) == ("ask_low", last):
            return
    message = "a crossed last row was not found"
    raise AssertionError(message)


def resident() -> int:
    """Give the resident memory of this process that no file backs, in bytes; 0 where not told."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return 1_024 * next((int(x.split()[1]) for x in lines if x.startswith("RssAnon")), 0)


def figures(rows: int = 20_000_000, chunks: int = 10) -> list[Figure]:
    """Measure reading and checking, beside one sum over every column."""
    check(frame(100_000, chunks))
    candles = frame(rows, chunks)
    size = int(candles.estimated_size())
    arrays = [array for name in candles.columns for array in _arrays(candles[name])]
    before = resident()
    store = CandleStore(candles)
    growth = 100 * (resident() - before) / size
    checked, floor = best(
        lambda: timed(lambda: CandleStore(candles)),
        lambda: timed(lambda: [array.sum() for array in arrays]),
        repeats=REPEATS,
    )
    detail = f"({checked / floor:.2f} x one sum over every column)"
    return [
        Figure(f"ingest and check {rows:,} bars, {chunks} chunks", size / checked / 1e9, "GB/s",
               at_least=2.0, detail=detail),
        Figure("bytes copied", store.copied_bytes, "", 0),
        Figure("resident memory of the store / the input", growth, "%", 2.0),
    ]  # fmt: skip


def _arrays(column: pl.Series) -> list[np.ndarray]:
    """The chunks of a column as arrays that share its memory."""
    return [chunk.to_physical().to_numpy() for chunk in column.get_chunks()]
