"""Files of candles as one small value, however large they are.

You can pass a `Dataset` wherever you can pass a path; it can be compared, pickled and identified
by its content. Nothing is read until it is used.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from omega.config.times import offset_of, zone_key
from omega.config.values import Refused, check, nearest, optional, shown, text, value
from omega.data import roles
from omega.data.files import replaced
from omega.data.hashing import content_hash
from omega.data.locations import IPC, is_ipc, is_remote, locations_of, scan
from omega.errors import ConfigError, InvalidCandleData
from omega.libraries import arguments_of, refused_as

__all__ = ["Dataset"]

_OF_TIMES = re.compile(r"ambiguous|non-existent|time.?zone", re.IGNORECASE)
"""Polars' messages about times that a zone has twice or not at all."""

_BATCH = 1 << 16
"""Rows of a record batch: few enough to be held while a file is written, many enough for a run."""


class _Once:
    """What a data set finds out once; it is not part of the value and is not pickled."""

    __slots__ = ("_fingerprint", "_scanned")

    _fingerprint: str
    _scanned: pl.LazyFrame


@value
class Dataset(_Once):
    """Candles in one or more Parquet or Arrow IPC files.

    A single uncompressed Arrow file without `filter` and `time_zone` is mapped into memory where it
    is used, so that it may be larger than memory; see `to_arrow`. Of anything else, Polars reads
    the columns that are needed.

    Attributes:
        path: A file, several, or a pattern such as ``"eurusd/*.parquet"``, whose files are taken in
            the order of their names. All have the same columns, and their rows follow each other.
            Also a folder that is partitioned, as ``candles/symbol=EURUSD/2024.parquet`` is, with
            the columns of its folders; and the address of files elsewhere, ``"s3://bucket/..."``,
            ``"gs://"``, ``"az://"`` or ``"https://"``, which Polars reads.
        columns: Columns whose names do not show their role, as ``{role: name}``.
        filter: A Polars expression; rows on which it does not hold are left out. Times are those
            after `time_zone`.
        symbol: The name of the symbol; where there is a symbol column, the one to take of it.
        time_zone: The zone that times without one are in; they become UTC.
        storage_options: What the store of a remote path has to know, as Polars names it, such as
            ``{"aws_region": "eu-central-1"}``; else the environment has it. It is never shown.

    Example:
        >>> import tempfile, pathlib, polars as pl
        >>> from datetime import datetime
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for day in (1, 2):
        ...     pl.DataFrame({
        ...         "time": [datetime(2024, 1, day)], "bid": [1.0], "ask": [1.1],
        ...     }).write_parquet(folder / f"{day}.parquet")
        >>> days = Dataset(folder / "*.parquet", symbol="EURUSD")
        >>> len(days), len(days.files)
        (2, 2)
    """

    path: str | Path | Sequence[str | Path]
    columns: Mapping[str, str] | None = None
    filter: pl.Expr | None = None
    symbol: str | None = None
    time_zone: str | None = None
    storage_options: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        """Checks all but what is in the files.

        Raises:
            ConfigError: A setting is impossible, or there is no such file.
        """
        check(self, _paths, "path")
        check(self, optional(_mapping), "columns")
        check(self, optional(_expression), "filter")
        check(self, optional(text), "symbol")
        check(self, optional(_zone), "time_zone")
        check(self, optional(_options), "storage_options")
        with arguments_of("Dataset"):
            locations_of(self.path)

    @property
    def files(self) -> list[Dataset]:
        """One data set for each file, in the order in which their rows follow each other.

        Example:
            >>> import tempfile, pathlib, polars as pl
            >>> folder = pathlib.Path(tempfile.mkdtemp())
            >>> for name in ("b", "a"):
            ...     pl.DataFrame({"close": [1.0]}).write_parquet(folder / f"{name}.parquet")
            >>> [pathlib.Path(one.path).name for one in Dataset(folder / "*.parquet").files]
            ['a.parquet', 'b.parquet']
        """
        return [replace(self, path=file) for file in locations_of(self.path)]

    @property
    def schema(self) -> pl.Schema:
        """The columns and their types, as `scan` gives them.

        Example:
            >>> import tempfile, pathlib, polars as pl
            >>> file = pathlib.Path(tempfile.mkdtemp()) / "bars.parquet"
            >>> pl.DataFrame({"close": [1.0]}).write_parquet(file)
            >>> Dataset(file).schema
            Schema([('close', Float64)])
        """
        with self._readable():
            return self.scan().collect_schema()

    @property
    def fingerprint(self) -> str:
        """A hash of the content: schema and values of all rows by column, as `scan` gives them.

        It is that of the same rows in any other kind of file or number of files, and is computed
        once an object, in batches.

        Example:
            >>> import tempfile, pathlib, polars as pl
            >>> folder, frame = pathlib.Path(tempfile.mkdtemp()), pl.DataFrame({"close": [1.0]})
            >>> frame.write_parquet(folder / "bars.parquet")
            >>> frame.write_ipc(folder / "bars.arrow")
            >>> a, b = Dataset(folder / "bars.parquet"), Dataset(folder / "bars.arrow")
            >>> a == b, a.fingerprint == b.fingerprint
            (False, True)
        """
        if not hasattr(self, "_fingerprint"):
            with self._readable():
                object.__setattr__(self, "_fingerprint", content_hash(self.scan()))
        return self._fingerprint

    def scan(self) -> pl.LazyFrame:
        """Return the rows as a lazy table of Polars, under the names that they have in the files.

        Raises:
            ConfigError: A file is missing or unlike the others, or a column has no such meaning.

        Example:
            >>> import tempfile, pathlib, polars as pl
            >>> file = pathlib.Path(tempfile.mkdtemp()) / "bars.parquet"
            >>> pl.DataFrame({"close": [1.0, 2.0]}).write_parquet(file)
            >>> Dataset(file, filter=pl.col("close") > 1.0).scan().collect().rows()
            [(2.0,)]
        """
        if not hasattr(self, "_scanned"):
            with self._readable():
                object.__setattr__(self, "_scanned", self._scan())
        return self._scanned

    def to_arrow(self, path: str | Path) -> Dataset:
        """Write one uncompressed Arrow IPC file, which runs map into memory, and return it.

        Prices become `float64`; filter, symbol and time zone are applied. The rows pass through in
        batches, so that the memory needed does not grow with their number. A file that is there
        is replaced once the new one is whole.

        Args:
            path: The file to write, whose name ends in `.arrow`, `.feather` or `.ipc`.

        Raises:
            ConfigError: The name ends otherwise, or the folder is not there.

        Example:
            >>> import tempfile, pathlib, polars as pl
            >>> from datetime import datetime
            >>> folder = pathlib.Path(tempfile.mkdtemp())
            >>> pl.DataFrame({
            ...     "time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1],
            ... }).write_parquet(folder / "ticks.parquet")
            >>> mapped = Dataset(folder / "ticks.parquet").to_arrow(folder / "ticks.arrow")
            >>> from omega.data.store import CandleStore
            >>> CandleStore(mapped).copied_bytes
            0
        """
        if not isinstance(path, (str, Path)):
            raise ConfigError(f"to_arrow: given {shown(path)}, expected a path")
        target = Path(path)
        if target.suffix.lower() not in IPC:
            raise ConfigError(
                f"to_arrow: given {str(path)!r}, expected a name that ends in {', '.join(IPC)}"
            )
        if not target.parent.is_dir():
            raise ConfigError(f"to_arrow: there is no folder {str(target.parent)!r}; create it")
        with replaced(target) as part, self._readable():
            write_mappable(self.as_run(), part)
        return Dataset(str(target), columns=self.columns, symbol=self.symbol)

    def _scan(self) -> pl.LazyFrame:
        table = scan(locations_of(self.path), self.storage_options)
        names = table.collect_schema()
        if self.time_zone is not None:
            time = self._column("time", names.names())
            table = table.with_columns(_in_utc(time, names, self.time_zone))
        symbol = self._symbol_column(names.names())
        if symbol is not None:
            table = table.filter(pl.col(symbol).cast(pl.String) == self.symbol)
        return table if self.filter is None else table.filter(self.filter)

    def as_run(self) -> pl.LazyFrame:
        """Return the rows with the types that a run takes without a cast.

        Example:
            >>> import tempfile, pathlib, polars as pl
            >>> file = pathlib.Path(tempfile.mkdtemp()) / "bars.parquet"
            >>> pl.DataFrame({"close": [1]}).write_parquet(file)
            >>> Dataset(file).as_run().collect_schema()
            Schema([('close', Float64)])
        """
        table = self.scan()
        schema = table.collect_schema()
        casts: list[pl.Expr] = []
        for role in roles.ROLES:
            name = self._column(role, schema.names())
            if name is None or role == "symbol":
                continue
            if role == "time":
                casts += [pl.col(name).cast(pl.Datetime("us"))] if schema[name] == pl.Date else []
            elif schema[name].is_numeric() and schema[name] != pl.Float64:
                casts.append(pl.col(name).cast(pl.Float64))
        return table.with_columns(casts)

    def _column(self, role: str, names: Sequence[str]) -> str | None:
        return roles.column_of(role, names, self.columns or {})

    def _symbol_column(self, names: Sequence[str]) -> str | None:
        """Return the column of which one symbol is to be taken."""
        return None if self.symbol is None else self._column("symbol", names)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Make the error of files that cannot be read, and of times that cannot be moved to UTC."""
        with refused_as(self._unread):
            yield

    def _unread(self, problem: str) -> InvalidCandleData:
        """Make the error of rows that Polars refused."""
        if self.time_zone is not None and _OF_TIMES.search(problem):
            return InvalidCandleData(
                f"Dataset.time_zone: times cannot be read as of {self.time_zone!r}: {problem}. A "
                "clock that is set back shows an hour twice; convert the times to UTC before",
                rule="time_zone",
            )
        cause = " or the filter needs what they do not have" if self.filter is not None else ""
        return InvalidCandleData(
            f"Dataset.path: the files of {self.path!r} cannot be read ({problem}). One is damaged, "
            f"cut, or of another kind than its name states{cause}; write or fetch it again",
            rule="file",
        )

    def __len__(self) -> int:
        """Number of rows."""
        with self._readable():
            return int(self.scan().select(pl.len()).collect().item())

    def __eq__(self, other: object) -> bool:
        """Whether the files and what is stated about them are the same; no file is read."""
        if not isinstance(other, Dataset):
            return NotImplemented
        return self._key() == other._key() and _same(self.filter, other.filter)

    def __hash__(self) -> int:
        """Of all but the filter."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        named = tuple(sorted((self.columns or {}).items()))
        return (self.path, named, self.symbol, self.time_zone)

    def __repr__(self) -> str:
        """What differs from a plain file, in one line."""
        given = {
            "columns": self.columns or None,
            "filter": self.filter,
            "symbol": self.symbol,
            "time_zone": self.time_zone,
        }
        shown = [repr(list(self.path) if isinstance(self.path, tuple) else self.path)]
        for name, one in given.items():
            if one is not None:
                shown.append(f"{name}={one if isinstance(one, pl.Expr) else repr(one)}")
        return f"Dataset({', '.join(shown)})"


