"""What taking candles in costs: bytes copied, memory, and bytes checked a second."""

from __future__ import annotations

from collections.abc import Iterator

import omega
from benchmarks.engine import ingest
from benchmarks.engine.measure import Figure, interleaved, require

ROWS, CHUNKS = 20_000_000, 10


def figures() -> Iterator[Figure]:
    """Give the figures of ingest and validation."""
    ingest.check(ingest.frame(100_000, CHUNKS))
    candles = ingest.frame(ROWS, CHUNKS)
    size = int(candles.estimated_size())
    before = ingest.resident()
    store = omega.CandleStore(candles)
    grown = ingest.resident() - before
    require(len(store) == ROWS, "every row is there")
    require(store.n_chunks == CHUNKS, "no chunks were joined")
    arrays = [array for name in candles.columns for array in ingest.arrays(candles[name])]
    times = interleaved(
        {
            "checked": lambda: omega.CandleStore(candles),
            "floor": lambda: [array.sum() for array in arrays],
        },
        rounds=7,
    )
    checked, floor = times["checked"], times["floor"]
    yield Figure("bytes copied, 20,000,000 bars in ten chunks", float(store.copied_bytes), "B", 0.0)
    yield Figure("memory that it raises, of the input", 100 * grown / size, "%", 2.0)
    yield Figure(
        "ingest and validation",
        size / checked.best / 1e9,
        "GB/s",
        2.0,
        noise=checked.noise,
        is_ceiling=False,
        detail=f"{checked.best / floor.best:.2f} x one sum a column",
    )
