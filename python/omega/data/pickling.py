"""Pickles of a candle store: the files it was read from, else its columns as Arrow IPC.

A store reads its files again where it arrives. They are the same where their sizes and what the
store knows about them are; a file that is gone or changed when the store leaves is not relied on.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from omega._native import core
from omega.contract import ArrowLike
from omega.data.columns import Candles
from omega.data.dataset import Dataset
from omega.data.locations import is_remote
from omega.data.own_columns import OwnColumns
from omega.errors import InvalidCandleData

if TYPE_CHECKING:
    from omega._core import CandleStore as NativeStore

Parts = list[tuple[str, list[tuple[str, str]], float, bytes, list[str], bytes]]
"""Of each symbol: its name, roles and names, spread, candles, own names, and own columns."""


@dataclass(frozen=True, slots=True)
class Made:
    """How a store was made.

    Attributes:
        checks: Mode and levels of validation, symbols with any price, and whether it was cast.
        data: The files, by their whole paths; None where it was made of something else.
        named: `symbol` and `columns` as they were given.
        symbol: The one symbol that is left of it.
        files: Path, size and time of change of each file.
    """

    checks: tuple[str, list[tuple[str, str]], list[str], bool] = ("off", [], [], False)
    data: ArrowLike = None
    named: Mapping[str, Any] = field(default_factory=dict)
    symbol: str | None = None
    files: tuple[tuple[str, int, int], ...] = ()

    @classmethod
    def of(
        cls,
        data: ArrowLike,
        named: Mapping[str, Any],
        checks: tuple[str, list[tuple[str, str]], list[str], bool],
    ) -> Made:
        """Note how a store is made of some data."""
        found: list[Path] = []
        whole = _by_path(data, found)
        if whole is None:
            return cls(checks)
        return cls(checks, whole, named, files=tuple(_state(file) for file in found))

    def of_symbol(self, symbol: str) -> Made:
        """Note that one symbol is left."""
        return replace(self, symbol=symbol)

    def is_there(self) -> bool:
        """Whether the files are those that were read."""
        try:
            return self.data is not None and all(
                _state(Path(path)) == (path, size, time) for path, size, time in self.files
            )
        except OSError:
            return False

    def require_same(self, expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        """Refuse files that are not those that were sent.

        Raises:
            InvalidCandleData: Their sizes, or the candles in them, differ.
        """
        grown = [path for path, size, _ in self.files if Path(path).stat().st_size != size]
        if grown or found != expected:
            name = (grown or [path for path, _, _ in self.files])[0]
            raise InvalidCandleData(
                f"the file {name!r} is not the one that the store was read from before it was "
                "pickled: its size or its candles differ. Pickle a store of the frame itself where "
                "files may change",
                rule="changed",
            )


def _state(file: Path) -> tuple[str, int, int]:
    known = file.stat()
    return str(file), known.st_size, known.st_mtime_ns


def _by_path(data: ArrowLike, found: list[Path]) -> ArrowLike:
    """Return data by the whole paths of its files; None where it is not of files alone."""
    if isinstance(data, (str, Path)):
        file = Path(data).absolute()
        found.append(file)
        return str(file) if file.is_file() else None
    if isinstance(data, Dataset):
        if any(is_remote(one.path) for one in data.files):
            return None  # nothing shows here whether it has changed
        files = [Path(str(one.path)).absolute() for one in data.files]
        found.extend(files)
        return replace(data, path=[str(file) for file in files])
    if isinstance(data, Candles):
        bid, ask = (one if one is None else _by_path(one, found) for one in (data.bid, data.ask))
        is_lost = bid is None or (ask is None) != (data.ask is None)
        return None if is_lost else replace(data, bid=bid, ask=ask)
    if isinstance(data, Mapping):
        parts = {name: _by_path(part, found) for name, part in data.items()}
        return None if any(part is None for part in parts.values()) else parts
    return None


class Stored(Protocol):
    """A store, as far as it is packed."""

    @property
    def symbols(self) -> list[str]:
        """The symbols."""

    @property
    def native(self) -> NativeStore:
        """The native store."""

    @property
    def own(self) -> Mapping[str, OwnColumns]:
        """For each symbol the columns of the user's own beside its candles."""

    def symbol(self, name: str) -> Stored:
        """Return the store of one symbol."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the candles as Arrow."""


def columns_of(store: Stored, made: Made) -> Parts:
    """Return the columns of a store as bytes; own ones of a file that changed are not there."""
    parts: Parts = []
    for symbol in store.symbols:
        one = store.symbol(symbol)
        candles = pl.DataFrame(one)
        named = one.native.columns(symbol)
        own = one.own.get(symbol) if made.data is None else None
        names = [] if own is None else list(own.names)
        beside = [name for name in names if name not in {name for _, name in named}]
        others = pl.DataFrame([] if own is None else own.series(beside))
        spread = one.native.spread(symbol)
        parts.append((symbol, named, spread, _written(candles), names, _written(others)))
    return parts


def store_of_columns(
    parts: Parts, checks: tuple[str, list[tuple[str, str]], list[str], bool]
) -> tuple[NativeStore, dict[str, OwnColumns]]:
    """Make a store of bytes: the native one, and the user's own columns beside it."""
    symbols, beside = [], {}
    for symbol, named, spread, candles, names, others in parts:
        frame, own = pl.read_ipc(candles), pl.read_ipc(others)
        by_role = {role: _of_role(frame, role) for role, _ in named}
        columns = [(role, name, core.Column.from_arrow(by_role[role])) for role, name in named]
        symbols.append((symbol, columns, spread))
        if names:
            series = {name: by_role[role] for role, name in named}
            series |= {column.name: column for column in own}
            beside[symbol] = OwnColumns(names, _taking(series))
    mode, levels, negative, cast = checks
    return core.CandleStore(symbols, mode, levels, negative, cast), beside


def _of_role(frame: pl.DataFrame, role: str) -> pl.Series:
    """Return a column of exported candles, which calls plain prices those of the bid."""
    name = "time" if role == "ask_time" else role
    return frame[name if name in frame.columns else f"bid_{name}"]


def _taking(series: Mapping[str, pl.Series]) -> Any:  # noqa: ANN401 - the `take` of own columns
    def take(names: Sequence[str]) -> dict[str, Any]:
        return {name: core.Column.from_arrow(series[name]) for name in names}

    return take


def _written(frame: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.write_ipc(target, compression="uncompressed")
    return target.getvalue()
