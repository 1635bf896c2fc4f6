"""The runs of a walk-forward: those of the train stretches, and each window alone."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import polars as pl

from omega.cluster.protocol import Cluster
from omega.config.execution import Execution
from omega.data.store import CandleStore
from omega.forward.layout import Window
from omega.forward.parameter_sets import Sets
from omega.forward.timeline import Timeline
from omega.sweeps.block_moments import KEPT
from omega.sweeps.call import sweep
from omega.sweeps.progress import Shown
from omega.sweeps.result import SweepResult
from omega.sweeps.table import column_of

_BORDERS = ("start", "end")


@dataclasses.dataclass(frozen=True)
class Runs:
    """Makes runs of the sets over stretches of the same candles."""

    store: CandleStore
    sets: Sets
    timeline: Timeline
    backend: str
    workers: int | None
    executor: Executor | Cluster | None
    out: str | os.PathLike[str] | None
    progress: bool | Shown
    kept: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Of the runs that are chosen from: `daily` and `trials` of `sweep`."""

    def train(self, windows: Sequence[Window]) -> list[SweepResult]:
        """Make the train runs of all windows, as one sweep; return those of each window."""
        runs = [
            {**self.sets.values(number), **self._stretch(window.train)}
            for window in windows
            for number in range(len(self.sets))
        ]
        # Together, so that processes, candles and indicators serve all windows.
        whole = self._sweep(runs, self.out, self.progress, closes=True, **self.kept)
        size = len(self.sets)
        return [self._part(whole, place * size) for place in range(len(windows))]

    def alone(self, chosen: Sequence[tuple[int, Window]]) -> pl.DataFrame:
        """Make the run of each window by itself, from the cash at the start; a row for each."""
        runs = [
            {**self.sets.values(number), **self._stretch(window.test)} for number, window in chosen
        ]
        made = self._sweep(runs, None, progress=False, closes=True, trials=False)  # none is chosen
        return made.to_polars()

    def over(
        self,
        numbers: Sequence[int],
        steps: tuple[int, int],
        *,
        is_chosen_from: bool = False,
        **kept: bool,
    ) -> SweepResult:
        """Make one run of each of some sets over a stretch; what is chosen from are trials."""
        runs = [{**self.sets.values(number), **self._stretch(steps)} for number in numbers]
        trials = self.kept.get("trials") if is_chosen_from else False
        return self._sweep(runs, None, progress=False, closes=False, trials=trials, **kept)

    def stretches(
        self,
        wanted: Sequence[tuple[int, tuple[int, int]]],
        **kept: Any,  # noqa: ANN401 - as above
    ) -> SweepResult:
        """Make a run of a set over steps for each pair, flat at the end."""
        runs = [{**self.sets.values(number), **self._stretch(steps)} for number, steps in wanted]
        return self._sweep(runs, None, self.progress, closes=True, **kept)

    def _stretch(self, steps: tuple[int, int]) -> dict[str, int]:
        times = self.timeline.times
        return {"start": int(times[steps[0]]), "end": int(times[steps[1] - 1])}

    def _sweep(
        self,
        runs: Sequence[Mapping[str, Any]],
        out: str | os.PathLike[str] | None,
        progress: bool | Shown,
        *,
        closes: bool,
        **kept: Any,  # noqa: ANN401 - what tables are kept, and whether trials are counted
    ) -> SweepResult:
        settings = {n: v for n, v in self.sets.spec.settings.items() if n not in _BORDERS}
        if closes:  # WF2
            execution = settings.get("execution") or Execution()
            settings["execution"] = dataclasses.replace(execution, close_at_end=True)
        made = sweep(
            self.store,
            self.sets.spec.strategy,
            runs,
            workers=self.workers,
            executor=self.executor,
            out=out,
            progress=progress,
            backend=self.backend,
            **kept,
            **settings,
        )
        if made.interrupted:
            raise KeyboardInterrupt
        return made

    def _part(self, whole: SweepResult, first: int) -> SweepResult:
        """Return the runs of a window by the numbers of their sets, with their own statistics."""
        size = len(self.sets)
        # The rows alone: what all windows together say of luck is nothing that was chosen by.
        rows = whole._rows.slice(first, size)  # noqa: SLF001 - as said
        labels = [
            pl.Series(column_of(name), [one.get(name) for one in self.sets.labels], strict=False)
            for name in self.sets.spec.named
        ]
        numbered = (pl.col("run") - first).cast(pl.UInt32)
        table = rows.drop(*_BORDERS).with_columns(numbered, *labels)
        tables: dict[str, pl.DataFrame] = {}
        for name in KEPT:
            if (found := whole._kept(name)) is not None:  # noqa: SLF001 - as said
                own = found.filter(pl.col("run").is_between(first, first + size, closed="left"))
                tables[name] = own.with_columns(numbered)
        origin = whole._origin and whole._origin.after(first)  # noqa: SLF001 - as said
        return SweepResult(table, metrics=whole.metrics, total=size, tables=tables, origin=origin)
