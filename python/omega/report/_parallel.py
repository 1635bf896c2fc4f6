"""All parameters of a sweep and a metric as parallel coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.libraries import arguments_of
from omega.report._labels import label, words
from omega.report._metrics import LESS_IS_BETTER, PERCENT
from omega.report._numbers import marks as axis_marks
from omega.report._numbers import minus
from omega.report._page import View, module, page
from omega.report._parts import body, header, hint, section
from omega.report._sweep import HEIGHT, require_numbers, runs_of, scale_of, shades_of

Axis: TypeAlias = tuple[str, list[tuple[float, str]]]
"""A name, and places from 0 to 1 with their texts."""

_SCRIPTS = ("theme.js", "parallel.js")
_MOST_LINES = 5_000
_TICKS = 6
_NAMED = 4  # more would not fit a heading
_ACROSS, _DOWN = 1_000, 1_000
_APART = 96  # pixels from axis to axis, at least


@arguments_of("report.parallel")
def parallel(
    frame: pl.DataFrame,
    *,
    metric: str,
    parameters: Sequence[str] | None = None,
    maximize: bool | None = None,
    title: str | None = None,
) -> View:
    """Show all parameters of a sweep and a metric as parallel coordinates.

    Args:
        frame: A row for each run, with parameters and metrics as columns.
        metric: The metric that colours the lines and has the last axis.
        parameters: The columns with an axis; by default those that vary, before the metric.
        maximize: Whether more is better; None: less is for drawdowns, costs and volatility.
        title: The heading.

    Returns:
        A page on which a stretch of an axis can be dragged to keep the runs that cross it.

    Raises:
        ConfigError: A column is missing, the metric is no number, or no run has a value of it.

    Example:
        >>> runs = pl.DataFrame({"fast": [5, 9], "slow": [20, 30], "sharpe": [0.4, 0.9]})
        >>> parallel(runs, metric="sharpe").html.count('class="line ')
        2
    """
    require_numbers(frame, metric, parameters or ())
    more = metric not in LESS_IS_BETTER if maximize is None else maximize
    known = frame.filter(pl.col(metric).is_not_null() & pl.col(metric).is_finite())
    names = list(parameters) if parameters is not None else _varying(known, metric)
    shown = _thinned(known.sort(metric, descending=not more, maintain_order=True))
    axes, places = zip(*(_axis(shown[name]) for name in [*names, metric]), strict=True)
    shades = shades_of(shown[metric].cast(pl.Float64).to_numpy(), metric, more=more)
    more_names = " …" if len(names) > _NAMED else ""
    name = title or f"{label(metric)} by {', '.join(map(words, names[:_NAMED]))}{more_names}"
    left = known.height - shown.height
    note = f" Of {known.height:,} runs {shown.height:,} are drawn, the best among them." * (
        left > 0
    )
    drawn = (
        '<div class="tools"><button type="button" id="reset">Show all'
        '</button><span id="count" class="hint" aria-live="polite"></span></div>'
        f"{_drawn(name, axes, np.column_stack(places), shades)}"
        f"{scale_of(metric, shown[metric], more=more)}"
        + hint(f"Drag along an axis to keep the runs that cross it.{note}")
    )
    text = body(header(name, runs_of(frame)), [section("Runs", drawn, "wide")])
    return View(page(title=name, body=text, scripts=[module(_SCRIPTS)]), height=HEIGHT)


def _drawn(
    name: str, axes: Sequence[Axis], places: NDArray[np.float64], shades: NDArray[np.int64]
) -> str:
    """The lines over the whole width, and the axes over them; the page has room around both."""
    last = max(len(axes) - 1, 1)
    steps = [f"{_ACROSS * k / last:.0f}" for k in range(len(axes))]
    down = np.round((1.0 - places) * _DOWN).astype(np.int64)
    lines = "".join(
        f'<path class="line s{shade}" d="M'
        f'{"L".join(f"{x} {y}" for x, y in zip(steps, own, strict=True))}"/>'
        for shade, own in zip(shades.tolist(), down.tolist(), strict=True)
    )
    faint = min(0.9, max(0.25, 60 / max(len(down), 1)))
    drawn = "".join(
        f'<svg class="axis" x="{100 * k / last:.2f}%" height="100%"><line y2="100%"/>'
        f'<rect class="kept" x="-7" width="14" hidden=""/><text class="name" y="-16">'
        f"{escape(words(title))}</text>"
        + "".join(
            f'<text x="8" y="{100 * (1 - place):.2f}%" dy="4">{escape(text)}</text>'
            for place, text in ticks
        )
        + "</svg>"
        for k, (title, ticks) in enumerate(axes)
    )
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(name)}"><svg '
        f'id="parallel" role="img" aria-label="{escape(name)}" '
        f'style="--faint:{faint:.2f};--least:{_APART * len(axes)}px">'
        f'<svg viewBox="0 0 {_ACROSS} {_DOWN}" preserveAspectRatio="none">{lines}</svg>{drawn}'
        "</svg></div>"
    )


def _varying(frame: pl.DataFrame, metric: str) -> list[str]:
    before = frame.columns[: frame.columns.index(metric)]
    plain = [n for n in before if n != "run" and not frame.schema[n].is_nested()]
    return [name for name in plain if frame[name].n_unique() > 1]


def _thinned(frame: pl.DataFrame) -> pl.DataFrame:
    """Of very many runs, best first: a tenth of the room for the best, the rest evenly."""
    if frame.height <= _MOST_LINES:
        return frame
    best = _MOST_LINES // 10
    rest = np.linspace(best, frame.height - 1, _MOST_LINES - best).astype(np.int64)
    rows = np.concatenate([np.arange(best), rest])
    return frame.select(pl.all().gather(rows))


def _axis(values: pl.Series) -> tuple[Axis, NDArray[np.float64]]:
    """Places from 0 to 1: numbers by size, all else by rank."""
    if values.dtype.is_numeric():
        per, unit = (100.0, " %") if values.name in PERCENT else (1.0, "")
        numbers = values.cast(pl.Float64).fill_null(0.0).fill_nan(0.0).to_numpy() * per
        low, high = float(numbers.min()), float(numbers.max())
        span = high - low or 1.0
        marks = np.unique(numbers)
        named = [(mark, minus(f"{mark:,.4g}")) for mark in marks.tolist()]
        if len(marks) > 2 * _TICKS:
            named = axis_marks(low, high, _TICKS)
        ticks = [((mark - low) / span, text + unit) for mark, text in named]
        return (values.name, ticks), (numbers - low) / span
    texts = values.cast(pl.String).fill_null("-")
    known = texts.unique().sort().to_list()
    last = max(len(known) - 1, 1)
    ranks = {text: rank / last for rank, text in enumerate(known)}
    ticks = [(place, text) for text, place in ranks.items()]
    return (values.name, ticks), np.array([ranks[text] for text in texts])
