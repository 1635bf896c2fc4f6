"""The page of several runs joined into one: curves, metrics, and how alike their days are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from omega.notices import Notice
from omega.report import _compare
from omega.report._curves import Curve, pack_curves
from omega.report._labels import label
from omega.report._metrics import formatted
from omega.report._page import LIBRARY, asset, module, page
from omega.report._parts import FOOTER, body, header, notice, section, table
from omega.report._parts import curves as places


def combined_page(
    title: str,
    curves: pl.DataFrame,
    *,
    start: float,
    metrics: Mapping[str, Mapping[str, Any]],
    correlations: pl.DataFrame,
    weights: Mapping[str, float],
    notices: Sequence[Notice] = (),
) -> str:
    """Write the page.

    Args:
        title: The heading.
        curves: `time`, and a column of money for each curve.
        start: The money that each of them begins with.
        metrics: Of each curve by its name, the whole first.
        correlations: A row for each run, its name first.
        weights: The share of each run.
        notices: What the whole should be read with.

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
    parts: list[dict[str, Any]] = []
    for place, name in enumerate(labels):
        growth = curves[name].to_numpy() / start - 1.0
        curve = Curve(name, growth, unit="percent", **_compare.look_of(place))
        described, block = pack_curves(curves["time"], [curve])
        parts.append(described | {"block": len(blocks)})
        blocks.append(block)
    text = body(
        header(title, ", ".join(weights)),
        [
            *map(notice, notices),
            section("Growth", places("growth", "Growth of the whole and of each run"), "wide"),
            section("Runs", _shares(weights), "wide"),
            section("Correlation of daily returns", _alike(correlations), "wide"),
            section("Metrics", _metrics(labels, metrics), "wide"),
        ],
        FOOTER,
    )
    scripts = [asset(LIBRARY), module(_compare.MODULES)]
    about = {"curves": {"growth": parts}}
    return page(title=title, body=text, scripts=scripts, blocks=blocks, about=about)


def _shares(weights: Mapping[str, float]) -> str:
    shares = [("Weight", [f"{share:.4g}" for share in weights.values()])]
    return table(list(weights), shares, caption="Weights", first="Run")


def _alike(correlations: pl.DataFrame) -> str:
    rows = [
        (str(name), ["-" if one is None else f"{one:.2f}" for one in values])
        for name, *values in correlations.iter_rows()
    ]
    return table(correlations.columns[1:], rows, caption="Correlations", first="Run")


def _metrics(labels: list[str], metrics: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (label(name), [formatted(name, metrics[one].get(name)) for one in labels])
        for name in next(iter(metrics.values()))
    ]
    return table(labels, rows, caption="Metrics", first="Metric")
