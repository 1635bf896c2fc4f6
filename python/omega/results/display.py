"""Display of a result: as text, as a page, in a notebook and by rich."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from omega.contract import ArrowLike
from omega.notebook import Shown
from omega.report import View, _metrics, _summary, plot, write_report
from omega.report._reported import Reported

if TYPE_CHECKING:
    from rich.panel import Panel

Metric: TypeAlias = float | int | datetime | None


class Display:
    """The part of a result that people look at."""

    def metrics_table(self: Reported) -> pl.DataFrame:
        """Return the metrics as a frame: name, value, and the value as `summary` writes it.

        Example:
            >>> from omega.results.result import example_result
            >>> example_result().metrics_table().filter(metric="win_rate").row(0)
            ('win_rate', 0.6666666666666666, '66.67 %')
        """
        rows = self.metrics.items()
        numbers = (None if isinstance(v, datetime) or v is None else float(v) for _, v in rows)
        return pl.DataFrame(
            {
                "metric": [name for name, _ in rows],
                "value": pl.Series(list(numbers), dtype=pl.Float64),
                "text": [_metrics.formatted(name, value) for name, value in rows],
            }
        )

    def summary(self: Reported) -> str:
        """Return the result as text that fits a terminal; a notebook shows it as it is printed.

        Example:
            >>> from omega.results.result import example_result
            >>> print(example_result().summary().splitlines()[0])
            Warning        1 of 4 entries refused: size 1
        """
        return Shown(_summary.summary(self))

    def report(
        self: Reported,
        path: str | Path = "report.html",
        *,
        detail: str = "auto",
        title: str | None = None,
        data: ArrowLike = None,
    ) -> Path:
        """Write the result as one HTML file that opens without a network.

        Args:
            path: The file; report.html in the current folder where none is named.
            detail: "auto" keeps the file below 5 MB, with the finest candles around trades;
                "full" writes every candle.
            title: The heading; names the symbols by default.
            data: The candles, for a result that was loaded, which has none.

        Raises:
            ConfigError: The detail is unknown, or the data has none of the symbols.

        Example:
            >>> import tempfile
            >>> from omega.results.result import example_result
            >>> example_result().report(Path(tempfile.mkdtemp()) / "run.html").name
            'run.html'
        """
        return write_report(self, path, detail=detail, title=title, data=data)

    def plot(
        self: Reported,
        *,
        detail: str = "auto",
        title: str | None = None,
        data: ArrowLike = None,
    ) -> View:
        """Return the report for a notebook, which shows it in place; settings as `report`.

        Example:
            >>> from omega.results.result import example_result
            >>> "<iframe" in example_result().plot()._repr_html_()
            True
        """
        return plot(self, detail=detail, title=title, data=data)

    def _repr_html_(self: Reported) -> str:
        return _summary.html(self)

    def __rich__(self: Reported) -> Panel:
        """What `rich.print` shows."""
        from rich.panel import Panel  # noqa: PLC0415 - only for rich
        from rich.text import Text  # noqa: PLC0415 - as above

        return Panel(Text(_summary.summary(self)), title="Backtest", expand=False)
