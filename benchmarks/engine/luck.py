"""What trust makes of searches on noise, and of searches among which one strategy knows something.

``python -m benchmarks.engine.luck`` makes 20 searches of 100 columns of random sides, one of which
is often right about the next day, then 100 of 500 random strategies of the core on random walks. It
prints the figures of the page ``docs/guides/how-much-is-luck.md``, and first what trust costs.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

import omega
from benchmarks.engine.figures import Figure, best, worked
from omega.statistics._arguments import kernel
from omega.sweeps import block_moments

SEARCHES, STRATEGIES, DAYS, WARMUP = 100, 500, 1_100, 100
PLANTED, SIDES = 20, 100
_DEVIATION = 0.01
_HOLDS = 0.8  # chance that a side is kept for another day
_RIGHT = 0.64  # how often the planted side is right about the next day
_TESTED = 10  # searches whose returns are kept, for the tests that need them
_SURE, _HALF, _RARE = 0.95, 0.5, 0.05
_BEGIN = datetime(2020, 1, 1)  # noqa: DTZ001 - candles of no zone
_KINDS = ("sma_cross", "donchian_breakout", "rsi_reversion", "zscore_reversion")


def candles(moves: np.ndarray) -> pl.DataFrame:
    """Give candles of a day each, with these returns."""
    close = 100.0 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], close[:-1]])
    return pl.DataFrame(
        {
            "time": [_BEGIN + timedelta(days=k) for k in range(len(moves))],
            "open": opens,
            "high": np.maximum(opens, close),
            "low": np.minimum(opens, close),
            "close": close,
        }
    )


def strategy(kind: str, short: int, long: int) -> Any:  # noqa: ANN401 - any form
    """Give a strategy of the core; what the two windows are is up to its kind."""
    if kind == "sma_cross":
        return omega.native(kind, fast=short, slow=long)
    if kind == "donchian_breakout":
        return omega.native(kind, entry=long, exit=short)
    if kind == "rsi_reversion":
        return omega.native(kind, window=short, low=50.0 - long / 3, high=50.0 + long / 3)
    return omega.native("zscore_reversion", window=long, threshold=short / 8)


def on_noise(seed: int) -> omega.Trust:
    """Give the trust of a search among strategies of the core, on a random walk."""
    rng = np.random.default_rng(seed)
    frame = candles(rng.normal(0.0, _DEVIATION, DAYS))
    runs = [
        {
            "kind": _KINDS[int(rng.integers(len(_KINDS)))],
            "short": int(rng.integers(2, 16)),
            "long": int(rng.integers(16, 80)),
        }
        for _ in range(STRATEGIES)
    ]
    begin = _BEGIN + timedelta(days=WARMUP)  # of all of them, so that all have the same days
    daily = seed < _TESTED
    swept = omega.sweep(frame, strategy, runs, metrics=["sharpe"], start=begin, daily=daily)
    return swept.trust()


def sided(number: int) -> omega.Signals:
    """Give the strategy that follows a column, always on one side or the other."""
    return omega.Signals(entry=f"side_{number}", reverse=True, size=50.0)


def with_an_edge(seed: int) -> omega.Trust:
    """Give the trust of a search among random sides, the first of which knows something."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, _DEVIATION, DAYS - WARMUP)
    shape = (len(moves), SIDES)
    stays, sides = rng.random(shape) < _HOLDS, np.sign(rng.random(shape) - 0.5)
    for day in range(1, len(moves)):
        sides[day] = np.where(stays[day], sides[day - 1], sides[day])
    ahead = np.sign(np.append(moves[1:], 1.0))
    sides[:, 0] = np.where(rng.random(len(moves)) < _RIGHT, ahead, -ahead)
    columns = [pl.Series(f"side_{k}", sides[:, k]) for k in range(SIDES)]
    frame, grid = candles(moves).with_columns(columns), {"number": list(range(SIDES))}
    return omega.sweep(frame, sided, grid, metrics=["sharpe"], daily=seed < _TESTED).trust()


def cost(days: int = 2_500, repeats: int = 5) -> list[Figure]:
    """Give the share of a sweep that is spent on what trust needs of each run, and trust itself.

    A sweep always keeps it, so that its parts are done again alone and set against the rest. Each
    candle is a day, which is the dearest: over minutes there are a thousand times fewer returns.
    """
    frame = candles(np.random.default_rng(0).normal(0.0, _DEVIATION, days))
    grid = {"fast": list(range(2, 42)), "slow": list(range(43, 68))}
    swept = omega.sweep(frame, omega.native("sma_cross"), grid, workers=1)
    core, runs = kernel("rust"), len(swept)
    returns = np.random.default_rng(1).normal(0.0, _DEVIATION, (runs, days))

    def again() -> None:
        kept = [core.trial_moments(own, block_moments.BLOCKS).tolist() for own in returns]
        rows: list[Any] = [SimpleNamespace(number=k, moments=own) for k, own in enumerate(kept)]
        block_moments.kept(rows, "moments")

    def whole() -> omega.SweepResult:
        return omega.sweep(frame, omega.native("sma_cross"), grid, workers=1)

    part, all_of_it = best(lambda: worked(again), lambda: worked(whole), repeats=repeats)
    trusted = min(worked(whole().trust) for _ in range(repeats))
    share = 100.0 * part / (all_of_it - part)
    detail = f"({1e6 * part / runs:.1f} us of {1e6 * all_of_it / runs:.0f} us a run)"
    name = f"{runs:,} runs x {days:,} days: "
    return [
        Figure(f"{name}kept for trust, of a sweep", share, "%", 5.0, detail=detail),
        Figure(f"{name}trust(), when asked for", trusted, "s", 1.0),
    ]


def show(name: str, found: Sequence[omega.Trust]) -> None:
    """Print what searches came to."""
    dsr, psr = [one.dsr or 0.0 for one in found], [one.psr or 0.0 for one in found]
    pbo = [one.pbo or 0.0 for one in found]
    spa = [one.spa.consistent for one in found if one.spa is not None]
    print(
        f"{name}: {len(found)} searches, "
        f"{statistics.median(one.distinct for one in found):g} distinct trials\n"
        f"  psr above 0.95: {sum(p > _SURE for p in psr)}, median {statistics.median(psr):.3f}\n"
        f"  dsr above 0.95: {sum(p > _SURE for p in dsr)}, median {statistics.median(dsr):.3f}\n"
        f"  pbo: median {statistics.median(pbo):.3f}, from {min(pbo):.3f} to {max(pbo):.3f}, "
        f"above 0.5: {sum(p > _HALF for p in pbo)}\n"
        f"  spa below 0.05: {sum(p < _RARE for p in spa)} of {len(spa)}\n"
        f"  the first run is the best: {sum(one.best_run == 0 for one in found)}",
        flush=True,
    )


def main() -> None:
    """Make the searches, and print the figures."""
    print(*cost(), sep="\n", flush=True)
    show("edge", [with_an_edge(seed) for seed in range(PLANTED)])
    show("noise", [on_noise(seed) for seed in range(SEARCHES)])


if __name__ == "__main__":
    main()
