"""Candles in files that processes map: written once, held in memory once.

They are uncompressed Arrow files with all columns of the user's own. A file that is one already is
used as it is.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from omega._native import core
from omega.contract import ArrowLike
from omega.data.columns import Candles
from omega.data.dataset import Dataset, mapped_file
from omega.data.files import writing
from omega.data.frames import frame_of
from omega.data.sources import open_source
from omega.data.store import CandleStore
from omega.sweeps.temporary import candles


class Folder:
    """A folder for the files of one sweep."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = 0
        self._known: dict[int, tuple[Any, Any]] = {}

    def mapped(self, data: ArrowLike) -> ArrowLike:
        """Return data as paths; the same object is written once."""
        if data is None:
            return None
        if id(data) not in self._known:
            self._known[id(data)] = (data, self._written(data))
        return self._known[id(data)][1]

    def _written(self, data: ArrowLike) -> ArrowLike:
        if isinstance(data, Mapping):
            return {name: self.mapped(part) for name, part in data.items()}
        if isinstance(data, Candles):
            bid, ask = self.mapped(data.bid), self.mapped(data.ask)
            return Candles(bid=bid, ask=ask, spread=data.spread)
        if isinstance(data, CandleStore):
            return self._of_store(data)
        if isinstance(data, Dataset):
            return self._of_dataset(data)
        if isinstance(data, (str, Path)) and _is_mappable(Path(data)):
            return str(Path(data).resolve())
        return self._file(_collected(data))

    def _of_store(self, store: CandleStore) -> ArrowLike:
        parts: dict[str, Any] = {}
        for symbol in store.symbols:
            one = store.symbol(symbol)
            frame = frame_of(one)
            path = self._file(frame)
            spread = one.native.spread(symbol)
            parts[symbol] = Candles(bid=path, spread=spread) if spread else path
        return parts

    def _of_dataset(self, dataset: Dataset) -> Dataset:
        """Return a data set as one mapped file, written batch by batch where it is none."""
        if mapped_file(dataset, cuts=False) is not None:
            return dataset
        return dataset.to_arrow(self._next())

    def _next(self) -> Path:
        self._files += 1
        return candles(self.path, self._files)

    def _file(self, frame: pl.DataFrame) -> str:
        path = self._next()
        with writing(path):
            frame.write_ipc(path, compression="uncompressed")
        return str(path)


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
