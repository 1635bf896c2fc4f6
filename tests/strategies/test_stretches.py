"""Quiet bars in a row are taken column by column; the result is that of one bar after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from tests.support.backends import BACKENDS
from tests.support.signal_columns import Reads, walk

ASKS = ("quoted", "constant", "column")


def candles(ask: str, seed: int, chunks: int) -> omega.Candles | pl.DataFrame:
    """Give 700 minutes whose ask side is told in one of three ways, in chunks."""
    both = walk(700, seed)
    size = -(-both.height // chunks)
    parts = [both.slice(start, size) for start in range(0, both.height, size)]
    cut = pl.concat(parts, rechunk=False)
    if ask == "quoted":
        return cut
    bid = cut.select(
        "time", *(pl.col(f"bid_{p}").alias(p) for p in ("open", "high", "low", "close"))
    )
    if ask == "constant":
        return omega.Candles(bid=bid, spread=1e-4)
    return bid.with_columns(spread=(pl.int_range(pl.len()) % 7) * 2e-5)


@st.composite
def columns(draw: st.DrawFn) -> pl.DataFrame:
    """Rare entries on both sides, with levels near enough to be reached now and then."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    entry = np.where(rng.random(700) < 0.03, rng.choice([-1.0, 1.0], 700), 0.0)
    distance = rng.choice([3e-4, 8e-4, 5e-3], 700)
    close = walk(700, 1)["bid_close"].to_numpy()
    return pl.DataFrame(
        {
            "entry": entry,
            "exit": rng.random(700) < draw(st.sampled_from([0.0, 0.01])),
            "stop": close - entry * 1e-3,
            "target": distance,
            "size": np.full(700, 0.5),
        }
    )


@given(
    columns(),
    st.sampled_from(ASKS),
    st.sampled_from([1, 3]),
    st.booleans(),
    st.sampled_from([0.0, -1.5]),
)
def test_a_sleeping_strategy_gets_what_a_waking_one_gets(
    told: pl.DataFrame, ask: str, chunks: int, accumulate: bool, swap: float
) -> None:
    data = candles(ask, 1, chunks)
    signals = omega.Signals(
        entry=told["entry"],
        exit=told["exit"],
        stop_loss=told["stop"],
        take_profit=omega.Distance(told["target"]),
        size=told["size"],
        accumulate=accumulate,
        warmup=0,
    )
    words: dict[str, Any] = {
        "instruments": omega.Instrument("SYMBOL", contract_size=1_000, tick_size=1e-5),
        "costs": omega.Costs(swap_long=swap, swap_short=swap),
    }
    read = Reads(told, reverse=False, accumulate=accumulate)
    expected = omega.run_backtest(data, read, **words)
    for backend in BACKENDS:
        result = omega.run_backtest(data, signals, backend=backend, **words)
        assert result.fingerprint == expected.fingerprint
        assert result.trades.equals(expected.trades)


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("direction", ["long", "short"])
def test_a_position_held_to_the_end_knows_how_far_it_went(ask: str, direction: str) -> None:
    data = candles(ask, 4, 2)
    held = omega.Signals(entry=pl.int_range(pl.len()) == 3, direction=direction)
    results = [omega.run_backtest(data, held, backend=backend) for backend in BACKENDS]
    trade = results[0].trades.row(0, named=True)
    assert trade["mae"] < 0 < trade["mfe"]
    assert trade["exit_index"] == 699
    assert len({result.fingerprint for result in results}) == 1
