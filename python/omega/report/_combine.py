"""The page of several runs joined into one: curves, metrics, and how alike their days are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from omega.report import _compare, _trades
from omega.report._metrics import formatted
from omega.report._page import LIBRARY, asset, module, page
from omega.report._report import FOOTER, SWITCH

_MODULES = ("codec.js", "format.js", "theme.js", "compare.js")


def combined_page(
    title: str,
    curves: pl.DataFrame,
    metrics: Mapping[str, Mapping[str, Any]],
    correlations: pl.DataFrame,
    facts: Sequence[tuple[str, list[str]]],
) -> str:
    """Write the page.

    Args:
        title: The heading.
        curves: `time`, and a column for each curve, which begins at 1.
        metrics: Of each curve by its name, the whole first.
        correlations: A row for each run, its name first.
        facts: Rows about each run: a name, and a text for each.

    Example:
        >>> curves = pl.DataFrame({"time": pl.Series([0], dtype=pl.Datetime("us")), "all": [1.0]})
        >>> both = pl.DataFrame({"run": ["a"], "a": [1.0]})
        >>> "Correlation" in combined_page("A", curves, {"all": {"sharpe": 1.0}}, both, [])
        True
    """
    labels = [name for name in curves.columns if name != "time"]
    blocks: list[str] = []
    about: list[dict[str, Any]] = []
    for label in labels:
        described, block = _trades.pack_equity(curves["time"], curves[label].to_numpy())
        about.append(described | {"block": len(blocks), "start": 1.0})
        blocks.append(block)
    rows = [
        (name.replace("_", " "), [formatted(name, metrics[label].get(name)) for label in labels])
        for name in next(iter(metrics.values()))
    ]
    alike = [
        (str(name), ["-" if one is None else f"{one:.2f}" for one in values])
        for name, *values in correlations.iter_rows()
    ]
    runs = correlations.columns[1:]
    body = (
        f"<header><div><h1>{escape(title)}</h1></div>{SWITCH}</header><main>"
        f'<section class="wide"><h2>Growth</h2><p class="tools">{_compare.keys(labels)}</p>'
        '<div id="equity"></div></section>'
        f'<section class="wide"><h2>Runs</h2>{_compare.grid(runs, facts, key=False)}</section>'
        f'<section class="wide"><h2>Correlation of daily returns</h2>'
        f"{_compare.grid(runs, alike, key=False)}</section>"
        f'<section class="wide"><h2>Metrics</h2>{_compare.grid(labels, rows, key=True)}</section>'
        f"</main>{FOOTER}"
    )
    scripts = [asset(LIBRARY), module(_MODULES)]
    return page(title=title, body=body, scripts=scripts, blocks=blocks, about={"runs": about})
