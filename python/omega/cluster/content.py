"""Candles by content, in place of a file path that differs between machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omega.data.columns import Candles
from omega.data.dataset import Dataset

Fetched = Mapping[str, Path]
"""The file of each hash, on this machine."""


@dataclasses.dataclass(frozen=True)
class Content:
    """Candles by their hash.

    Attributes:
        name: The hash of the rows.
        columns: As `omega.Dataset`.
        symbol: As `omega.Dataset`.
        source: Where else the rows can be read from, by any machine.

    Example:
        >>> Content("3f5a").symbol is None
        True
    """

    name: str
    columns: Mapping[str, str] | None = None
    symbol: str | None = None
    source: Dataset | None = None

    def at(self, path: Path) -> str | Dataset:
        """Return the candles, now that their file is known."""
        if self.columns is None and self.symbol is None:
            return str(path)
        return Dataset(str(path), columns=self.columns, symbol=self.symbol)


def contents_of(data: Any) -> Iterator[Content]:  # noqa: ANN401 - as `run_backtest`
    """Yield all candles that some data name.

    Example:
        >>> [one.name for one in contents_of({"EURUSD": Content("3f5a")})]
        ['3f5a']
    """
    if isinstance(data, Content):
        yield data
    elif isinstance(data, Candles):
        yield from contents_of(data.bid)
        yield from contents_of(data.ask)
    elif isinstance(data, Mapping):
        for part in data.values():
            yield from contents_of(part)


def located(data: Any, files: Fetched) -> Any:  # noqa: ANN401 - as `run_backtest`
    """Return data with the files of this machine in place of names.

    Example:
        >>> from pathlib import Path
        >>> located({"EURUSD": Content("3f5a")}, {"3f5a": Path("3f5a.arrow")})
        {'EURUSD': '3f5a.arrow'}
    """
    if isinstance(data, Content):
        return data.at(files[data.name])
    if isinstance(data, Candles):
        bid, ask = located(data.bid, files), located(data.ask, files)
        return Candles(bid=bid, ask=ask, spread=data.spread)
    if isinstance(data, Mapping):
        return {name: located(part, files) for name, part in data.items()}
    return data
