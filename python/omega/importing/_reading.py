"""The ways in: files of candles, files of ticks, and what a file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _findings, _localizing, _repairs, _ticks
from omega.importing._bars import (
    Call,
    bars_of,
    by_side,
    candles_of,
    joined,
    newest_first,
    parsed_of,
    placed,
    ticks_of,
)
from omega.importing._detecting import SOURCES
from omega.importing._files import Part, Paths, parts_of
from omega.importing._result import ImportedCandles, ImportedTicks
from omega.importing._source import BARS, Options, Parsed, Source
from omega.libraries import arguments_of, refused_as


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
    decimal: str | None = None,
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
        decimal: What stands before decimals, ``"."`` or ``","``, where the numbers do not decide
            it.
        point: The size of a point, for spreads in points; else from the digits of the prices.
        price_scale: What prices are multiplied by, where they are in points.
        ambiguous: A local time that comes twice is refused (``"raise"``), or is the
            ``"earliest"`` or the ``"latest"`` of the two.
        nonexistent: A local time that does not exist is refused (``"raise"``), or dropped
            (``"drop"``).
        sort: Whether rows are sorted by time.
        deduplicate: Which row of one time is kept: ``"first"`` or ``"last"``; None keeps all.
        drop_missing: Whether rows without a price or volume are dropped.
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
    call = Call(
        options=Options(symbol=symbol, time_zone=time_zone, columns=columns, dates=dates,
                        decimal=decimal, point=point, price_scale=price_scale),
        clock=_localizing.ClockOptions(time_zone=time_zone, ambiguous=ambiguous,
                                       nonexistent=nonexistent, price_scale=price_scale),
        repairs=_repairs.Repairs(sort=sort, deduplicate=deduplicate, drop_missing=drop_missing,
                                 drop_flat_fillers=drop_flat_fillers, clip_ohlc=clip_ohlc),
        source=source, bar_time=bar_time, timeframe=timeframe, as_bid=side == "bid",
    )  # fmt: skip
    with _readable(paths):
        bid_parts, ask_parts = by_side(paths, ask, unpack_limit)
        first = bars_of(bid_parts, call, alone=not ask_parts)
        if ask_parts:
            first = joined(first, bars_of(ask_parts, call, alone=False))
        return candles_of(first, call)


@arguments_of("read_ticks")
def read_ticks(
    paths: Paths,
    source: str | None = None,
    *,
    symbol: str | None = None,
    time_zone: str | None = None,
    columns: Mapping[str, str] | Sequence[str] | None = None,
    dates: str | None = None,
    decimal: str | None = None,
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
    call = Call(
        options=Options(symbol=symbol, time_zone=time_zone, columns=columns, dates=dates,
                        decimal=decimal, price_scale=price_scale),
        clock=_localizing.ClockOptions(time_zone=time_zone, ambiguous=ambiguous,
                                       nonexistent=nonexistent, price_scale=price_scale),
        repairs=_repairs.Repairs(sort=sort, deduplicate=deduplicate, drop_missing=drop_missing),
        source=source, bar_time=None, timeframe=None,
    )  # fmt: skip
    with _readable(paths):
        return ticks_of(placed(parts_of(paths, unpack_limit), call), call)


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
    decimal: str | None = None,
) -> dict[str, Any]:
    r"""Return what files are, without requiring what they do not state.

    Args:
        paths: As `omega.read_candles` takes them.
        source: As there.
        columns: As there.
        dates: As there.
        decimal: As there.

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
        parts, others = by_side(paths, None)
        options = Options(columns=columns, dates=dates, decimal=decimal)
        known, parsed = parsed_of(parts, source, options)
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
        "time_zone": "UTC" if zoned else parsed.zone or (_localizing.DAYS if parsed.days else None),
        "bar_time": parsed.bar_time,
        "side": "both" if others else parsed.side,
        "columns": parsed.frame.columns,
        "notes": [
            *parsed.notes,
            *([parsed.clock_hint] if parsed.clock_hint else []),
            *(["the rows run from the newest to the oldest"] if newest_first(parsed) else []),
        ],
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
