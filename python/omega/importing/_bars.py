"""From parsed files to candles and ticks: time zones, repairs, checks, joins."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from omega.config.values import counted
from omega.errors import ConfigError, InvalidCandleData, OmegaError
from omega.importing import _findings, _localizing, _repairs, _ticks
from omega.importing._detecting import detect, head_of, seems
from omega.importing._files import Part, Paths, parts_of
from omega.importing._findings import Log
from omega.importing._result import ImportedCandles, ImportedTicks
from omega.importing._source import (
    BARS,
    CLOSE,
    OPEN,
    PRICES,
    ROW,
    Options,
    Parsed,
    Source,
    side_in,
)
from omega.libraries import error_text

HOUR = 3_600_000_000
DAY = 24 * HOUR
_NOON = 12
_SESSION_BREAK = 12
"""A gap of this many bars is taken for a break between sessions."""
_ENOUGH = 0.6
_GRID = 15 * 60_000_000
_LEAST_DISORDER = 3
"""Rows that are enough to call a file sorted from new to old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, its settings by where they are used."""

    options: Options
    clock: _localizing.ClockOptions
    repairs: _repairs.Repairs
    source: str | None
    bar_time: str | None
    timeframe: str | None
    as_bid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Rows of one side, or of both, on the clock of UTC; or candles made of ticks."""

    parsed: Parsed
    source: str
    zone: str
    log: Log
    made: bool = False


def by_side(
    paths: Paths, ask: Paths | None, unpack_limit: int | None = None
) -> tuple[list[Part], list[Part]]:
    """Return the parts of the two sides; files whose names state it are distinguished."""
    parts = parts_of(paths, unpack_limit)
    if ask is not None:
        return parts, parts_of(ask, unpack_limit)
    sides = {side_in(part.file) for part in parts}
    if sides != {"bid", "ask"}:
        return parts, []
    return (
        [part for part in parts if side_in(part.file) == "bid"],
        [part for part in parts if side_in(part.file) == "ask"],
    )


def parsed_of(parts: list[Part], source: str | None, options: Options) -> tuple[Source, Parsed]:
    """Read the parts; where a source was named that they are not of, it is in the error."""
    known = detect(parts, source)
    odd = next((p for p in parts if source is not None and not known.matches(head_of(p))), None)
    try:
        return known, known.read(parts, options)
    except MemoryError:
        raise
    except Exception as problem:
        if odd is None:
            raise
        head, why = (
            head_of(odd),
            str(problem) if isinstance(problem, OmegaError) else error_text(problem),
        )
        begins = f"its first line is {head.first[:60]!r}" if head.first else "it is no text"
        raise InvalidCandleData(
            f"{odd.name}: source={source!r} was named, but the file is not of that form: {begins}, "
            f"as {seems(odd)} has it. Leave source out, or correct it ({why})",
            rule="file",
        ) from problem


def placed(parts: list[Part], call: Call) -> Side:
    """Read the parts, and put their rows on the clock of UTC."""
    known, parsed = parsed_of(parts, call.source, call.options)
    parsed, zone, log = _localizing.place(parsed, call.clock, call.options.symbol)
    if newest_first(parsed) and not call.repairs.sort:
        times = parsed.frame["time"]
        raise ConfigError(
            f"{parsed.counts[0][0]}: the rows run from the newest to the oldest, from {times[0]} "
            f"back to {times[-1]}. Have them sorted: sort=True"
        )
    log.of = _findings.CANDLES if parsed.holds == BARS else _findings.TICKS
    _findings.look_at_level(
        log, parsed.frame, call.options.symbol or parsed.symbol, parsed.counts[0][0]
    )
    return Side(parsed=parsed, source=known.name, zone=zone, log=log)


def newest_first(parsed: Parsed) -> bool:
    """Return whether each time of the first file is before the one above it."""
    rows = next((rows for _, rows in parsed.counts if rows), 0)
    times = parsed.frame["time"].head(rows).drop_nulls()
    backwards = len(times) >= _LEAST_DISORDER and times[0] > times[-1]
    return backwards and bool((times.diff().drop_nulls().dt.total_microseconds() < 0).all())


