"""Several runs beside each other: metrics, curves, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from omega.errors import ConfigError, printable
from omega.libraries import arguments_of
from omega.report import _trades
from omega.report._metrics import formatted
from omega.report._page import LIBRARY, View, asset, module, page
from omega.report._panels import minus
from omega.report._report import FOOTER, SWITCH
from omega.report._reported import Reported

_MODULES = ("codec.js", "format.js", "theme.js", "compare.js")
_COLOURS = 6
_HEIGHT = 900


class Comparison(View):
    """Several runs beside each other.

    Attributes:
        html: The whole page.
        table: A row for each metric and a column for each run; times are left out.
        settings: The settings in which the runs differ, in the same form, as text.

    Example:
        >>> from omega.results.result import example_result
        >>> both = compare([example_result(), example_result()])
        >>> both.table.filter(metric="trades").row(0)
        ('trades', 3.0, 3.0)
    """

    def __init__(self, html: str, table: pl.DataFrame, settings: pl.DataFrame) -> None:
        """Keeps the tables and the page that was made of them."""
        super().__init__(html, height=_HEIGHT)
        self.table = table
        self.settings = settings

    def __repr__(self) -> str:
        """Which runs are compared."""
        return printable(f"Comparison({', '.join(self.table.columns[1:])})")


@arguments_of("compare")
def compare(
    results: Sequence[Reported] | Mapping[str, Reported], *, title: str | None = None
) -> Comparison:
    """Set several runs beside each other.

    Args:
        results: The runs; a mapping names them, otherwise they are "run 1", "run 2" and so on.
        title: The heading of the page.

    Raises:
        ConfigError: There is no run.

    Example:
        >>> from omega.results.result import example_result
        >>> compare({"before": example_result(), "after": example_result()})
        Comparison(before, after)
    """
    if isinstance(results, Mapping):
        runs = {str(name): result for name, result in results.items()}
    else:
        runs = {f"run {k}": result for k, result in enumerate(results, 1)}
    if not runs:
        raise ConfigError("results: given none, expected one BacktestResult or more")
    table, settings = _metrics(runs), _settings(runs)
    name = title or f"{len(runs)} runs compared"
    return Comparison(_page(runs, name, settings), table, settings)


def _metrics(runs: Mapping[str, Reported]) -> pl.DataFrame:
    names = [
        name
        for name, value in next(iter(runs.values())).metrics.items()
        if isinstance(value, (int, float, type(None)))
    ]
    columns = {
        label: pl.Series([_number(result.metrics.get(name)) for name in names], dtype=pl.Float64)
        for label, result in runs.items()
    }
    return pl.DataFrame({"metric": names, **columns})


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _settings(runs: Mapping[str, Reported]) -> pl.DataFrame:
    names = {name: None for result in runs.values() for name in result.config}
    texts = {
        label: [str(result.config.get(name, "-")) for name in names]
        for label, result in runs.items()
    }
    frame = pl.DataFrame({"setting": list(names), **texts})
    same = pl.all_horizontal(*(pl.col(label) == pl.col(next(iter(runs))) for label in runs))
    return frame.filter(~same) if names else frame


def _page(runs: Mapping[str, Reported], title: str, settings: pl.DataFrame) -> str:
    blocks: list[str] = []
    about: list[dict[str, Any]] = []
    for result in runs.values():
        described, block = _trades.pack_equity(
            result.equity["time"], result.equity["equity"].to_numpy()
        )
        start = result.metrics.get("initial_equity")
        about.append(described | {"block": len(blocks), "start": start or 0.0})
        blocks.append(block)
    body = (
        f"<header><div><h1>{escape(title)}</h1></div>{SWITCH}</header><main>"
        f'<section class="wide"><h2>Growth</h2><p class="tools">{keys(list(runs))}</p>'
        '<div id="equity"></div></section>'
        f'<section class="wide"><h2>Metrics</h2>{_metric_table(runs)}</section>'
        f'<section class="wide"><h2>Settings that differ</h2>{_settings_table(settings)}</section>'
        f"</main>{FOOTER}"
    )
    scripts = [asset(LIBRARY), module(_MODULES)]
    return page(title=title, body=body, scripts=scripts, blocks=blocks, about={"runs": about})


def keys(labels: Sequence[str]) -> str:
    """Name the colours of some curves.

    Example:
        >>> keys(["a"]).count("<span>")
        1
    """
    return "".join(f"<span>{_key(k)}{escape(label)}</span>" for k, label in enumerate(labels))


def _key(number: int) -> str:
    return f'<i class="key" style="background:var(--run-{number % _COLOURS})"></i>'


def _metric_table(runs: Mapping[str, Reported]) -> str:
    first = next(iter(runs.values())).metrics
    rows = [
        (name.replace("_", " "), [formatted(name, r.metrics.get(name)) for r in runs.values()])
        for name in first
    ]
    rows.append(("fingerprint", [result.fingerprint[:12] for result in runs.values()]))
    return grid(list(runs), rows, key=True)


def _settings_table(settings: pl.DataFrame) -> str:
    if not settings.height:
        return '<p class="none">The settings of these runs are the same.</p>'
    rows = [(name, list(values)) for name, *values in settings.iter_rows()]
    return grid(settings.columns[1:], rows, key=False)


def grid(labels: Sequence[str], rows: Sequence[tuple[str, list[Any]]], *, key: bool) -> str:
    """Write rows of texts below labels, with the colours of curves where these are keys.

    Example:
        >>> grid(["a"], [("sharpe", ["1.00"])], key=False).count("<td>")
        2
    """
    head = "".join(
        f'<th scope="col">{_key(k) if key else ""}{escape(label)}</th>'
        for k, label in enumerate(labels)
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        f"{''.join(f'<td>{escape(minus(str(text)))}</td>' for text in texts)}</tr>"
        for name, texts in rows
    )
    return (
        f'<div class="scroll"><table class="plain compare"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
