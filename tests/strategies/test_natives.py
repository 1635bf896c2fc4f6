"""The strategies of the core run by either backend, to the same bytes."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omega
from omega.errors import ConfigError, OmegaError
from tests.support.backends import BACKENDS, WITHOUT_CORE
from tests.support.candles import quoted, rising, walk

every_backend = pytest.mark.parametrize("backend", BACKENDS)
needs_core = pytest.mark.skipif(WITHOUT_CORE, reason="there is no core to compare with")

PARAMETERS: dict[str, dict[str, float]] = {
    "sma_cross": {"fast": 3, "slow": 8},
    "zscore_reversion": {"window": 20, "threshold": 1.2, "atr_window": 5, "bars_at_most": 7},
    "donchian_breakout": {"entry": 9, "exit": 4},
    "rsi_reversion": {"window": 6, "low": 35.0, "high": 60.0, "middle": 48.0},
    "buy_and_hold": {},
}


@needs_core
@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_backends_give_the_same_bytes(name: str, seed: int) -> None:
    for parameters in ({}, PARAMETERS[name]):
        runs = [
            omega.run_backtest(
                walk(900, seed=seed),
                omega.native(name, **parameters),
                costs=omega.Costs(fee_per_lot=0.01, slippage_pips=1),
                instruments=omega.Instrument("SYMBOL", pip_size=0.0001),
                limits=omega.Limits(cooldown_bars=seed),
                backend=backend,
            )
            for backend in BACKENDS
        ]
        first, second = runs
        assert first.fingerprint == second.fingerprint
        assert first.stats.bars_processed == second.stats.bars_processed
        assert first.stats.signals_generated == second.stats.signals_generated
    assert name == "buy_and_hold" or len(first.trades) > 10


@st.composite
def steps(draw: st.DrawFn) -> pl.DataFrame:
    """Few prices, flat stretches and jumps, so that averages touch and channels collapse."""
    prices = draw(st.lists(st.sampled_from([1.0, 1.0, 1.25, 1.5, 2.0]), min_size=3, max_size=60))
    return quoted(*([price] for price in prices), spread=draw(st.sampled_from([0.0, 0.25])))


@needs_core
@settings(max_examples=150)
@given(steps(), st.sampled_from(sorted(PARAMETERS)), st.data())
def test_odd_prices_and_windows_are_odd_in_the_same_way(
    data: pl.DataFrame, name: str, drawn: st.DataObject
) -> None:
    number = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.5, 70.0])
    names = sorted(PARAMETERS[name])
    parameters = {one: drawn.draw(number) for one in names if drawn.draw(st.booleans())}

    def outcome(backend: str) -> object:
        try:
            return omega.run_backtest(
                data, omega.native(name, **parameters), backend=backend
            ).fingerprint
        except OmegaError as error:
            return type(error), str(error)

    assert outcome("rust") == outcome("python")


@every_backend
def test_an_average_that_crosses_reverses_at_the_next_open(backend: str) -> None:
    # Means of 1 and 2 bars: up at bar 2, down at bar 4, each filled one bar later.
    data = quoted([10.0], [10.0], [12.0], [13.0], [11.0], [9.0], [9.0])
    result = omega.run_backtest(data, omega.native("sma_cross", fast=1, slow=2), backend=backend)
    names = ("direction", "entry_price", "exit_price", "exit_reason", "gross_pnl")
    assert result.trades.select(names).rows() == [
        ("long", 13.0, 9.0, "signal", -4.0),
        ("short", 9.0, 9.0, "end_of_data", 0.0),
    ]


@every_backend
def test_signal_columns_and_natives_run_in_an_engine(backend: str) -> None:
    for strategy in (
        omega.native("sma_cross", fast=1, slow=3),
        omega.Signals(entry=pl.col("close") > 105.0, direction="long"),
    ):
        made = omega.EventEngine(
            rising(30), None, strategy, omega.ExecutionSimulator(), omega.Portfolio(),
            backend=backend,
        )  # fmt: skip
        made.run()
        assert made.result is not None
        expected = omega.run_backtest(rising(30), strategy, backend=backend)
        assert made.result.fingerprint == expected.fingerprint


UNKNOWN = [
    (
        ("sma_kross", {}),
        "native: given sma_kross, expected one of sma_cross, zscore_reversion, donchian_breakout, ",
    ),
    (
        ("sma_cross", {"fats": 3}),
        "native sma_cross: given fats, expected one of fast, slow. Correct the name",
    ),
    (
        ("buy_and_hold", {"size": 3}),
        "native buy_and_hold: given size, expected no parameter. Correct the name",
    ),
    (
        ("sma_cross", {"fast": 2.5}),
        "native sma_cross: fast: given 2.5, expected a whole number of bars, at least 1. Choose",
    ),
    (
        ("donchian_breakout", {"exit": -2}),
        "native donchian_breakout: exit: given -2, expected a whole number of bars, at least 1. ",
    ),
]


@every_backend
@pytest.mark.parametrize(("asked", "message"), UNKNOWN)
def test_what_is_unknown_is_refused_with_what_is_known(
    backend: str, asked: tuple[str, dict[str, float]], message: str
) -> None:
    name, parameters = asked
    with pytest.raises(ConfigError) as caught:
        omega.run_backtest(walk(100), omega.native(name, **parameters), backend=backend)
    assert str(caught.value).startswith(message)
