"""The ways in: files of candles, files of ticks, and what a file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _findings, _placing, _repairs, _ticks
from omega.importing._detecting import SOURCES, detect
from omega.importing._files import Part, Paths, parts_of
from omega.importing._findings import ROW, Log
from omega.importing._imported import ImportedCandles, ImportedTicks
from omega.importing._source import BARS, CLOSE, OPEN, PRICES, Options, Parsed, Source, side_in
from omega.libraries import arguments_of, refused_as

HOUR = 3_600_000_000
_SESSION_BREAK = 12
"""A gap of this many bars is taken for a break between sessions."""
_ENOUGH = 0.6
_GRID = 15 * 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One call, its settings by where they are used."""

    options: Options
    placing: _placing.Placing
    repairs: _repairs.Repairs
    source: str | None
    bar_time: str | None
    timeframe: str | None
    as_bid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Rows of one side, or of both, on the clock of UTC; or candles made of ticks."""

    parsed: Parsed
    source: str
    zone: str
    log: Log
    made: bool = False


@arguments_of("read_candles")
def read_candles(
    paths: Paths,
    source: str | None = None,
    *,
    ask: Paths | None = None,
    symbol: str | None = None,
    time_zone: str | None = None,
    bar_time: str | None = None,
    timeframe: str | None = None,
    columns: Mapping[str, str] | Sequence[str] | None = None,
    dates: str | None = None,
    point: float | None = None,
    price_scale: float | None = None,
    ambiguous: str = "raise",
    nonexistent: str = "raise",
    sort: bool = False,
    deduplicate: str | None = None,
    drop_missing: bool = False,
    drop_flat_fillers: bool = False,
    clip_ohlc: bool = False,
    side: str | None = None,
    unpack_limit: int | None = None,
) -> ImportedCandles:
    r"""Read candles from the files that vendors and programs give; nothing is repaired unasked.

    Args:
        paths: A file, a folder, a pattern, an archive or several of them; the bid side where the
            ask side is in other files.
        source: One of `omega.import_sources`; found by the content where it is left out.
        ask: The files of the ask side.
        symbol: The symbol, where the files do not state it or state another.
        time_zone: The clock of times without an offset: an IANA name, ``"UTC+3"``, or
            ``"America/New_York+7"`` for New York local time plus seven hours.
        bar_time: What the time of a bar is, where the format does not state: ``"open"`` or
            ``"close"``.
        timeframe: The length of the bars: ticks are made into such, and bars are checked.
        columns: Columns by role, ``{"close": "Last"}``; or all roles from the left, ``"-"`` for
            columns that are not read.
        dates: ``"day-first"`` or ``"month-first"``, where the file does not decide it.
        point: The size of a point, for spreads in points; else from the digits of the prices.
        price_scale: What prices are multiplied by, where they are in points.
        ambiguous: A local time that comes twice is refused (``"raise"``), or is the
            ``"earliest"`` or the ``"latest"`` of the two.
        nonexistent: A local time that does not exist is refused (``"raise"``), or dropped
            (``"drop"``).
        sort: Whether rows are sorted by time.
        deduplicate: Which row of one time is kept: ``"first"`` or ``"last"``; None keeps all.
        drop_missing: Whether rows without a price are dropped.
        drop_flat_fillers: Whether candles without volume whose high is their low are dropped.
        clip_ohlc: Whether highs and lows are widened to hold open and close.
        side: ``"bid"`` takes files of the ask side as if they were of the bid.
        unpack_limit: Bytes that an archive may have unpacked. None is 256 MB, or a hundred times
            its own size where that is more; a file of zeros unpacks to a thousand times its size.

    Raises:
        ConfigError: Something has to be stated; the message lists what is possible.
        InvalidCandleData: A file is damaged, or a line cannot be read.

    Example:
        >>> import omega, tempfile
        >>> from pathlib import Path
        >>> text = "20240102 000000;1.10;1.12;1.09;1.11;0\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "DAT_ASCII_EURUSD_M1_2024.csv").write_text(text)
        ...     bars = omega.read_candles(folder, time_zone="America/New_York")
        >>> bars.symbol, bars.source, bars.frame["time"][0].isoformat()
        ('EURUSD', 'histdata', '2024-01-02T05:00:00+00:00')
    """
    if side not in (None, "bid"):
        raise ConfigError(f"side: given {side!r}, expected 'bid' or None")
    call = _Call(
        options=Options(symbol=symbol, time_zone=time_zone, columns=columns, dates=dates,
                        point=point, price_scale=price_scale),
        placing=_placing.Placing(time_zone=time_zone, ambiguous=ambiguous, nonexistent=nonexistent,
                                 price_scale=price_scale),
        repairs=_repairs.Repairs(sort=sort, deduplicate=deduplicate, drop_missing=drop_missing,
                                 drop_flat_fillers=drop_flat_fillers, clip_ohlc=clip_ohlc),
        source=source, bar_time=bar_time, timeframe=timeframe, as_bid=side == "bid",
    )  # fmt: skip
    with _readable(paths):
        bid_parts, ask_parts = _by_side(paths, ask, unpack_limit)
        first = _bars(bid_parts, call, alone=not ask_parts)
        if ask_parts:
            first = _joined(first, _bars(ask_parts, call, alone=False))
        return _candles(first, call)


@arguments_of("read_ticks")
def read_ticks(
    paths: Paths,
    source: str | None = None,
    *,
    symbol: str | None = None,
    time_zone: str | None = None,
    columns: Mapping[str, str] | Sequence[str] | None = None,
    dates: str | None = None,
    price_scale: float | None = None,
    ambiguous: str = "raise",
    nonexistent: str = "raise",
    sort: bool = False,
    deduplicate: str | None = None,
    drop_missing: bool = False,
    unpack_limit: int | None = None,
) -> ImportedTicks:
    r"""Read ticks: quotes with bid and ask, or trades; see `omega.read_candles` for the settings.

    Raises:
        ConfigError: Something has to be stated, or the files hold candles.
        InvalidCandleData: A file is damaged, or a line cannot be read.

    Example:
        >>> import omega, tempfile
        >>> from pathlib import Path
        >>> text = "20240102 000000065,1.10,1.12,0\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "ticks.csv").write_text(text)
        ...     ticks = omega.read_ticks(folder, time_zone="America/New_York")
        >>> ticks.frame.row(0)[1:3], ticks.source
        ((1.1, 1.12), 'histdata-ticks')
    """
    call = _Call(
        options=Options(symbol=symbol, time_zone=time_zone, columns=columns, dates=dates,
                    price_scale=price_scale),
        placing=_placing.Placing(time_zone=time_zone, ambiguous=ambiguous, nonexistent=nonexistent,
                                 price_scale=price_scale),
        repairs=_repairs.Repairs(sort=sort, deduplicate=deduplicate, drop_missing=drop_missing),
        source=source, bar_time=None, timeframe=None,
    )  # fmt: skip
    with _readable(paths):
        return _ticks_of(_placed(parts_of(paths, unpack_limit), call), call)


def _ticks_of(one: _Side, call: _Call) -> ImportedTicks:
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


def import_sources() -> pl.DataFrame:
    """List the formats that are read: name, what they hold, their clock, the time of a bar.

    Example:
        >>> "histdata" in import_sources()["source"].to_list()
        True
    """
    return pl.DataFrame(
        {
            "source": [source.name for source in SOURCES],
            "holds": [source.holds for source in SOURCES],
            "clock": [source.clock for source in SOURCES],
            "bar_time": [source.bar_time for source in SOURCES],
        }
    )


def describe(
    paths: Paths,
    source: str | None = None,
    *,
    columns: Mapping[str, str] | Sequence[str] | None = None,
    dates: str | None = None,
) -> dict[str, Any]:
    r"""Return what files are, without requiring what they do not state.

    Args:
        paths: As `omega.read_candles` takes them.
        source: As there.
        columns: As there.
        dates: As there.

    Returns:
        `source`, `holds`, `files`, `rows`, `first`, `last` (as written), `step`, `symbol`,
        `time_zone` and `bar_time` (None where they have to be stated), `side` (``"both"`` where
        files of bid and ask are distinguished; rows are then those of the bid), `columns`, `notes`.

    Raises:
        ConfigError: The columns are not known.
        InvalidCandleData: A file is damaged or of no format that is read.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> text = "20240102 000000;1.10;1.12;1.09;1.11;0\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "DAT_ASCII_EURUSD_M1_2024.csv").write_text(text)
        ...     found = describe(folder)
        >>> found["source"], found["rows"], found["symbol"], found["time_zone"]
        ('histdata', 1, 'EURUSD', None)
    """
    with _readable(paths):
        parts, others = _by_side(paths, None)
        known = detect(parts, source)
        parsed = known.read(parts, Options(columns=columns, dates=dates))
        return _description(known, parsed, parts, others)


def _description(
    known: Source, parsed: Parsed, parts: Sequence[Part], others: Sequence[Part]
) -> dict[str, Any]:
    times = parsed.frame["time"]
    step = _findings.step_of(times) if parsed.holds == BARS else None
    zoned = getattr(times.dtype, "time_zone", None) is not None
    return {
        "source": known.name,
        "holds": parsed.holds,
        "files": [part.name for part in (*parts, *others)],
        "rows": parsed.frame.height,
        "first": times.min(),
        "last": times.max(),
        "step": None if step is None else _ticks.named(step),
        "symbol": parsed.symbol,
        "time_zone": "UTC" if zoned else parsed.zone or (_placing.DAYS if parsed.days else None),
        "bar_time": parsed.bar_time,
        "side": "both" if others else parsed.side,
        "columns": parsed.frame.columns,
        "notes": [*parsed.notes, *([parsed.clock_hint] if parsed.clock_hint else [])],
    }


def _readable(paths: Paths) -> AbstractContextManager[None]:
    """Make the error of files on which another library fails."""
    return refused_as(
        lambda problem: InvalidCandleData(
            f"{paths if isinstance(paths, (str, Path)) else list(paths)}: the files cannot be read "
            f"({problem}). They are damaged, or of another format than they seem; name it with "
            "source=, or correct them",
            rule="file",
        )
    )


def _by_side(
    paths: Paths, ask: Paths | None, unpack_limit: int | None = None
) -> tuple[list[Part], list[Part]]:
    """Give the parts of the two sides; files whose names state it are distinguished."""
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


def _placed(parts: list[Part], call: _Call) -> _Side:
    known = detect(parts, call.source)
    parsed = known.read(parts, call.options)
    parsed, zone, log = _placing.place(parsed, call.placing, call.options.symbol)
    return _Side(parsed=parsed, source=known.name, zone=zone, log=log)


def _bars(parts: list[Part], call: _Call, *, alone: bool) -> _Side:
    """Read one side as bars; ticks become such."""
    one = _placed(parts, call)
    name = one.parsed.counts[0][0]
    if alone and one.parsed.side == "ask" and not call.as_bid:
        raise ConfigError(
            f"{name}: the file holds the ask side alone, as its name says, and a run needs the "
            "bid. Give both: read_candles(bid_file, ask=ask_file); or take these prices as the bid "
            "with side='bid'"
        )
    repeated = "duplicate" if one.parsed.holds == BARS else "repeated_time"
    options = call.repairs
    if one.parsed.holds == BARS:
        return replace(one, parsed=replace(
            one.parsed, frame=_repairs.order(one.parsed.frame, options, one.log, repeated=repeated)
        ))  # fmt: skip
    if call.timeframe is None:
        raise ConfigError(
            f"{name}: the file holds {one.parsed.holds}, which are made into candles. Say how long "
            'these are: timeframe="M1"; or read the ticks themselves with omega.read_ticks(...)'
        )
    frame = _repairs.order(one.parsed.frame, options, one.log, repeated=repeated)
    _findings.look_at_ticks(one.log, frame, None)
    made = _ticks.ticks_to_candles(frame, call.timeframe).with_row_index(ROW)
    note = f"{frame.height:,} {one.parsed.holds} were made into {made.height:,} candles"
    parsed = replace(
        one.parsed, frame=made, bar_time=OPEN, notes=[*one.parsed.notes, note], holds=BARS
    )
    return replace(one, parsed=parsed, made=True)


def _joined(bid: _Side, ask: _Side) -> _Side:
    """Join two sides on time; rows that only one of them has are reported and left out."""
    if bid.parsed.frame["time"].is_duplicated().any() or \
            ask.parsed.frame["time"].is_duplicated().any():  # fmt: skip
        raise InvalidCandleData(
            "bid and ask: a time comes twice in one of the files, so that they cannot be joined. "
            "Say which row is kept: deduplicate='first'",
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
    notes = [*bid.parsed.notes, f"bid and ask were joined on time: {frame.height:,} rows have both"]
    counts = [*bid.parsed.counts, *ask.parsed.counts]
    return replace(
        bid, parsed=replace(bid.parsed, frame=frame, side=None, notes=notes, counts=counts)
    )


def _candles(one: _Side, call: _Call) -> ImportedCandles:
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
    return ImportedCandles(
        frame=frame.select("time", *names, *rest),
        findings=log.table(),
        source=one.source,
        symbol=call.options.symbol or parsed.symbol,
        time_zone=one.zone,
        files=tuple(name for name, _ in parsed.counts),
        notes=tuple(parsed.notes),
        bar_time=bar_time,
        timeframe=None if step is None else _ticks.named(step),
    )


def _check_timeframe(parsed: Parsed, step: int | None, timeframe: str | None) -> None:
    if timeframe is None or step is None:
        return
    if _ticks.step(timeframe) != step:
        raise ConfigError(
            f"timeframe: given {timeframe!r}, but most rows of {parsed.counts[0][0]} are "
            f"{_ticks.named(step)} apart. Leave it out; a run makes longer bars itself, with "
            "timeframes=(...)"
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
            f'or its close.{evidence} Say which: bar_time="open" (most files) or bar_time="close"'
        )
    if parsed.bar_time is None and seen is not None and seen != chosen:
        note = f"taken as the {chosen}, though sessions begin as if it were the {seen}"
        log.say("bar_time", note, parsed.counts[0][0])
    return chosen


def _seen_bar_time(times: pl.Series, step: int | None) -> str | None:
    """Give what the first bars after breaks suggest; None where they suggest nothing."""
    if step is None or step * 3 > _GRID:
        return None
    gaps = times.diff().dt.total_microseconds()
    opens = times.filter(gaps > _SESSION_BREAK * step).cast(pl.Int64) % _GRID
    if opens.is_empty():
        return None
    shares = {OPEN: (opens == 0).sum() / len(opens), CLOSE: (opens == step).sum() / len(opens)}
    return next((word for word, share in shares.items() if share >= _ENOUGH), None)
