"""Checks at the end of a run that its mapped files of candles did not change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from omega.run.job import Job


@contextlib.contextmanager
def unchanged(job: Job) -> Iterator[None]:
    """Refuse a run whose files somebody writes to.

    Raises:
        InvalidCandleData: A file has changed since it was mapped.
    """
    _require_unchanged(job)
    yield
    _require_unchanged(job)


def _require_unchanged(job: Job) -> None:
    tables = [one for timeframe in job.timeframes for one in (timeframe.given or {}).values()]
    for store in (*job.stores, *job.beside, *tables):
        for file in store.mapped:
            file.require_unchanged()
