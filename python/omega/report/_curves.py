"""Curves over time, packed: the page draws each when it comes into view."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report import _codec
from omega.report._candles import clock, moments
from omega.report._metrics import thinned

_POINTS = 3_000

Numbers = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Curve:
    """One curve of a chart.

    Attributes:
        name: How its switch calls it.
        values: One for each time; NaN where there is none.
        unit: "money", "percent" (values are shares) or "number".
        pane: Which of the panes, from the top, it lies in.
        kind: "line", "area", "under" (an area that hangs from above) or "steps".
        colour: A colour of the style sheet.
        shown: Whether it is on at first.
        dash: Which of the kinds of dashes; 0 is a whole line.
    """

    name: str
    values: Numbers
    unit: str = "number"
    pane: int = 0
    kind: str = "line"
    colour: str = "accent"
    shown: bool = True
    dash: int = 0


def pack_curves(
    times: pl.Series, curves: Sequence[Curve], *, points: int = _POINTS
) -> tuple[dict[str, Any], str]:
    """Pack curves at the rows that keep every extreme of each.

    Example:
        >>> from omega.results.result import example_result
        >>> frame = example_result().equity
        >>> about, _ = pack_curves(frame["time"], [Curve("Equity", frame["equity"].to_numpy())])
        >>> about["rows"], about["lines"][0]["name"]
        (5, 'Equity')
    """
    chosen = [thinned(np.nan_to_num(curve.values), points) for curve in curves]
    rows = np.unique(np.concatenate(chosen)) if chosen else np.empty(0, np.intp)
    when = moments(times)[rows]
    columns, lines = [clock(when)], []
    for place, curve in enumerate(curves):
        values = curve.values[rows]
        decimals = _decimals(curve, values)
        columns.append(
            _codec.Column(
                str(place),
                _codec.scaled(values, decimals),
                "nullable",
                np.isfinite(values),
                scale=10.0**-decimals,
            )
        )
        lines.append(
            {
                "name": curve.name, "unit": curve.unit, "pane": curve.pane, "kind": curve.kind,
                "colour": curve.colour, "shown": curve.shown, "dash": curve.dash,
                "decimals": decimals,
            }
        )  # fmt: skip
    about, text = _codec.table(columns)
    return about | {"lines": lines}, text


def _decimals(curve: Curve, values: Numbers) -> int:
    if curve.unit == "percent":
        return 6
    if curve.unit == "money":
        return _codec.money_decimals(values[np.isfinite(values)])
    return 4


def drawdown(equity: Numbers, start: float | None = None) -> Numbers:
    """Return the fall below the peak so far as a share of it, 0 or below.

    Example:
        >>> drawdown(np.array([8.0, 6.0, 12.0])).tolist()
        [0.0, -0.25, 0.0]
        >>> drawdown(np.array([8.0]), 10.0).tolist()
        [-0.19999999999999996]
    """
    peak = np.maximum.accumulate(equity)
    if start is not None:
        peak = np.maximum(peak, start)
    share = np.divide(equity, peak, out=np.ones(len(equity)), where=peak > 0)
    return np.where(peak > 0, share - 1.0, 0.0)
