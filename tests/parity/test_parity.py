"""Two backends, one result: to the last bit, row by row, word by word (D1)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from omega.contract import SymbolContext
from omega.data.conversion import Pair
from omega.data.store import CandleStore
from omega.data.timeframes import timeframe_jobs
from omega.run.clock import RunClock
from omega.run.execute import execute
from omega.run.job import Job, context_of, symbols_of
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights
from tests.support import parity_columns
from tests.support.parity_runs import runs
from tests.support.parity_runs_of_several import several
from tests.support.parity_weights import weights
from tests.support.recorder import RecordingManager, Run, strategy_of

TABLES = ("trades", "intervals", "orders", "fills", "ledger", "equity", "positions", "weights")


@dataclass
class Outcome:
    """What a backend made of a run."""

    log: list[object]
    error: object = None
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    metrics: object = None
    fingerprint: str = ""


def outcome(
    run: Run,
    backend: str,
    stores: list[CandleStore],
    signals: Signals | Weights | None = None,
    *,
    hashed: bool,
) -> Outcome:
    """What a backend makes of a run: tables, numbers, all that was seen, or how it failed."""
    strategy, recorder = strategy_of(run)
    found = Outcome(recorder.log)
    script = run.on_manage
    manager = None if script is None or signals else RecordingManager(recorder, script)
    is_first = run.settings["semantics"] == "1"
    clock = RunClock.of(stores, run.calendar, is_first=is_first)
    fields: Any = {**run.settings, "symbols": symbol_settings(run, clock), "align": run.align}
    fields["session_times"] = clock.sessions("calendar")[1] if run.by_session else []
    higher = timeframe_jobs(run.timeframes, stores, clock.calendars, longest_counts=not is_first)
    given = strategy if signals is None else signals
    try:
        contexts = contexts_of(run, stores)
        parts = (higher, clock.fields(), manager)
        whole = Job(stores, given, fields, contexts, *parts, None)
        tables, report = execute(whole, backend)
    except Exception as error:  # noqa: BLE001 - whatever one raises, the other must raise
        found.error = (type(error), str(error), getattr(error, "__notes__", []), vars(error))
        return found
    found.tables = {name: pl.DataFrame(getattr(tables, name)()).to_dicts() for name in TABLES}
    found.metrics = tables.metrics()
    found.fingerprint = tables.fingerprint() if hashed else ""
    counts = (report.bars_processed, report.signals_generated, report.exits_triggered)
    found.log.append((*counts, report.start_index))
    return found


def symbol_settings(run: Run, clock: RunClock) -> list[dict[str, Any]]:
    """Instrument, costs and sessions of each symbol."""
    own = [run.settings, *(one.settings for one in run.beside.values())]
    return [
        {name: one[name] for name in ("instrument", "costs")}
        | {"session_ends": clock.session_ends(place), "impact": _impact(one, clock, place)}
        for place, one in enumerate(own)
    ]


def _impact(settings: dict[str, Any], clock: RunClock, place: int) -> np.ndarray[Any, Any] | None:
    """By bar how far a fill moves its price; none where the costs have none."""
    step = settings["costs"].get("impact", 0.0)
    return step * (1.0 + np.arange(len(clock.stores[place])) % 3.0) if step else None


def stores_of(run: Run) -> list[CandleStore]:
    """The candles of each symbol."""
    beside = {name: one.frame for name, one in run.beside.items()}
    return symbols_of(CandleStore({"TEST": run.frame, **beside}))


def contexts_of(run: Run, stores: list[CandleStore]) -> list[SymbolContext]:
    """Rate and finer candles of each symbol."""
    named = {store.symbols[0]: store for store in stores}
    rate: float | Pair = run.rate
    if run.pair is not None:
        rate = Pair(CandleStore(run.pair[0], symbol="PAIR"), run.pair[1])
    found = [context_of(rate, finer_of(run.finer))]
    for one in run.beside.values():
        rate = one.rate if one.pair is None else Pair(named[one.pair[0]], one.pair[1])
        found.append(context_of(rate, finer_of(one.finer)))
    return found


def finer_of(frame: pl.DataFrame | None) -> CandleStore | None:
    """Finer candles, where there are some."""
    return None if frame is None else CandleStore(frame, symbol="FINER")


def compare(run: Run, signals: Signals | Weights | None = None, *, hashed: bool = False) -> None:
    """Run both and compare, what is easiest to understand first."""
    stores = stores_of(run)
    native = outcome(run, "rust", stores, signals, hashed=hashed)
    plain = outcome(run, "python", stores, signals, hashed=hashed)
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
    """Compare as text: 0.0 is not -0.0 there, it shows every digit, and NaN is NaN."""
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


@more(12)
@given(several())
def test_several_symbols_and_timeframes_give_the_same_bytes(run: Run) -> None:
    compare(run, hashed=True)


@more(6)
@given(runs() | several(), st.data())
def test_signal_columns_give_the_same_bytes(run: Run, data: st.DataObject) -> None:
    symbols = tuple(store.symbols[0] for store in stores_of(run))
    tick = run.settings["instrument"]["tick_size"]
    compare(run, data.draw(parity_columns.signals(symbols, tick)), hashed=True)


@more(6)
@given(runs() | several(), st.data())
def test_target_weights_give_the_same_bytes(run: Run, data: st.DataObject) -> None:
    stores = stores_of(run)
    columns = [pl.DataFrame(store)["time"].cast(pl.Datetime("us", "UTC")) for store in stores]
    times = pl.concat(columns).unique().sort().to_list()
    given_weights = data.draw(weights([store.symbols[0] for store in stores], times))
    netting = {**run.settings, "semantics": "2", "position_mode": "netting"}
    compare(dataclasses.replace(run, settings=netting), given_weights, hashed=True)
