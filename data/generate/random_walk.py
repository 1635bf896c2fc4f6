"""Seeded bid and ask candles of an invented currency pair: the same seed, the same candles.

The Polars frame has `time` (UTC, one minute apart), four prices a side that keep rule T3, and
`volume`. The walk is geometric; the spread is half a pip at least and wanders.

    python -m data.generate.random_walk --bars 100000 --seed 7 candles.parquet
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

Prices = npt.NDArray[np.float64]

START = datetime(2024, 1, 1, tzinfo=UTC)
DIGITS = 5
PIP = 0.0001


def candles(bars: int, *, seed: int = 0, price: float = 1.1, chunks: int = 1) -> pl.DataFrame:
    """Return one-minute candles of an invented currency pair.

    Args:
        bars: Number of bars.
        seed: Of the random numbers.
        price: Price that the walk starts from.
        chunks: Number of equal chunks that each column is kept in.

    Example:
        >>> candles(3, seed=1).columns[:3]
        ['time', 'bid_open', 'bid_high']
    """
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0.0, 0.8 * PIP, bars)))
    open_ = np.concatenate([[price], close[:-1]])
    high = np.maximum(open_, close) + np.abs(rng.normal(0.0, 0.5 * PIP, bars))
    low = np.minimum(open_, close) - np.abs(rng.normal(0.0, 0.5 * PIP, bars))
    spread = PIP * (0.5 + np.abs(rng.normal(0.0, 0.3, bars)))
    volume = rng.integers(1, 500, bars).astype(np.float64)
    whole = pl.DataFrame(
        {
            "time": np.arange(bars, dtype=np.int64) * 60_000_000 + int(START.timestamp()) * 10**6,
            **_side("bid", open_, high, low, close),
            **_side("ask", open_ + spread, high + spread, low + spread, close + spread),
            "volume": volume,
        }
    ).with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))
    return whole if chunks == 1 else _chunked(whole, chunks)


def _side(name: str, open_: Prices, high: Prices, low: Prices, close: Prices) -> dict[str, Prices]:
    """Return four columns of prices; rounding keeps their order."""
    prices = {"open": open_, "high": high, "low": low, "close": close}
    return {f"{name}_{key}": np.round(values, DIGITS) for key, values in prices.items()}


def _chunked(whole: pl.DataFrame, chunks: int) -> pl.DataFrame:
    """Return the same rows in chunks, as a file of that many row groups gives them."""
    size = -(-len(whole) // chunks)
    parts = [whole.slice(first, size).clone() for first in range(0, len(whole), size)]
    return pl.concat(parts, rechunk=False)


def main() -> None:
    """Write candles to a Parquet file."""
    parser = argparse.ArgumentParser(description="Write seeded bid and ask candles as Parquet.")
    parser.add_argument("file", help="the Parquet file to write")
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    candles(asked.bars, seed=asked.seed).write_parquet(asked.file)
    print(f"{asked.bars:,} bars of seed {asked.seed} written to {asked.file}")


if __name__ == "__main__":
    main()
