"""How fast files become candles: text of several forms, and a year of ticks made into minutes.

The files are invented, with their seed here, and lie in a folder that goes afterwards. What is
timed is the whole call, with its detection, its clock and its table of findings; the rows are
checked first.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

import omega
from benchmarks.engine.figures import Figure, best, timed

SEED = 20_240_102
BARS = 500_000
TICKS = 2_500_000
FILES = 100
REPEATS = 3
START = datetime(2023, 1, 1, tzinfo=UTC)


def figures() -> list[Figure]:
    """Measure text of minutes in MB/s, and a year of ticks in seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [_text(folder, kind) for kind in ("csv", "histdata", "binance")]
        return [*found, _year(folder)]


def _bars() -> pl.DataFrame:
    random = np.random.default_rng(SEED)
    close = 1.1 + np.cumsum(random.normal(0, 1e-5, BARS))
    time = pl.Series(np.arange(BARS) * 60_000_000).cast(pl.Duration("us")) + START
    prices = {"open": close, "high": close + 1e-4, "low": close - 1e-4, "close": close}
    return pl.DataFrame({"time": time, **prices}).with_columns(
        pl.col("open", "high", "low", "close").round(5), volume=pl.lit(3)
    )


def _text(folder: Path, kind: str) -> Figure:
    """Write minutes in the form of one source, and time their import."""
    bars = _bars()
    path = folder / f"{kind}.csv"
    bar_time, time_zone = None, None
    if kind == "csv":
        text = bars.with_columns(pl.col("time").dt.strftime("%Y-%m-%d %H:%M:%S+00:00"))
        text.write_csv(path)
        bar_time = "open"
    elif kind == "histdata":
        text = bars.with_columns(pl.col("time").dt.strftime("%Y%m%d %H%M%S"), volume=pl.lit(0))
        text.write_csv(path, separator=";", include_header=False, float_precision=6)
        time_zone = "UTC-5"
    else:
        epoch = pl.col("time").dt.epoch("ms")
        ends = [(epoch + 59_999).alias("end"), *(pl.lit(1).alias(str(k)) for k in range(5))]
        bars.with_columns(*ends, time=epoch).write_csv(path, include_header=False)

    def read() -> omega.ImportedCandles:
        return omega.read_candles(path, bar_time=bar_time, time_zone=time_zone)

    first = read()
    _require(holds=(first.source, len(first)) == (kind, BARS))
    (seconds,) = best(lambda: timed(read), repeats=REPEATS)
    size = path.stat().st_size / 1e6
    return Figure(f"import of {BARS:,} minutes, {kind}", size / seconds, "MB/s", at_least=50.0,
                  detail=f"({size:.0f} MB)")  # fmt: skip


def _year(folder: Path) -> Figure:
    """Write ticks in hourly files as Dukascopy has them, and time their way to minutes."""
    random = np.random.default_rng(SEED)
    bid = (1.3 + np.cumsum(random.normal(0, 1e-5, TICKS))).round(5)
    times = np.sort(random.integers(0, 364 * 86_400_000, TICKS))
    ticks = pl.DataFrame(
        {
            "time": (pl.Series(times).cast(pl.Duration("ms")) + START).dt.strftime(
                "%Y.%m.%d %H:%M:%S.%3f"
            ),
            "bid": bid,
            "ask": (bid + 4e-4).round(5),
            "bid_volume": 1.5,
            "ask_volume": 0.75,
        }
    )
    pack = folder / "USDSGD" / "2023"
    pack.mkdir(parents=True)
    for k in range(FILES):
        part = ticks.slice(k * TICKS // FILES, TICKS // FILES)
        part.write_csv(pack / f"{k:03}h_ticks.csv", include_header=False)
    first = omega.read_candles(pack, timeframe="M1")
    _require(holds=f"{TICKS:,} ticks were made into" in first.summary())
    (seconds,) = best(lambda: timed(lambda: omega.read_candles(pack, timeframe="M1")),
                      repeats=REPEATS)  # fmt: skip
    return Figure(f"{TICKS:,} ticks of text into {len(first):,} minutes", seconds, "s", 5.0)


def _require(*, holds: bool) -> None:
    """Refuse to time what does not give the right answer."""
    if not holds:
        message = "other rows were read than had been written"
        raise AssertionError(message)
