"""The candle store in plain Python, used where that of `omega._core` cannot be loaded.

Contents, findings and errors are the same. What Polars can share stays shared; nothing is promised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.contract import ArrowLike
from omega.errors import ConfigError, InvalidCandleData
from omega.reference import checks
from omega.reference.columns import PRICES

_ORDER = (
    "time",
    *(f"bid_{price}" for price in PRICES),
    "bid",
    *(f"ask_{price}" for price in PRICES),
    "ask",
    "spread",
    "volume",
)
"""The columns of a store, in the order in which the findings of a row are listed."""

_CAST = "Pass cast=True to cast it once (the copy is counted in copied_bytes), or cast it before"
_TYPE = "Give a column of that type, or map another one with columns={role: name}"
_NO_TIME = -(2**63)
"""What many libraries hold where a time is missing."""


class Column:
    """A column of the input; Polars has no seconds, so that `unit` remembers them."""

    def __init__(
        self, values: pl.Series, unit: str | None = None, *, copied_bytes: int = 0
    ) -> None:
        self.values = values
        self.copied_bytes = copied_bytes
        self.unit = unit or getattr(values.dtype, "time_unit", None)

    @staticmethod
    def from_arrow(data: ArrowLike) -> Column:
        """Take a series or an array of any library."""
        kind = getattr(data, "type", None) or getattr(data, "dtype", None)
        return Column(pl.Series(data), "s" if _in_seconds(kind) else None)

    @staticmethod
    def from_buffer(data: NDArray[Any], copied: bool = False) -> Column:
        """Take an array of numbers."""
        return Column(pl.Series(data), copied_bytes=8 * len(data) if copied else 0)

    @staticmethod
    def chained(parts: list[Column]) -> Column:
        """Take columns of one type one after the other."""
        kinds = {(part.values.dtype, part.unit) for part in parts}
        if len(kinds) != 1:
            raise TypeError(" after ".join(str(kind) for kind, _ in kinds))
        values = pl.concat([part.values for part in parts], rechunk=False)
        return Column(values, parts[0].unit, copied_bytes=sum(p.copied_bytes for p in parts))

    def as_timestamp(self, unit: str, timezone: str | None = None) -> Column:
        """The same integers as times of a unit and time zone."""
        times = _without(_NO_TIME, self.values)
        kept: Any = "ms" if unit == "s" else unit
        times = (times * 1_000 if unit == "s" else times).cast(pl.Datetime(kept, timezone))
        return Column(times, unit, copied_bytes=self.copied_bytes)

    def slice(self, offset: int, length: int) -> Column:
        """A view of some rows."""
        copied = 8 * length if self.copied_bytes else 0
        return Column(self.values.slice(offset, length), self.unit, copied_bytes=copied)

    def __len__(self) -> int:
        return len(self.values)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.values.__arrow_c_stream__(requested_schema)


def table_columns(data: ArrowLike) -> list[tuple[str, Column]]:
    """The columns of a table-like Arrow object, by name and in order."""
    names = list(getattr(getattr(data, "schema", None), "names", ()))
    if len({*names}) < len(names):
        return [(name, Column(pl.Series())) for name in names]  # for the caller to refuse
    kinds = dict(zip(names, getattr(getattr(data, "schema", None), "types", ()), strict=False))
    return [
        (series.name, Column(series, "s" if _in_seconds(kinds.get(series.name)) else None))
        for series in pl.DataFrame(data)
    ]


def ipc_names(_file: object) -> list[str] | None:
    """None: Polars maps Arrow files by itself."""
    return None


def ipc_columns(_file: object, _names: Sequence[str]) -> list[tuple[str, Column]] | None:
    """None, as `ipc_names`."""
    return None


def ipc_metadata(_file: object) -> dict[str, str]:
    """None: Polars reads and writes no metadata in the schema of Arrow files."""
    return {}


def write_ipc(data: pl.DataFrame, path: Path, _metadata: Mapping[str, str]) -> None:
    """Write the rows, without the metadata; see `ipc_metadata`."""
    data.write_ipc(path, compression="uncompressed")


def _in_seconds(kind: object) -> bool:
    return str(kind).startswith("timestamp[s")


def _without(missing: int, values: pl.Series) -> pl.Series:
    return values.set(values == missing, None) if (values == missing).any() else values


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """The candles of one symbol, and what is known about them."""

    name: str
    names: list[tuple[str, str]]
    frame: pl.DataFrame
    unit: str
    timezone: str | None
    spread: float
    copied_bytes: int
    cuts: list[int]
    levels: dict[str, str]
    found: list[checks.Finding]
    warned: list[checks.Finding]
    crossed: int | None

    def column_of(self, role: str) -> str:
        """The user's name for a column."""
        return next(name for given, name in self.names if _sided(given) == role)

    def in_unit(self, time: int | None) -> int | None:
        """A time as it stands in the input; Polars holds seconds as milliseconds."""
        return time // 1_000 if self.unit == "s" and time is not None else time

    def error(self, finding: checks.Finding) -> InvalidCandleData:
        """A finding as the reason to refuse the symbol."""
        if finding.rule == "time_order" and finding.against is not None:
            finding = replace(finding, against=self.in_unit(int(finding.against)))
        finding = replace(finding, time=self.in_unit(finding.time))
        return finding.error(self.name, self.column_of(finding.role), self.unit)


