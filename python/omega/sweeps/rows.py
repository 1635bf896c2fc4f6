"""Rows of a running sweep: in memory as columns, or on their way to a folder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from omega.errors import ConfigError
from omega.sweeps.core import Numbered
from omega.sweeps.parts import Parts
from omega.sweeps.spec import Row
from omega.sweeps.table import Schema, beside, joined, parameters_match, settled, standing

AT_ONCE = 1_000
"""Rows that are put into columns together."""

TABLE_ROWS = 500_000
"""Rows of their tables that are: Ctrl-C waits for what is being written."""

_Columns = tuple[pl.DataFrame, dict[str, pl.DataFrame]]
"""Rows, and the tables beside them."""

SECONDS = 2.0
"""How much work may be lost where a process is killed."""


class Rows:
    """Takes rows as they are done."""

    def __init__(
        self, schema: Schema, parts: Parts | None, tables: Sequence[str], *, is_searched: bool
    ) -> None:
        self._schema, self._parts, self._names, self._is_searched = (
            schema,
            parts,
            tables,
            is_searched,
        )
        self._loose: list[Row] = []
        self._table_rows = 0
        self._held: list[_Columns] = []
        self._kept: dict[int, Mapping[str, Any]] = {}
        self._before: pl.DataFrame | None = parts.table() if parts else None
        if self._before is not None and not is_searched:  # a search goes on from what it was told
            self._before = settled(self._before)
        self._done = set() if self._before is None else set(self._before["run"].to_list())
        self._flushed = time.monotonic()  # when rows are written changes none of them

    @property
    def done(self) -> int:
        """Rows that were there before."""
        return len(self._done)

    def missing(self, trials: Sequence[Numbered]) -> list[Numbered]:
        """Return the runs that are still to be made.

        Raises:
            ConfigError: A run that is there was made of other parameters.
        """
        there = [number for number, _ in trials if number in self._done]
        if there and self._before is not None:
            found = self._before.filter(pl.col("run").is_in(there))
            wrong = parameters_match(found, dict(trials))
            if wrong is not None:
                raise ConfigError(
                    f"out: run {wrong} in the folder was made of other parameters than run {wrong} "
                    "of this sweep; name another folder"
                )
            if self._is_searched:
                self._kept |= {row["run"]: row for row in found.iter_rows(named=True)}
        return [(number, given) for number, given in trials if number not in self._done]

    def add(self, row: Row) -> None:
        """Take a row."""
        self._loose.append(row)
        self._table_rows += sum(len(table) for table in row.tables.values())
        if self._is_searched:
            self._kept[row.number] = row.metrics if row.error is None else {"error": row.error}
        if len(self._loose) >= AT_ONCE or self._table_rows >= TABLE_ROWS:
            self.flush()
        self.flush_late()

    def flush_late(self) -> None:
        """Write what has waited too long for others: little is lost where a process ends."""
        if self._parts is not None and time.monotonic() - self._flushed > SECONDS:
            self.flush()

    def metrics_of(self, number: int) -> Mapping[str, Any] | None:
        """Return the metrics of a run of the last batch; None where it failed."""
        found = self._kept.pop(number)
        return None if found.get("error") is not None else found

    def flush(self) -> None:
        """Put the rows so far into columns, or into the folder."""
        rows, self._table_rows = list(self._loose), 0
        self._flushed = time.monotonic()
        if not rows:
            return
        # Rows are loose until they are kept: a write may fail, and Ctrl-C may come at any moment.
        # Both at once, since between two statements the rows would be there twice.
        if self._parts is not None:
            self._parts.write(rows)
            self._parts.next, self._loose = self._parts.next + 1, []
        else:
            held = [*self._held, self._columns(rows)]
            self._held, self._loose = held, []

    def _columns(self, rows: Sequence[Row]) -> _Columns:
        tables = {name: beside(rows, name) for name in self._names}
        return self._schema.frame(rows), {n: t for n, t in tables.items() if t is not None}

    def table(self) -> pl.DataFrame:
        """Return all rows in the order of runs, those included that could not be written."""
        written = None if self._parts is None else self._parts.table()
        frames = [] if written is None else [written]
        frames += [frame for frame, _ in self._in_memory()]
        return standing(joined(frames)) if frames else self._schema.frame([])

    def others(self) -> dict[str, pl.DataFrame]:
        """Return the tables beside the rows; of a folder only where a part of them is in memory."""
        in_memory = self._in_memory()
        tables: dict[str, pl.DataFrame] = {}
        for name in self._names:
            frames = [others[name] for _, others in in_memory if name in others]
            if frames and self._parts is not None:
                frames += [one for one in [self._parts.other(name)] if one is not None]
            if frames:
                tables[name] = pl.concat(frames).sort("run", maintain_order=True)
        return tables

    def _in_memory(self) -> list[_Columns]:
        return [*self._held, *([self._columns(self._loose)] if self._loose else [])]
