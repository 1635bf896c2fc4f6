"""Repairs of imported rows, each only on request, and counted in the findings."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from omega.config.values import flag, taken
from omega.errors import ConfigError
from omega.importing import _findings
from omega.importing._findings import KEPT, Log
from omega.importing._source import PRICES, ROW


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """The repairs requested; see `omega.read_candles`."""

    sort: bool = False
    deduplicate: str | None = None
    drop_missing: bool = False
    drop_flat_fillers: bool = False
    clip_ohlc: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown word, and what is neither True nor False."""
        for name in ("sort", "drop_missing", "drop_flat_fillers", "clip_ohlc"):
            taken(name, getattr(self, name), flag)
        if self.deduplicate not in (None, "first", "last"):
            raise ConfigError(
                f"deduplicate: given {self.deduplicate!r}, expected 'first', 'last' or None"
            )


def order(frame: pl.DataFrame, options: Repairs, log: Log, *, repeated: str) -> pl.DataFrame:
    """Report missing values, disorder and repeated times, and repair what was requested.

    Args:
        frame: The rows.
        options: What may be changed.
        log: Takes the findings.
        repeated: What a repeated time is called.
    """
    values = [name for name in frame.columns if name not in ("volume", "symbol", "split", ROW)]
    numbers = [name for name in values if frame.schema[name] == pl.Float64]
    missing = pl.any_horizontal(
        *(pl.col(name).is_null() for name in values), *(pl.col(name).is_nan() for name in numbers)
    ).fill_null(value=True)
    done = "dropped" if options.drop_missing else KEPT
    if log.add("missing", frame, missing, done=done) and options.drop_missing:
        frame = frame.filter(~missing)
    frame = _with_volume(frame, options, log)
    _findings.look_for_infinite(log, frame)
    back = pl.col("time") < pl.col("time").shift(1)
    step = pl.col("time").diff().dt.total_microseconds()
    done = "sorted" if options.sort else KEPT
    if log.add("unsorted", frame, back, step, done=done, unit=1_000_000) and options.sort:
        frame = frame.sort("time", maintain_order=True)
    done = f"the {options.deduplicate} kept" if options.deduplicate else KEPT
    again = ~pl.col("time").is_first_distinct() if not frame["time"].is_sorted() \
        else pl.col("time") == pl.col("time").shift(1)  # fmt: skip
    if log.add(repeated, frame, again, done=done) and options.deduplicate == "first":
        frame = frame.unique("time", keep="first", maintain_order=True)
    elif options.deduplicate == "last":
        frame = frame.unique("time", keep="last", maintain_order=True)
    return frame


def _with_volume(frame: pl.DataFrame, options: Repairs, log: Log) -> pl.DataFrame:
    """Report rows without a volume beside others that have one, as no run takes them."""
    if "volume" not in frame.columns or frame["volume"].null_count() == frame.height:
        return frame
    missing = pl.col("volume").is_null() | pl.col("volume").is_nan()
    done = "dropped" if options.drop_missing else KEPT
    if log.add("missing", frame, missing, done=done, notes=_of_volume) and options.drop_missing:
        return frame.filter(~missing)
    return frame


def _of_volume(rows: pl.DataFrame) -> pl.Series:
    return pl.repeat("the volume", rows.height, eager=True)


def shape(frame: pl.DataFrame, options: Repairs, log: Log) -> pl.DataFrame:
    """Drop fillers and clip impossible candles, where that was requested."""
    if options.drop_flat_fillers:
        if not _findings.has_volume(frame):
            raise ConfigError(
                "drop_flat_fillers: the files have no volume, so that a filler cannot be told from "
                "a minute with one price. Leave it out"
            )
        filler = _findings.fillers(frame)
        log.add("flat_filler", frame, filler, pl.col("volume"), done="dropped")
        frame = frame.filter(~filler)
    for side in _findings.sides(frame.columns) if options.clip_ohlc else ():
        names = [f"{side}{price}" for price in PRICES]
        high, low = pl.max_horizontal(names), pl.min_horizontal(names)
        wrong = (pl.col(f"{side}high") < high) | (pl.col(f"{side}low") > low)
        away = pl.max_horizontal(high - pl.col(f"{side}high"), pl.col(f"{side}low") - low)
        log.add("ohlc", frame, wrong, away, done="clipped")
        frame = frame.with_columns(high.alias(f"{side}high"), low.alias(f"{side}low"))
    return frame
