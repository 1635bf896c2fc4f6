"""Pictures of luck: the best of many, what it does outside, and the paths of cross-validation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from omega import statistics
from omega_site.drawing import Scale, Sheet

TRIALS, DAYS = 500, 750
_YEAR = math.sqrt(252)


def noise(edge: float = 0.0) -> NDArray[np.float64]:
    """Return daily returns of strategies that know nothing, but for one that knows a little."""
    returns = np.random.default_rng(4).normal(0.0, 0.01, (DAYS, TRIALS))
    returns[:, 7] += edge
    return returns


def best_of_many() -> Sheet:
    """Draw the ratios of strategies without skill, and the best of them."""
    returns = noise()
    ratios = returns.mean(0) / returns.std(0, ddof=1) * _YEAR
    best, spread = float(ratios.max()), float(ratios.std(ddof=1))
    hurdle = spread * statistics.expected_max_sharpe(TRIALS)
    edges = np.linspace(-2.4, 2.4, 33)
    counts, _ = np.histogram(ratios, edges)
    sheet, top = Sheet(246), 44
    y = Scale(0.0, float(counts.max()), top, 180)

    def x(ratio: float) -> float:
        return 20 + 440 * (ratio + 2.4) / 4.8

    for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            sheet.box(x(low) + 1, y(count), x(high) - x(low) - 2, 180 - y(count), "up", opacity=0.5)
    sheet.line((20, 180), (460, 180), "strong")
    for ratio in (-2, -1, 0, 1, 2):
        sheet.text(x(ratio), 197, f"{ratio:g}", anchor="middle", size=12)
    sheet.text(240, 214, "Sharpe ratio of a year", anchor="middle", size=12, kind="quiet")
    sheet.line((x(hurdle), top + 40), (x(hurdle), 180), "warn", dash="4 3")
    sheet.text(460, top + 36, f"expected: {hurdle:.2f}", anchor="end", size=12)
    sheet.arrow((x(best), top + 18), (x(best), 172))
    sheet.text(x(best) - 4, top + 12, f"the best: {best:.2f}", anchor="middle", size=12)
    sheet.text(20, 18, f"{TRIALS} strategies without any skill, over three years of days", size=13)
    dsr = _deflated(returns, int(ratios.argmax()))
    psr = _deflated(returns, int(ratios.argmax()), alone=True)
    told = f"As if alone it has skill with probability {psr:.3f}; as the best of 500, {dsr:.2f}."
    sheet.text(20, 236, told, size=12)
    return sheet


def _deflated(returns: NDArray[np.float64], trial: int, *, alone: bool = False) -> float:
    ratios = returns.mean(0) / returns.std(0, ddof=1)
    variance, trials = (0.0, 1) if alone else (float(ratios.var(ddof=1)), TRIALS)
    shape = (0.0, 3.0)
    found = statistics.deflated_sharpe(float(ratios[trial]), DAYS, *shape, trials, variance)
    return found or 0.0


def in_and_out() -> Sheet:
    """Draw what the best of one half of the days does on the other: noise beside an edge."""
    sheet = Sheet(262)
    for place, (edge, told) in enumerate(((0.0, "noise"), (0.0025, "one knows a little"))):
        found = statistics.pbo(noise(edge), blocks=12)
        left = 20 + 230 * place
        y = Scale(-3.0, 6.0, 40, 200)
        sheet.box(left, 40, 210, 160)
        sheet.line((left, y(0.0)), (left + 210, y(0.0)), "line", dash="3 3")
        for inside, outside in zip(found.in_sample[::7], found.out_of_sample[::7], strict=True):
            x = left + 210 * (min(max(inside * _YEAR, 1.5), 6.0) - 1.5) / 4.5
            sheet.shapes.append(
                f'<circle cx="{x:.1f}" cy="{y(outside * _YEAR):.1f}" r="2" class="up" '
                'fill-opacity="0.35" stroke="none"/>'
            )
        sheet.text(left + 105, 30, told, anchor="middle")
        sheet.text(left + 105, 234, f"overfit: {found.pbo:.2f}", anchor="middle", size=12)
    sheet.text(235, 216, "ratio of the best in one half", anchor="middle", size=12, kind="quiet")
    sheet.text(
        235, 254, "upwards: its ratio in the other half; dashed: zero", anchor="middle", size=12
    )
    return sheet


def paths() -> Sheet:
    """Draw which split tests which of six groups, and the paths that the tests make."""
    found = statistics.combinatorial_splits(60, groups=6, tested=2)
    sheet = Sheet(292)
    for group in range(6):
        y = 34 + 22 * group
        sheet.text(52, y + 14, f"group {group}", anchor="end", size=11)
        for place, split in enumerate(found.splits):
            tested = group in split.tested
            kind, opacity = ("up", 0.55) if tested else ("shade", 1.0)
            sheet.box(58 + 27 * place, y, 24, 18, kind, opacity=opacity)
            if tested:
                path = list(found.paths[:, group]).index(place)
                sheet.text(70 + 27 * place, y + 13, str(path), anchor="middle", size=11)
    sheet.text(260, 22, "15 splits: two groups are tested, four are chosen on", anchor="middle")
    for path, splits in enumerate(found.paths):
        y = 182 + 20 * path
        sheet.text(52, y + 13, f"path {path}", anchor="end", size=11)
        for group, split in enumerate(splits):
            sheet.box(58 + 67 * group, y, 64, 16, "up", opacity=0.25)
            told = f"split {split}"
            sheet.text(90 + 67 * group, y + 12, told, anchor="middle", size=11)
    return sheet


PICTURES = {"best-of-many": best_of_many, "in-and-out": in_and_out, "cpcv-paths": paths}
