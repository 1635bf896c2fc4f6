"""The page of several runs joined into one: curves, metrics, and how alike their days are."""

from __future__ import annotations

from collections.abc import Mapping
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
    *,
    start: float,
    metrics: Mapping[str, Mapping[str, Any]],
    correlations: pl.DataFrame,
    weights: Mapping[str, float],
) -> str:
    """Write the page.

    Args:
        title: The heading.
        curves: `time`, and a column of money for each curve.
        start: The money that each of them begins with.
        metrics: Of each curve by its name, the whole first.
        correlations: A row for each run, its name first.
        weights: The share of each run.

    Example:
        >>> curves = pl.DataFrame({"time": pl.Series([0], dtype=pl.Datetime("us")), "all": [1.0]})
        >>> both = pl.DataFrame({"run": ["a"], "a": [1.0]})
        >>> made = combined_page("A", curves, start=1.0, metrics={"all": {"sharpe": 1.0}},
        ...                      correlations=both, weights={"a": 1.0})
        >>> "Correlation" in made
        True
    """
    labels = [name for name in curves.columns if name != "time"]
    blocks: list[str] = []
    about: list[dict[str, Any]] = []
    for label in labels:
        described, block = _trades.pack_equity(curves["time"], curves[label].to_numpy())
        about.append(described | {"block": len(blocks), "start": start})
        blocks.append(block)
    rows = [
        (name.replace("_", " "), [formatted(name, metrics[label].get(name)) for label in labels])
        for name in next(iter(metrics.values()))
    ]
    alike = [
        (str(name), ["-" if one is None else f"{one:.2f}" for one in values])
        for name, *values in correlations.iter_rows()
    ]
    runs = list(weights)
    shares = [("weight", [f"{share:.4g}" for share in weights.values()])]
    body = (
        f"<header><div><h1>{escape(title)}</h1></div>{SWITCH}</header><main>"
        f'<section class="wide"><h2>Growth</h2><p class="tools">{_compare.keys(labels)}</p>'
        '<div id="equity"></div></section>'
        f'<section class="wide"><h2>Runs</h2>{_compare.grid(runs, shares, key=False)}</section>'
        f'<section class="wide"><h2>Correlation of daily returns</h2>'
        f"{_compare.grid(runs, alike, key=False)}</section>"
        f'<section class="wide"><h2>Metrics</h2>{_compare.grid(labels, rows, key=True)}</section>'
        f"</main>{FOOTER}"
    )
    scripts = [asset(LIBRARY), module(_MODULES)]
    return page(title=title, body=body, scripts=scripts, blocks=blocks, about={"runs": about})
