"""What a notebook shows of a value: text as it is printed, and small tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from omega.errors import printable


class Shown(str):
    """A text that a notebook shows as it is printed, and not in quotes on one line.

    Example:
        >>> Shown("Return   1.50 %")
        Return   1.50 %
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> str:
    """Make a table in the colours of the page around it, light or dark.

    Args:
        title: Text above it.
        head: Names of the columns.
        rows: Their cells.
        note: Text below it.

    Example:
        >>> table("Candles", ["symbol"], [["<b>"]]).count("&lt;b&gt;")
        1
    """
    line = "border-bottom:1px solid color-mix(in srgb, currentColor 20%, transparent)"
    names = "".join(
        f'<th style="text-align:right;padding:3px 10px;{line}">{_text(one)}</th>' for one in head
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:right;padding:3px 10px;{line}">{_text(one)}</td>' for one in row
        )
        + "</tr>"
        for row in rows
    )
    below = f'<div style="opacity:.75">{_text(note)}</div>' if note else ""
    return (
        '<div style="font-family:sans-serif;font-size:13px;color:inherit;overflow-x:auto">'
        f"<div><b>{_text(title)}</b></div>"
        f'<table style="border-collapse:collapse;color:inherit"><thead><tr>{names}</tr></thead>'
        f"<tbody>{body}</tbody></table>{below}</div>"
    )


def _text(text: str) -> str:
    return escape(printable(text))