class CandleStore:
    """What `omega._core.CandleStore` is, in plain Python.

    Example:
        >>> from datetime import datetime
        >>> columns = {"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]}
        >>> given = [(name, name, Column(pl.Series(values))) for name, values in columns.items()]
        >>> len(CandleStore([("EURUSD", given, 0.0)], "check", [], [], False))
        1
    """

    def __init__(
        self,
        symbols: Sequence[tuple[str, list[tuple[str, str, Column]], float]],
        mode: str,
        levels: Sequence[tuple[str, str]],
        allow_negative: Sequence[str],
        cast: bool,
    ) -> None:
        """Builds a store; `mode` is `check`, `report` or `off`, `levels` sets single rules."""
        rules = checks.levels(levels)
        negative = {**rules, "price": "allow"}
        self._symbols = {
            name: _checked(
                _read(name, columns, spread, cast=cast),
                mode,
                negative if name in allow_negative else rules,
            )
            for name, columns, spread in symbols
        }

    @property
    def symbols(self) -> list[str]:
        """The symbols, in the order in which they were given."""
        return list(self._symbols)

    def symbol(self, name: str) -> CandleStore:
        """A store of one symbol that shares this one's columns."""
        store = CandleStore.__new__(CandleStore)
        store._symbols = {name: self._symbols[name]}  # noqa: SLF001 - our own class
        return store

    def each(self) -> list[CandleStore]:
        """A store of each symbol, in order, that shares this one's columns."""
        return [self.symbol(name) for name in self._symbols]

    def columns(self, symbol: str) -> list[tuple[str, str]]:
        """The columns of a symbol as `(role, user's name)`."""
        return list(self._symbols[symbol].names)

    def spread(self, symbol: str) -> float:
        """The distance from bid to ask where no column has the ask side; 0 where one does."""
        one = self._symbols[symbol]
        sides = {"spread", "ask", "ask_open"} & {*one.frame.columns}
        return 0.0 if sides else one.spread

    def bid(self, _symbol: str) -> None:
        """The bid where it lies: nowhere in one piece."""

    @property
    def n_chunks(self) -> int:
        """Number of segments of all symbols."""
        return sum(len(one.cuts) for one in self._symbols.values())

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(8 * one.frame.width * one.frame.height for one in self._symbols.values())

    @property
    def copied_bytes(self) -> int:
        """Bytes that a cast made on the way in."""
        return sum(one.copied_bytes for one in self._symbols.values())

    @property
    def crossed_rows(self) -> list[int | None]:
        """For each symbol the rows in which the ask is below the bid; None if not checked."""
        return [one.crossed for one in self._symbols.values()]

    def buffers(self, symbol: str, role: str) -> list[tuple[int, int]]:
        """`(address, bytes)` of each segment's buffer for a role."""
        one = self._symbols[symbol]
        values = one.frame[_sided(role)].to_physical()
        parts = [
            values.slice(low, high - low).to_numpy()
            for low, high in zip([0, *one.cuts], one.cuts, strict=False)
        ]
        return [(part.__array_interface__["data"][0], part.nbytes) for part in parts]

    def time_range(self, symbol: str) -> tuple[int, int, str, str | None]:
        """First and last open time, unit and time zone of a symbol."""
        one = self._symbols[symbol]
        times = one.frame["time"].to_physical()
        first, last = (one.in_unit(times[place]) for place in (0, -1))
        return first or 0, last or 0, one.unit, one.timezone

    def warnings(self) -> list[tuple[str, str, str, int, int, float | None]]:
        """Counts of the rules that only warn: `(symbol, rule, column, count, row, value)`."""
        lines = []
        for one in self._symbols.values():
            for rule in dict.fromkeys(finding.rule for finding in one.warned):
                broken = [finding for finding in one.warned if finding.rule == rule]
                first = broken[0]
                column = one.column_of(first.role)
                lines.append((one.name, rule, column, len(broken), first.row, first.value))
        return lines

    def findings(self, symbol: str) -> list[tuple[str, pl.Series]]:
        """Every finding of a symbol as the columns rule, column, row, time and value."""
        one = self._symbols[symbol]
        rules = checks.ALL_ERRORS | {"price": one.levels["price"]}
        found = one.found or checks.findings(one.frame, rules)
        times = pl.Series([finding.time for finding in found], dtype=pl.Int64)
        columns = {
            "rule": pl.Series([finding.rule for finding in found], dtype=pl.String),
            "column": pl.Series([one.column_of(f.role) for f in found], dtype=pl.String),
            "row": pl.Series([finding.row for finding in found], dtype=pl.UInt64),
            "time": times.cast(one.frame.schema["time"]),
            "value": pl.Series([finding.value for finding in found], dtype=pl.Float64),
        }
        return list(columns.items())

    def require_valid(self) -> None:
        """Raise the first finding that refuses the data."""
        for one in self._symbols.values():
            for finding in one.found:
                if one.levels[finding.rule] == "error":
                    raise one.error(finding)

    def __len__(self) -> int:
        return sum(one.frame.height for one in self._symbols.values())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        [one] = self._symbols.values()
        return one.frame.__arrow_c_stream__(requested_schema)


