"""Repeats a run of a sweep as a whole result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from omega.config.values import plain
from omega.contract import AnyForm, ArrowLike
from omega.errors import ConfigError, StateSyncError
from omega.results.result import BacktestResult
from omega.run.backend import chosen_backend
from omega.sweeps.arguments import refuse_unlike
from omega.sweeps.core import Numbered
from omega.sweeps.labels import labelled
from omega.sweeps.samplers import Search
from omega.sweeps.spec import SweepSpec, TrialRunner, require_known
from omega.sweeps.table import column_of


class Origin:
    """What the runs of a sweep were made of, to make one of them again."""

    def __init__(self, spec: SweepSpec, begin: Callable[[], Search], first: int = 0) -> None:
        """Keep a spec, how its search begins, and the number of its first run."""
        self.spec, self._begin = spec, begin
        self._asked: dict[int, Mapping[str, Any]] = {}
        self._first = first

    def after(self, first: int) -> Origin:
        """Return the origin of a part of the runs, whose numbers begin again."""
        return Origin(self.spec, self._begin, self._first + first)

    def noted(self, batches: Iterator[list[Numbered]], search: Search) -> Iterator[list[Numbered]]:
        """Hand batches of runs on, and keep those of a search that cannot be asked again."""
        for batch in batches:
            if not search.fixed:
                self._asked.update(batch)
            yield batch

    def parameters_of(self, number: int) -> Mapping[str, Any]:
        """Return the parameters of a run by its number."""
        number += self._first
        if number in self._asked:
            return self._asked[number]
        search, before = self._begin(), 0
        while batch := search.ask():
            if number < before + len(batch):
                return batch[number - before]
            before += len(batch)
        raise ConfigError(f"run: the sweep has {before} runs, and no run {number}")


def run_again(
    table: pl.DataFrame,
    row: object,
    origin: Origin | None,
    *,
    parameters: tuple[str, ...],
    given: Mapping[str, Any],
) -> BacktestResult:
    """Make a run of a table again; see `SweepResult.run`.

    Raises:
        ConfigError: There is no such row, or nothing to make it of.
        StateSyncError: Its result is another one than that of the row.
    """
    found = row_of(table, row)
    number = int(found["run"])
    if given.get("strategy") is not None or given.get("data") is not None:
        spec = _spec_of(given)
        own = {name: found[name] for name in parameters if found[name] is not None}
        made_of: Mapping[str, Any] = {_name_of(name): value for name, value in own.items()}
    elif origin is None:
        raise ConfigError(
            "run: this result has neither data nor strategy, as it was loaded or unpickled, "
            "or its rows are slices of longer runs; give them: run(row, data=candles, "
            "strategy=..., and the settings of the sweep)"
        )
    else:
        if given.get("grid") is not None or given["settings"]:
            raise ConfigError(
                "run: given settings without data and strategy; the run is made again with those "
                "of the sweep. For others call omega.run_backtest"
            )
        spec, made_of = origin.spec, origin.parameters_of(number)
    result = TrialRunner(spec).result(made_of)
    before = found.get("fingerprint")
    if before is not None and before != result.fingerprint:
        raise StateSyncError(
            f"run: run {number} came out with the fingerprint {result.fingerprint[:12]}…, and its "
            f"row has {before[:12]}…; the candles, the code or a setting have changed since, or "
            "the strategy depends on what is not in them"
        )
    return result


def row_of(table: pl.DataFrame, row: object) -> dict[str, Any]:
    """Find a row by its number, or by itself: a dict that has `run`, or a frame of one row."""
    number = plain(row)
    if isinstance(row, pl.DataFrame) and row.height == 1 and "run" in row.columns:
        number = row["run"][0]
    elif isinstance(row, Mapping):
        number = row.get("run")
    if isinstance(number, bool) or not isinstance(number, int):
        raise ConfigError(
            f"run: given {row!r}, expected the number of a run, as in the column 'run', or a row: "
            "result.run(result.best('sharpe'))"
        )
    found = table.filter(pl.col("run") == number) if 0 <= number < 1 << 32 else table.clear()
    if found.is_empty():
        raise ConfigError(f"run: the table has {table.height} rows, and none of run {number}")
    return found.row(0, named=True)


def _spec_of(given: Mapping[str, Any]) -> SweepSpec:
    """Put a spec together of what a user gives with a result that was loaded."""
    data: ArrowLike = given.get("data")
    strategy: AnyForm = given.get("strategy")
    settings = dict(given["settings"])
    backend = settings.pop("backend", "auto")
    refuse_unlike(settings, None, None)
    if strategy is None:
        raise ConfigError("run: given data and no strategy; give strategy=, that of the sweep")
    _, named = labelled(given["grid"] if given.get("grid") is not None else {})
    require_known(strategy, [])
    return SweepSpec(
        data,
        strategy,
        settings,
        named,
        fingerprint=True,
        tables=(),
        backend=chosen_backend(backend, warn=True),
    )


def _name_of(column: str) -> str:
    """Return the parameter of a column, which ends in _ where a metric has its name."""
    short = column.removesuffix("_")
    return short if column != short and column_of(short) == column else column
