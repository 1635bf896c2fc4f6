"""Random slippage is a function of seed, order and leg, and of nothing else (M4, D3)."""

from __future__ import annotations

import polars as pl
import pytest

import omega
from tests.support import candles

MASK = 2**64 - 1
PIP = 0.01


def drawn(seed: int, order: int, leg: int) -> float:
    """Draw as docs/concepts/execution.md has it: SplitMix64's finaliser over the three in turn."""

    def mix(state: int) -> int:
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & MASK
        return state ^ (state >> 31)

    state = mix((seed + 0x9E3779B97F4A7C15) & MASK)
    state = mix(mix(state ^ order) ^ (leg << 32))
    return (state >> 11) / 2**53


def slippages(backend: str, plan: candles.Callback, *, seed: int = 7) -> pl.DataFrame:
    result = omega.run_backtest(
        candles.rising(8),
        plan,
        instruments=omega.Instrument("SYMBOL", pip_size=PIP),
        costs=omega.Costs(slippage_pips=1, slippage_random_pips=5),
        seed=seed,
        backend=backend,
    )
    return result.fills.select("order_id", "trade_id", "slippage")


@pytest.mark.parametrize("seed", [0, 7, 2**63, 2**64 - 1])
def test_each_draw_is_the_one_that_its_key_says(backend: str, seed: int) -> None:
    plan = candles.told(
        {
            0: [omega.Signal("long", size=4), omega.Signal("short")],
            1: omega.Close(trade_id=0, fraction=0.5),
            2: omega.Close(trade_id=1),
        }
    )
    rows = slippages(backend, plan, seed=seed).rows()
    keys = [(0, 0), (1, 0), (2, 0), (3, 1), (0, 2)]
    assert [(order, trade) for order, trade, _ in rows] == [(0, 0), (1, 1), (2, 0), (3, 1), (0, 0)]
    for (_, _, slippage), (order, leg) in zip(rows, keys, strict=True):
        assert slippage == PIP + drawn(seed, order, leg) * (5 * PIP)
        assert PIP <= slippage < 6 * PIP


def test_a_draw_does_not_depend_on_what_else_happens(backend: str) -> None:
    first = [omega.Signal("long"), omega.Signal("long")]
    alone = slippages(backend, candles.told({0: first}))
    busy = slippages(backend, candles.told({0: first, 1: [omega.Signal("short")] * 5}))
    for order in (0, 1):
        mine = pl.col("order_id") == order
        assert alone.filter(mine).rows() == busy.filter(mine).rows()


def test_another_seed_draws_other_numbers(backend: str) -> None:
    plan = candles.told({0: omega.Signal("long")})
    draws = {tuple(slippages(backend, plan, seed=seed)["slippage"]) for seed in range(20)}
    assert len(draws) == 20