def _sided(role: str) -> str:
    """Plain data is the bid side (rule T2)."""
    return f"bid_{role}" if role in PRICES else role


def _checked(symbol: Symbol, mode: str, levels: dict[str, str]) -> Symbol:
    """Look at every row, as far as the mode requests it."""
    looked = mode != "off"
    found = checks.findings(symbol.frame, levels) if looked else checks.missing(symbol.frame)
    symbol = replace(
        symbol,
        levels=levels,
        found=found if mode == "report" else [],
        warned=[finding for finding in found if levels[finding.rule] == "warn"],
        crossed=checks.crossed_rows(symbol.frame) if looked else None,
    )
    if mode != "report":
        for finding in found:
            if levels[finding.rule] == "error":
                raise symbol.error(finding)
    return symbol


def _read(
    name: str, columns: list[tuple[str, str, Column]], spread: float, *, cast: bool
) -> Symbol:
    """Bring one symbol's columns to their types."""
    if not (spread >= 0.0 and math.isfinite(spread)):
        raise ConfigError(
            f"spread: given {spread}, expected a finite number of price units, 0 or more. "
            "A spread of 2 pips on EURUSD is spread=0.0002"
        )
    reader = _Reader(name, cast=cast)
    given = {role: (user, column) for role, user, column in columns}
    user, times = given["time"]
    if not len(times):
        raise reader.refuse(user, "there are no rows", "Give at least one bar")
    time = reader.times(user, times)
    if "ask_time" in given:
        reader.same_times(given["ask_time"], time)
    sided = {_sided(role): role for role in given}
    taken = {
        role: time.values if role == "time" else reader.floats(sided[role], *given[sided[role]])
        for role in _ORDER
        if role in sided
    }
    ends = {int(end) for series in taken.values() for end in np.cumsum(series.chunk_lengths())}
    return Symbol(
        name=name,
        names=[(role, user) for role, user, _ in columns],
        frame=pl.DataFrame(taken),
        unit=str(time.unit),
        timezone=getattr(time.values.dtype, "time_zone", None),
        spread=spread,
        copied_bytes=reader.copied_bytes,
        cuts=sorted(ends - {0}),
        levels={},
        found=[],
        warned=[],
        crossed=None,
    )