def bars_of(parts: list[Part], call: Call, *, alone: bool) -> Side:
    """Read one side as bars; ticks become such."""
    one = placed(parts, call)
    name = one.parsed.counts[0][0]
    if alone and one.parsed.side == "ask" and not call.as_bid:
        raise ConfigError(
            f"{name}: the file holds the ask side alone, by its name, and a run needs the "
            "bid. Give the file of the bid, and this one as its other side (ask=...); or take "
            "these prices as the bid: side='bid'"
        )
    repeated = "duplicate" if one.parsed.holds == BARS else "repeated_time"
    options = call.repairs
    if one.parsed.holds == BARS:
        return replace(one, parsed=replace(
            one.parsed, frame=_repairs.order(one.parsed.frame, options, one.log, repeated=repeated)
        ))  # fmt: skip
    if call.timeframe is None:
        raise ConfigError(
            f"{name}: the file holds {one.parsed.holds}, which are made into candles. State their "
            'length: timeframe="M1"; or read the ticks themselves with omega.read_ticks(...)'
        )
    frame = _repairs.order(one.parsed.frame, options, one.log, repeated=repeated)
    _findings.look_at_ticks(one.log, frame, None)
    made = _ticks.ticks_to_candles(frame, call.timeframe)
    one.log.of = _findings.CANDLES
    rows = counted(frame.height, one.parsed.holds.removesuffix("s"))
    note = f"{rows} {'was' if frame.height == 1 else 'were'} made into "
    note += counted(made.height, "candle")
    parsed = replace(
        one.parsed, frame=made, bar_time=OPEN, notes=[*one.parsed.notes, note], holds=BARS
    )
    return replace(one, parsed=parsed, made=True)


def joined(bid: Side, ask: Side) -> Side:
    """Join two sides on time; rows that only one of them has are reported and left out."""
    if bid.parsed.frame["time"].is_duplicated().any() or \
            ask.parsed.frame["time"].is_duplicated().any():  # fmt: skip
        raise InvalidCandleData(
            "bid and ask: a time comes twice in one of the files, so that they cannot be joined. "
            "State which row to keep: deduplicate='first'",
            column="time",
            rule="duplicate",
        )
    for one, other in ((bid, ask), (ask, bid)):
        known = pl.col("time").is_in(other.parsed.frame["time"].implode())
        one.log.add("unmatched", one.parsed.frame, ~known, done="left out")
    if not {"open", "close"} <= {*ask.parsed.frame.columns} & {*bid.parsed.frame.columns}:
        raise ConfigError("ask: both files are expected to hold open, high, low and close")
    renamed = {price: f"bid_{price}" for price in PRICES}
    asks = ask.parsed.frame.select("time", *(pl.col(p).alias(f"ask_{p}") for p in PRICES))
    frame = bid.parsed.frame.rename(renamed).drop("spread", strict=False)
    frame = frame.join(asks, on="time", how="inner", maintain_order="left")
    bid.log.take(ask.log)
    notes = [
        *bid.parsed.notes,
        f"bid and ask were joined on time: {counted(frame.height, 'row')} in both",
    ]
    counts = [*bid.parsed.counts, *ask.parsed.counts]
    return replace(
        bid, parsed=replace(bid.parsed, frame=frame, side=None, notes=notes, counts=counts)
    )


