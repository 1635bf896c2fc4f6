"""Pages of a sweep: a heat map over two parameters, and parallel coordinates over all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import nearest
from omega.errors import ConfigError
from omega.libraries import arguments_of
from omega.report._metrics import LESS_IS_BETTER, formatted
from omega.report._page import View, module, page
from omega.report._panels import minus
from omega.report._report import SWITCH

_STILL = ("theme.js", "still.js")
_PARALLEL = ("theme.js", "parallel.js")
_HEIGHT = 720
_SHADES = 9
_MOST_TEXT = 400
_ROOM = (34, 16)  # of a number in a cell, in pixels
_MOST_LINES = 5_000
_BEST = 10
_TICKS = 6
_NAMED = 4  # more would not fit a heading
_AGGREGATES: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "mean": pl.Expr.mean,
    "median": pl.Expr.median,
    "min": pl.Expr.min,
    "max": pl.Expr.max,
}


class Heatmap(View):
    """A metric over two parameters.

    Attributes:
        html: The whole page.
        table: A row for each value of `y`, a column for each value of `x`.

    Example:
        >>> runs = pl.DataFrame({"fast": [5, 9], "slow": [20, 20], "sharpe": [0.4, 0.9]})
        >>> heatmap(runs, x="fast", y="slow", metric="sharpe").table.row(0)
        (20, 0.4, 0.9)
    """

    def __init__(self, html: str, table: pl.DataFrame) -> None:
        """Keeps the cells and the page that was made of them."""
        super().__init__(html, height=_HEIGHT)
        self.table = table


@arguments_of("report.heatmap")
def heatmap(
    frame: pl.DataFrame,
    *,
    x: str,
    y: str,
    metric: str,
    aggregate: str = "mean",
    maximize: bool | None = None,
    title: str | None = None,
) -> Heatmap:
    """Show a metric over two parameters of a sweep.

    Args:
        frame: A row for each run, with parameters and metrics as columns.
        x: The parameter across.
        y: The parameter upwards.
        metric: The metric that colours the cells.
        aggregate: What stands for several runs in a cell, which differ in other parameters:
            "mean", "median", "min" or "max".
        maximize: Whether more is better; None: less is for drawdowns, costs and volatility.
        title: The heading.

    Raises:
        ConfigError: A column is missing, the metric is no number, or no run has a value of it.

    Example:
        >>> runs = pl.DataFrame({"fast": [5, 9], "slow": [20, 20], "sharpe": [0.4, 0.9]})
        >>> "<svg" in heatmap(runs, x="fast", y="slow", metric="sharpe").html
        True
    """
    if aggregate not in _AGGREGATES:
        raise ConfigError(
            f"aggregate: given {aggregate!r}, expected one of {', '.join(_AGGREGATES)}"
        )
    if x == y:
        raise ConfigError(f"heatmap: given {x!r} for both axes, expected two parameters")
    _numbers(frame, metric, (x, y))
    more = metric not in LESS_IS_BETTER if maximize is None else maximize
    known = frame.filter(pl.col(metric).is_not_null() & pl.col(metric).is_finite())
    value = _AGGREGATES[aggregate](pl.col(metric).cast(pl.Float64))
    cells = known.group_by(x, y).agg(value.alias("value"), pl.len().alias("runs")).sort(y, x)
    name = title or f"{metric} over {x} and {y}"
    several = cells.height < known.height
    hint = f"{aggregate.capitalize()} of the runs in a cell. " if several else ""
    missing = frame.height - known.height
    hint += f"{missing:,} runs without a finite value are left out." if missing else ""
    body = (
        f"<header><div><h1>{escape(name)}</h1><p>{_runs(frame)}</p></div>{SWITCH}</header>"
        f'<main><section class="wide">{_map(cells, (x, y, metric), more=more)}'
        f'<p class="hint">{escape(hint)}</p></section>'
        f'<section class="wide"><h2>The best cells</h2>{_best(cells, metric, more=more)}</section>'
        "</main><footer>Made by Omega.</footer>"
    )
    html = page(title=name, body=body, scripts=[module(_STILL)])
    return Heatmap(html, cells.pivot(on=x, index=y, values="value", sort_columns=False))


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
        >>> "<canvas" in parallel(runs, metric="sharpe").html
        True
    """
    _numbers(frame, metric, parameters or ())
    more = metric not in LESS_IS_BETTER if maximize is None else maximize
    known = frame.filter(pl.col(metric).is_not_null() & pl.col(metric).is_finite())
    names = list(parameters) if parameters is not None else _varying(known, metric)
    shown = _thinned(known.sort(metric, descending=not more, maintain_order=True))
    axes, places = zip(*(_axis(shown[name]) for name in [*names, metric]), strict=True)
    shades = _shades(shown[metric].cast(pl.Float64).to_numpy(), more=more)
    more_names = " …" if len(names) > _NAMED else ""
    name = title or f"{metric} by {', '.join(names[:_NAMED])}{more_names}"
    left = known.height - shown.height
    hint = f" Of {known.height:,} runs {shown.height:,} are drawn, the best among them." * (
        left > 0
    )
    body = (
        f"<header><div><h1>{escape(name)}</h1><p>{_runs(frame)}</p></div>{SWITCH}</header>"
        '<main><section class="wide"><div class="tools"><button type="button" id="reset">Show all'
        '</button><span id="count" class="hint" aria-live="polite"></span></div>'
        f'<canvas id="parallel" role="img" aria-label="{escape(name)}"></canvas>'
        f"{_scale(metric, shown[metric], more=more)}"
        f'<p class="hint">Drag along an axis to keep the runs that cross it.{hint}</p></section>'
        "</main><footer>Made by Omega.</footer>"
    )
    about = {
        "axes": axes,
        "lines": np.round(np.column_stack(places), 4).tolist(),
        "shades": shades.tolist(),
        "total": f"{shown.height:,}",
    }
    html = page(title=name, body=body, scripts=[module(_PARALLEL)], about=about)
    return View(html, height=_HEIGHT)


