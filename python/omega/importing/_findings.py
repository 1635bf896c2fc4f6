"""Defects of imported rows, as one table: a row for each, in the order of time.

Rows keep the numbers that they had in their files. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from omega.importing._source import PRICES

ROW = "_row"
KEPT = "kept"
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "row": pl.Int64,
    "time": pl.Datetime("us", "UTC"),
    "value": pl.Float64,
    "file": pl.String,
    "done": pl.String,
}
JUMP_DOWN, JUMP_UP = 0.67, 1.5
"""A close outside these shares of the close before may be a split that was not adjusted for."""
SPIKE_OF_RANGE = 30.0
"""A spike leaves its neighbours by this many times the usual range of a bar, and comes back."""
LEAST_SPIKE = 0.002
"""And by this share of the price."""
_NEIGHBOURS = 101
_US = 1_000_000


@dataclass(slots=True)
class Log:
    """Collects findings.

    Attributes:
        counts: Each file with its number of rows, in the order of the rows.
    """

    counts: list[tuple[str, int]]
    _found: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self,
        kind: str,
        frame: pl.DataFrame,
        where: pl.Expr,
        value: pl.Expr | None = None,
        done: str = KEPT,
    ) -> int:
        """Keep a finding for each row of the frame for which `where` holds, and count them."""
        picked = frame.lazy().with_columns(
            _where=where.fill_null(value=False),
            _value=(pl.lit(None) if value is None else value).cast(pl.Float64),
        )
        rows = picked.filter("_where").select(ROW, "time", "_value").collect()
        if rows.height:
            self._found.append(
                rows.select(
                    pl.lit(kind).alias("kind"),
                    pl.col(ROW).cast(pl.Int64).alias("row"),
                    pl.col("time").cast(SCHEMA["time"]),
                    pl.col("_value").alias("value"),
                    pl.lit(None, pl.String).alias("file"),
                    pl.lit(done).alias("done"),
                )
            )
        return rows.height

    def say(self, kind: str, done: str, file: str, value: float | None = None) -> None:
        """Keep a finding about a whole file."""
        cells = {"kind": kind, "row": None, "time": None, "value": value, "file": file}
        self._found.append(pl.DataFrame([{**cells, "done": done}], schema=SCHEMA))

    def take(self, other: Log) -> None:
        """Keep the findings of another log, too."""
        self._found.append(other.table())

    def table(self) -> pl.DataFrame:
        """Give all findings, in the order of time, with the row and the name of the file."""
        if not self._found:
            return pl.DataFrame(schema=SCHEMA)
        whole = pl.concat(self._found)
        starts, total = [], 0
        for _, rows in self.counts:
            starts.append(total)
            total += rows
        unplaced = pl.col("file").is_null() & pl.col("row").is_not_null()
        files = pl.DataFrame(
            {"start": starts, "_file": [name for name, _ in self.counts]},
            schema={"start": pl.Int64, "_file": pl.String},
        ).filter(pl.Series([rows > 0 for _, rows in self.counts], dtype=pl.Boolean))
        placed = whole.filter(unplaced).sort("row").set_sorted("row")
        placed = placed.join_asof(files.set_sorted("start"), left_on="row", right_on="start")
        placed = placed.with_columns(row=pl.col("row") - pl.col("start"), file=pl.col("_file"))
        rest = whole.filter(~unplaced)
        return pl.concat([rest, placed.select(SCHEMA.keys())]).sort(
            "time", "kind", maintain_order=True, nulls_last=False
        )


def sides(columns: Iterable[str]) -> list[str]:
    """Give what stands before the prices: ``""`` for plain ones, ``"bid_"``, ``"ask_"``."""
    names = set(columns)
    return [side for side in ("", "bid_", "ask_") if f"{side}close" in names]


def step_of(times: pl.Series) -> int | None:
    """Give the usual distance between rows, in microseconds; None where there are too few."""
    steps = times.drop_nulls().unique().sort().diff().drop_nulls().dt.total_microseconds()
    if steps.is_empty():
        return None
    counted = steps.value_counts().sort(["count", steps.name], descending=[True, False])
    return int(counted[steps.name][0])


def look_for_infinite(log: Log, frame: pl.DataFrame) -> None:
    """Find numbers beyond what a double holds, such as 1e400: each is read as infinite."""
    for name, kind in frame.schema.items():
        if kind == pl.Float64:
            log.add("infinite", frame, pl.col(name).is_infinite(), pl.col(name))


def look_at_candles(log: Log, frame: pl.DataFrame, step: int | None) -> None:
    """Find gaps, crossed and locked quotes, flat rows, impossible prices, spikes and jumps."""
    _gaps(log, frame, step)
    _quotes(log, frame)
    _flat(log, frame)
    for side in sides(frame.columns):
        _impossible(log, frame, side)
    shown = sides(frame.columns)[0]
    _spikes(log, frame, shown)
    ratio = pl.col(f"{shown}close") / pl.col(f"{shown}close").shift(1)
    log.add("jump", frame, (ratio < JUMP_DOWN) | (ratio > JUMP_UP), ratio)


def look_at_ticks(log: Log, frame: pl.DataFrame, longest: int | None) -> None:
    """Find gaps above a length in microseconds, crossed and locked quotes, impossible prices."""
    _gaps(log, frame, longest)
    if "bid" in frame.columns:
        spread = pl.col("ask") - pl.col("bid")
        log.add("crossed", frame, spread < 0, spread)
        log.add("locked", frame, spread == 0, spread)
    price = pl.col("bid" if "bid" in frame.columns else "price")
    log.add("nonpositive", frame, price <= 0, price)


def _gaps(log: Log, frame: pl.DataFrame, step: int | None) -> None:
    if step is None:
        return
    gap = pl.col("time").diff().dt.total_microseconds()
    log.add("gap", frame, gap > step, gap / _US)


def _quotes(log: Log, frame: pl.DataFrame) -> None:
    if "ask_close" in frame.columns:
        spreads = [pl.col(f"ask_{price}") - pl.col(f"bid_{price}") for price in PRICES]
        lowest = pl.min_horizontal(spreads)
        log.add("crossed", frame, lowest < 0, lowest)
        log.add("locked", frame, spreads[-1] == 0, spreads[-1])
    elif "spread" in frame.columns:
        log.add("crossed", frame, pl.col("spread") < 0, pl.col("spread"))
        log.add("locked", frame, pl.col("spread") == 0, pl.col("spread"))


def fillers(frame: pl.DataFrame) -> pl.Expr:
    """Mark rows that stand for nothing that was traded: flat, and without volume."""
    return flat(frame) & (pl.col("volume") == 0)


def flat(frame: pl.DataFrame) -> pl.Expr:
    """Mark rows whose high is their low, on each side."""
    return pl.all_horizontal(
        pl.col(f"{side}high") == pl.col(f"{side}low") for side in sides(frame.columns)
    )


def has_volume(frame: pl.DataFrame) -> bool:
    """Return whether the file knows volumes at all, so that a zero means something."""
    return "volume" in frame.columns and bool((frame["volume"] > 0).any())


def _flat(log: Log, frame: pl.DataFrame) -> None:
    shown = pl.col("volume") if "volume" in frame.columns else None
    if has_volume(frame):
        log.add("flat_filler", frame, fillers(frame), shown)
        log.add("flat", frame, flat(frame) & (pl.col("volume") != 0), shown)
    else:
        log.add("flat", frame, flat(frame), shown)


def _impossible(log: Log, frame: pl.DataFrame, side: str) -> None:
    high, low = pl.col(f"{side}high"), pl.col(f"{side}low")
    body = [pl.col(f"{side}open"), pl.col(f"{side}close")]
    over = pl.max_horizontal(body) - high
    under = low - pl.min_horizontal(body)
    log.add("ohlc", frame, (over > 0) | (under > 0), pl.max_horizontal(over, under))
    lowest = pl.min_horizontal(pl.col(f"{side}{price}") for price in PRICES)
    log.add("nonpositive", frame, lowest <= 0, lowest)


def _spikes(log: Log, frame: pl.DataFrame, side: str) -> None:
    ranges = (pl.col(f"{side}high") - pl.col(f"{side}low")).alias("range")
    usual = frame.select(ranges).filter(pl.col("range") > 0)["range"].median()
    if not isinstance(usual, float):
        return
    before, after = pl.col(f"{side}close").shift(1), pl.col(f"{side}open").shift(-1)
    up = pl.col(f"{side}high") - pl.max_horizontal(before, after)
    down = pl.min_horizontal(before, after) - pl.col(f"{side}low")
    away = pl.max_horizontal(up, down)
    there = before.is_not_null() & after.is_not_null()
    large = away > LEAST_SPIKE * pl.col(f"{side}close").abs()
    wild = there & large & (away > SPIKE_OF_RANGE * usual)
    if not frame.select(wild.any()).item():
        return  # and the ranges of neighbours, which take longest, are not needed
    near = ranges.rolling_median(_NEIGHBOURS, min_samples=1, center=True)
    log.add("spike", frame, wild & (away > SPIKE_OF_RANGE * near), away)


def counted(table: pl.DataFrame) -> Sequence[tuple[str, str, int]]:
    """Give each kind and what was done, with the number of rows, in alphabetical order."""
    groups = table.group_by("kind", "done").len().sort("kind", "done")
    return [(str(kind), str(done), int(rows)) for kind, done, rows in groups.iter_rows()]