def candles_of(one: Side, call: Call) -> ImportedCandles:
    """Check, repair and look at candles."""
    parsed, log = one.parsed, one.log
    step = _findings.step_of(parsed.frame["time"])
    if not one.made:
        _check_timeframe(parsed, step, call.timeframe)
    bar_time = OPEN if one.made else _bar_time(parsed, step, call.bar_time, log)
    frame = _repairs.shape(parsed.frame, call.repairs, log)
    if bar_time == CLOSE and step is not None:
        frame = frame.with_columns(pl.col("time") - pl.duration(microseconds=step))
    _findings.look_at_candles(log, frame, step)
    names = [side + price for side in _findings.sides(frame.columns) for price in PRICES]
    rest = [name for name in ("volume", "spread") if name in frame.columns]
    notes = list(parsed.notes)
    if "volume" in rest and frame.height and frame["volume"].null_count() == frame.height:
        rest.remove("volume")
        notes.append("the volume is missing throughout, and left out")
    if step == DAY and (note := _dated_before(frame["time"])):
        notes.append(note)
    return ImportedCandles(
        frame=frame.select("time", *names, *rest),
        findings=log.table(),
        source=one.source,
        symbol=call.options.symbol or parsed.symbol,
        time_zone=one.zone,
        files=tuple(name for name, _ in parsed.counts),
        notes=tuple(notes),
        bar_time=bar_time,
        timeframe=None if step is None else _ticks.named(step),
    )


def _dated_before(times: pl.Series) -> str | None:
    """Return a note if most days begin on the date before in UTC, as those of Madrid do."""
    early = times.filter(times.dt.hour() >= _NOON)
    if 2 * early.len() <= times.len():
        return None
    begin = early.dt.strftime("%H:%M").mode().sort()[0]
    return (
        f"most days begin at {begin} UTC, on the date before; give the run the zone of the "
        'exchange, such as calendar="Europe/Madrid", or "FX" for days from 17:00 in New York'
    )


def _check_timeframe(parsed: Parsed, step: int | None, timeframe: str | None) -> None:
    if timeframe is None or step is None:
        return
    if _ticks.step(timeframe) != step:
        raise ConfigError(
            f"timeframe: given {timeframe!r}, but most rows of {parsed.counts[0][0]} are "
            f"{_ticks.named(step)} apart. Leave it out; omega.resample(bars, 'H1') makes longer "
            "bars, and a run shows them beside its own with timeframes=(...)"
        )


def _bar_time(parsed: Parsed, step: int | None, options: str | None, log: Log) -> str:
    """Settle what the time of a bar is, and report where the bars themselves show another."""
    if options not in (None, OPEN, CLOSE):
        raise ConfigError(f"bar_time: given {options!r}, expected 'open' or 'close'")
    seen = _seen_bar_time(parsed.frame["time"], step)
    chosen = options or parsed.bar_time
    if chosen is None:
        evidence = f" Sessions begin as if it were the {seen}." if seen else ""
        raise ConfigError(
            f"{parsed.counts[0][0]}: the format does not say whether the time of a bar is its open "
            f'or its close.{evidence} State which: bar_time="open" (most files) or bar_time="close"'
        )
    if parsed.bar_time is None and seen is not None and seen != chosen:
        note = f"taken as the {chosen}, though sessions begin as if it were the {seen}"
        log.say("bar_time", note, parsed.counts[0][0])
    return chosen


def _seen_bar_time(times: pl.Series, step: int | None) -> str | None:
    """Return what the first bars after breaks suggest; None where they suggest nothing."""
    if step is None or step * 3 > _GRID:
        return None
    gaps = times.diff().dt.total_microseconds()
    opens = times.filter(gaps > _SESSION_BREAK * step).cast(pl.Int64) % _GRID
    if opens.is_empty():
        return None
    shares = {OPEN: (opens == 0).sum() / len(opens), CLOSE: (opens == step).sum() / len(opens)}
    return next((word for word, share in shares.items() if share >= _ENOUGH), None)


def ticks_of(one: Side, call: Call) -> ImportedTicks:
    """Repair and look at ticks."""
    if one.parsed.holds == BARS:
        raise ConfigError(
            f"{one.parsed.counts[0][0]}: the file holds candles, not ticks. Read it with "
            "omega.read_candles(...)"
        )
    frame = _repairs.order(one.parsed.frame, call.repairs, one.log, repeated="repeated_time")
    _findings.look_at_ticks(one.log, frame, HOUR)
    return ImportedTicks(
        frame=frame.drop(ROW),
        findings=one.log.table(),
        source=one.source,
        symbol=call.options.symbol or one.parsed.symbol,
        time_zone=one.zone,
        files=tuple(name for name, _ in one.parsed.counts),
        notes=tuple(one.parsed.notes),
    )
