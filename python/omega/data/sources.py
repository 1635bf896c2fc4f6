"""Tables of any library as native columns that share their memory.

A `Source` knows its column names before it touches the data, and takes only the columns in use.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl

from omega._native import core
from omega.config.times import shown_zone
from omega.contract import ArrowLike
from omega.data import ipc, pandas_levels, parquet
from omega.data.arrow import inspected, unreadable
from omega.data.dataset import Dataset, collected, mapped_file
from omega.data.locations import is_remote
from omega.data.own_columns import as_series
from omega.data.roles import CLOSES_ALONE
from omega.data.rows import Rows
from omega.errors import ConfigError, InvalidCandleData
from omega.libraries import refused_as

if TYPE_CHECKING:
    from omega._core import Column

Take: TypeAlias = "Callable[[Sequence[str]], dict[str, Column]]"


@dataclass(frozen=True, slots=True)
class Source:
    """A table that has not been touched yet.

    Attributes:
        names: Its columns.
        take: Returns the columns of some names.
        time: The column that holds the time whatever its name is.
        columns: What the data itself states about the roles of its columns.
        symbol: The symbol that the data itself names, or takes of a symbol column.
        stored: The symbol that the files state of themselves, as those of an import do.
    """

    names: list[str]
    take: Take
    time: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    stored: str | None = None


def open_source(
    data: ArrowLike,
    *,
    cast: bool,
    cuts: bool = False,
) -> Source:
    """Find out what the data is and which columns it has.

    Args:
        data: See `omega.CandleStore`.
        cast: Whether a layout that cannot be shared may be copied.
        cuts: Whether the caller takes the rows of one symbol out of a symbol column itself.

    Raises:
        ConfigError: It is of no kind that is taken.
        InvalidCandleData: It cannot be read.
    """
    reading = functools.partial(refused_as, functools.partial(_unread, data))
    with reading():
        source = _opened(data, cast=cast, cuts=cuts)

    def take(names: Sequence[str]) -> dict[str, Column]:
        with reading():
            return source.take(names)

    return replace(source, take=take)


def _unread(data: ArrowLike, problem: str) -> InvalidCandleData:
    """Make the error of data that another library could not read."""
    if isinstance(data, (str, Path)):
        return InvalidCandleData(
            f"data: the file {str(data)!r} cannot be read ({problem}). It is damaged, not "
            "complete, or of another kind than its name states; write or fetch it again",
            rule="file",
        )
    kind = f"{type(data).__module__}.{type(data).__qualname__}"
    return InvalidCandleData(
        f"data: the {kind} cannot be read ({problem}). Look at it in its own library first, or "
        "give it as a Polars frame",
        rule="column",
    )


def _opened(data: ArrowLike, *, cast: bool, cuts: bool) -> Source:
    if is_remote(data) or (isinstance(data, (str, Path)) and Path(data).is_dir()):
        data = Dataset(data)
    if isinstance(data, (str, Path)):
        source = _file(Path(data))
        return replace(source, stored=source.stored or ipc.symbol_of([Path(data)]))
    if isinstance(data, Dataset):
        files = [Path(str(one.path)) for one in data.files]
        return replace(_dataset(data, cuts=cuts), stored=ipc.symbol_of(files))
    if isinstance(data, (list, tuple)):
        return _listed(data)
    name = getattr(data, "symbol", None)  # of what `omega.read_candles` gives
    table = _table(data, cast=cast)
    return replace(table, stored=name) if isinstance(name, str) else table


def _table(data: ArrowLike, *, cast: bool) -> Source:
    """Take a table of any library."""
    if isinstance(data, (pl.DataFrame, pl.LazyFrame)):
        return _polars(data) if isinstance(data, pl.DataFrame) else _lazy(data)
    library = type(data).__module__.partition(".")[0]
    if library in ("pandas", "polars") and type(data).__name__ == "Series":
        raise ConfigError(
            f"data: given a Series of {library}, expected a table with time, open, high, low and "
            f"close. {CLOSES_ALONE}"
        )
    if library == "pandas":
        return _pandas(data, cast=cast)
    if library in ("duckdb", "_duckdb") and hasattr(data, "project"):
        return _duckdb(data)
    if library == "pyarrow" and hasattr(data, "to_table"):
        return _pyarrow_dataset(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return _arrow(data)
    raise ConfigError(
        f"data: given {type(data).__module__}.{type(data).__qualname__}, expected a Polars, pandas "
        "or pyarrow table, a DuckDB relation, an object with __arrow_c_stream__, a list of record "
        "batches, candles or dicts, a path to a .parquet or .arrow file, a Dataset, "
        "Candles(bid=..., ask=...) or {symbol: any of these}"
    )


def runs(name: str, column: Column) -> Iterator[tuple[str | None, int]]:
    """Yield each stretch of equal values and its number of rows."""
    values = as_series(name, column)
    if values.is_empty():
        return
    stretches = values.rle().struct
    names = stretches.field("value").cast(pl.String)
    yield from zip(names, stretches.field("len"), strict=True)


def _polars(frame: pl.DataFrame) -> Source:
    # Column by column: the export of a whole frame joins its chunks, which would be a copy.
    return Source(
        frame.columns,
        lambda names: {name: _column(frame.get_column(name)) for name in names},
    )


def _column(values: pl.Series) -> Column:
    """Take a column; one of no type, which has no value either, as numbers that are missing."""
    return core.Column.from_arrow(values.cast(pl.Float64) if values.dtype == pl.Null else values)


def _lazy(frame: pl.LazyFrame) -> Source:
    return Source(
        frame.collect_schema().names(),
        lambda names: _polars(frame.select(names).collect()).take(names),
    )


def _file(path: Path) -> Source:
    kind = path.suffix.lower()
    if kind not in (".parquet", ".arrow", ".feather", ".ipc"):
        raise ConfigError(
            f"data: given the path {str(path)!r}, expected a .parquet, .arrow or .feather file. "
            "Import CSV and files of vendors: omega.read_candles(path), or `omega data import`"
        )
    if not path.exists() and "*" not in str(path):
        raise ConfigError(f"data: there is no file {str(path)!r}")
    if kind == ".parquet" and path.is_file() and parquet.has_offsets(path):
        return _polars(parquet.read_in_utc(path))
    if kind == ".parquet":
        table = pl.scan_parquet(path)
        names, symbol = pandas_levels.written_out(table.collect_schema().names())
        return replace(_lazy(table.rename(names)), stored=symbol) if names else _lazy(table)
    return _ipc(path) if path.is_file() else _lazy(pl.scan_ipc(path))


def _dataset(data: Dataset, *, cuts: bool) -> Source:
    """Map the one file that can be; of others, Polars reads the columns that are requested."""
    file = mapped_file(data, cuts=cuts)
    if file is not None:
        source = _ipc(file)
    else:
        names = data.schema.names()
        source = Source(names, lambda wanted: _polars(collected(data, wanted)).take(wanted))
    return replace(source, columns=data.columns or {}, symbol=data.symbol)


def _ipc(path: Path) -> Source:
    """Map the file into memory; one that is compressed cannot be shared, and Polars reads it."""
    with path.open("rb") as file, contextlib.suppress(ValueError):
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        names = core.ipc_names(mapped)
        if names is not None:
            return Source(names, lambda wanted: _mapped(path, mapped, wanted))
    return _lazy(pl.scan_ipc(path))


def _mapped(path: Path, mapped: mmap.mmap, names: Sequence[str]) -> dict[str, Column]:
    columns = core.ipc_columns(mapped, list(names))
    return _lazy(pl.scan_ipc(path)).take(names) if columns is None else dict(columns)


def _duckdb(relation: ArrowLike) -> Source:
    def take(names: Sequence[str]) -> dict[str, Column]:
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        return _columns_of(relation.project(quoted))

    return Source(list(relation.columns), take)


def _pyarrow_dataset(dataset: ArrowLike) -> Source:
    """Read the columns that are needed of a `pyarrow.dataset.Dataset`."""
    return Source(
        list(dataset.schema.names),
        lambda names: _columns_of(dataset.to_table(columns=list(names))),
    )


def _arrow(table: ArrowLike) -> Source:
    by_name = _columns_of(table)
    return Source(list(by_name), lambda names: {name: by_name[name] for name in names})


def _columns_of(table: ArrowLike) -> dict[str, Column]:
    found = inspected(table)
    with refused_as(functools.partial(unreadable, found)):
        columns = core.table_columns(found)
    by_name = dict(columns)
    if len(by_name) != len(columns):
        names = [name for name, _ in columns]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"data: two columns are named {twice!r}. Rename one of them")
    return by_name


def _listed(parts: Sequence[ArrowLike]) -> Source:
    """Take record batches one after the other where they lie, or candles one a row."""
    if not parts:
        raise ConfigError("data: given an empty list, expected candles or record batches")
    if hasattr(parts[0], "__arrow_c_array__"):
        return _batches(parts)
    rows = Rows.of(parts)
    return Source(rows.names, lambda names: {name: rows.column(name) for name in names})


def _batches(batches: Sequence[ArrowLike]) -> Source:
    tables = [_columns_of(batch) for batch in batches]
    names = list(tables[0])
    for place, table in enumerate(tables):
        if list(table) != names:
            raise ConfigError(
                f"data: batch {place} has the columns {', '.join(table)}, expected those of the "
                f"first one: {', '.join(names)}"
            )

    def take(wanted: Sequence[str]) -> dict[str, Column]:
        return {name: _chained(name, [table[name] for table in tables]) for name in wanted}

    return Source(names, take)


def _chained(name: str, parts: list[Column]) -> Column:
    try:
        return core.Column.chained(parts)
    except TypeError as problem:
        raise InvalidCandleData(
            f"column {name!r}: its batches have different types: {problem}. Cast them to one type",
            column=name,
            rule="column",
        ) from problem


def _pandas(frame: ArrowLike, *, cast: bool) -> Source:
    names, symbol = _single_names(frame)
    columns = {name: frame.iloc[:, k] for k, name in enumerate(names)}
    index = frame.index
    depth = getattr(index, "nlevels", 1)
    time: str | None = None
    made: set[str] = set()
    for level in range(depth):
        values = index if depth == 1 else index.get_level_values(level)
        is_time = type(values).__name__ == "DatetimeIndex"
        if not is_time and depth == 1:
            continue
        own = str(values.name) if values.name is not None else "time" if is_time else "symbol"
        if own not in columns:
            columns = {own: values, **columns}
            made.update({own} if depth > 1 else ())  # put together of codes
        time = own if is_time and time is None else time
    return Source(
        list(columns),
        lambda wanted: {
            name: _pandas_column(name, columns[name], cast=cast, copied=name in made)
            for name in wanted
        },
        time,
        stored=symbol,
    )


def _single_names(frame: ArrowLike) -> tuple[list[str], str | None]:
    """Return each column one name, and the symbol that a second level holds."""
    count = getattr(frame.columns, "nlevels", 1)
    if count == 1:
        return [str(name) for name in frame.columns], None
    return pandas_levels.one_level(
        [list(map(str, frame.columns.get_level_values(k))) for k in range(count)]
    )


def _pandas_column(name: str, values: ArrowLike, *, cast: bool, copied: bool) -> Column:
    dtype = values.dtype
    if getattr(dtype, "kind", "") == "M" and not hasattr(dtype, "pyarrow_dtype"):
        whole = values.array.view("i8")
        zone = getattr(dtype, "tz", None)
        unit = getattr(dtype, "unit", None) or np.datetime_data(dtype)[0]
        shown = None if zone is None else shown_zone(zone)
        return _shared(name, whole, cast=cast, copied=copied).as_timestamp(unit, shown)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiu":
        return _shared(name, values.to_numpy(), cast=cast, copied=copied)
    is_index = not hasattr(values, "__arrow_c_stream__")
    if is_index or (isinstance(dtype, np.dtype) and dtype.kind == "O"):
        return _column(pl.Series(values.to_list()))
    found = inspected(values)
    with refused_as(functools.partial(unreadable, found)):
        return core.Column.from_arrow(found)


def _shared(name: str, values: np.ndarray[Any, Any], *, cast: bool, copied: bool) -> Column:
    is_native = values.dtype.isnative
    if values.flags.c_contiguous and is_native:
        return core.Column.from_buffer(values, copied=copied)
    if not cast:
        if values.strides[0] < 0 and name == "time":
            raise InvalidCandleData(
                f"column {name!r}: the frame is in reverse order, and times must ascend. Sort "
                "it, as by frame.sort_index() or frame.sort_values('time')",
                column=name,
                rule="time_order",
            )
        fault = (
            f"its values lie {values.strides[0]} bytes apart, so that they cannot be shared"
            if is_native
            else f"its values are {values.dtype.str!r}, in the byte order of another machine"
        )
        raise InvalidCandleData(
            f"column {name!r}: {fault}. Pass cast=True to copy it once (counted in copied_bytes), "
            "or build the frame column by column",
            column=name,
            rule="column",
        )
    whole = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
    return core.Column.from_buffer(whole, copied=True)
