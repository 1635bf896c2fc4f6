"""The result of a walk-forward: windows, one result over all of them, and the sweeps."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from omega.config.values import counted
from omega.forward.inputs import Inputs
from omega.forward.measures import annualised, efficiency, stability
from omega.forward.page import render
from omega.forward.trust import ForwardTrust, trust_of
from omega.forward.windows import windows_table
from omega.notebook import table
from omega.report import View
from omega.report._page import write
from omega.results.result import BacktestResult

_SHOWN = ("test_start", "test_end", "run")
_HEIGHT = 900


class WalkForward:
    """A walk-forward.

    Attributes:
        oos: The result of the one account over all test windows.
        sweeps: The train runs of each window.
        is_approximate: Whether slices were scored and no runs of the train stretches.
        checked: Where `check=True`: whether the plain run gave the same bytes. A strategy that
            keeps state of its own begins again with each window, and differs.

    Example:
        >>> wf = omega.walk_forward(
        ...     candles, omega.native("sma_cross", fast=5), {"slow": [9, 20]}, train=99, test=50,
        ...     objective="total_return",
        ... )
        >>> wf
        WalkForward(3 windows of 2 runs, 0 without a choice)
        >>> sorted(wf.current)
        ['slow']
    """

    def __init__(
        self,
        parts: Inputs,
        oos: BacktestResult,
        *,
        is_approximate: bool = False,
        checked: bool | None = None,
    ) -> None:
        """Take what was made."""
        tested = parts.tested
        self.oos, self.is_approximate, self.checked = oos, is_approximate, checked
        self.sweeps = [parts.sweeps[place] for place in tested]
        self.current: dict[str, Any] | None = parts.parameters(len(parts.windows) - 1)
        self._chosen = [parts.parameters(place) for place in tested]
        self._parts = parts
        self._windows = windows_table(parts, oos)

    @property
    def windows(self) -> pl.DataFrame:
        """A row for each window.

        Its stretches, the run that was chosen and its parameters, `is_*` of its train run, `oos_*`
        of its stretch of the account (trades by their exits), `alone_*` of the window by itself,
        `efficiency`, the deflated Sharpe ratio of the choice among the window's runs, how many runs
        there were and how many could be chosen, and why none was.

        Example:
            >>> wf = omega.walk_forward(
            ...     candles, omega.native("sma_cross", fast=5), {"slow": [9, 20]},
            ...     train=99, test=50, objective="total_return",
            ... )
            >>> wf.windows.select("window", "trials", "eligible").row(0)
            (0, 2, 2)
        """
        return self._windows

    @cached_property
    def stability(self) -> pl.DataFrame:
        """How much each parameter moved from window to window.

        Its changes; the entropy of its values, as a share of the largest; the rank correlation
        between successive windows; and the share of windows on a border of the grid.

        Example:
            >>> wf = omega.walk_forward(
            ...     candles, omega.native("sma_cross", fast=5), {"slow": [9, 20]},
            ...     train=99, test=50, objective="total_return",
            ... )
            >>> wf.stability["parameter"].to_list()
            ['slow']
        """
        return stability(self._chosen, self._parts.runs.sets.labels)

    @property
    def efficiency(self) -> float | None:
        """Annualised return out of sample over that in sample; None unless the latter is above 0.

        The former is of the one account, the latter of all train stretches of windows that chose
        one after the other. It is a weak statistic: show it, never grade by it.

        Example:
            >>> wf = omega.walk_forward(
            ...     candles, omega.native("sma_cross", fast=5), {"slow": [9, 20]},
            ...     train=99, test=50, objective="total_return",
            ... )
            >>> isinstance(wf.efficiency, (float, type(None)))
            True
        """
        chosen = self._windows.filter(pl.col("run").is_not_null())
        growth = float((chosen["is_total_return"] + 1.0).product()) if chosen.height else 1.0
        years = float(chosen["is_years"].sum())
        inside = annualised(growth - 1.0, years)
        outside: Any = self.oos.metrics["cagr"]
        return efficiency(inside, outside)

    def trust(self) -> ForwardTrust:
        """How much the result is to be trusted.

        The deflated Sharpe ratio of the account, which was not selected, so that it is a single
        trial; its t-statistic; the probability of backtest overfitting of all sets over the test
        windows, for which each is run once more; and the rank correlation of what windows promised
        with what they gave.

        Example:
            >>> wf = omega.walk_forward(
            ...     candles, omega.native("sma_cross", fast=5), {"slow": [9, 20]},
            ...     train=99, test=50, objective="total_return",
            ... )
            >>> wf.trust().days == wf.oos.metrics["days"]
            True
        """
        return trust_of(self._parts, self._windows, self.oos)

    def to_html(self, path: str | Path, *, title: str | None = None) -> Path:
        """Write a page of the windows, the parameters and the account.

        Args:
            path: Where to; a page that Omega made there before is replaced.
            title: The heading.

        Example:
            >>> import tempfile
            >>> from pathlib import Path
            >>> wf = omega.walk_forward(
            ...     candles, omega.native("sma_cross", fast=5), {"slow": [9, 20]},
            ...     train=99, test=50, objective="total_return",
            ... )
            >>> wf.to_html(Path(tempfile.mkdtemp()) / "forward.html").name
            'forward.html'
        """
        return write(path, self._page(title))

    def plot(self, *, title: str | None = None) -> View:
        """Show the same page in a notebook.

        Example:
            >>> wf = omega.walk_forward(
            ...     candles, omega.native("sma_cross", fast=5), {"slow": [9, 20]},
            ...     train=99, test=50, objective="total_return",
            ... )
            >>> "data-curves" in wf.plot().html
            True
        """
        return View(self._page(title), height=_HEIGHT)

    def _page(self, title: str | None) -> str:
        return render(
            self._windows,
            self.stability,
            self.oos,
            names=self._parts.runs.sets.names,
            efficiency=self.efficiency,
            title=title or "Walk-forward",
            note="Scores are of slices, and approximate." if self.is_approximate else "",
        )

    def __len__(self) -> int:
        """The number of windows."""
        return self._windows.height

    def __repr__(self) -> str:
        without = self._windows["run"].null_count()
        runs = len(self._parts.runs.sets)
        about = ", approximate" if self.is_approximate else ""
        same = {None: "", True: ", equal to the plain run", False: ", not equal to the plain run"}
        return (
            f"WalkForward({counted(len(self), 'window')} of {counted(runs, 'run')}, "
            f"{without} without a choice{about}{same[self.checked]})"
        )

    def _repr_html_(self) -> str:
        names = self._parts.runs.sets.names
        metrics = ("is_sharpe", "oos_sharpe", "oos_total_return", "oos_trades", "reason")
        columns = [*_SHOWN, *(n for n in names if n in self._windows.columns), *metrics]
        rows = self._windows.select(columns).iter_rows()
        cells = ([_cell(value) for value in row] for row in rows)
        return table(repr(self), [name.replace("_", " ") for name in columns], cells)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
