"""What a walk-forward costs beside the plain sweeps of its train stretches."""

from __future__ import annotations

import omega
from benchmarks.compare.engines import omega as forms
from benchmarks.compare.measure import CASH, Bars
from benchmarks.compare.series import series
from benchmarks.engine.figures import Figure, best, timed

WINDOWS, SETS, BARS = 40, 200, 2_000_000
"""What the target is said of; the same ratio is measured at a tenth of it."""
TARGET = 1.1
_STRETCH = 5
"""Test stretches in a train stretch."""


def figures(
    windows: int = WINDOWS // 4, sets: int = SETS // 4, bars: int = BARS // 10, repeats: int = 3
) -> list[Figure]:
    """Walk forward over pairs of averages, and sweep the same stretches one by one."""
    frame = forms.load(Bars(*series(bars)))
    test = bars // (windows + _STRETCH + 1)
    grid = {"fast": list(range(2, 2 + sets // 10)), "slow": list(range(60, 160, 10))}
    native = omega.native("sma_cross")

    def forward() -> omega.WalkForward:
        return omega.walk_forward(
            frame,
            native,
            grid,
            train=_STRETCH * test,
            test=test,
            objective="total_return",
            cash=CASH,
            sizer=omega.FixedUnits(1),
        )

    made = forward()
    stretches = list(made.windows.select("train_start", "train_end").iter_rows())

    def plainly() -> list[omega.SweepResult]:
        return [
            omega.sweep(
                frame,
                native,
                grid,
                start=start,
                end=end,
                cash=CASH,
                sizer=omega.FixedUnits(1),
            )
            for start, end in stretches
        ]

    for one, other in zip(made.sweeps, plainly(), strict=True):
        marks = one.to_polars()["fingerprint"], other.to_polars()["fingerprint"]
        assert marks[0].equals(marks[1]), "train runs differ"  # noqa: S101 - a check
    plain, walked = best(
        lambda: timed(plainly),
        lambda: timed(forward),
        repeats=repeats,
    )
    shape = f"{len(stretches)} windows x {len(grid['fast']) * 10} sets, {bars:,} bars"
    return [Figure(f"walk-forward / plain sweeps, {shape}", walked / plain, "x", TARGET)]
