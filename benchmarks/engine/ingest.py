"""How fast candles become a checked store, and how much memory that takes.

    python -m benchmarks.engine.ingest [rows] [chunks]

The floor is one sum over every column: the least that a pass over all values can cost. The result
is checked first: no byte is copied, and a single spoiled value in the last row is found.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from omega.errors import InvalidCandleData
from omega.store import CandleStore

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


def best(call: Callable[[], object]) -> float:
    """Give the shortest of several times, in seconds."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def resident() -> int:
    """Give the resident memory of this process that no file backs, in bytes; 0 where not told."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return 1_024 * next((int(x.split()[1]) for x in lines if x.startswith("RssAnon")), 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rows", nargs="?", type=int, default=20_000_000)
    parser.add_argument("chunks", nargs="?", type=int, default=10)
    asked = parser.parse_args()
    check(frame(100_000, asked.chunks))

    candles = frame(asked.rows, asked.chunks)
    size = int(candles.estimated_size())
    values = [array for name in candles.columns for array in arrays(candles[name])]
    floor = best(lambda: [array.sum() for array in values])
    before = resident()
    store = CandleStore(candles)
    growth = resident() - before
    checked = best(lambda: CandleStore(candles))
    shared = best(lambda: CandleStore(candles, validate="off"))
    print(f"{len(store):,} bars, {store.n_chunks} chunks, {size / 1e9:.2f} GB")
    print(f"checked   {checked * 1e3:8.1f} ms  {size / checked / 1e9:6.2f} GB/s")
    print(f"floor     {floor * 1e3:8.1f} ms  {size / floor / 1e9:6.2f} GB/s  (one sum a column)")
    print(f"ratio     {checked / floor:8.2f}")
    print(f"unchecked {shared * 1e3:8.2f} ms")
    print(f"copied    {store.copied_bytes:8,} bytes")
    print(f"growth    {100 * growth / size:8.3f} % of the input, resident")


def arrays(column: pl.Series) -> list[np.ndarray]:
    """The chunks of a column as arrays that share its memory."""
    return [chunk.to_physical().to_numpy() for chunk in column.get_chunks()]


if __name__ == "__main__":
    main()
