"""Small still charts as SVG, coloured by the style sheet of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from omega.report._numbers import marks, minus, step_of

_WIDTH, _HEIGHT = 520, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 8, 10, 28
_BINS = 41
_WIDE_LEFT = 88
_LETTER = 10.5  # the width of a digit on a telephone


def histogram(values: NDArray[np.float64], unit: str) -> str:
    """Draw how often each size occurs; the outermost bars hold all beyond them.

    Example:
        >>> histogram(np.array([-1.0, 2.0, 2.0]), "R").count('<title>')
        2
    """
    low, high = _reach(values)
    width = step_of(low, high, _BINS)
    begin, end = np.floor(low / width), np.ceil(high / width)
    edges = np.arange(begin, end + 1) * width
    if len(edges) < 2:  # noqa: PLR2004 - a bar has two edges
        edges = np.array([edges[0], edges[0] + width])
    clipped = np.clip(values, edges[0], np.nextafter(edges[-1], edges[0]))
    counts = np.histogram(clipped, edges)[0]
    top = max(int(counts.max()), 1)
    across = (_WIDTH - _LEFT - _RIGHT) / len(counts)
    digits = max(0, -int(np.floor(np.log10(width) + 1e-9)))
    texts = [minus(f"{edge:,.{digits}f}") for edge in edges.tolist()]
    bars = []
    for k, count in enumerate(counts.tolist()):
        if not count:
            continue
        tall = (_HEIGHT - _TOP - _BOTTOM) * count / top
        kind = "win" if edges[k] >= -width / 1e6 else "loss"
        bars.append(
            f'<rect class="bar {kind}" x="{_LEFT + k * across:.1f}" '
            f'y="{_HEIGHT - _BOTTOM - tall:.1f}" width="{max(across - 1, 0.5):.1f}" '
            f'height="{tall:.1f}"><title>{texts[k]} to {texts[k + 1]} {unit}: '
            f"{count:,}</title></rect>"
        )
    return chart("".join([_upward(top), _across(edges), *bars]), f"Distribution in {unit}")


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
    return chart(
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
        (_WIDTH, 100),
    )


def _standing(x: float, top: float, bottom: float) -> str:
    return f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'


def columns(rows: Sequence[tuple[str, float, str]], label: str) -> str:
    """Draw amounts as columns above and below zero, side by side.

    Example:
        >>> columns([("09", 3.0, "3.00"), ("10", -1.0, "-1.00")], "By hour").count("<rect")
        2
    """
    if not rows:
        return ""
    values = [value for _, value, _ in rows]
    low, high = min(0.0, *values), max(0.0, *values)
    if high <= low:
        high = low + 1.0
    room = _HEIGHT - _TOP - _BOTTOM
    per, zero = room / (high - low), _TOP + room * high / (high - low)
    across = (_WIDTH - _WIDE_LEFT - _RIGHT) / len(rows)
    every = max(round(24 / across + 0.49), 1)
    drawn = []
    for mark, text in marks(low, high, 5):
        y = zero - mark * per
        drawn.append(
            f'<line class="rule" x1="{_WIDE_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" '
            f'y2="{y:.1f}"/>{tick(_WIDE_LEFT - 6, y + 4, text, "end")}'
        )
    for k, (name, value, text) in enumerate(rows):
        tall = abs(value) * per
        top = zero - tall if value >= 0 else zero
        kind = "loss" if value < 0 else "win"
        x = _WIDE_LEFT + k * across
        drawn.append(
            f'<rect class="bar {kind}" x="{x + across * 0.1:.1f}" y="{top:.1f}" '
            f'width="{across * 0.8:.1f}" height="{max(tall, 0.5):.1f}"><title>{escape(name)}: '
            f"{escape(text)}</title></rect>"
        )
        if k % every == 0:
            drawn.append(tick(x + across / 2, _HEIGHT - _BOTTOM + 18, name, "middle"))
    drawn.append(
        f'<line class="axis" x1="{_WIDE_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{zero:.1f}" '
        f'y2="{zero:.1f}"/>'
    )
    return chart("".join(drawn), label)


def _reach(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = (float(value) for value in np.quantile(values, [0.005, 0.995]))
    if high - low <= 0.0:
        spread = max(abs(low), 1.0) * 0.5
        return low - spread, high + spread
    return min(low, 0.0), max(high, 0.0)


def _upward(top: int) -> str:
    drawn = []
    for count, _ in marks(0.0, float(top), 6):
        if count != int(count) or count == 0:
            continue
        y = _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * count / top
        drawn.append(
            f'<line class="rule" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f"{tick(_LEFT - 6, y + 4, f'{count:,.0f}', 'end')}"
        )
    return "".join(drawn)


def _across(edges: NDArray[np.float64]) -> str:
    low, high = float(edges[0]), float(edges[-1])
    per = (_WIDTH - _LEFT - _RIGHT) / (high - low)
    base = _HEIGHT - _BOTTOM
    drawn = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    for value, text in marks(low, high, 7):
        x = _LEFT + (value - low) * per
        half = _LETTER * len(text) / 2
        # A label at an end is moved in, so that none of it is cut.
        inside = min(max(x, half + 1), _WIDTH - half - 1)
        drawn.append(tick(inside, base + 18, text, "middle"))
    return "".join(drawn)


def tick(x: float, y: float, text: str, anchor: str) -> str:
    """Return the text of a mark of an axis.

    Example:
        >>> tick(1.0, 2.0, "<", "end")
        '<text class="tick" x="1.0" y="2.0" text-anchor="end">&lt;</text>'
    """
    return (
        f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def chart(inside: str, label: str, size: tuple[int, int] = (_WIDTH, _HEIGHT)) -> str:
    """Return a picture with its description.

    Example:
        >>> chart("", "Costs", (2, 1))
        '<svg viewBox="0 0 2 1" role="img" aria-label="Costs"></svg>'
    """
    return (
        f'<svg viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{escape(label)}">'
        f"{inside}</svg>"
    )
