"""Excursions of all trades as a still picture: as many as there are, in a few paths."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report import _svg
from omega.report._numbers import marks
from omega.report._parts import hint, none
from omega.report._reported import Reported

Numbers = NDArray[np.float64]

_WIDTH, _HEIGHT = 520, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 16, 10, 48
_SIZES = ((200, 6.5), (2_000, 4.5), (10**12, 2.5))
"""Up to how many trades marks are so large."""
_FAINT = ((1, 0.5), (4, 0.75), (10**12, 1.0))
"""Up to how many trades at one place a mark is so faint."""


def panel(result: Reported) -> str:
    """How far each trade went against and for the trader."""
    trades = result.trades
    if not trades.height:
        return none("There are no closed trades.")
    against, gain, net = (
        trades[name].cast(pl.Float64).fill_null(0.0).to_numpy()
        for name in ("mae", "mfe", "net_pnl")
    )
    drawn = scatter(np.abs(against), np.maximum(gain, 0.0), net > 0)
    return drawn + hint(
        "Each mark is a trade, a dot with profit and a square with loss: how far it was under "
        "water, and how far above it, in account currency. What is beyond an end is drawn there."
    )


def scatter(x: Numbers, y: Numbers, won: NDArray[np.bool_]) -> str:
    """Draw trades by MAE and MFE; equal places are drawn once, the darker the more there are.

    Example:
        >>> scatter(np.array([1.0]), np.array([2.0]), np.array([True])).count("<path")
        1
    """
    ends = [_end(values) for values in (x, y)]
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    size = next(size for most, size in _SIZES if len(x) <= most)
    step = 1 if len(x) <= _SIZES[1][0] else 2  # in halves of a pixel
    across = _LEFT + np.minimum(x, ends[0]) / ends[0] * wide
    down = _TOP + (1 - np.minimum(y, ends[1]) / ends[1]) * high
    places = np.column_stack([np.round(one * 2 / step) * step / 2 for one in (across, down)])
    drawn = [_axes(ends)]
    for is_won, kind in ((False, "loss"), (True, "win")):
        own, counts = np.unique(places[won == is_won], axis=0, return_counts=True)
        least = 0
        for most, share in _FAINT:
            rows = own[(counts > least) & (counts <= most)]
            least = most
            if len(rows):
                path = "".join(f"M{left:g} {top:g}h0" for left, top in rows.tolist())
                drawn.append(
                    f'<path class="dots {kind}" d="{path}" stroke-width="{size}" '
                    f'opacity="{share}"/>'
                )
    return _svg.chart("".join(drawn), "Each trade by how far it went against and for the trader",
                      (_WIDTH, _HEIGHT))  # fmt: skip


def _end(values: Numbers) -> float:
    """All but the most extreme half of a hundredth lies before the end of an axis."""
    limit = float(np.quantile(values, 0.995)) * 1.05 if len(values) else 0.0
    return limit if limit > 0 and np.isfinite(limit) else 1.0


def _axes(ends: list[float]) -> str:
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    base, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    drawn = []
    for value, text in marks(0.0, ends[0], 5):
        x = _LEFT + value / ends[0] * wide
        drawn.append(
            f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{base}"/>'
            f"{_svg.tick(x, base + 16, text, 'middle')}"
        )
    for value, text in marks(0.0, ends[1], 5):
        y = _TOP + (1 - value / ends[1]) * high
        drawn.append(
            f'<line class="rule" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f"{_svg.tick(_LEFT - 8, y + 4, text, 'end')}"
        )
    turned = f"translate(16 {_TOP + high / 2:.1f}) rotate(-90)"
    return "".join(drawn) + (
        f'<text class="name" x="{_LEFT + wide / 2:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">'
        f'against it (MAE)</text><text class="name" transform="{turned}" '
        'text-anchor="middle">for it (MFE)</text>'
    )
