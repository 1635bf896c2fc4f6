"""The heat map of a sweep over two parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import counted, flag, nearest, one_of, optional, shown, taken, whole
from omega.config.values import text as text_field
from omega.errors import ConfigError
from omega.libraries import arguments_of
from omega.report._labels import label
from omega.report._metrics import LESS_IS_BETTER, formatted
from omega.report._numbers import minus
from omega.report._page import View, module, page
from omega.report._parts import body, header, hint, section, table

_STILL = ("theme.js", "still.js")
HEIGHT = 720
SHADES = 9
_GAINS = ("net_profit", "total_return", "cagr", "expectancy", "average_r", "closed_pnl")
"""Metrics of which 0 is neither good nor bad, also where all values have one sign."""
_CELLS = ("value", "runs")
"""Columns of the cells beside the two parameters."""
_MOST_TEXT = 400
_ROOM = (34, 16)  # of a number in a cell, in pixels
_BEST = 10
_PHONE = 340.0  # the room of a phone, in pixels
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
        """Keep the cells and the page that was made of them."""
        super().__init__(html, height=HEIGHT)
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
    mark: Callable[[pl.DataFrame], Sequence[int]] | None = None,
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
        mark: A function that is given the cells (`x`, `y`, "value", "runs") and gives the numbers
            of those to outline.

    Raises:
        ConfigError: A column is missing, the metric is no number, or no run has a value of it.

    Example:
        >>> runs = pl.DataFrame({"fast": [5, 9], "slow": [20, 20], "sharpe": [0.4, 0.9]})
        >>> "<svg" in heatmap(runs, x="fast", y="slow", metric="sharpe").html
        True
    """
    taken("aggregate", aggregate, one_of(*_AGGREGATES))
    taken("maximize", maximize, optional(flag))
    taken("title", title, optional(text_field))
    for name, given in (("x", x), ("y", y), ("metric", metric)):
        taken(name, given, text_field)
    if not isinstance(frame, pl.DataFrame):
        raise ConfigError(f"frame: given {shown(frame)}, expected a Polars DataFrame")
    if x == y:
        raise ConfigError(f"heatmap: given {x!r} for both axes, expected two parameters")
    require_numbers(frame, metric, (x, y))
    more = metric not in LESS_IS_BETTER if maximize is None else maximize
    for name, given in (("x", x), ("y", y)):
        if given in _CELLS:
            raise ConfigError(f"{name}: given {given!r}, which the cells have; rename the column")
    _require_values(frame, x=x, y=y)
    known = frame.filter(pl.col(metric).is_not_null() & pl.col(metric).is_finite())
    value = _AGGREGATES[aggregate](pl.col(metric).cast(pl.Float64))
    cells = known.group_by(x, y).agg(value.alias("value"), pl.len().alias("runs")).sort(y, x)
    name = title or f"{label(metric)} over {x} and {y}"
    several = cells.height < known.height
    note = f"{aggregate.capitalize()} of the runs in a cell. " if several else ""
    missing = counted(frame.height - known.height, "run")
    note += f"{missing} without a finite value left out. " if frame.height > known.height else ""
    note += "The frame marks the best cell."
    marked = frozenset(() if mark is None else _marked(mark, cells))
    drawn = _map(cells, (x, y, metric), marked, more=more)
    parts = [
        section(f"{label(metric)} by cell", drawn + hint(note), "wide"),
        section("The best cells", _best(cells, metric, more=more), "wide slim"),
    ]
    text = body(header(name, runs_of(frame)), parts)
    html = page(title=name, body=text, scripts=[module(_STILL)])
    return Heatmap(html, cells.pivot(on=x, index=y, values="value", sort_columns=False))


def _require_values(frame: pl.DataFrame, **axes: str) -> None:
    for axis, name in axes.items():
        kind = frame.schema[name]
        if kind.is_nested() or kind == pl.Object:
            raise ConfigError(
                f"{axis}: {name!r} holds {kind}, expected a column of numbers or texts"
            )
        if kind.is_float() and frame[name].is_nan().any():
            raise ConfigError(
                f"{axis}: {name!r} holds NaN, which has no place on an axis. Drop the runs, or "
                f"write frame.with_columns(pl.col({name!r}).fill_nan(None))"
            )


def _marked(mark: Callable[[pl.DataFrame], Sequence[int]], cells: pl.DataFrame) -> list[int]:
    """Return the numbers of the cells that a function of the user's own chose."""
    if not callable(mark):
        raise ConfigError(f"mark: given {shown(mark)}, expected a function of the cells")
    found = mark(cells)
    if not isinstance(found, Iterable):
        raise ConfigError(f"mark: returned {shown(found)}, expected the numbers of cells")
    return [taken("mark", one, whole(minimum=0, maximum=cells.height - 1)) for one in found]


