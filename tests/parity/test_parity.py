"""Two backends, one result: to the last bit, row by row, word by word (D1)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import polars as pl
from hypothesis import given, settings

from omega import backtest
from omega.reference.columns import Columns
from omega.reference.run import execute
from tests.parity.runs import Outcome, Recorder, Run, runs, store_of

TABLES = ("trades", "intervals", "orders", "fills", "ledger", "equity", "positions")


def outcome(run: Run, backend: Callable[[Recorder], tuple[Any, Any]]) -> Outcome:
    """What a backend makes of a run: tables, numbers, all that was seen, or how it failed."""
    strategy = Recorder(run)
    found = Outcome(strategy.log)
    try:
        tables, report = backend(strategy)
    except Exception as error:  # noqa: BLE001 - whatever one raises, the other must raise
        found.error = (type(error), str(error), getattr(error, "__notes__", []), vars(error))
        return found
    found.tables = {name: pl.DataFrame(getattr(tables, name)()).to_dicts() for name in TABLES}
    found.metrics = tables.metrics()
    found.fingerprint = tables.fingerprint()
    counts = (report.bars_processed, report.signals_generated, report.exits_triggered)
    found.log.append((*counts, report.start_index))
    return found


def compare(run: Run) -> None:
    """Run both and compare, what is easiest to understand first."""
    store = store_of(run)
    native = outcome(run, lambda s: backtest._execute(store, s, run.settings, None))
    columns = Columns.from_store(store)
    plain = outcome(run, lambda s: execute(columns, s, run.settings))
    for seen, expected in zip(plain.log, native.log, strict=False):
        assert repr(seen) == repr(expected)
    assert repr(plain.error) == repr(native.error)
    assert len(plain.log) == len(native.log)
    for name in TABLES if not native.error else ():
        for row, expected_row in zip(plain.tables[name], native.tables[name], strict=True):
            assert repr(row) == repr(expected_row), name
    assert repr(plain.metrics) == repr(native.metrics)
    assert plain.fingerprint == native.fingerprint


def more(times: int) -> Callable[[Any], Any]:
    """So many times the examples of the profile."""
    return functools.partial(settings(max_examples=settings().max_examples * times))


@more(12)
@given(runs())
def test_both_backends_give_the_same_bytes(run: Run) -> None:
    compare(run)