def _same(one: pl.Expr | None, other: pl.Expr | None) -> bool:
    """Compare expressions, whose own `==` gives an expression."""
    if one is None or other is None:
        return one is other
    return one.meta.eq(other)


def mapped_file(dataset: Dataset, *, cuts: bool) -> Path | None:
    """Return the one Arrow file that may be mapped as it is.

    Args:
        dataset: The files.
        cuts: Whether the caller takes the rows of one symbol itself.
    """
    locations = locations_of(dataset.path)
    plain = dataset.filter is None and dataset.time_zone is None
    if not plain or len(locations) > 1 or is_remote(locations[0]):
        return None
    file = Path(locations[0])
    if not is_ipc(file):
        return None
    if cuts:
        return file
    symbol = dataset._symbol_column(dataset.schema.names())  # noqa: SLF001 - one module
    return file if symbol is None else None


def write_mappable(table: pl.LazyFrame, path: Path) -> None:
    """Write rows as one uncompressed Arrow file, batch by batch."""
    table.sink_ipc(path, compression="uncompressed", record_batch_size=_BATCH, maintain_order=True)


def collected(dataset: Dataset, names: Sequence[str]) -> pl.DataFrame:
    """Read some columns."""
    with dataset._readable():  # noqa: SLF001 - one module
        return dataset.scan().select(names).collect()


