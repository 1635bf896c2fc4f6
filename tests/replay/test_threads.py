"""Two runs in two threads are two runs in a row: nothing is shared that a run changes (D1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import omega
from omega.examples.zscore_reversion import ZScoreReversion
from tests.support import candles


def run(seed: int, backend: str, data: omega.CandleStore) -> str:
    result = omega.run_backtest(
        data,
        ZScoreReversion(window=20 + seed, threshold=1.5),
        instruments=omega.Instrument("SYMBOL", pip_size=0.0001),
        costs=omega.Costs(slippage_random_pips=0.3),
        seed=seed,
        backend=backend,
    )
    assert result.trades.height > 10
    return result.fingerprint


def test_runs_in_threads_give_what_runs_in_a_row_give(backend: str) -> None:
    store = omega.CandleStore(candles.walk(3_000, chunks=3))
    seeds = [0, 1, 2, 3]
    in_a_row = [run(seed, backend, store) for seed in seeds]
    assert len(set(in_a_row)) == len(seeds)
    with ThreadPoolExecutor(max_workers=4) as pool:
        at_once = list(pool.map(lambda seed: run(seed, backend, store), seeds))
    assert at_once == in_a_row


def test_a_run_inside_a_callback_leaves_the_outer_one_alone(backend: str) -> None:
    seen = []

    def on_bar(bar: omega.Bar) -> None:
        if bar.index == 2:
            omega.run_backtest(candles.rising(5), lambda inner: None, backend=backend)
        seen.append(bar.close)

    omega.run_backtest(candles.rising(5), on_bar, backend=backend)
    assert seen == [100.5, 101.5, 102.5, 103.5]
