"""Memory-mapped candles that worker processes share: written once, held in memory once.

They are uncompressed Arrow files with all columns of the user's own, in the cache of the machine. A
file that is one already is used as it is; for other machines it is named by its content, too.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from omega._native import core
from omega.cluster.content import Content
from omega.contract import ArrowLike
from omega.data.cache import Cache
from omega.data.columns import Candles
from omega.data.dataset import Dataset, mapped_file, write_mappable
from omega.data.frames import frame_of
from omega.data.hashing import content_hash
from omega.data.locations import is_remote, locations_of
from omega.data.sources import open_source
from omega.data.store import CandleStore


class Mapped:
    """The candles of one sweep, as files of the cache.

    Attributes:
        files: The file of each hash.
    """

    def __init__(self, cache: Cache, *, by_content: bool = False) -> None:
        """Take the cache, and whether other machines are to find the candles, too."""
        self._cache, self._by_content = cache, by_content
        self._known: dict[int, tuple[Any, Any]] = {}
        self.files: dict[str, Path] = {}

    def of(self, data: ArrowLike) -> Any:  # noqa: ANN401 - data with names of files
        """Return data as files, or as names of their content; an object is written once."""
        if data is None:
            return None
        if id(data) not in self._known:
            self._known[id(data)] = (data, self._written(data))
        return self._known[id(data)][1]

    def _written(  # noqa: PLR0911 - one for each kind of data
        self, data: ArrowLike
    ) -> Any:  # noqa: ANN401 - as above
        if isinstance(data, Mapping):
            return {name: self.of(part) for name, part in data.items()}
        if isinstance(data, Candles):
            bid, ask = self.of(data.bid), self.of(data.ask)
            return Candles(bid=bid, ask=ask, spread=data.spread)
        if isinstance(data, CandleStore):
            return self._of_store(data)
        if isinstance(data, Dataset):
            return self._of_dataset(data)
        if isinstance(data, (str, Path)) and _is_mappable(Path(data)):
            path = Path(data).resolve()
            return self._named(path, Dataset(path)) if self._by_content else str(path)
        if isinstance(data, str) and self._by_content and is_remote(data):
            return self._of_dataset(Dataset(data))
        frame = _collected(data)
        return self._kept(frame.lazy(), lambda path: _write(frame, path))

    def _of_store(self, store: CandleStore) -> ArrowLike:
        parts: dict[str, Any] = {}
        for symbol in store.symbols:
            one = store.symbol(symbol)
            kept = self.of(frame_of(one))
            spread = one.native.spread(symbol)
            parts[symbol] = Candles(bid=kept, spread=spread) if spread else kept
        return parts

    def _of_dataset(self, dataset: Dataset) -> Any:  # noqa: ANN401 - as above
        """Return a data set as one mapped file, written batch by batch where it is none."""
        path = mapped_file(dataset, cuts=False)
        if path is not None:
            return self._named(path, dataset) if self._by_content else dataset
        table = dataset.as_run()
        name = content_hash(table)
        remote = any(map(is_remote, locations_of(dataset.path)))
        if self._by_content and remote:
            # Each machine reads it from there; this one only where it has to hand it on.
            self.files[name] = self._cache.path(name)
            return Content(name, dataset.columns, dataset.symbol, source=dataset)
        self._cache.file(name, lambda path: write_mappable(table, path), is_checked=True)
        return self._content(name, dataset.columns, dataset.symbol)

    def _kept(self, table: pl.LazyFrame, write: Any) -> Any:  # noqa: ANN401 - as above
        return self._content(self._cache.keep(table, write), None, None)

    def _content(
        self, name: str, columns: Mapping[str, str] | None, symbol: str | None
    ) -> Content | Dataset | str:
        """Name a file of the cache: by its hash, or by its path."""
        content = Content(name, columns, symbol)
        self.files[name] = self._cache.path(name)
        return content if self._by_content else content.at(self.files[name])

    def _named(self, path: Path, dataset: Dataset) -> Content:
        """Name a file of the user's own by its content."""
        name = content_hash(pl.scan_ipc(path, glob=False))
        self.files[name] = path
        return Content(name, dataset.columns, dataset.symbol)


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_ipc(path, compression="uncompressed")


def _collected(data: ArrowLike) -> pl.DataFrame:
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.DataFrame):
        return data
    source = open_source(data, cast=False)
    taken = source.take(source.names)
    return pl.DataFrame([pl.Series(taken[name]).alias(name) for name in source.names])


def _is_mappable(path: Path) -> bool:
    if path.suffix.lower() not in (".arrow", ".feather", ".ipc") or not path.is_file():
        return False
    with path.open("rb") as file, contextlib.suppress(ValueError):
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        names = core.ipc_names(mapped)
        return names is not None and core.ipc_columns(mapped, names) is not None
    return False
