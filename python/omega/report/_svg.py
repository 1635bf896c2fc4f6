"""Small still charts as SVG, coloured by the style sheet of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 520, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 28
_BINS = 41
_LARGE = 1_000  # from here on decimals show nothing


def histogram(values: NDArray[np.float64], unit: str) -> str:
    """Draw how often each size occurs; the outermost bars hold all beyond them.

    Example:
        >>> histogram(np.array([-1.0, 2.0, 2.0]), "R").count('<title>')
        2
    """
    low, high = _reach(values)
    width = _nice((high - low) / _BINS)
    begin, end = np.floor(low / width), np.ceil(high / width)
    edges = np.arange(begin, end + 1) * width
    if len(edges) < 2:  # noqa: PLR2004 - a bar has two edges
        edges = np.array([edges[0], edges[0] + width])
    clipped = np.clip(values, edges[0], np.nextafter(edges[-1], edges[0]))
    counts = np.histogram(clipped, edges)[0]
    top = max(int(counts.max()), 1)
    across = (_WIDTH - _LEFT - _RIGHT) / len(counts)
    bars = []
    for k, count in enumerate(counts.tolist()):
        if not count:
            continue
        tall = (_HEIGHT - _TOP - _BOTTOM) * count / top
        kind = "win" if edges[k] >= -width / 1e6 else "loss"
        bars.append(
            f'<rect class="bar {kind}" x="{_LEFT + k * across:.1f}" '
            f'y="{_HEIGHT - _BOTTOM - tall:.1f}" width="{max(across - 1, 0.5):.1f}" '
            f'height="{tall:.1f}"><title>{_number(edges[k])} to {_number(edges[k + 1])} {unit}: '
            f"{count:,}</title></rect>"
        )
    return _chart("".join([_upward(top), _across(edges), *bars]), f"Distribution in {unit}")


def bars(rows: Sequence[tuple[str, float, str]], label: str) -> str:
    """Draw amounts as bars to the left and the right of zero, one under the other.

    Example:
        >>> bars([("fees", -3.0, "-3.00")], "Costs").count("<rect")
        1
    """
    widest = max([abs(value) for _, value, _ in rows if np.isfinite(value)] + [1e-12])
    negative = any(value < 0 for _, value, _ in rows)
    positive = any(value > 0 for _, value, _ in rows)
    left, right, line = 110.0, 96.0, 30
    room = _WIDTH - left - right
    zero = left + (room / 2 if negative and positive else room if negative else 0)
    per = room / (2 if negative and positive else 1) / widest
    drawn = []
    for k, (name, value, text) in enumerate(rows):
        y = _TOP + k * line
        long = abs(value) * per
        x = zero - long if value < 0 else zero
        drawn.append(
            f'<text class="name" x="0" y="{y + 16}">{escape(name)}</text>'
            f'<rect class="bar {"loss" if value < 0 else "win"}" x="{x:.1f}" y="{y + 3}" '
            f'width="{max(long, 0.75):.1f}" height="18" rx="2"/>'
            f'<text class="value" x="{_WIDTH}" y="{y + 16}" text-anchor="end">{escape(text)}</text>'
        )
    axis = _standing(zero, _TOP, _TOP + line * len(rows))
    return _chart(axis + "".join(drawn), label, _TOP * 2 + line * len(rows))


def interval(worst: float, middle: float, best: float, texts: tuple[str, str, str]) -> str:
    """Draw a span with the value that was taken, and zero where it is near.

    Example:
        >>> interval(-1.0, 0.5, 2.0, ("-1", "0.5", "2")).count("<circle")
        1
    """
    low, high = min(worst, middle), max(best, middle)
    pad = (high - low) * 0.12 or max(abs(middle), 1.0) * 0.12
    if low > 0 and low - pad * 4 < 0:
        low = 0.0
    begin, end = low - pad, high + pad
    place = {
        name: 20 + (value - begin) / (end - begin) * (_WIDTH - 40)
        for name, value in {"worst": worst, "middle": middle, "best": best, "zero": 0.0}.items()
    }
    zero = ""
    if begin < 0.0 < end:
        zero = (
            f"{_standing(place['zero'], 24, 76)}"
            f'<text class="tick" x="{place["zero"]:.1f}" y="90" text-anchor="middle">0</text>'
        )
    ends = max(place["worst"], 30), min(place["best"], _WIDTH - 30)
    return _chart(
        f'<line class="axis" x1="20" x2="{_WIDTH - 20}" y1="50" y2="50"/>{zero}'
        f'<rect class="span" x="{place["worst"]:.1f}" y="42" rx="3" height="16" '
        f'width="{max(place["best"] - place["worst"], 2):.1f}"/>'
        f'<circle class="dot" cx="{place["middle"]:.1f}" cy="50" r="6"/>'
        f'<text class="value" x="{ends[0]:.1f}" y="32" text-anchor="middle">'
        f"{escape(texts[0])}</text>"
        f'<text class="value" x="{ends[1]:.1f}" y="32" text-anchor="middle">'
        f"{escape(texts[2] if best > worst else '')}</text>"
        f'<text class="name" x="{place["middle"]:.1f}" y="76" text-anchor="middle">'
        f"{escape(texts[1])}</text>",
        "The closed profit between the worst and the best outcome",
        100,
    )


def _standing(x: float, top: float, bottom: float) -> str:
    return f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'


def _reach(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = (float(value) for value in np.quantile(values, [0.005, 0.995]))
    if high - low <= 0.0:
        spread = max(abs(low), 1.0) * 0.5
        return low - spread, high + spread
    return min(low, 0.0), max(high, 0.0)


def _nice(width: float) -> float:
    """The next of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= width))


def _upward(top: int) -> str:
    drawn = []
    step = max(_nice(top / 3), 1.0)
    for count in np.arange(step, top + step / 1e6, step).tolist():
        y = _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * count / top
        drawn.append(
            f'<line class="rule" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{_number(count)}</text>"
        )
    return "".join(drawn)


def _across(edges: NDArray[np.float64]) -> str:
    every = max((len(edges) - 1) // 6, 1)
    zero = int(np.argmin(np.abs(edges)))
    across = (_WIDTH - _LEFT - _RIGHT) / (len(edges) - 1)
    base = _HEIGHT - _BOTTOM
    drawn = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    for k in range(zero % every, len(edges), every):
        drawn.append(
            f'<text class="tick" x="{_LEFT + k * across:.1f}" y="{base + 18}" '
            f'text-anchor="middle">{_number(float(edges[k]))}</text>'
        )
    return "".join(drawn)


def _number(value: float) -> str:
    """A number for an axis, as short as it can be."""
    text = f"{value:,.0f}" if abs(value) >= _LARGE or value == int(value) else f"{value:.3g}"
    return "0" if text in ("-0", "0") else text.replace("-", "\u2212")


def _chart(inside: str, label: str, height: int = _HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{inside}</svg>"
    )
