"""The one series of bars that every engine trades.

Three choices let engines with different rules give one answer, to be compared with `==`:

- Prices lie on a grid of 1/512: sums of them, and so averages and profits, are exact in floating
  point, in whatever order an engine adds.
- A bar opens where the last one closed, so a fill at the signal's close has the price of a fill at
  the next open.
- The averages are never equal, and cross neither at the very end nor at the end of a warm-up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.compare.measure import FAST, SLOW, Prices

GRID = 512
PRICE = 100_000.0
STEP = 16.0
SEED = 10


def series(bars: int, seed: int = SEED) -> Prices:
    """Give rows of open, high, low and close."""
    rng = np.random.default_rng(seed)
    steps = np.round(rng.normal(0.0, STEP, bars) * GRID) / GRID
    close = PRICE + np.cumsum(steps)
    opened = np.concatenate([[PRICE], close[:-1]])
    above, below = np.abs(np.round(rng.normal(0.0, STEP / 2, (2, bars)) * GRID)) / GRID
    rows = np.stack(
        [opened, np.maximum(opened, close) + above, np.minimum(opened, close) - below, close]
    )
    assert rows.min() > 0, "the walk has reached zero; choose another seed"  # noqa: S101 - a check
    return rows


def without_ties(rows: Prices) -> None:
    """Refuse a series whose averages are equal on some bar."""
    total = np.concatenate([[0.0], np.cumsum(rows[3])])
    fast = (total[SLOW:] - total[SLOW - FAST : len(total) - FAST]) * SLOW
    slow = (total[SLOW:] - total[:-SLOW]) * FAST
    ties = int(np.count_nonzero(fast == slow))
    assert not ties, f"{ties} ties of the averages; choose another seed"  # noqa: S101 - a check


def write(path: Path, bars: int) -> None:
    """Write the series to a file, unless it is there."""
    if not path.exists():
        rows = series(bars)
        without_ties(rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rows)
