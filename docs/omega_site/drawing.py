"""A sheet to draw on: shapes by their place, and SVG text at the end.

The classes of the shapes are those of `docs/_static/omega.css`, which gives them the colours of the
page. A sheet is 480 wide, so that its text can be read on a phone as well.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

WIDTH = 480.0


class Sheet:
    """A drawing of a height; y grows downwards."""

    def __init__(self, height: float) -> None:
        self.height = height
        self.shapes: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        kind: str = "",
        size: int = 13,
    ) -> None:
        """Write a line of text, from x on, around it ("middle") or up to it ("end")."""
        text = re.sub(r"(?<!\w)-(?=\d)", "\u2212", text)
        self.shapes.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="{kind}" '
            f'style="font-size:{size}px">{html.escape(text)}</text>'
        )

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        kind: str = "line",
        dash: str = "",
    ) -> None:
        """Draw a straight line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.shapes.append(
            f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{end[0]:g}" y2="{end[1]:g}" '
            f'class="{kind}"{dashed}/>'
        )

    def arrow(
        self, start: tuple[float, float], end: tuple[float, float], kind: str = "strong"
    ) -> None:
        """Draw a line with a head at its end."""
        self.shapes.append(
            f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{end[0]:g}" y2="{end[1]:g}" '
            f'class="{kind}" marker-end="url(#head)"/>'
        )

    def path(self, points: Sequence[tuple[float, float]], kind: str = "accent") -> None:
        """Draw a line through points."""
        placed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.shapes.append(f'<polyline points="{placed}" class="{kind}"/>')

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        kind: str = "shade",
        *,
        opacity: float = 1,
    ) -> None:
        """Draw a rectangle."""
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="3" '
            f'class="{kind}" fill-opacity="{opacity:.2f}"/>'
        )

    def dot(self, x: float, y: float, kind: str = "up") -> None:
        """Mark a place."""
        self.shapes.append(f'<circle cx="{x:g}" cy="{y:.1f}" r="4.5" class="{kind}"/>')

    def svg(self, label: str) -> str:
        """Return the whole drawing; the label is what a screen reader reads out."""
        head = (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" '
            'class="quiet"/></marker></defs>'
        )
        return (
            f'<svg viewBox="0 0 {WIDTH:g} {self.height:g}" role="img" aria-label="{label}" '
            f'xmlns="http://www.w3.org/2000/svg">{head}{"".join(self.shapes)}</svg>'
        )


class Scale:
    """Turns prices into places on a sheet: the highest one is at the top."""

    def __init__(self, low: float, high: float, top: float, bottom: float) -> None:
        self.low, self.high, self.top, self.bottom = low, high, top, bottom

    def __call__(self, price: float) -> float:
        """Return the y of a price."""
        share = (price - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


def candle(
    sheet: Sheet, y: Scale, x: float, prices: Sequence[float], *, width: float = 22, kind: str = ""
) -> None:
    """Draw a candle around x from its open, high, low and close."""
    opened, high, low, close = prices
    shown = kind or ("up" if close >= opened else "down")
    top, height = y(max(opened, close)), abs(y(opened) - y(close))
    sheet.line((x, y(high)), (x, top), "strong")
    sheet.line((x, top + height), (x, y(low)), "strong")
    sheet.box(x - width / 2, top, width, max(height, 1.5), shown, opacity=0.55)
