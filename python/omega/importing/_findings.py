"""Defects of imported rows, as one table: a row for each, the worst first.

Rows keep the numbers that they had in their files; a candle made of ticks has that of its first
tick. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

from omega.importing import _known_prices, _scaling, _splits
from omega.importing._source import PRICES, ROW

KEPT = "kept"
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "row": pl.Int64,
    "time": pl.Datetime("us", "UTC"),
    "value": pl.Float64,
    "file": pl.String,
    "done": pl.String,
    "of": pl.String,
    "note": pl.String,
}
CANDLES, TICKS = "candles", "ticks"
WORST_FIRST = (
    "price_level", "infinite", "nonpositive", "missing", "negative_volume", "ohlc", "crossed",
    "unsorted", "duplicate", "jump", "spike", "bar_time", "ambiguous", "nonexistent",
    "unmatched", "split", "repeated_time", "gap", "locked", "flat_filler", "flat",
)  # fmt: skip
"""Kinds of findings: what makes results wrong stands before what may be as it should."""
JUMP_DOWN, JUMP_UP = 0.67, 1.5
"""A close outside these shares of the close before may be a split that was not adjusted for."""
SPIKE_OF_RANGE = 30.0
"""A spike leaves its neighbours by this many times the usual range of a bar, and comes back."""
LEAST_SPIKE = 0.002
"""And by this share of the price."""
_NEIGHBOURS = 101
_ENOUGH_ROWS = 10_000
"""Rows that show the level of prices."""
_US = 1_000_000
_DAY = 86_400 * _US
_CLOCK_CHANGE = 7_200 * _US
_SATURDAY = 6
_WEEKEND = 4 * _DAY


@dataclass(slots=True)
class Log:
    """Collects findings.

    Attributes:
        counts: Each file with its number of rows, in the order of the rows.
        of: What the rows that are checked are: ``"candles"`` or ``"ticks"``.
    """

    counts: list[tuple[str, int]]
    of: str = CANDLES
    _found: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self,
        kind: str,
        frame: pl.DataFrame,
        where: pl.Expr,
        value: pl.Expr | None = None,
        *,
        done: str = KEPT,
        notes: Callable[[pl.DataFrame], pl.Series] | None = None,
        unit: int = 1,
    ) -> int:
        """Keep a finding for each row of the frame for which `where` holds, and count them.

        `notes` gives a sentence for each of them, by its time and value; the value is kept in
        parts of `unit`.
        """
        picked = frame.lazy().with_columns(
            _where=where.fill_null(value=False),
            _value=(pl.lit(None) if value is None else value).cast(pl.Float64),
        )
        rows = picked.filter("_where").select(ROW, "time", "_value").collect()
        if rows.height:
            note = pl.Series("note", [None] * rows.height, dtype=pl.String) \
                if notes is None else notes(rows.rename({"_value": "value"}))  # fmt: skip
            self._found.append(
                rows.select(
                    pl.lit(kind).alias("kind"),
                    pl.col(ROW).cast(pl.Int64).alias("row"),
                    pl.col("time").cast(SCHEMA["time"]),
                    _scaling.over(rows["_value"], unit).alias("value"),
                    pl.lit(None, pl.String).alias("file"),
                    pl.lit(done).alias("done"),
                    pl.lit(self.of).alias("of"),
                    note.alias("note"),
                )
            )
        return rows.height

    def say(
        self, kind: str, done: str, file: str, value: float | None = None, note: str | None = None
    ) -> None:
        """Keep a finding about a whole file."""
        cells = {"kind": kind, "value": value, "file": file, "done": done, "of": self.of}
        self._found.append(pl.DataFrame([{**cells, "note": note}], schema=SCHEMA))

    def take(self, other: Log) -> None:
        """Keep the findings of another log, too."""
        self._found.append(other.table())

    def table(self) -> pl.DataFrame:
        """Return all findings, the worst first, with the row and the name of the file."""
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
        return _worst_first(pl.concat([rest, placed.select(SCHEMA.keys())]))


def _worst_first(table: pl.DataFrame) -> pl.DataFrame:
    """Order findings by their kind, then by their size, then by time."""
    ranks = {kind: rank for rank, kind in enumerate(WORST_FIRST)}
    size = pl.col("value").abs()
    jump = pl.when(pl.col("kind") == "jump").then(pl.col("value").log().abs()).otherwise(size)
    return table.sort(
        pl.col("kind").replace_strict(ranks, default=len(ranks), return_dtype=pl.Int64),
        jump,
        "time",
        descending=[False, True, False],
        nulls_last=[False, True, False],
        maintain_order=True,
    )


def sides(columns: Iterable[str]) -> list[str]:
    """Return what stands before the prices: ``""`` for plain ones, ``"bid_"``, ``"ask_"``."""
    names = set(columns)
    return [side for side in ("", "bid_", "ask_") if f"{side}close" in names]


def step_of(times: pl.Series) -> int | None:
    """Return the usual distance between rows, in microseconds; None where there are too few."""
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
    if "volume" in frame.columns:
        volume = pl.col("volume")
        log.add("negative_volume", frame, volume < 0, volume)
    shown = sides(frame.columns)[0]
    _spikes(log, frame, shown)
    _jumps(log, frame, shown)


def look_at_level(log: Log, frame: pl.DataFrame, symbol: str | None, file: str) -> None:
    """Find prices that are far from all that are known of a symbol, as a wrong scale makes them."""
    shown = next(name for name in (*(f"{s}close" for s in ("", "bid_", "ask_")), "bid", "price")
                 if name in frame.columns)  # fmt: skip
    middle = frame[shown].gather_every(max(1, frame.height // _ENOUGH_ROWS)).median()
    if not isinstance(middle, float) or not _known_prices.is_far(symbol, middle):
        return
    low, high = _known_prices.range_of(symbol) or (0.0, 0.0)
    note = (
        f"prices are around {middle:g}, but those of {symbol} have been between {low:.3g} and "
        f"{high:.3g}; is the scale or the symbol right?"
    )
    log.say("price_level", KEPT, file, middle, note)


def _jumps(log: Log, frame: pl.DataFrame, side: str) -> None:
    """Find closes that leave the close before by a third or more, and splits that are stated."""
    ratio = pl.col(f"{side}close") / pl.col(f"{side}close").shift(1)
    log.add("jump", frame, (ratio < JUMP_DOWN) | (ratio > JUMP_UP), ratio,
            notes=lambda rows: _splits.jump_notes(rows["value"]))  # fmt: skip
    if "split" not in frame.columns:
        return
    note = frame.with_columns(_splits.factors(frame["split"]).alias("_factor"), ratio.alias("_by"))
    stated = note.filter(pl.col("_factor").is_not_null())
    log.add("split", note, pl.col("_factor").is_not_null(), pl.col("_factor"),
            notes=lambda _: _splits.stated_notes(stated["_factor"], stated["_by"]))  # fmt: skip


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
    """Find distances above the usual one; days on which nobody trades are none of daily bars."""
    if step is None:
        return
    length = pl.col("time").diff().dt.total_microseconds()
    beyond = length > step
    if step >= _DAY:  # local days are an hour longer or shorter where clocks change
        beyond = length > step + _CLOCK_CHANGE
    if step == _DAY:
        beyond = beyond & (_lost_days(frame["time"]) > 0)
    log.add("gap", frame, beyond, length, notes=_over_weekends, unit=_US)


def _lost_days(times: pl.Series) -> pl.Series:
    """Count the weekdays between each row and the one before.

    Days of an exchange lie up to half a day from those of UTC: of the two ways in which their dates
    can be read, the one with fewer lost days is theirs.
    """
    counts = []
    for shift in ("0h", "12h"):
        days = times.dt.offset_by(shift).dt.date()
        between = pl.business_day_count(days.shift(1).dt.offset_by("1d"), days)
        counts.append(pl.select(between).to_series())
    return min(counts, key=lambda count: int((count > 0).sum()))


def _over_weekends(rows: pl.DataFrame) -> pl.Series:
    """Return for each gap whether it is one weekend."""
    length = pl.duration(microseconds=pl.col("value").cast(pl.Int64))
    noon = (pl.col("time") - pl.duration(hours=12)).dt.truncate("1d") + pl.duration(hours=12)
    days = (noon.dt.weekday() - _SATURDAY) % 7
    saturday = noon - pl.duration(days=days)
    is_one = (saturday > pl.col("time") - length) & (pl.col("value") <= _WEEKEND)
    note = pl.when(is_one).then(pl.lit("over a weekend")).otherwise(None)
    return rows.select(note.alias("note")).to_series()


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
