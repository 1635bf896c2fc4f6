"""Two backends, one result: to the last bit, row by row, word by word (D1)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import polars as pl
from hypothesis import given, settings

import omega
from omega import backtest
from omega._job import Behind, Job, Pair
from tests.parity.recorder import Recorder, RecordingManager, Run
from tests.parity.runs import runs

TABLES = ("trades", "intervals", "orders", "fills", "ledger", "equity", "positions")


@dataclass
class Outcome:
    """What a backend made of a run."""

    log: list[object]
    error: object = None
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    metrics: object = None
    fingerprint: str = ""


def outcome(
    run: Run, backend: str, job: tuple[omega.CandleStore, Behind], *, hashed: bool
) -> Outcome:
    """What a backend makes of a run: tables, numbers, all that was seen, or how it failed."""
    strategy = Recorder(run)
    found = Outcome(strategy.log)
    script = run.on_manage
    manager = None if script is None else RecordingManager(strategy, script)
    try:
        store, behind = job
        own = {name: run.settings[name] for name in ("instrument", "costs")}
        fields = {**run.settings, "symbols": [own], "align": "union"}
        whole = Job([store], strategy, fields, [behind], [], manager, None)
        tables, report = backtest._BACKENDS[backend](whole)  # noqa: SLF001 - below the one call
    except Exception as error:  # noqa: BLE001 - whatever one raises, the other must raise
        found.error = (type(error), str(error), getattr(error, "__notes__", []), vars(error))
        return found
    found.tables = {name: pl.DataFrame(getattr(tables, name)()).to_dicts() for name in TABLES}
    found.metrics = tables.metrics()
    found.fingerprint = tables.fingerprint() if hashed else ""
    counts = (report.bars_processed, report.signals_generated, report.exits_triggered)
    found.log.append((*counts, report.start_index))
    return found


def compare(run: Run, *, hashed: bool = False) -> None:
    """Run both and compare, what is easiest to understand first."""
    store = omega.CandleStore(run.frame, symbol="TEST")
    rate: float | Pair = run.rate
    if run.pair is not None:
        rate = Pair(omega.CandleStore(run.pair[0], symbol="PAIR"), run.pair[1])
    finer = None if run.finer is None else omega.CandleStore(run.finer, symbol="TEST")
    native = outcome(run, "rust", (store, Behind(rate, finer)), hashed=hashed)
    plain = outcome(run, "python", (store, Behind(rate, finer)), hashed=hashed)
    for seen, expected in zip(plain.log, native.log, strict=False):
        same("seen", seen, expected)
    same("error", plain.error, native.error)
    same("number of things seen", len(plain.log), len(native.log))
    for name, rows in native.tables.items():
        for row, expected_row in zip_longest(plain.tables[name], rows):
            same(name, row, expected_row)
    same("metrics", plain.metrics, native.metrics)
    same("fingerprint", plain.fingerprint, native.fingerprint)


def same(what: str, plain: object, native: object) -> None:
    """Compare as text: it tells 0.0 from -0.0, shows every digit, and NaN is NaN."""
    assert repr(plain) == repr(native), f"{what}: python gives {plain!r}, rust {native!r}"


def more(times: int) -> Callable[[Any], Any]:
    """So many times the examples of the profile."""
    return functools.partial(settings(max_examples=settings().max_examples * times))


@more(12)
@given(runs())
def test_both_backends_give_the_same_bytes(run: Run) -> None:
    compare(run)


@given(runs())
def test_both_backends_give_the_same_fingerprint(run: Run) -> None:
    compare(run, hashed=True)
