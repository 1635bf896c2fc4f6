"""Tables with named columns: separated text, Parquet, Arrow.

Columns get roles by the names that people and programs use. A name without a clear role needs
`columns=`; nothing is taken for granted.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from omega.config.values import nearest
from omega.data import ipc, pandas_levels, parquet
from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _delimited, _numbers, _scaling, _times
from omega.importing._files import Part
from omega.importing._source import (
    BARS,
    CLOSE,
    OPEN,
    PRICES,
    TICKS,
    TRADES,
    Head,
    Options,
    Parsed,
    Source,
    short,
    side_in,
    symbol_in,
)
from omega.libraries import refused_as

ROLES = (
    "time", "date", "clock", *PRICES, *(f"{side}_{price}" for side in ("bid", "ask")
    for price in PRICES), "bid", "ask", "price", "volume", "spread", "symbol",
    "split",
)  # fmt: skip

_NAMES: Mapping[str, Sequence[str]] = {
    "time": (
        "timeopen", "window start", "time", "timestamp", "datetime", "date time", "ts",
        "open time", "close time", "opentime",
        "timestamp utc", "gmt time", "utc time", "utc", "local time", "date gmt", "time utc",
        "unix", "unix timestamp", "unix time", "epoch", "dt", "zeit", "zeitpunkt",
        "fecha y hora", "date heure", "data ora", "transact time", "transaction time",
    ),
    "date": ("date", "day", "dtyyyymmdd", "datum", "fecha", "data"),
    "clock": ("time", "hour", "uhrzeit", "hora", "heure"),
    "open": (
        "open", "o", "first", "open price", "eröffnung", "eröffn.", "erster", "ouverture", "ouv.",
        "apertura", "abertura", "otwarcie",
    ),
    "high": (
        "high", "h", "max", "high price", "hoch", "plus haut", "máximo", "maximo",
        "massimo", "máxima", "najwyzszy", "najwyższy",
    ),
    "low": (
        "low", "l", "min", "low price", "tief", "plus bas", "mínimo", "minimo", "mínima",
        "najnizszy", "najniższy",
    ),
    "close": (
        "close", "c", "last", "close price", "price close", "close/last", "schluss", "schlusskurs",
        "zuletzt", "dernier", "clôture", "cloture", "último", "ultimo", "cierre", "chiusura",
        "fechamento", "zamkniecie", "zamknięcie",
    ),
    "bid": ("bid", "bid price", "bidprice", "best bid price"),
    "ask": ("ask", "ask price", "askprice", "best ask price", "offer"),
    "price": ("price", "trade price", "rate"),
    "volume": (
        "volume", "vol", "v", "tick volume", "tickvolume", "tickvol", "amount", "quantity", "qty",
        "size", "tickqty", "volume btc", "base volume", "vol.", "stück", "stuecke", "volumen",
        "wolumen",
    ),
    "spread": ("spread",),
    "symbol": ("symbol", "ticker", "pair", "instrument"),
    "split": ("stock splits", "split", "splits", "split ratio", "split factor"),
    **{
        f"{side}_{price}": (f"{side} {price}", f"{side}{price}", f"{price} {side}")
        for side in ("bid", "ask")
        for price in PRICES
    },
}  # fmt: skip

_LEAST_WIDE = 3
_SAMPLE = 1_000
_INDEXES = ("", "unnamed: 0", "index", "level 0")
"""Names of an index that nobody named: it holds the time where no other column does."""
_DAY = 86_400_000_000
_WIDEST = 0.02
"""A spread that is usually wider than this share of the price is taken for points."""


def normal(name: str) -> str:
    """Write a column's name without marks and case."""
    return re.sub(r"[<>\"'_\s-]+", " ", name).strip().lower()


