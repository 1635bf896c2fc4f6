"""The page of a walk-forward: its account with the windows, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from omega.report._labels import label
from omega.report._metrics import formatted
from omega.report._numbers import minus
from omega.report._page import module, page
from omega.report._parts import body, header, section, table
from omega.results.result import BacktestResult

_STILL = ("theme.js", "still.js")
_WIDTH, _HEIGHT = 1_100, 320
_MOST_POINTS = 1_100
_COLUMNS = (
    "is_sharpe",
    "oos_sharpe",
    "oos_total_return",
    "oos_max_drawdown",
    "oos_trades",
    "alone_total_return",
    "efficiency",
)


def render(
    windows: pl.DataFrame,
    stability: pl.DataFrame,
    oos: BacktestResult,
    *,
    names: Sequence[str],
    efficiency: float | None,
    title: str,
    note: str,
) -> str:
    """Put the page together.

    Args:
        windows: A row for each window.
        stability: A row for each parameter.
        oos: The result over all of them.
        names: The parameters.
        efficiency: The walk-forward efficiency of all windows.
        title: The heading.
        note: What stands below it.
    """
    shown = [name for name in names if name in windows.columns]
    columns = ["window", "test_start", "test_end", "run", *shown, *_COLUMNS, "reason"]
    known = "none" if efficiency is None else minus(f"{efficiency:.2f}")
    without = windows["run"].null_count()
    lead = f"{windows.height:,} windows, {without} without a choice. Efficiency {known}. {note}"
    parts = [
        section("The account", _account(windows, oos), "wide"),
        section("Windows", _table(windows.select(columns), "Windows"), "wide"),
        section("Parameters", _table(stability, "Parameters"), "wide"),
    ]
    return page(title=title, body=body(header(title, lead), parts), scripts=[module(_STILL)])


def _account(windows: pl.DataFrame, oos: BacktestResult) -> str:
    """Draw equity over time, with a line where each window begins."""
    rows = oos.equity
    times = rows["time"].to_physical().to_numpy().astype(np.float64)
    equity = rows["equity"].to_numpy()
    places = np.unique(np.linspace(0, len(times) - 1, _MOST_POINTS).astype(np.int64))
    span, low = float(times[-1] - times[0]) or 1.0, float(equity.min())
    reach = float(equity.max()) - low or 1.0

    def across(time: float) -> float:
        return (time - float(times[0])) / span * _WIDTH

    points = " ".join(
        f"{across(float(times[k])):.1f},{_HEIGHT - (float(equity[k]) - low) / reach * _HEIGHT:.1f}"
        for k in places
    )
    begins = windows["test_start"].to_physical().to_list()
    lines = "".join(
        f'<line x1="{across(time):.1f}" x2="{across(time):.1f}" y1="0" y2="{_HEIGHT}" '
        'style="stroke:var(--line);stroke-width:1"/>'
        for time in begins
    )
    return (
        f'<div class="scroll"><svg class="map" viewBox="0 -4 {_WIDTH} {_HEIGHT + 8}" role="img" '
        f'aria-label="Equity over all windows">{lines}<polyline points="{points}" '
        'style="fill:none;stroke:var(--accent);stroke-width:1.5"/></svg></div>'
    )


def _table(frame: pl.DataFrame, caption: str) -> str:
    first, *others = frame.columns
    rows = [
        (str(row[first]), [_cell(name, row[name]) for name in others])
        for row in frame.iter_rows(named=True)
    ]
    return table([label(name) for name in others], rows, caption=caption, first=label(first))


def _cell(name: str, value: Any) -> str:  # noqa: ANN401 - of a table
    if value is None:
        return ""
    if isinstance(value, float):
        metric = name.partition("_")[2]
        return minus(formatted(metric, value)) if metric else minus(f"{value:,.4g}")
    return str(value)
