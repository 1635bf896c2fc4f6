"""The page of a walk-forward: its account with the windows, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from omega.config.values import counted
from omega.report._compare import MODULES as CURVES
from omega.report._curves import Curve, drawdown, pack_curves
from omega.report._labels import label
from omega.report._metrics import UNDEFINED, formatted, start_of
from omega.report._numbers import minus
from omega.report._page import LIBRARY, asset, module, page
from omega.report._parts import FOOTER, body, curves, header, hint, none, section, table
from omega.report._static_panels import key_figures
from omega.results.result import BacktestResult

_SHARES = ("efficiency", "entropy")
_STABILITY = (
    "Changes: how often the choice changed from one window to the next. Entropy: 0 where it was "
    "always the same, 1 where all were chosen equally often. Rank correlation: of each choice with "
    "the next. On border: the share of choices at an end of the grid."
)
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
        note: Text below it.
    """
    shown = [name for name in names if name in windows.columns]
    reason = ["reason"] * (windows["reason"].null_count() < windows.height)
    columns = ["window", "test_start", "test_end", "run", *shown, *_COLUMNS, *reason]
    known = "undefined" if efficiency is None else minus(f"{efficiency:.2f}")
    without = windows["run"].null_count()
    lead = f"{counted(windows.height, 'window')} · {without} without a choice · efficiency {known}"
    lead += f" · {note}" * bool(note)
    label = "Equity over all windows, the drawdown, and which window is tested"
    account = none("No bar was walked.")
    blocks, about = [], {}
    if oos.equity.height:
        described, block = _account(windows, oos)
        blocks, about = [block], {"growth": [described | {"block": 0}]}
        account = curves("growth", label, height=420)
    parts = [
        key_figures(oos),
        section("The account", account, "wide"),
        section("Windows", _table(windows.select(columns), "Windows"), "wide"),
        section("Parameters", _table(stability, "Parameters") + hint(_STABILITY), "wide"),
    ]
    text = body(header(title, lead), parts, FOOTER)
    scripts = [asset(LIBRARY), module(CURVES)]
    return page(title=title, body=text, scripts=scripts, blocks=blocks, about={"curves": about})


def _account(windows: pl.DataFrame, oos: BacktestResult) -> tuple[dict[str, Any], str]:
    """The equity over time, its drawdown, and which window each bar is in."""
    equity, times = oos.equity["equity"].to_numpy(), oos.equity["time"]
    begins = windows["test_start"].to_physical().to_numpy()
    place = np.searchsorted(begins, times.to_physical().to_numpy(), side="right") - 1
    number = np.where(place >= 0, windows["window"].to_numpy()[np.maximum(place, 0)], np.nan)
    fall = drawdown(equity, start_of(oos))
    lines = [
        Curve("Equity", equity, unit="money", kind="area"),
        Curve("Drawdown", fall, unit="percent", pane=1, kind="under", colour="loss"),
        Curve("Window", number, unit="count", pane=2, kind="steps", colour="run-2"),
    ]
    return pack_curves(times, lines)


def _table(frame: pl.DataFrame, caption: str) -> str:
    first, *others = frame.columns
    rows = [
        (str(row[first]), [_cell(name, row[name]) for name in others])
        for row in frame.iter_rows(named=True)
    ]
    return table([label(name) for name in others], rows, caption=caption, first=label(first))


def _cell(name: str, value: Any) -> str:  # noqa: ANN401 - of a table
    if value is None:
        return UNDEFINED
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if name in _SHARES:
        return minus(f"{value:.2f}")
    if isinstance(value, float):
        metric = name.partition("_")[2]
        return minus(formatted(metric, value)) if metric else minus(f"{value:,.4g}")
    return str(value)