def roles_of(
    names: Sequence[str], options: Mapping[str, str] | Sequence[str] | None, place: str
) -> dict[str, str]:
    """Return each role its column.

    Raises:
        ConfigError: A role or column is unknown, or a needed one is missing.
    """
    roles = _asked(names, options)
    left = [name for name in reversed(names) if name not in roles.values()]
    # "Time (EET)" is a time, unless another column is named so.
    free = {normal(re.sub(r"\s*\([^()]*\)\s*$", "", name)): name for name in left}
    free |= {normal(name): name for name in left}
    days = next((name for name in _NAMES["date"] if name in free), None)
    both = days is not None and bool({*_NAMES["clock"]} & {*free})
    for role in ROLES:
        if role in roles or (role in ("date", "clock") and not both) or (role == "time" and both):
            continue
        known = [free[name] for name in _NAMES[role] if name in free]
        if known and known[0] not in roles.values():
            roles[role] = known[0]
    if "time" not in roles and "date" not in roles:
        indexes = [name for name in _INDEXES if name in free]
        found = days if days is not None else indexes[0] if indexes else None
        roles.update({} if found is None else {"time": free[found]})
    if {"open", "high", "low", "price"} <= {*roles} and "close" not in roles:
        roles["close"] = roles.pop("price")
    _require(roles, names, place)
    return _one_layout(roles)


def _asked(
    names: Sequence[str], options: Mapping[str, str] | Sequence[str] | None
) -> dict[str, str]:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        if len(options) > len(names):
            raise ConfigError(f"columns: given {len(options)} roles for {len(names)} columns")
        options = {role: name for role, name in zip(options, names, strict=False) if role != "-"}
    for role, name in options.items():
        if role not in ROLES:
            raise ConfigError(f"columns: {role!r} is no role. {nearest(role, ROLES)}")
        if name not in names:
            raise ConfigError(f"columns[{role!r}]: no column {name!r}. {nearest(name, names)}")
    return dict(options)


def _require(roles: Mapping[str, str], names: Sequence[str], place: str) -> None:
    listed = ", ".join(map(short, names[:12])) + (", ..." if names[12:] else "")
    if "time" not in roles and "date" not in roles:
        raise ConfigError(
            f"{place}: no column is known to hold the time; the columns are {listed}. Name it: "
            "columns={'time': 'its name'}"
        )
    quotes = {"bid", "ask"} <= {*roles}
    if quotes or "close" in roles or "price" in roles or "bid_close" in roles:
        return
    if len(names) > _LEAST_WIDE and "open" not in roles:
        raise ConfigError(
            f"{place}: no column is known to hold prices; the columns are {listed}. If this is a "
            "wide table with one column a symbol, take one of them: "
            f"columns={{'close': {short(names[1])}}}, symbol={short(names[1])}"
        )
    raise ConfigError(
        f"{place}: no column is known to hold the close; the columns are {listed}. Name it: "
        "columns={'close': 'its name'}"
    )


def _one_layout(roles: dict[str, str]) -> dict[str, str]:
    """Leave out what the prices that are there do not need."""
    if "bid_close" in roles or "ask_close" in roles:
        unused = {*PRICES, "bid", "ask", "price", "spread"}
    elif "close" in roles and not ({"bid", "ask"} <= {*roles} and "open" not in roles):
        unused = {"bid", "ask", "price"}
    elif "bid" in roles and "ask" in roles:
        unused = {"price", *PRICES, "spread"}
    else:
        unused = {*PRICES, "bid", "ask", "spread"}
    return {role: name for role, name in roles.items() if role not in unused}


def shaped(
    frame: pl.DataFrame,
    counts: list[tuple[str, int]],
    options: Options,
    *,
    place: str,
    names: Mapping[str, str],
    clock_hint: str = "",
    bar_time: str | None = None,
) -> Parsed:
    """Return columns by role as parsed rows: the time read, the prices complete."""
    times = _time(frame, counts, options)
    notes = [f"times: {times.note}"]
    header = normal(names.get("time", names.get("clock", "")))
    zone = "UTC" if re.search(r"\b(utc|gmt)\b", header) and not times.utc else None
    if zone:
        notes.append(f"the column {names.get('time')!r} states that its times are UTC")
    data = frame.drop("date", "clock", "time", strict=False)
    data = data.select(times.values.alias("time"), *data.columns)
    single = "close" in data.columns and not {"open", "high", "low"} <= {*data.columns}
    if single:
        notes.append("the file has one price a row: open, high and low are that price")
        data = data.drop("open", "high", "low", strict=False)
        data = data.with_columns(*(pl.col("close").alias(price) for price in PRICES[:3]))
    holds = BARS if "close" in data.columns or "bid_close" in data.columns else TICKS
    holds = TRADES if "price" in data.columns else holds
    word = (
        {"open": OPEN, "close": CLOSE}.get(header.partition(" ")[0]) if "time" in header else None
    )
    return Parsed(
        frame=data,
        holds=holds,
        counts=counts,
        zone=zone,
        clock_hint=clock_hint,
        bar_time=bar_time or word or (OPEN if times.days else None),
        symbol=symbol_in(place.replace("\\", "/").rpartition("/")[2]),
        side=side_in(place.replace("\\", "/").rpartition("/")[2]) if holds == BARS else None,
        days=times.days,
        notes=notes,
    )


