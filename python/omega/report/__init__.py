"""Reports: pages of one file each that open without a network, and results as text.

A page holds its own data, styles and scripts. `BacktestResult.report` and `.plot` come here.
"""

from __future__ import annotations

from pathlib import Path

from omega.contract import ArrowLike
from omega.libraries import arguments_of
from omega.report._compare import Comparison, compare
from omega.report._page import View, write
from omega.report._parallel import parallel
from omega.report._report import render
from omega.report._reported import Reported
from omega.report._sweep import Heatmap, heatmap

__all__ = [
    "Comparison",
    "Heatmap",
    "View",
    "compare",
    "heatmap",
    "parallel",
    "plot",
    "write_report",
]

_HEIGHT = 900


@arguments_of("BacktestResult.report")
def write_report(
    result: Reported,
    path: str | Path,
    *,
    detail: str = "auto",
    title: str | None = None,
    data: ArrowLike = None,
) -> Path:
    """Write the report of a run; see `BacktestResult.report`.

    Example:
        >>> import tempfile
        >>> from omega.results.result import example_result
        >>> write_report(example_result(), Path(tempfile.mkdtemp()) / "run.html").name
        'run.html'
    """
    return write(path, render(result, data=data, detail=detail, title=title))


@arguments_of("BacktestResult.plot")
def plot(
    result: Reported,
    *,
    detail: str = "auto",
    title: str | None = None,
    data: ArrowLike = None,
) -> View:
    """Return the report of a run for a notebook; see `BacktestResult.plot`.

    Example:
        >>> from omega.results.result import example_result
        >>> "sandbox" in plot(example_result())._repr_html_()
        True
    """
    return View(render(result, data=data, detail=detail, title=title), height=_HEIGHT)