def require_numbers(frame: pl.DataFrame, metric: str, others: Sequence[str]) -> None:
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


def shades_of(values: NDArray[np.float64], metric: str, *, more: bool) -> NDArray[np.int64]:
    """Shades from the worst to the best; of gains, or where signs differ, the middle one is 0."""
    low, high = _reach(values, metric)
    if not more:
        values, low, high = -values, -high, -low
    share = (values - low) / ((high - low) or 1.0)
    return np.clip(np.floor(share * SHADES), 0, SHADES - 1).astype(np.int64)


def _reach(values: NDArray[np.float64], metric: str) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if low < 0.0 < high or metric in _GAINS:
        widest = max(-low, high)
        return -widest, widest
    return low, high


def runs_of(frame: pl.DataFrame) -> str:
    """How many runs there are, and what is left of the best of them."""
    best = frame["dsr"].max() if "dsr" in frame.columns else None
    left = f"; the best deflated Sharpe ratio is {best:.3f}" if isinstance(best, float) else ""
    return f"{counted(frame.height, 'run')}{left}"


def _map(
    cells: pl.DataFrame, names: tuple[str, str, str], marked: frozenset[int], *, more: bool
) -> str:
    """The cells as SVG; their values are written into them where there is room."""
    x, y, metric = names
    across = {value: k for k, value in enumerate(cells[x].unique().sort().to_list())}
    upward = {value: k for k, value in enumerate(cells[y].unique().sort().to_list())}
    wide = max(min(1_100 / len(across), 92.0), 4.0)
    high = max(min(520 / len(upward), 40.0), 4.0)
    left, top = 90.0, 8.0
    width, height = left + wide * len(across) + 10, top + high * len(upward) + 48
    whole = width < 2.0 * _PHONE  # wider ones scroll on a phone
    least = _PHONE if whole else width
    values = cells["value"].to_numpy()
    shades = shades_of(values, metric, more=more)
    best = int(values.argmax() if more else values.argmin())
    written = cells.height <= _MOST_TEXT and wide >= _ROOM[0] and high >= _ROOM[1]
    drawn = []
    for k, (row_x, row_y, value, runs) in enumerate(cells.iter_rows()):
        at = left + across[row_x] * wide, top + (len(upward) - 1 - upward[row_y]) * high
        text = minus(formatted(metric, value))
        label = f"{x} {row_x}, {y} {row_y}: {text}{f', {runs} runs' if runs > 1 else ''}"
        kind = "best" if k == best else "zone" if k in marked else "other"
        drawn.append(_cell(at, (wide, high), int(shades[k]), label, kind))
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
        f'<div class="scroll"><svg class="map{" whole" * whole}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="max-width:{width:.0f}px;min-width:{least:.0f}px" '
        f'role="img" aria-label="{escape(metric)}">'
        f"{''.join(drawn)}{''.join(labels)}</svg></div>"
        + (
            ""
            if whole
            else '<p class="hint beyond">The map is wider than the screen: scroll it.</p>'
        )
        + scale_of(metric, cells["value"], more=more)
    )


def _cell(
    at: tuple[float, float], size: tuple[float, float], shade: int, label: str, kind: str
) -> str:
    return (
        f'<rect class="{kind}" x="{at[0]:.1f}" y="{at[1]:.1f}" '
        f'width="{size[0] - 1:.1f}" height="{size[1] - 1:.1f}" '
        f'style="fill:var(--shade-{shade})"><title>{escape(label)}</title></rect>'
    )


def _inside(at: tuple[float, float], size: tuple[float, float], shade: int, text: str) -> str:
    strong = shade in (0, SHADES - 1)
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


def scale_of(metric: str, values: pl.Series, *, more: bool) -> str:
    low, high = _reach(values.cast(pl.Float64).to_numpy(), metric)
    ends = (low, high) if more else (high, low)
    texts = [escape(minus(formatted(metric, float(end)))) for end in ends]
    cells = "".join(f'<i style="background:var(--shade-{k})"></i>' for k in range(SHADES))
    return (
        f'<div class="scale">{escape(label(metric))} {texts[0]}<span>{cells}</span>{texts[1]}</div>'
    )


def _best(cells: pl.DataFrame, metric: str, *, more: bool) -> str:
    rows = cells.sort("value", descending=more, maintain_order=True).head(_BEST)
    lines = [
        (str(first), [str(second), formatted(metric, value)])
        for first, second, value, _ in rows.iter_rows()
    ]
    x, y = cells.columns[:2]
    return table([y, label(metric)], lines, caption="The best cells", first=x)
