"""Two backends, one result: to the last bit, row by row, word by word (D1)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from hypothesis import given, settings

import omega
from omega import backtest
from omega.backtest import Behind, Job, Pair
from tests.parity.runs import Recorder, RecordingManager, Run, runs

TABLES = ("trades", "intervals", "orders", "fills", "ledger", "equity", "positions")


@dataclass
class Outcome:
    """What a backend made of a run."""

    log: list[object]
    error: object = None
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    metrics: object = None
    fingerprint: str = ""


def outcome(run: Run, backend: str, store: omega.CandleStore, behind: Behind) -> Outcome:
    """What a backend makes of a run: tables, numbers, all that was seen, or how it failed."""
    strategy = Recorder(run)
    found = Outcome(strategy.log)
    script = run.on_manage
    manager = None if script is None else RecordingManager(strategy, script)
    try:
        job = Job(store, strategy, run.settings, behind, manager, None)
        tables, report = backtest._BACKENDS[backend](job)  # noqa: SLF001 - below the one call
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
    store = omega.CandleStore(run.frame, symbol="TEST")
    rate: float | Pair = run.rate
    if run.pair is not None:
        rate = Pair(omega.CandleStore(run.pair[0], symbol="PAIR"), run.pair[1])
    finer = None if run.finer is None else omega.CandleStore(run.finer, symbol="TEST")
    behind = Behind(rate, finer)
    native = outcome(run, "rust", store, behind)
    plain = outcome(run, "python", store, behind)
    for seen, expected in zip(plain.log, native.log, strict=False):
        assert repr(seen) == repr(expected)
    assert repr(plain.error) == repr(native.error)
    assert len(plain.log) == len(native.log)
    for name, rows in native.tables.items():
        for row, expected_row in zip(plain.tables[name], rows, strict=True):
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