def _numbers(frame: pl.DataFrame, metric: str, others: Sequence[str]) -> None:
    for name in (metric, *others):
        if name not in frame.columns:
            raise ConfigError(f"frame: no column {name!r}. {nearest(name, frame.columns)}")
    if not frame.schema[metric].is_numeric():
        raise ConfigError(
            f"metric: {metric!r} holds {frame.schema[metric]}, expected a column of numbers"
        )
    values = frame[metric].cast(pl.Float64)
    if not (values.is_not_null() & values.is_finite()).any():
        raise ConfigError(f"metric: no run has a value of {metric!r}; choose another metric")


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


def _axis(values: pl.Series) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Places from 0 to 1: numbers by size, all else by rank."""
    if values.dtype.is_numeric():
        numbers = values.cast(pl.Float64).fill_null(0.0).fill_nan(0.0).to_numpy()
        low, high = float(numbers.min()), float(numbers.max())
        span = high - low or 1.0
        marks = np.unique(numbers)
        if len(marks) > 2 * _TICKS:
            marks = np.linspace(low, high, _TICKS)
        ticks = [[(mark - low) / span, f"{mark:,.4g}"] for mark in marks.tolist()]
        return {"name": values.name, "ticks": ticks}, (numbers - low) / span
    texts = values.cast(pl.String).fill_null("-")
    known = texts.unique().sort().to_list()
    last = max(len(known) - 1, 1)
    ranks = {text: rank / last for rank, text in enumerate(known)}
    ticks = [[place, text] for text, place in ranks.items()]
    return {"name": values.name, "ticks": ticks}, np.array([ranks[text] for text in texts])


def _shades(values: NDArray[np.float64], *, more: bool) -> NDArray[np.int64]:
    """Shades from the worst to the best; where signs differ, the middle one is zero."""
    low, high = _reach(values)
    if not more:
        values, low, high = -values, -high, -low
    share = (values - low) / ((high - low) or 1.0)
    return np.clip(np.floor(share * _SHADES), 0, _SHADES - 1).astype(np.int64)


def _reach(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if low < 0.0 < high:
        widest = max(-low, high)
        return -widest, widest
    return low, high


def _runs(frame: pl.DataFrame) -> str:
    """How many runs there are, and what is left of the best of them."""
    best = frame["dsr"].max() if "dsr" in frame.columns else None
    left = f"; the best deflated Sharpe ratio is {best:.3f}" if isinstance(best, float) else ""
    return f"{frame.height:,} runs{left}"


def _map(cells: pl.DataFrame, names: tuple[str, str, str], *, more: bool) -> str:
    """The cells as SVG; their values are written into them where there is room."""
    x, y, metric = names
    across = {value: k for k, value in enumerate(cells[x].unique().sort().to_list())}
    upward = {value: k for k, value in enumerate(cells[y].unique().sort().to_list())}
    wide = max(min(1_100 / len(across), 84.0), 4.0)
    high = max(min(520 / len(upward), 40.0), 4.0)
    left, top = 90.0, 8.0
    width, height = left + wide * len(across) + 10, top + high * len(upward) + 48
    values = cells["value"].to_numpy()
    shades = _shades(values, more=more)
    best = int(values.argmax() if more else values.argmin())
    written = cells.height <= _MOST_TEXT and wide >= _ROOM[0] and high >= _ROOM[1]
    drawn = []
    for k, (row_x, row_y, value, runs) in enumerate(cells.iter_rows()):
        at = left + across[row_x] * wide, top + (len(upward) - 1 - upward[row_y]) * high
        text = minus(formatted(metric, value))
        label = f"{x} {row_x}, {y} {row_y}: {text}{f', {runs} runs' if runs > 1 else ''}"
        drawn.append(_cell(at, (wide, high), int(shades[k]), label, best=k == best))
        if written:
            drawn.append(_inside(at, (wide, high), int(shades[k]), text))
    bottom, middle = top + high * len(upward), top + high * len(upward) / 2
    below = [(left + (k + 0.5) * wide, bottom + 16) for k in range(len(across))]
    beside = [(left - 8.0, bottom - (k + 0.5) * high + 4) for k in range(len(upward))]
    across_to = left + wide * len(across) / 2
    labels = [
        *_labels(list(across), below, "middle", wide / 34),
        *_labels(list(upward), beside, "end", high / 14),
        _named(x, f'x="{across_to:.1f}" y="{bottom + 38:.1f}"'),
        _named(y, f'transform="translate(14 {middle:.1f}) rotate(-90)"'),
    ]
    return (
        f'<div class="scroll"><svg class="map" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="max-width:{width:.0f}px" role="img" aria-label="{escape(metric)}">'
        f"{''.join(drawn)}{''.join(labels)}</svg></div>{_scale(metric, cells['value'], more=more)}"
    )


def _cell(
    at: tuple[float, float], size: tuple[float, float], shade: int, label: str, *, best: bool
) -> str:
    return (
        f'<rect class="{"best" if best else "other"}" x="{at[0]:.1f}" y="{at[1]:.1f}" '
        f'width="{size[0] - 1:.1f}" height="{size[1] - 1:.1f}" '
        f'style="fill:var(--shade-{shade})"><title>{escape(label)}</title></rect>'
    )


def _inside(at: tuple[float, float], size: tuple[float, float], shade: int, text: str) -> str:
    strong = shade in (0, _SHADES - 1)
    return (
        f'<text class="in" x="{at[0] + size[0] / 2:.1f}" y="{at[1] + size[1] / 2 + 4:.1f}" '
        f'style="fill:var(--{"surface" if strong else "text"})">{escape(text)}</text>'
    )


def _named(name: str, place: str) -> str:
    return f'<text {place} class="value" text-anchor="middle">{escape(name)}</text>'


def _labels(
    values: list[Any], places: list[tuple[float, float]], anchor: str, room: float
) -> list[str]:
    """Label as many values as there is room for."""
    every = max(int(np.ceil(1 / room)), 1)
    return [
        f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(_short(value))}</text>"
        for value, (x, y) in list(zip(values, places, strict=True))[::every]
    ]


def _short(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 14 else f"{text[:13]}…"  # noqa: PLR2004 - what fits beside the map


def _scale(metric: str, values: pl.Series, *, more: bool) -> str:
    low, high = _reach(values.cast(pl.Float64).to_numpy())
    ends = (low, high) if more else (high, low)
    texts = [escape(minus(formatted(metric, float(end)))) for end in ends]
    cells = "".join(f'<i style="background:var(--shade-{k})"></i>' for k in range(_SHADES))
    return f'<div class="scale">{texts[0]}<span>{cells}</span>{texts[1]}</div>'


def _best(cells: pl.DataFrame, metric: str, *, more: bool) -> str:
    rows = cells.sort("value", descending=more, maintain_order=True).head(_BEST)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (*cells.columns[:2], metric))
    lines = "".join(
        f"<tr><td>{escape(str(first))}</td><td>{escape(str(second))}</td>"
        f"<td>{escape(minus(formatted(metric, value)))}</td></tr>"
        for first, second, value, _ in rows.iter_rows()
    )
    return (
        f'<div class="scroll"><table class="plain compare"><thead><tr>{head}</tr></thead><tbody>'
        f"{lines}</tbody></table></div>"
    )