def _time(frame: pl.DataFrame, counts: _times.Counts, options: Options) -> _times.Times:
    if "date" in frame.columns:
        dates = frame["date"].cast(pl.String).str.strip_chars()
        if "clock" in frame.columns:
            dates = dates + " " + _clocks(frame["clock"].cast(pl.String).str.strip_chars())
        return _times.from_text(dates, counts, options.dates)
    column = frame["time"]
    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("us"))
    if isinstance(column.dtype, pl.Datetime):
        return _of_datetimes(column)
    if column.dtype.is_numeric():
        return _times.from_numbers(column, counts)
    counted = column.cast(pl.Float64, strict=False)
    if counted.null_count() == column.null_count() and len(column):
        exact = column.cast(pl.Int64, strict=False)
        whole = exact.null_count() == column.null_count()
        return _times.from_numbers(exact if whole else counted, counts)
    return _times.from_text(column, counts, options.dates)


def _clocks(text: pl.Series) -> pl.Series:
    """Fill clock times without marks up with zeros: 931 is 09:31, and 93100 is 09:31:00."""
    longest = text.str.len_chars().max()
    if not isinstance(longest, int) or longest < len("931"):  # 9 may be an hour or a minute
        return text
    if not text.drop_nulls().str.contains(r"^\d+$").all():
        return text
    return text.str.zfill(len("0931") if longest <= len("0931") else len("093100"))


def _of_datetimes(column: pl.Series) -> _times.Times:
    zone = column.dtype.time_zone  # type: ignore[attr-defined]  # it is a Datetime
    values = column.dt.cast_time_unit("us")
    if zone is not None:
        utc = values.dt.convert_time_zone("UTC")
        return _times.Times(utc, utc=True, days=False, note=f"typed, in {zone}")
    days = bool((values.drop_nulls().cast(pl.Int64) % _DAY == 0).all()) if len(values) else False
    return _times.Times(values, utc=False, days=days, note="typed, without a zone")


def _damaged(name: str, problem: str) -> InvalidCandleData:
    return InvalidCandleData(
        f"{name}: the file cannot be read ({problem}). It is damaged or not complete", rule="file"
    )


def _read_table(parts: Sequence[Part], options: Options) -> Parsed:
    frames: list[pl.DataFrame] = []
    kept: dict[str, str] = {}
    for part in parts:
        content = part.load()
        kept = ipc.metadata(content) or kept
        is_parquet = content.startswith(b"PAR1")
        reader = pl.read_parquet if is_parquet else pl.read_ipc
        with refused_as(functools.partial(_damaged, part.name)):
            offsets = is_parquet and parquet.has_offsets(content)
            frames.append(parquet.read_in_utc(content) if offsets else reader(io.BytesIO(content)))
    single, alone = pandas_levels.written_out(frames[0].columns)
    frames = [frame.rename(single, strict=False) for frame in frames]
    names = [name for name in frames[0].columns if name != "__index_level_0__"]
    if len(names) < len(frames[0].columns):
        frames = [frame.rename({"__index_level_0__": "time"}) for frame in frames]
        names = [*names, "time"]
    roles = roles_of(names, options.columns, parts[0].name)
    taken = [
        frame.select(
            frame[name].alias(role) if role in _delimited.TEXT
            else _numbered(part, frame[name], options).alias(role)
            for role, name in roles.items()
        )
        for part, frame in zip(parts, frames, strict=True)
    ]  # fmt: skip
    counts = [(part.name, frame.height) for part, frame in zip(parts, taken, strict=True)]
    frame, counts, symbol = one_symbol(pl.concat(taken), counts, options)
    frame, notes = in_prices(frame, parts[0].name, options)
    parsed = shaped(
        frame, counts, options, place=parts[0].name, names=roles, bar_time=kept.get("bar_time")
    )
    parsed = replace(parsed, notes=[*parsed.notes, *notes])
    return replace(parsed, symbol=symbol or kept.get("symbol") or alone or parsed.symbol)


