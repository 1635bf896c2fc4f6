"""Text formats of known vendors and programs: their lines, clocks and bar times.

The form of the lines gives the format. Rows have the clock where it is documented, and a hint where
it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from omega.errors import ConfigError
from omega.importing import _delimited, _scaling
from omega.importing._files import Part
from omega.importing._generic import normal, shaped
from omega.importing._source import (
    CLOSE,
    OPEN,
    PRICES,
    Head,
    Options,
    Parsed,
    Source,
    short,
    symbol_in,
)

_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE]-?\d+)?"
_BARS = ("open", "high", "low", "close", "volume")

HISTDATA_CLOCK = (
    'HistData documents "EST without daylight saving" (time_zone="UTC-5"), but files of 2017 and '
    'of 2026 were seen to follow New York local time (time_zone="America/New_York").'
)
NINJA_CLOCK = (
    "NinjaTrader exports in the zone of its settings; version 8 has UTC as its default "
    '(time_zone="UTC").'
)
BROKER_CLOCK = (
    "MetaTrader writes the clock of the broker's server, which the file does not name; many "
    'brokers keep New York local time plus 7 hours (time_zone="America/New_York+7").'
)
DUKASCOPY_CLOCK = (
    'Dukascopy exports GMT (time_zone="UTC") unless another zone was chosen at the download.'
)


def lines_of(
    layout: _delimited.Layout,
    *,
    zone: str | None = None,
    hint: str = "",
    bar_time: str | None = None,
    note: str = "",
) -> Callable[[Sequence[Part], Options], Parsed]:
    """Return the reader of lines that always have the same columns."""

    def read(parts: Sequence[Part], options: Options) -> Parsed:
        frame, counts = _delimited.read(parts, layout)
        parsed = shaped(
            frame,
            counts,
            options,
            place=parts[0].name,
            names={},
            clock_hint=hint,
            bar_time=bar_time,
        )
        notes = [*parsed.notes, *([note] if note else [])]
        return replace(parsed, zone=zone, notes=notes)

    return read


def _zero_volume(head: Head, separator: str) -> bool:
    return all(re.search(rf"{separator}0+(\.0+)?$", line.strip()) for line in head.lines)


def _five(start: str, separator: str) -> str:
    return start + rf"{separator}{_NUMBER}" * 5


def _is_histdata(head: Head) -> bool:
    named = head.part.file.upper().startswith("DAT_")
    return head.like(_five(r"\d{8} \d{6}", ";")) and (named or _zero_volume(head, ";"))


def _is_histdata_mt(head: Head) -> bool:
    named = head.part.file.upper().startswith("DAT_")
    return _is_mt4(head) and (named or _zero_volume(head, ","))


def _is_mt4(head: Head) -> bool:
    return head.like(_five(r"\d{4}\.\d\d\.\d\d,\d\d:\d\d", ","))


def _is_mt5(head: Head) -> bool:
    names = [normal(name) for name in head.first.split("\t")]
    own = "<" in head.first or {"tickvol", "tickvolume", "tick volume", "spread"} & {*names}
    return bool(own) and names[0] == "date" and {*PRICES} <= {*names}


_MT_ROLES = {
    "date": "date", "time": "clock", "open": "open", "high": "high", "low": "low",
    "close": "close", "tickvol": "volume", "tickvolume": "volume", "tick volume": "volume",
    "vol": "real", "volume": "real", "spread": "spread",
}  # fmt: skip


def _read_mt5(parts: Sequence[Part], options: Options) -> Parsed:
    header = parts[0].lines()[0]
    roles = [_MT_ROLES.get(normal(name), _delimited.IGNORED) for name in header.split("\t")]
    layout = _delimited.Layout(separator="\t", columns=roles, header=True)
    frame, counts = _delimited.read(parts, layout)
    notes = [f"the volume is {'of trades' if _real(frame) else 'the number of ticks'}"]
    if _real(frame):
        frame = frame.with_columns(volume=pl.col("real"))
    frame = frame.drop("real", strict=False)
    if "spread" in frame.columns:
        frame, note = _with_spread(frame, parts[0], options)
        notes.append(note)
    parsed = shaped(
        frame,
        counts,
        options,
        place=parts[0].name,
        names={},
        clock_hint=BROKER_CLOCK,
        bar_time=OPEN,
    )
    symbol = parsed.symbol or parts[0].stem.partition("_")[0]
    return replace(parsed, symbol=symbol, notes=[*parsed.notes, *notes])


def _is_mt5_ticks(head: Head) -> bool:
    names = [normal(name) for name in head.first.split("\t")]
    return names[:2] == ["date", "time"] and {"bid", "ask"} <= {*names}


def _read_mt5_ticks(parts: Sequence[Part], options: Options) -> Parsed:
    """Read ticks; a side that did not change is left empty, and stands as it was."""
    roles = {"date": "date", "time": "clock", "bid": "bid", "ask": "ask"}
    names = (parts[0].lines() or [""])[0].split("\t")
    columns = [roles.get(normal(name), _delimited.IGNORED) for name in names]
    layout = _delimited.Layout(separator="\t", columns=columns, header=True)
    parsed = lines_of(layout, hint=BROKER_CLOCK)(parts, options)
    frame = parsed.frame.with_columns(pl.col("bid", "ask").forward_fill())
    note = "a side without a value did not change, as MetaTrader writes it, and is that of before"
    symbol = parsed.symbol or parts[0].stem.partition("_")[0]
    return replace(parsed, frame=frame, symbol=symbol, notes=[*parsed.notes, note])


def _real(frame: pl.DataFrame) -> bool:
    return "real" in frame.columns and bool((frame["real"] > 0).any())


def _with_spread(frame: pl.DataFrame, part: Part, options: Options) -> tuple[pl.DataFrame, str]:
    """Turn a spread in points into one in prices."""
    if options.point is not None:
        point = _scaling.scale_of("point", options.point)
        how = f"{_scaling.scale_text(point)}, as stated"
    else:
        digits = max(_scaling.decimals(frame[price]) for price in PRICES)
        point = float(f"1e-{digits}")
        how = f"{point:.{digits}f}, the last decimal of the prices in {part.file}"
    spread = _scaling.times(frame["spread"], point)
    return frame.with_columns(spread), f"spread read as points of {how}"


def _read_truefx(parts: Sequence[Part], options: Options) -> Parsed:
    layout = _delimited.Layout(separator=",", columns=["symbol", "time", "bid", "ask"])
    frame, counts = _delimited.read(parts, layout)
    names = frame["symbol"].drop_nulls().unique(maintain_order=True)
    if len(names) > 1 and options.symbol is None:
        raise ConfigError(
            f"{parts[0].name}: the file holds {', '.join(map(short, names[:5]))}. Choose one: "
            f"symbol={short(names[0])}"
        )
    wanted = options.symbol if len(names) > 1 else names[0]
    if len(names) > 1:
        frame = frame.filter(pl.col("symbol").str.replace("/", "") == str(wanted).replace("/", ""))
        counts = [(parts[0].name, frame.height)]
    parsed = shaped(frame.drop("symbol"), counts, options, place=parts[0].name, names={})
    return replace(parsed, zone="UTC", symbol=str(wanted).replace("/", ""))


def _binance(*, header: bool) -> Callable[[Sequence[Part], Options], Parsed]:
    columns = ["time", *_BARS, *[_delimited.IGNORED] * 6]
    layout = _delimited.Layout(separator=",", columns=columns, header=header)
    plain = lines_of(layout, bar_time=OPEN)

    def read(parts: Sequence[Part], options: Options) -> Parsed:
        named = re.match(r"([A-Z0-9]{5,})-\d+[smhdwM]o?-", parts[0].file)
        return replace(plain(parts, options), symbol=named[1] if named else None)

    return read


_TRADES = rf"\d+,{_NUMBER},{_NUMBER},({_NUMBER}|\d+,\d+),\d{{13,16}}(,(true|false)){{1,2}}"


def _read_binance_trades(parts: Sequence[Part], options: Options) -> Parsed:
    """Read trades, or those of one order put together, which have two numbers of trades more."""
    cells = parts[0].lines()[0].split(",")
    ids = sum(not cell.lower().startswith(("t", "f")) for cell in cells) - len(("time",))
    columns = [_delimited.IGNORED] * len(cells)
    columns[1], columns[2], columns[ids] = "price", "volume", "time"
    parsed = lines_of(_delimited.Layout(separator=",", columns=columns))(parts, options)
    named = re.match(r"([A-Z0-9]{5,})-\w*trades-", parts[0].file, re.IGNORECASE)
    return replace(parsed, symbol=named[1] if named else parsed.symbol)


_YAHOO = r"(date|datetime),open,high,low,close,adj close,volume(,dividends,stock splits)?"


def _read_yahoo(parts: Sequence[Part], options: Options) -> Parsed:
    width = parts[0].lines()[0].count(",") + 1
    columns = ["time", "open", "high", "low", "close", _delimited.IGNORED, "volume"]
    columns += [_delimited.IGNORED, "split"][: width - len(columns)]
    note = "prices are adjusted for splits, not dividends; Adj Close is ignored"
    layout = _delimited.Layout(separator=",", columns=columns, header=True)
    hint = 'Yahoo writes the local time of the exchange (such as time_zone="America/New_York").'
    return lines_of(layout, hint=hint, bar_time=OPEN, note=note)(parts, options)


def _is_dukascopy_export(head: Head) -> bool:
    clock = r"(gmt time|local time|time|time \(\w+\))"
    named = rf"{clock},(open,high,low,close,volume ?|ask,bid(, ?ask ?volume, ?bid ?volume ?)?)"
    second = head.lines[1] if len(head.lines) > 1 else ""
    dotted = re.match(r'"?\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d\.\d{3}', second)
    return head.like(named) and dotted is not None


def _read_dukascopy_export(parts: Sequence[Part], options: Options) -> Parsed:
    header = parts[0].lines()[0].lower()
    zone = "UTC" if "gmt" in header or "utc" in header else None
    width = header.count(",") + 1
    ticks = ["time", "ask", "bid", _delimited.IGNORED, _delimited.IGNORED][:width]
    columns = ticks if "bid" in header else ["time", *_BARS]
    layout = _delimited.Layout(separator=",", columns=columns, header=True)
    read = lines_of(layout, zone=zone, hint=DUKASCOPY_CLOCK, bar_time=OPEN)
    days_come_first = replace(options, dates=options.dates or "day-first")
    return read(parts, days_come_first)


_TICKS = rf"\d{{4}}\.\d\d\.\d\d \d\d:\d\d:\d\d\.\d{{3}},{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}"


def _read_dukascopy_ticks(parts: Sequence[Part], options: Options) -> Parsed:
    columns = ["time", "bid", "ask", "bid_volume", "ask_volume"]
    layout = _delimited.Layout(separator=",", columns=columns)
    parsed = lines_of(layout, zone="UTC")(parts, options)
    folders = [name for name in parts[0].folders if not re.fullmatch(r"\d+", name)]
    return replace(parsed, symbol=symbol_of_folder(folders) or parsed.symbol)


def symbol_of_folder(folders: Sequence[str]) -> str | None:
    """Return the innermost folder if it is written as a symbol is."""
    if folders and re.fullmatch(r"[A-Z0-9]{3,12}", folders[-1]):
        return folders[-1]
    return next((found for name in reversed(folders) if (found := symbol_in(name))), None)


_HISTDATA = _delimited.Layout(separator=";", columns=["time", *_BARS])
_MT4 = _delimited.Layout(separator=",", columns=["date", "clock", *_BARS])
_NO_SPREAD = (
    "no spread in the file: runs pay none until you add one, frame.with_columns(spread=...)"
)
_CLOSED = "the time of a bar is its close, as NinjaTrader documents"

SOURCES = (
    Source("histdata", "HistData, ASCII minutes", HISTDATA_CLOCK, OPEN, _is_histdata,
           lines_of(_HISTDATA, hint=HISTDATA_CLOCK, bar_time=OPEN)),
    Source("histdata-mt", "HistData, MetaTrader minutes", HISTDATA_CLOCK, OPEN, _is_histdata_mt,
           lines_of(_MT4, hint=HISTDATA_CLOCK, bar_time=OPEN)),
    Source("histdata-ticks", "HistData, ASCII ticks", HISTDATA_CLOCK, "-",
           lambda head: head.like(rf"\d{{8}} \d{{9}},{_NUMBER},{_NUMBER},{_NUMBER}"),
           lines_of(_delimited.Layout(separator=",", columns=["time", "bid", "ask", "volume"]),
                    hint=HISTDATA_CLOCK)),
    Source("ninjatrader", "NinjaTrader minutes", NINJA_CLOCK, CLOSE,
           lambda head: head.like(_five(r"\d{8} \d{6}", ";")),
           lines_of(_HISTDATA, hint=NINJA_CLOCK, bar_time=CLOSE, note=_CLOSED)),
    Source("metatrader4", "history of MetaTrader 4", BROKER_CLOCK, OPEN, _is_mt4,
           lines_of(_MT4, hint=BROKER_CLOCK, bar_time=OPEN, note=_NO_SPREAD)),
    Source("metatrader5", "export of MetaTrader 5, with a spread in points", BROKER_CLOCK, OPEN,
           _is_mt5, _read_mt5),
    Source("metatrader5-ticks", "ticks of MetaTrader 5", BROKER_CLOCK, "-", _is_mt5_ticks,
           _read_mt5_ticks),
    Source("truefx", "TrueFX ticks", "GMT, as TrueFX documents", "-",
           lambda head: head.like(rf"[A-Z]{{3}}/[A-Z]{{3}},\d{{8}} [\d:.]+,{_NUMBER},{_NUMBER}"),
           _read_truefx),
    Source("binance", "Binance klines, with or without header", "UTC, epoch in ms or us", OPEN,
           lambda head: head.like(rf"\d{{13,16}}(,{_NUMBER}){{5}},\d{{13,16}}(,{_NUMBER}){{5}}"),
           _binance(header=False)),
    Source("binance-header", "Binance klines with header", "UTC, epoch in ms or us", OPEN,
           lambda head: head.like(r"open_time,open,high,low,close,volume,close_time(,\w+){5}"),
           _binance(header=True)),
    Source("binance-trades", "Binance trades, each or aggregated, without header",
           "UTC, epoch in ms or us", "-", lambda head: head.like(_TRADES), _read_binance_trades),
    Source("yahoo", "Yahoo Finance and yfinance", "days of the exchange, or offsets in the text",
           OPEN, lambda head: head.like(_YAHOO), _read_yahoo),
    Source("bitstamp", "trades as bitcoincharts has them", "UTC, epoch in s", "-",
           lambda head: head.like(rf"\d{{10}},{_NUMBER},{_NUMBER}"),
           lines_of(_delimited.Layout(separator=",", columns=["time", "price", "volume"]))),
    Source("dukascopy-export", "Dukascopy candles and ticks as CSV", DUKASCOPY_CLOCK, OPEN,
           _is_dukascopy_export, _read_dukascopy_export),
    Source("dukascopy-ticks", "Dukascopy ticks as CSV, an hour a file", "UTC", "-",
           lambda head: head.like(_TICKS), _read_dukascopy_ticks),
)  # fmt: skip
