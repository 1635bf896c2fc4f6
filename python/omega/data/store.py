"""The candles of all symbols, in the buffers of the user's library.

A `CandleStore` is checked once by the rules T1 and T3 and never changed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import polars as pl

from omega._native import core
from omega.config.times import moment_of
from omega.config.values import counted, flag, nearest, shown, taken
from omega.contract import ArrowLike
from omega.data import display
from omega.data.columns import DEFAULT_SYMBOL, SymbolInput, casts_of, symbol_inputs
from omega.data.mapped_files import MappedFile, mapped_files
from omega.data.name_and_time_checks import (
    negative_symbols,
    refuse_checks,
    refuse_names,
    refuse_times,
    refuse_unknown,
)
from omega.data.own_columns import OwnColumns
from omega.data.pickling import Made, Parts, columns_of, store_of_columns
from omega.errors import CandleWarning, ConfigError, printable
from omega.libraries import arguments_of
from omega.notices import Notice, in_order

if TYPE_CHECKING:
    from omega._core import CandleStore as NativeStore

__all__ = ["CandleStore"]


class CandleStore:
    """Candles of one or more symbols, shared with the input and checked.

    Attributes:
        native: The native store, which a run walks; a plain one where that cannot be loaded.
        own: For each symbol the columns of the user's own beside its candles.
        mapped: The files that its columns may lie in.
        rolls: Rows of `Events.rolls`, of symbols that are made of contracts.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> store = CandleStore(pl.DataFrame({
        ...     "time": [datetime(2024, 1, 1), datetime(2024, 1, 2)],
        ...     "open": [1.0, 1.1], "high": [1.2, 1.2], "low": [0.9, 1.0], "close": [1.1, 1.0],
        ... }), symbol="EURUSD")
        >>> len(store), store.symbols, store.copied_bytes
        (2, ['EURUSD'], 0)
        >>> store.n_chunks, store.nbytes, store.time_unit, store.crossed_rows, store.notices
        (1, 80, 'us', {'EURUSD': 0}, [])
    """

    __slots__ = ("_casts", "_made", "mapped", "native", "own", "rolls")

    native: NativeStore
    own: Mapping[str, OwnColumns]
    _made: Made
    mapped: tuple[MappedFile, ...]
    rolls: tuple[Any, ...]
    _casts: tuple[str, ...]
    """Columns that another type was made of, with the type before."""

    def __init__(
        self,
        data: ArrowLike,
        *,
        symbol: str | None = None,
        columns: Mapping[str, str] | None = None,
        validate: str | Mapping[str, str] = "error",
        cast: bool = False,
        allow_negative: Collection[str] | Callable[[str], bool] = (),
        default_symbol: str | None = None,
    ) -> None:
        """Take the columns where they lie, and check every row.

        Args:
            data: A `polars.DataFrame` or `LazyFrame`, a pyarrow table, batch or reader, a
                `pandas.DataFrame`, a DuckDB relation, anything with `__arrow_c_stream__` or
                `__arrow_c_array__`, a list of record batches, a path to a Parquet or Arrow IPC
                file, a `Dataset` of several of them, `Candles`, a dict from symbol to any of these,
                a table with a `symbol` column, or a `CandleStore`. Also a list of candles of your
                own class, with time or timestamp, open, high, low, close as attributes, or of
                dicts: these are read once into columns, counted in `copied_bytes`.
            symbol: The name of single-symbol data; else that of an import, or ``"SYMBOL"``.
            columns: Columns whose names do not show their role, as ``{role: name}``.
            validate: ``"error"`` refuses at the first finding; ``"report"`` keeps all for
                `validate()`; ``"off"`` looks at types and missing values alone; a dict such as
                ``{"crossed": "allow"}`` sets single rules to ``error``, ``warn`` or ``allow``.
            cast: Whether columns of other types are cast, once; counted in `copied_bytes`.
            allow_negative: Symbols whose prices may be zero or below, or a function of a symbol.
            default_symbol: The name of data that has none itself, in place of ``"SYMBOL"``.

        Raises:
            ConfigError: A name or setting is unknown, ambiguous or contradicts another.
            InvalidCandleData: The data breaks a rule; column, row and value are named.
        """
        with arguments_of("CandleStore"):
            if isinstance(data, CandleStore):
                if symbol is not None or columns:
                    raise ConfigError("data: a CandleStore has its symbol and columns already")
                refuse_checks(validate, cast=cast)
                self.native, self.own = data.native, data.own
                self._made, self._casts = data._made, data._casts  # noqa: SLF001 - its own class
                self.mapped, self.rolls = data.mapped, data.rolls
                return
            mode, levels = _mode(validate)
            taken("cast", cast, flag)
            named = {"symbol": symbol, "columns": columns, "default_symbol": default_symbol}
            self.mapped, self.rolls = mapped_files(data), ()
            inputs = _named(symbol_inputs(data, symbol=symbol, columns=columns, cast=cast), named)
            negative = negative_symbols(allow_negative, [one.symbol for one in inputs])
            self._made = Made.of(data, named, (mode, levels, negative, cast))
            self._take(inputs)
        for line in self._warnings():
            warnings.warn(printable(line), CandleWarning, stacklevel=2)

    def _read(self, data: ArrowLike, named: Mapping[str, Any]) -> None:
        """Take the columns of some data again, as it was noted."""
        symbol, columns, cast = named["symbol"], named["columns"], self._made.checks[3]
        self.mapped = mapped_files(data)
        self._take(_named(symbol_inputs(data, symbol=symbol, columns=columns, cast=cast), named))

    def _take(self, inputs: list[SymbolInput]) -> None:
        """Take the columns that were found."""
        mode, levels, negative, cast = self._made.checks
        refuse_names([one.symbol for one in inputs])
        self.own = {one.symbol: one.own for one in inputs if one.own is not None}
        self.native = core.CandleStore(
            [(one.symbol, one.columns, one.spread) for one in inputs],
            mode,
            levels,
            negative,
            cast,
        )
        for name in self.symbols:
            refuse_times(name, *self.native.time_range(name))
        self._casts = tuple(casts_of(inputs)) if self.native.copied_bytes else ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel by path where that is enough, else by value."""
        if self._made.is_there():
            return _reopened, (self._made, self.describe())
        return _received, (columns_of(self, self._made), self._made.checks, self.rolls)

    def __copy__(self) -> CandleStore:
        """Return itself: a store never changes."""
        return self

    def __deepcopy__(self, memo: object) -> CandleStore:
        """Return itself."""
        return self

    @property
    def symbols(self) -> list[str]:
        """The symbols, in the order in which they were given."""
        return self.native.symbols

    @property
    def n_chunks(self) -> int:
        """Number of segments: where one column is cut, all are."""
        return self.native.n_chunks

    @property
    def nbytes(self) -> int:
        """Bytes of all columns, wherever they lie."""
        return self.native.nbytes

    @property
    def copied_bytes(self) -> int:
        """Bytes copied on the way in: 0, except by `cast=True` and from lists of candles."""
        return self.native.copied_bytes

    @property
    def crossed_rows(self) -> dict[str, int | None]:
        """For each symbol the rows with an ask below the bid; None if not checked."""
        return dict(zip(self.symbols, self.native.crossed_rows, strict=True))

    @property
    def time_unit(self) -> str:
        """Unit of the times of the first symbol: ``s``, ``ms``, ``us`` or ``ns``."""
        return self.native.time_range(self.symbols[0])[2]

    @property
    def notices(self) -> list[Notice]:
        """What a reader of results should know about the data."""
        found = [Notice("warning", "data", line) for line in self._warnings()]
        for symbol, rows in self.crossed_rows.items():
            if rows:
                text = (
                    f"{symbol}: the ask is below the bid in {counted(rows, 'row')}; fills "
                    "use each side as it stands"
                )
                found.append(Notice("warning", "crossed_rows", text))
        if self.copied_bytes:
            cast = f"by a cast: {', '.join(self._casts)}" if self._casts else "into columns"
            text = f"{self.copied_bytes:,} bytes were copied {cast}"
            found.append(Notice("info", "cast", text))
        return list(in_order(found))

    def symbol(self, name: str) -> CandleStore:
        """Return the store of one symbol; it shares this one's columns.

        Args:
            name: The symbol.

        Raises:
            ConfigError: There is no such symbol.

        Example:
            >>> import polars as pl
            >>> from datetime import datetime
            >>> frame = pl.DataFrame({
            ...     "time": [datetime(2024, 1, 1)] * 2, "symbol": ["A", "B"],
            ...     "bid": [1.0, 2.0], "ask": [1.1, 2.1],
            ... })
            >>> CandleStore(frame).symbol("B")
            CandleStore(B: 1 quote, 2024-01-01 00:00 to 2024-01-01 00:00, 0 bytes copied)
        """
        self._known(name)
        own = {name: self.own[name]} if name in self.own else {}
        made, rolls = self._made.of_symbol(name), tuple(r for r in self.rolls if r[0] == name)
        return over(self.native.symbol(name), own, made, self.mapped, rolls)

    def buffers(self, column: str) -> list[tuple[int, int]]:
        """Return the address and the length in bytes of each segment of a column.

        Args:
            column: A role such as ``"bid_close"``, or the user's name for the column.

        Raises:
            ConfigError: There is no such column, or there are several symbols.

        Example:
            >>> import polars as pl
            >>> from datetime import datetime
            >>> ticks = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
            >>> [(address, length)] = CandleStore(ticks).buffers("bid")
            >>> length
            8
        """
        symbol = self._only("buffers")
        roles = {name: role for role, name in self.native.columns(symbol)}
        roles |= {role: role for role, _ in self.native.columns(symbol)}
        plain = [role for role in roles.values() if role in ("open", "high", "low", "close")]
        roles |= {f"bid_{role}": role for role in plain}
        if column not in roles:
            raise ConfigError(f"column: {column!r} is not in the store. {nearest(column, roles)}")
        return self.native.buffers(symbol, roles[column])

    def time_range(self, symbol: str | None = None) -> tuple[datetime, datetime]:
        """Return the first and the last open time, in the column's time zone or else UTC.

        Args:
            symbol: The symbol; may be left out where there is only one.

        Example:
            >>> import polars as pl
            >>> from datetime import datetime
            >>> ticks = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
            >>> CandleStore(ticks).time_range()[0].isoformat()
            '2024-01-01T00:00:00+00:00'
        """
        name = self._only("time_range") if symbol is None else self._known(symbol)
        first, last, unit, zone = self.native.time_range(name)
        return moment_of(first, unit, zone), moment_of(last, unit, zone)

    def validate(self) -> pl.DataFrame:
        """Look at every row and give every finding: symbol, rule, column, row, time, value.

        Rules that were allowed on the way in are reported, too.

        Example:
            >>> import polars as pl
            >>> from datetime import datetime
            >>> ticks = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.2], "ask": [1.1]})
            >>> CandleStore(ticks, validate="report").validate()["rule"].to_list()
            ['crossed']
        """
        zones = {self.native.time_range(symbol)[2:] for symbol in self.symbols}
        frames = []
        for symbol in self.symbols:
            columns = {name: pl.Series(data) for name, data in self.native.findings(symbol)}
            frame = pl.DataFrame(columns).select(pl.lit(symbol).alias("symbol"), pl.all())
            if len(zones) > 1:
                frame = frame.with_columns(_as_utc(frame["time"]))
            frames.append(frame)
        return pl.concat(frames)

    def require_valid(self) -> None:
        """Raise the first finding of a store that was built with ``validate="report"``.

        Raises:
            InvalidCandleData: The data breaks a rule; column, row and value are named.

        Example:
            >>> import polars as pl
            >>> from datetime import datetime
            >>> ticks = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
            >>> CandleStore(ticks, validate="report").require_valid()
        """
        self.native.require_valid()

    def describe(self) -> dict[str, Any]:
        """Return what names this data in a manifest, as plain values.

        Example:
            >>> import polars as pl
            >>> from datetime import datetime
            >>> ticks = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
            >>> CandleStore(ticks, symbol="EURUSD").describe()["EURUSD"]["rows"]
            1
        """
        each = zip(self.symbols, self.native.each(), strict=True)
        return {symbol: _description(symbol, one) for symbol, one in each}

    def _warnings(self) -> list[str]:
        return [
            f"{symbol}: {counted(count, 'value')} break{'s' * (count == 1)} rule '{rule}'; the "
            f"first is {'null' if value is None else value} in column '{column}', row {row}"
            for symbol, rule, column, count, row, value in self.native.warnings()
        ]

    def _known(self, symbol: str) -> str:
        refuse_unknown("symbol", [symbol], self.symbols)
        return symbol

    def _only(self, method: str) -> str:
        symbols = self.symbols
        if len(symbols) != 1:
            raise ConfigError(
                f"{method}: given {len(symbols)} symbols, expected one. Take one of them, as "
                f"store.symbol({symbols[0]!r}).{method}(...)"
            )
        return symbols[0]

    def __len__(self) -> int:
        """Number of bars of all symbols."""
        return len(self.native)

    def __repr__(self) -> str:
        """What is in it, in one line."""
        return display.in_one_line(self)

    def _repr_html_(self) -> str:
        """What is in it, a row for each symbol."""
        return display.html(self)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the buffers of one symbol as a stream of record batches, one a segment."""
        self._only("__arrow_c_stream__")
        return self.native.__arrow_c_stream__(requested_schema)


def over(
    native: NativeStore,
    own: Mapping[str, OwnColumns] = MappingProxyType({}),
    made: Made = Made(),  # noqa: B008 - a frozen value
    mapped: tuple[MappedFile, ...] = (),
    rolls: tuple[Any, ...] = (),
) -> CandleStore:
    store = CandleStore.__new__(CandleStore)
    store.native, store.own = native, own
    store._made, store._casts = made, ()  # noqa: SLF001 - one module
    store.mapped, store.rolls = mapped, rolls
    return store


def each_of(store: CandleStore) -> list[CandleStore]:
    """Return the store of each symbol: at once, since one by one each is searched for."""
    found = []
    for name, native in zip(store.symbols, store.native.each(), strict=True):
        own = {name: store.own[name]} if name in store.own else {}
        rolls = tuple(roll for roll in store.rolls if roll[0] == name)
        made = store._made.of_symbol(name)  # noqa: SLF001 - one module
        found.append(over(native, own, made, store.mapped, rolls))
    return found


def _description(symbol: str, native: NativeStore) -> dict[str, Any]:
    """Return what names the data of the only symbol of a store."""
    first, last, unit, zone = native.time_range(symbol)
    return {
        "rows": len(native),
        "first": moment_of(first, unit, zone).isoformat(),
        "last": moment_of(last, unit, zone).isoformat(),
        "time_unit": unit,
        "time_zone": zone,
        "columns": dict(native.columns(symbol)),
    }


def _reopened(made: Made, expected: Mapping[str, Any]) -> CandleStore:
    """Read the files of a store again, where it arrived."""
    store = CandleStore.__new__(CandleStore)
    store._made, store.rolls = made, ()  # noqa: SLF001 - one module
    store._read(made.data, made.named)  # noqa: SLF001 - as above
    found = store if made.symbol is None else store.symbol(made.symbol)
    made.require_same(expected, found.describe())
    return found


def _received(parts: Parts, checks: tuple[Any, ...], rolls: tuple[Any, ...] = ()) -> CandleStore:
    """Make a store of the columns that arrived."""
    native, own = store_of_columns(parts, checks)
    return over(native, own, Made(checks), rolls=rolls)


def both_sides(store: CandleStore) -> pl.DataFrame:
    """Return the candles of one symbol with both sides, plain names standing for the bid (rule T2).

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> ticks = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
        >>> both_sides(CandleStore(ticks)).select("close", "ask_close").row(0)
        (1.0, 1.1)
    """
    frame = pl.DataFrame(store)
    prices = ("open", "high", "low", "close")
    bid = "bid" if "bid" in frame.columns else "bid_{}"
    sides = {f"bid_{price}": pl.col(bid.format(price)) for price in prices}
    plain = {price: pl.col(f"bid_{price}") for price in prices}
    constant = store.native.spread(store.symbols[0])
    distance = pl.col("spread") if "spread" in frame.columns else pl.lit(constant)
    for price in prices:
        if "ask" in frame.columns:
            plain[f"ask_{price}"] = pl.col("ask")
        elif f"ask_{price}" not in frame.columns:
            plain[f"ask_{price}"] = pl.col(f"bid_{price}") + distance
    return frame.with_columns(**sides).with_columns(**plain)


def store_of(
    given: ArrowLike,
    symbol: str,
) -> CandleStore:
    """Return candles that belong to one symbol; a single one may have any name.

    Raises:
        ConfigError: There are several, and none has that name.
    """
    store = given if isinstance(given, CandleStore) else CandleStore(given, symbol=symbol)
    return store.symbol(symbol if len(store.symbols) > 1 else store.symbols[0])


def require_unit(what: str, store: CandleStore, unit: str) -> None:
    """Refuse candles whose times are in another unit.

    Raises:
        ConfigError: They are.
    """
    if store.time_unit != unit:
        raise ConfigError(
            f"{what}: its times are in {store.time_unit} and those of the candles in {unit}; cast "
            "one of the time columns"
        )


def _mode(validate: str | Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
    modes = {"error": "check", "report": "report", "off": "off"}
    if isinstance(validate, Mapping):
        if all(isinstance(one, str) for pair in validate.items() for one in pair):
            return "check", list(validate.items())
    elif str(validate) in modes:
        return modes[str(validate)], []
    raise ConfigError(
        f"validate: given {shown(validate)}, expected 'error', 'report', 'off' or a dict such "
        "as {'crossed': 'allow'}"
    )


def _named(inputs: list[SymbolInput], named: Mapping[str, Any]) -> list[SymbolInput]:
    """Return data without a name the one that it has by default."""
    name = named.get("default_symbol")
    is_unnamed = [one.symbol == DEFAULT_SYMBOL for one in inputs] == [True]
    return [replace(inputs[0], symbol=name)] if name and is_unnamed else inputs


def _as_utc(times: pl.Series) -> pl.Series:
    zoned = getattr(times.dtype, "time_zone", None) is not None
    utc = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zoned else times
    return utc.cast(pl.Datetime("ns"))