def _numbered(part: Part, column: pl.Series, options: Options) -> pl.Series:
    """Return a column as numbers, which texts may be dressed up as."""
    if column.dtype != pl.String:
        return column.cast(pl.Float64)
    mark = _numbers.decimal_mark(
        column.head(_SAMPLE).drop_nulls().to_list(), "", options.decimal, part.name
    )
    values = _numbers.read(column, mark)
    wrong = (values.is_null() & ~_numbers.is_missing(column)).arg_true()
    if len(wrong):
        raise InvalidCandleData(
            f"{part.name}, row {wrong[0]}: {short(column[wrong[0]])} in column "
            f"{short(column.name)} is no number. Correct the row or remove it",
            column=column.name,
            row=int(wrong[0]),
            value=column[wrong[0]],
            rule="number",
        )
    return values


def one_symbol(
    frame: pl.DataFrame, counts: list[tuple[str, int]], options: Options
) -> tuple[pl.DataFrame, list[tuple[str, int]], str | None]:
    """Take the rows of one symbol; several are never mixed."""
    if "symbol" not in frame.columns:
        return frame, counts, None
    known = frame["symbol"].cast(pl.String).drop_nulls().unique(maintain_order=True).to_list()
    if len(known) <= 1:
        return frame.drop("symbol"), counts, known[0] if known else None
    if options.symbol not in known:
        listed = ", ".join(map(short, known[:6])) + (", ..." if known[6:] else "")
        raise ConfigError(
            f"{counts[0][0]}: the file holds the symbols {listed}. Choose one: "
            f"symbol={short(known[0])}"
        )
    start, pieces, kept = 0, [], []
    for name, rows in counts:
        piece = frame.slice(start, rows).filter(pl.col("symbol").cast(pl.String) == options.symbol)
        pieces.append(piece)
        kept.append((name, piece.height))
        start += rows
    return pl.concat(pieces).drop("symbol"), kept, options.symbol


def in_prices(frame: pl.DataFrame, place: str, options: Options) -> tuple[pl.DataFrame, list[str]]:
    """Turn a spread in points into prices where the point is stated; else refuse it."""
    if "spread" not in frame.columns or "close" not in frame.columns:
        return frame, []
    if options.point is not None:
        point = _scaling.scale_of("point", options.point)
        note = f"spread read as points of {_scaling.scale_text(point)}, as stated"
        return frame.with_columns(_scaling.times(frame["spread"], point)), [note]
    digits = max(_scaling.decimals(frame[price]) for price in PRICES if price in frame.columns)
    why = _why_points(frame, digits)
    if why:
        example = _scaling.scale_text(float(f"1e-{digits}")) if digits else "0.00001"
        raise ConfigError(
            f"{place}: {why}, so that it seems to be in points. State the size of a point: "
            f"point={example}, if that is the last decimal of the prices; or point=1 if these are "
            "prices"
        )
    return frame, []


def _why_points(frame: pl.DataFrame, digits: int) -> str:
    """Return what shows that a spread is in points, whichever row it is; else an empty text."""
    spread, close = frame["spread"], frame["close"]
    widest = (spread / close).max()
    if isinstance(widest, float) and _WIDEST < widest < float("inf"):
        return f"the spread is up to {widest:.0%} of the price"
    largest = spread.max()
    known = spread.drop_nulls().drop_nans()
    if digits and isinstance(largest, float) and largest > 0 and (known == known.round()).all():
        return f"the spread is a whole number in each row, as {largest:g}, and prices are not"
    return ""


def _is_table(head: Head) -> bool:
    return head.raw.startswith((b"PAR1", b"ARROW1", b"FEA1"))


SOURCES = (
    Source(
        "arrow",
        "Parquet, Arrow IPC or Feather with named columns",
        "the type of the time column; asked for where it has no zone",
        "asked",
        _is_table,
        _read_table,
    ),
)
