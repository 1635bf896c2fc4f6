"""What trust says of searches on noise, and of one with a planted edge.

``python -m benchmarks.engine.luck`` makes 100 seeded searches of 500 random strategies on random
walks, then 20 with one strategy among them that knows something, and prints the figures of the page
``docs/guides/how-much-is-luck.md``.
"""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta

import numpy as np
import polars as pl

import omega

SEARCHES, PLANTED, STRATEGIES, DAYS = 100, 20, 500, 750
_HOLDS = 0.8  # chance that a strategy keeps its side for another day
_DEVIATION = 0.01
_SURE, _HALF, _RARE = 0.95, 0.5, 0.05
_RIGHT = 0.62  # how often the planted strategy is right about the next day


def candles(seed: int, *, planted: bool) -> pl.DataFrame:
    """Give a random walk by the day, and the sides of all strategies as columns."""
    rng = np.random.default_rng([seed, planted])
    moves = rng.normal(0.0, _DEVIATION, DAYS)
    close = 100.0 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], close[:-1]])
    stays = rng.random((DAYS, STRATEGIES)) < _HOLDS
    fresh = np.sign(rng.random((DAYS, STRATEGIES)) - 0.5)
    sides = fresh.copy()
    for day in range(1, DAYS):
        sides[day] = np.where(stays[day], sides[day - 1], fresh[day])
    if planted:
        right = rng.random(DAYS) < _RIGHT
        ahead = np.sign(np.append(moves[1:], 1.0))
        sides[:, 0] = np.where(right, ahead, -ahead)
    begin = datetime(2020, 1, 1)  # noqa: DTZ001 - candles of no zone
    columns = {f"side_{k}": sides[:, k] for k in range(STRATEGIES)}
    return pl.DataFrame(
        {
            "time": [begin + timedelta(days=k) for k in range(DAYS)],
            "open": opens,
            "high": np.maximum(opens, close),
            "low": np.minimum(opens, close),
            "close": close,
            **columns,
        }
    )


def sided(number: int) -> omega.Signals:
    """Give the strategy that follows a column, always on one side or the other."""
    return omega.Signals(entry=f"side_{number}", reverse=True, size=50.0)


def searched(seed: int, *, planted: bool) -> omega.Trust:
    """Give the trust of one search."""
    frame = candles(seed, planted=planted)
    grid = {"number": list(range(STRATEGIES))}
    result = omega.sweep(frame, sided, grid, metrics=["sharpe"], daily=seed < PLANTED // 2)
    return result.trust()


def main() -> None:
    """Print the figures."""
    for planted, searches in ((False, SEARCHES), (True, PLANTED)):
        found = [searched(seed, planted=planted) for seed in range(searches)]
        dsr = [one.dsr or 0.0 for one in found]
        psr = [one.psr or 0.0 for one in found]
        pbo = [one.pbo or 0.0 for one in found]
        spa = [one.spa.consistent for one in found if one.spa is not None]
        dsrs = f"{sum(d > _SURE for d in dsr)}, median {statistics.median(dsr):.3f}"
        print(
            f"{'planted edge' if planted else 'noise'}: of {searches} searches of {STRATEGIES}\n"
            f"  psr above 0.95: {sum(p > _SURE for p in psr)}\n"
            f"  dsr above 0.95: {dsrs}\n"
            f"  pbo: median {statistics.median(pbo):.3f}, "
            f"from {min(pbo):.3f} to {max(pbo):.3f}, above 0.5: {sum(p > _HALF for p in pbo)}\n"
            f"  spa below 0.05: {sum(p < _RARE for p in spa)} of {len(spa)}\n"
            f"  best is the planted one: {sum(one.best_run == 0 for one in found)}"
        )


if __name__ == "__main__":
    main()