def _in_utc(time: str | None, schema: pl.Schema, zone: str) -> pl.Expr:
    if time is None:
        raise ConfigError(
            f"Dataset.time_zone: given {zone!r}, but none of the columns {', '.join(schema)} is "
            "the time. Name it: columns={'time': 'its name'}"
        )
    dtype = schema[time]
    if not isinstance(dtype, pl.Datetime):
        raise ConfigError(
            f"Dataset.time_zone: given {zone!r}, but the column {time!r} is {dtype}, expected "
            "times of the type Datetime"
        )
    if dtype.time_zone is not None:
        return pl.col(time)
    ahead = offset_of(zone)
    if ahead is not None:  # Polars knows zones by their names alone
        return (pl.col(time) - ahead).dt.replace_time_zone("UTC")
    return pl.col(time).dt.replace_time_zone(zone).dt.convert_time_zone("UTC")


def _paths(given: object) -> str | tuple[str, ...]:
    if isinstance(given, (str, Path)) and str(given):
        return str(given)
    several = list(given) if isinstance(given, (list, tuple)) else []
    if not several or not all(isinstance(one, (str, Path)) for one in several):
        raise Refused("a path, a pattern such as 'folder/*.parquet', or a list of paths")
    return tuple(str(one) for one in several)


def _mapping(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(one, str) for one in given.values()):
        raise Refused("{role: name of a column}")
    for role in given:
        if role not in roles.ROLES:
            raise Refused(f"roles of candles; {role!r} is none. {nearest(str(role), roles.ROLES)}")
    return dict(given)


def _options(given: object) -> dict[str, str]:
    if isinstance(given, Mapping) and all(isinstance(one, str) for p in given.items() for one in p):
        return dict(given)
    # Without what was given, which may hold a secret.
    raise ConfigError("Dataset.storage_options: expected {name: text} of the object store")


def _expression(given: object) -> pl.Expr:
    if not isinstance(given, pl.Expr):
        raise Refused("a Polars expression such as pl.col('volume') > 0")
    return given


def _zone(given: object) -> str:
    key = zone_key(text(given))
    if key is None:
        raise Refused("the name of a time zone such as 'Europe/Berlin', or '+05:30'")
    return key
