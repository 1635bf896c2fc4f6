"""Interface between a sweep and the driver of a cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from omega.cluster.driver import Driver, Order
from omega.cluster.protocol import Cluster
from omega.data.cache import caching
from omega.sweeps.core import Numbered
from omega.sweeps.identity import paths_of
from omega.sweeps.mapped import Mapped
from omega.sweeps.recipe import Recipe, by_value, lost, mark_of, unpacked
from omega.sweeps.rows import Rows
from omega.sweeps.spec import Row, SweepSpec
from omega.sweeps.spec_for_workers import with_candles


class Clustered:
    """Makes runs on a cluster."""

    def __init__(
        self,
        cluster: Cluster,
        spec: SweepSpec,
        grid: Any,  # noqa: ANN401 - as `sweep`
        rows: Rows,
        cache_bytes: int,
        *,
        open_things: contextlib.ExitStack,
    ) -> None:
        """Name all candles by their content, and put the recipe on the cluster."""
        mapped = Mapped(open_things.enter_context(caching()), by_content=True)
        paths = {path: path for path in paths_of(grid)}
        sent = with_candles(spec, mapped.of, also=paths)
        order = Order(
            recipe=by_value(Recipe(sent, cache_bytes)),
            files=mapped.files,
            row=unpacked,
            mark=mark_of,
            lost=lost,
            idle=rows.flush_late,
        )
        self._driver = Driver(cluster, order)
        open_things.callback(self._driver.close)

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come as they are done."""
        return self._driver.rows(trials, len(trials))

    def stream(self, trials: Iterable[Numbered], total: int) -> Iterator[Row]:
        """Make runs that are taken one after the other, as slots are free."""
        return self._driver.rows(trials, total)

    def at_work(self) -> tuple[int, int]:
        """Return how many slots have something to do, and how many there are."""
        return self._driver.at_work

    @property
    def placement(self) -> pl.DataFrame:
        """Which worker made which run."""
        return self._driver.placement.frame()


def missing_of(batches: Iterable[list[Numbered]], rows: Rows) -> Iterator[Numbered]:
    """Yield the runs of a search that are still to be made, as they are requested."""
    for trials in batches:
        yield from rows.missing(trials)