class _Reader:
    """Gives columns their types, and counts what had to be copied."""

    def __init__(self, symbol: str, *, cast: bool) -> None:
        self.symbol = symbol
        self.cast = cast
        self.copied_bytes = 0

    def refuse(self, column: str, problem: str, hint: str) -> InvalidCandleData:
        """The error about a whole column."""
        return InvalidCandleData(
            f"symbol '{self.symbol}', column '{column}': {problem}. {hint}",
            column=column,
            rule="column",
            symbol=self.symbol,
        )

    def times(self, user: str, column: Column, role: str = "time") -> Column:
        """A time column; what stands for no time in many libraries is a missing value."""
        self.copied_bytes += column.copied_bytes
        dtype = column.values.dtype
        if dtype.is_numeric():
            raise self.refuse(
                user,
                f"the type is {dtype}, which has no unit of time",
                "Give it one without a copy: pl.from_epoch(column, time_unit='ms') (or 'us', 'ns')",
            )
        if isinstance(dtype, pl.Datetime):
            marked = _without(_NO_TIME, column.values.to_physical())
            return (
                column
                if marked.null_count() == column.values.null_count()
                else Column(marked.cast(dtype), column.unit)
            )
        if not self.cast or not (dtype == pl.Date or _is_text(dtype)):
            raise self._mistyped(user, dtype, role, "timestamp")
        cast = _parsed(column.values) if _is_text(dtype) else column.values.cast(pl.Datetime("us"))
        return Column(self._counted(user, column.values, cast, "timestamp"))

    def floats(self, role: str, user: str, column: Column) -> pl.Series:
        """A price, spread or volume column."""
        self.copied_bytes += column.copied_bytes
        values = column.values
        if values.dtype == pl.Float64:
            return values
        counted = role == "volume" and values.dtype.is_numeric()  # no price depends on volumes
        readable = values.dtype.is_numeric() or _is_text(values.dtype)
        if not (counted or (self.cast and readable)):
            raise self._mistyped(user, values.dtype, role, "float64")
        plain = values.cast(pl.String) if _is_text(values.dtype) else values
        return self._counted(user, values, plain.cast(pl.Float64, strict=False), "float64")

    def same_times(self, ask: tuple[str, Column], bid: Column) -> None:
        """The times of a separate ask frame must be those of the bid frame, row by row."""
        user, column = ask
        other = self.times(user, column, "ask_time")
        if other.unit != bid.unit:
            raise self.refuse(
                user,
                f"the unit is {other.unit}, that of the bid side is {bid.unit}",
                "Give both sides in one unit",
            )
        mine, theirs = bid.values.to_physical(), other.values.to_physical()
        rows = min(len(mine), len(theirs))
        differs = mine[:rows].ne_missing(theirs[:rows]) | theirs[:rows].is_null()
        row = differs.arg_max() if differs.any() else rows
        if row is None or (row == rows and len(mine) == len(theirs)):
            return
        raise checks.refused(
            self.symbol,
            user,
            row,
            value=_text_at(other, row),
            rule="same_times",
            words=(
                f"the bid side has {_text_at(bid, row)} here",
                "Join the two frames on time first, so that both sides have the same rows",
            ),
        )

    def _mistyped(
        self, user: str, dtype: pl.DataType, role: str, expected: str
    ) -> InvalidCandleData:
        castable = dtype.is_numeric() or dtype.is_temporal() or _is_text(dtype)
        problem = f"the type is {dtype}, but '{role}' needs {expected}"
        return self.refuse(user, problem, _CAST if castable else _TYPE)

    def _counted(self, user: str, given: pl.Series, cast: pl.Series, expected: str) -> pl.Series:
        """Count a cast, and refuse the first value that could not be read."""
        unread = cast.is_null() & given.is_not_null()
        if unread.any():
            row = unread.arg_max() or 0
            raise checks.refused(
                self.symbol,
                user,
                row,
                value=str(given[row]),
                rule="type",
                words=(
                    f"the value cannot be read as {expected}",
                    "Repair or drop the row before the run",
                ),
            )
        self.copied_bytes += 8 * len(cast)
        return cast


def _is_text(dtype: pl.DataType) -> bool:
    return dtype in (pl.String, pl.Categorical, pl.Enum)


def _parsed(values: pl.Series) -> pl.Series:
    """Texts as naive times in UTC; missing where a text is no time."""
    texts = values.cast(pl.String)
    try:
        times = texts.str.to_datetime(time_unit="us", strict=False)
    except pl.exceptions.ComputeError:  # not even the first one looks like a time
        return pl.Series([None] * len(texts), dtype=pl.Datetime("us"))
    if getattr(times.dtype, "time_zone", None) is None:
        return times
    return times.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _text_at(column: Column, row: int) -> str:
    if row >= len(column):
        return "no row"
    time = column.values.to_physical()[row]
    if time is None:
        return "null"
    return checks.time_text(time // 1_000 if column.unit == "s" else time, str(column.unit))
