"""Every public call takes any argument: it works, or an `OmegaError` names what is wrong."""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega.results.result import example_result
from tests.support.backends import BACKENDS
from tests.support.candles import rising

CANDLES = rising(60)


class Buy(omega.Strategy):
    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 3:
            self.buy(size=1)


class Silent(Exception):
    """An error whose text cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


ODD: tuple[object, ...] = (
    None, True, -1, 0, 5, 2**70, -(2**63), 1.5, float("nan"), float("inf"), -float("inf"), "", "x",
    "é\x1b[2J", "\ud800", "a" * 5_000, b"x", [], [1], [None], (), (1, 2), {}, {"x": 1}, {1: 2},
    set(), object(), np.float64("nan"), np.array([1.0, 2.0]), np.array(5), pl.DataFrame(),
    pl.Series([1]), pl.col("x"), datetime(1, 1, 1), datetime(9999, 12, 31),  # noqa: DTZ001 - odd
    np.array(["2024-01-01"] * 60, "datetime64[s]"), np.datetime64("2024-01-01"), CANDLES,
    date(2024, 1, 1), timedelta(1), 1 + 2j, range(3), omega.FixedLots(1), Buy, Buy(), omega.Costs(),
)  # fmt: skip
TICKS = pl.DataFrame({"time": CANDLES["time"], "bid": CANDLES["open"], "ask": CANDLES["open"]})
RUNS = pl.DataFrame({"fast": [2, 3], "slow": [5, 5], "sharpe": [0.5, 1.0]})
RESULT = example_result()

CALLS: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
    "run_backtest": (omega.run_backtest, {"data": CANDLES, "strategy": Buy()}),
    "CandleStore": (omega.CandleStore, {"data": CANDLES}),
    "Dataset": (omega.Dataset, {"path": "/nowhere/a.parquet"}),
    "Candles": (omega.Candles, {"bid": CANDLES}),
    "Timeframe": (omega.Timeframe, {"name": "H1"}),
    "Calendar": (omega.Calendar, {}),
    "Instrument": (omega.Instrument, {}),
    "Account": (omega.Account, {}),
    "Costs": (omega.Costs, {}),
    "Execution": (omega.Execution, {}),
    "Limits": (omega.Limits, {}),
    "Events": (omega.Events, {}),
    "Carry": (omega.Carry, {}),
    "Continuous": (omega.Continuous, {"contracts": {"A": CANDLES}}),
    "Universe": (omega.Universe, {"members": [{"symbol": "X", "from": "2024-01-01"}]}),
    "asof": (
        omega.asof,
        {"table": [{"period": "2023-12-31", "known": "2024-02-01", "eps": 1.0}]},
    ),
    "bars": (omega.bars, {"data": CANDLES, "kind": "tick", "size": 3}),
    "resample": (omega.resample, {"data": CANDLES, "timeframe": "H1"}),
    "Distance": (omega.Distance, {"given": 1.0}),
    "BreakEven": (omega.BreakEven, {}),
    "PartialClose": (omega.PartialClose, {}),
    "TimeExit": (omega.TimeExit, {}),
    "TrailingStop": (omega.TrailingStop, {}),
    "FixedLots": (omega.FixedLots, {}),
    "RiskPercent": (omega.RiskPercent, {}),
    "Signals": (omega.Signals, {"entry": "x"}),
    "Weights": (omega.Weights, {"targets": {}}),
    "Signal": (omega.Signal, {"direction": "long"}),
    "Close": (omega.Close, {}),
    "Modify": (omega.Modify, {}),
    "Cancel": (omega.Cancel, {}),
    "native": (omega.native, {"name": "sma_cross"}),
    "read_candles": (omega.read_candles, {"paths": "/nowhere/a.csv"}),
    "read_ticks": (omega.read_ticks, {"paths": "/nowhere/a.csv"}),
    "ticks_to_candles": (omega.ticks_to_candles, {"frame": TICKS, "timeframe": "M1"}),
    "sample": (omega.sample, {}),
    "compiled": (omega.compiled, {}),
    "foreign": (omega.foreign, {"function": ctypes.CFUNCTYPE(ctypes.c_int32)(lambda: 0)}),
    "compare": (omega.compare, {"results": [RESULT]}),
    "combine": (omega.combine, {"results": [RESULT]}),
    "metrics": (omega.metrics, {"equity_or_returns": [1.0, 2.0], "kind": "equity"}),
    "metrics_of": (RESULT.metrics_of, {"trades": RESULT.trades}),
    "reconcile": (omega.reconcile, {"result": RESULT, "fills": RESULT.fills.clear()}),
    "heatmap": (
        omega.report.heatmap,
        {"frame": RUNS, "x": "fast", "y": "slow", "metric": "sharpe"},
    ),
    "parallel": (omega.report.parallel, {"frame": RUNS, "metric": "sharpe"}),
    "load": (omega.BacktestResult.load, {"directory": "/nowhere"}),
    "save": (RESULT.save, {"directory": "/proc/nowhere"}),
    "report": (RESULT.report, {"path": "/proc/nowhere/a.html"}),
    "plot": (RESULT.plot, {}),
    "trials": (omega.trials, {"path": "/nowhere/trials"}),
    "instruments.get": (omega.instruments.get, {"symbol": "EURUSD"}),
    "ExecutionSimulator": (omega.ExecutionSimulator, {}),
    "Portfolio": (omega.Portfolio, {}),
}


def cases() -> Iterator[tuple[str, str]]:
    for name, (call, _) in CALLS.items():
        for parameter, about in inspect.signature(call).parameters.items():
            if about.kind not in (about.VAR_POSITIONAL, about.VAR_KEYWORD):
                yield name, parameter


@pytest.mark.parametrize(("name", "parameter"), list(cases()))
@pytest.mark.filterwarnings("ignore")
def test_an_odd_argument_is_taken_or_refused(
    name: str, parameter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call, usual = CALLS[name]
    for odd in ODD:
        refusals = (omega.OmegaError, TypeError) if callable(odd) else (omega.OmegaError,)
        with contextlib.suppress(*refusals), contextlib.redirect_stdout(io.StringIO()):
            call(**{**usual, parameter: odd})  # a function of other arguments is a TypeError


def test_all_public_calls_are_tried() -> None:
    """Views and results come from a run, and are not called; sweeps have tests of their own."""
    others = {
        "Bar", "BacktestResult", "Capacity", "Condition", "ConfigError", "CrossSymbolEventEngine",
        "CrossValidated",
        "EquityPercent", "EventEngine", "FeeBasis", "Fill", "FixedUnits", "ImportedCandles",
        "ImportedTicks", "Indicator", "LookaheadReport", "OmegaError", "PendingOrder", "Position",
        "RiskAmount", "Strategy", "StressResult", "SweepProgress", "SweepResult", "Trade",
        "TrialLedger", "Trust", "UnknownInstrument", "WalkForward", "capacity", "check_lookahead",
        "cross_validate", "crossover", "crossunder", "get_active_backend", "get_include",
        "import_sources", "maximum", "minimum",
        "stress", "sweep", "walk_forward", "when",
    }  # fmt: skip
    public = {name for name in omega.__all__ if callable(getattr(omega, name))}
    assert public - {*CALLS} == others


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("settings", "said"), [
    ({"cash": float("nan")}, "cash"),
    ({"cash": -5}, "cash"),
    ({"account": {"cash": -5}}, "account"),
    ({"start": 2**63 - 1}, "start"),
    ({"end": -(2**63)}, "end"),
    ({"strategy": type("Odd", (Buy,), {"warmup": -1})()}, "warmup"),
    ({"strategy": type("Odd", (Buy,), {"warmup": 1.5})()}, "warmup"),
    ({"when": "nothing"}, "nothing"),
    ({"instruments": {1: 2}}, "instruments"),
    ({"conversion": {"EUR": pl.DataFrame()}}, "conversion"),
    ({"timeframes": {"H1": 5}}, "data"),
    ({"when": pl.col("close").str.len_bytes() > 1}, "expression"),
])  # fmt: skip
def test_an_impossible_setting_is_named(backend: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(omega.OmegaError, match=said):
        omega.run_backtest(**{"data": CANDLES, "strategy": Buy(), "backend": backend, **settings})


@pytest.mark.parametrize("make", [
    lambda: omega.Limits(max_positions=2**70),
    lambda: omega.Limits(stale_after=2**70),
    lambda: omega.Limits(cooldown_bars=2**70),
    lambda: omega.Limits(cooldown_minutes=1e300),
    lambda: omega.TimeExit(bars=2**70),
    lambda: omega.TimeExit(minutes=1e300),
])  # fmt: skip
def test_a_number_that_no_backend_holds_is_refused_where_it_is_given(
    make: Callable[[], object],
) -> None:
    with pytest.raises(
        omega.ConfigError, match=r"given (1e\+300|1180591620717411303424), expected"
    ):
        make()


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_error_of_the_strategy_passes_as_it_is(backend: str) -> None:
    def fails(bar: omega.Bar) -> None:
        raise Silent

    with pytest.raises(Silent):
        omega.run_backtest(CANDLES, fails, backend=backend)

    class Made(Buy):
        def __init__(self) -> None:
            raise KeyError("of the user")

    with pytest.raises(KeyError, match="of the user"):
        omega.run_backtest(CANDLES, Made, backend=backend)


def test_an_error_without_a_text_is_a_row_and_a_message() -> None:
    class Data:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise Silent

    with pytest.raises(omega.OmegaError, match="Silent"):
        omega.run_backtest(Data(), Buy())

    def made(fast: int) -> omega.Strategy:
        raise Silent

    runs = omega.sweep(CANDLES, made, {"fast": [1, 2]}, workers=1)
    assert runs.failures["error"].to_list() == ["Silent: (its text cannot be read)"] * 2


def test_a_warning_that_is_an_error_stays_the_warning() -> None:
    crossed = TICKS.head(3).with_columns(ask=pl.col("bid") - 1.0)
    with pytest.raises(omega.errors.CandleWarning):
        omega.run_backtest(crossed, Buy(), validate={"crossed": "warn"}, backend=BACKENDS[0])
