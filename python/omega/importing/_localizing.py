"""Converts parsed rows from the clock of their file to UTC.

The clock is stated by the file, its format or the user. Rows keep the order of their files and
their numbers; prices are in units of the quote currency.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _clock, _known_prices, _scaling, _times
from omega.importing._findings import Log
from omega.importing._source import BARS, ROW, Parsed

OFFSETS = "offsets in the file"
DAYS = "UTC (dates alone, each at 00:00)"
_POINTS_FROM = 1_000.0
_NOISE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOptions:
    """What the user states about clocks and scales; see `omega.read_candles`."""

    time_zone: str | None = None
    ambiguous: str = "raise"
    nonexistent: str = "raise"
    price_scale: float | None = None

    def __post_init__(self) -> None:
        """Refuse unknown words."""
        for name, known in (
            ("ambiguous", ("raise", "earliest", "latest")),
            ("nonexistent", ("raise", "drop")),
        ):
            if getattr(self, name) not in known:
                words = ", ".join(map(repr, known))
                raise ConfigError(f"{name}: given {getattr(self, name)!r}, expected one of {words}")


def place(parsed: Parsed, options: ClockOptions, symbol: str | None) -> tuple[Parsed, str, Log]:
    """Put the rows on the clock of UTC.

    Returns:
        The rows, the clock that they were read from, and what was found.

    Raises:
        ConfigError: The clock or the scale of the prices has to be stated.
        InvalidCandleData: There are no rows.
    """
    if parsed.frame.is_empty():
        names = ", ".join(name for name, _ in parsed.counts)
        raise InvalidCandleData(f"{names}: there are no rows below the header", rule="file")
    parsed = _ordered(parsed)
    log = Log(parsed.counts)
    parsed = _scaled(parsed, options, symbol)
    frame = parsed.frame.with_row_index(ROW)
    if isinstance(frame.schema["time"], pl.Datetime) and frame.schema["time"].time_zone:
        _refuse_second_zone(parsed, options)
        return replace(parsed, frame=frame), OFFSETS, log
    zone = options.time_zone or parsed.zone
    if zone is None and parsed.days:
        utc = frame.with_columns(pl.col("time").dt.replace_time_zone("UTC"))
        return replace(parsed, frame=utc), DAYS, log
    if zone is None:
        raise ConfigError(no_zone(parsed))
    on = _clock.clock(zone)
    try:
        times = _clock.to_utc(
            frame["time"], on, ambiguous=options.ambiguous, nonexistent=options.nonexistent
        )
    except InvalidCandleData as error:
        raise InvalidCandleData(
            f"{_times.at(parsed.counts, error.row or 0)[0]}, {error}",
            column="time",
            row=error.row,
            rule=error.rule,
        ) from None
    _report_local(log, frame, times, on, options)
    frame = frame.with_columns(times.alias("time")).filter(
        pl.col("time").is_not_null() | frame["time"].is_null()
    )
    return replace(parsed, frame=frame), zone, log


def no_zone(parsed: Parsed) -> str:
    """Make the error of a clock that is not stated, with what is known about it."""
    hint = f" {parsed.clock_hint}" if parsed.clock_hint else ""
    return (
        f"{parsed.counts[0][0]}: the times have no zone, and nothing in the file states one.{hint} "
        f"State the clock: {_clock.EXAMPLES}"
    )


def _report_local(
    log: Log, frame: pl.DataFrame, times: pl.Series, on: _clock.Clock, options: ClockOptions
) -> None:
    lost = times.is_null() & frame["time"].is_not_null()
    local = frame.with_columns(pl.col("time").dt.replace_time_zone("UTC"))
    if lost.any():
        log.add("nonexistent", local.with_columns(_lost=lost), pl.col("_lost"), done="dropped")
    if options.ambiguous != "raise":
        twice = local.with_columns(_twice=_clock.ambiguous_rows(frame["time"], on), time=times)
        log.add("ambiguous", twice, pl.col("_twice"), done=f"taken as the {options.ambiguous}")


def _refuse_second_zone(parsed: Parsed, options: ClockOptions) -> None:
    if options.time_zone is not None and _clock.clock(options.time_zone) != _clock.clock("UTC"):
        raise ConfigError(
            f"time_zone: given {options.time_zone!r}, but the times of {parsed.counts[0][0]} carry "
            "their offset to UTC. Leave time_zone out"
        )


def _ordered(parsed: Parsed) -> Parsed:
    """Put files in the order of their first rows; rows within a file stay as they are."""
    if len(parsed.counts) == 1:
        return parsed
    pieces, start = [], 0
    for name, rows in parsed.counts:
        pieces.append((name, parsed.frame.slice(start, rows)))
        start += rows
    filled = [(name, piece) for name, piece in pieces if piece.height]
    firsts = [piece["time"][0] for _, piece in filled]
    if None in firsts or firsts == sorted(firsts):
        return parsed
    filled.sort(key=lambda one: one[1]["time"][0])
    empty = [(name, 0) for name, piece in pieces if not piece.height]
    return replace(
        parsed,
        frame=pl.concat([piece for _, piece in filled]),
        counts=[*((name, piece.height) for name, piece in filled), *empty],
        notes=[*parsed.notes, "files were put in the order of their first rows"],
    )


def _scaled(parsed: Parsed, options: ClockOptions, symbol: str | None) -> Parsed:
    """Divide prices by the scale that was stated; refuse those that look like points."""
    prices = [name for name, kind in parsed.frame.schema.items()
              if kind == pl.Float64 and "volume" not in name]  # fmt: skip
    if options.price_scale is None:
        _refuse_points(parsed, prices, symbol or parsed.symbol)
        return parsed
    scale = _scaling.scale_of("price_scale", options.price_scale)
    scaled = [_scaling.times(_cleaned(parsed.frame[name]), scale) for name in prices]
    note = f"prices were multiplied by price_scale={_scaling.scale_text(scale)}"
    frame = parsed.frame.with_columns(scaled)
    return replace(parsed, frame=frame, notes=[*parsed.notes, note])


def _cleaned(points: pl.Series) -> pl.Series:
    """Take away binary noise: 130583.99999999999 stands for 130584."""
    whole = points.round()
    near = (points - whole).abs() < _NOISE
    return pl.select(pl.when(near).then(whole).otherwise(points).alias(points.name)).to_series()


def _refuse_points(parsed: Parsed, prices: list[str], symbol: str | None) -> None:
    """Refuse prices that are whole numbers of points, with the scale that makes prices of them."""
    if parsed.holds != BARS or not prices or not parsed.frame.height:
        return
    column = parsed.frame[next(name for name in prices if name.endswith("close"))].drop_nulls()
    middle = column.median()
    if not isinstance(middle, float) or middle < _POINTS_FROM:
        return
    away = (column - column.round()).abs()
    whole = bool((away < _NOISE).all())
    noise = whole and bool((away > 0).any())
    scale = _known_prices.scale_for(symbol, middle) if _known_prices.is_far(symbol, middle) \
        else None  # fmt: skip
    if scale is None and not noise:
        return
    why = f"far above any rate of {symbol}" if scale else "whole numbers with binary noise"
    example = 0.00001 if scale is None else scale
    points = 130_584 if scale is None else round(middle)
    made = _scaling.times(pl.Series([float(points)]), example)[0]
    raise ConfigError(
        f"{parsed.counts[0][0]}: prices are around {middle:,.0f}, {why}: they are points, not "
        f"prices. State the size of a point: price_scale={_scaling.scale_text(example)} makes "
        f"{made:.10g} of {points}"
    )
