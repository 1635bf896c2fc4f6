"""Building blocks of all pages: header, sections, tables, figures and notices.

Every text is escaped here, so that pages of other parts of the package need not think of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from omega.notices import LABELS, Notice, to_explain
from omega.remedies import SITE
from omega.report._numbers import minus

FOOTER = (
    "<footer>Made by Omega, with "
    f'<a href="{SITE}/page/concepts/assumptions-and-limits.html" rel="noreferrer">assumptions</a>. '
    "Charts by "
    '<a href="https://www.tradingview.com/" rel="noreferrer">TradingView</a> Lightweight Charts, '
    "Copyright 2026 TradingView, Inc., Apache License 2.0.</footer>"
)
PLAIN_FOOTER = "<footer>Made by Omega.</footer>"
SWITCH = (
    '<button type="button" id="theme" class="switch" aria-pressed="false">'
    '<span aria-hidden="true">\u25d0</span> Dark</button>'
)

Row = tuple[str, Sequence[str]]
"""What a line of a table is of, and its cells."""


def header(title: str, line: str = "", *, links: Sequence[tuple[str, str]] = ()) -> str:
    """Return the top of a page: its title, a line below it, the switch, and links to its parts.

    Example:
        >>> "<h1>A &amp; B</h1>" in header("A & B")
        True
    """
    # Where the line is broken, it is between its parts.
    told = " ".join(f"<span>{escape(part)}</span>" for part in re.split(r"(?<= ·) ", line))
    below = f"<p>{told}</p>" if line else ""
    parts = "".join(f'<a href="#{anchor}">{escape(text)}</a>' for anchor, text in links)
    menu = f'<nav aria-label="Sections">{parts}</nav>' if parts else ""
    return f"<header><div><h1>{escape(title)}</h1>{below}</div>{SWITCH}</header>{menu}"


def body(top: str, sections: Iterable[str], footer: str = PLAIN_FOOTER) -> str:
    """Put the parts of a page together; those that are not wide stand in two columns.

    Example:
        >>> body("", [section("A", "", "wide"), section("B", "")]).count('<div class="halves">')
        1
    """
    inside = ""
    for is_half, parts in groupby(sections, key=_is_half):
        joined = "".join(parts)
        inside += f'<div class="halves">{joined}</div>' if is_half else joined
    return f"{top}<main>{inside}</main>{footer}"


def _is_half(part: str) -> bool:
    return part.startswith("<section") and not part.startswith('<section class="wide')


def section(title: str, inside: str, kind: str = "", *, anchor: str = "") -> str:
    """Return a part of a page under a heading; `kind` "wide" takes the whole width.

    Example:
        >>> section("Costs", "<p>none</p>")
        '<section><h2>Costs</h2><p>none</p></section>'
    """
    attributes = (f' class="{kind}"' if kind else "") + (f' id="{anchor}"' if anchor else "")
    return f"<section{attributes}><h2>{escape(title)}</h2>{inside}</section>"


def table(
    head: Sequence[str],
    rows: Sequence[Row],
    *,
    caption: str = "",
    first: str = "",
    kind: str = "",
    raw_head: bool = False,
    sizes: Sequence[float] = (),
) -> str:
    """Return a table whose first column names its lines.

    Args:
        head: The headings of the other columns.
        rows: What each line is of, and its cells; a minus is written as typographers do.
        caption: What it shows, for those who see it and those who hear it.
        first: The heading of the first column.
        kind: "tall" scrolls where there are many lines, "texts" aligns cells to the left.
        raw_head: The headings are HTML already.
        sizes: Amounts to draw as bars, one for each line, beside its name.

    Example:
        >>> table(["Net"], [("long", ["-1.00"])]).count("<td>\u22121.00</td>")
        1
    """
    names = head if raw_head else [escape(name) for name in head]
    corner = f'<th scope="col">{escape(first)}</th>' if first else "<td></td>"
    corner += "<td></td>" * bool(sizes)
    top = "".join(f'<th scope="col">{name}</th>' for name in names)
    above = f"<thead><tr>{corner}{top}</tr></thead>" if head else ""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{bar}'
        f"{''.join(f'<td>{escape(minus(text))}</td>' for text in cells)}</tr>"
        for (name, cells), bar in zip(rows, _bars(sizes) or [""] * len(rows), strict=True)
    )
    kind = kind if len(rows) > _SHORT else kind.replace("tall", "")
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll {kind}"{_FOCUS}{_label(caption)}><table class="plain">{named}'
        f"{above}<tbody>{lines}</tbody></table></div>"
    )


def _bars(sizes: Sequence[float]) -> list[str]:
    """Cells with bars to the left and the right of zero, which is at one place in all of them."""
    known = [size if math.isfinite(size) else 0.0 for size in sizes]
    low, high = min([0.0, *known]), max([0.0, *known])
    per = 100 / ((high - low) or 1.0)
    return [
        f'<td class="sized"><span style="--zero:{-low * per:.1f}%"><i class="bar '
        f'{"loss" if size < 0 else "win"}" style="left:{(min(size, 0.0) - low) * per:.1f}%;'
        f'width:{abs(size) * per:.1f}%"{"" if size else " hidden"}></i></span></td>'
        for size in known
    ]


_SHORT = 14
"""Lines of a table that are shown without scrolling."""
_FOCUS = ' tabindex="0" role="group"'
"""What scrolls can be reached and scrolled by keys."""


def _label(caption: str) -> str:
    return f' aria-label="{escape(caption or "Table")}"'


def figures(cells: Sequence[tuple[str, str, str]]) -> str:
    """Return large numbers side by side: name, text, and further attributes of the text.

    Example:
        >>> figures([("Trades", "3", "")])
        '<dl class="figures"><div><dt>Trades</dt><dd>3</dd></div></dl>'
    """
    drawn = (
        f"<div><dt>{escape(name)}</dt><dd{more}>{escape(minus(text))}</dd></div>"
        for name, text, more in cells
    )
    return f'<dl class="figures">{"".join(drawn)}</dl>'


def notice(one: Notice) -> str:
    """Return a notice as a line that stands out, with the command that explains it.

    Example:
        >>> notice(Notice("info", "mine", "prices were cast"))
        '<p class="notice" data-level="info"><b>Notice</b> prices were cast</p>'
    """
    command = to_explain([one])
    more = f" <code>{command}</code>" if command else ""
    said = re.sub(r"(?<=\s)-(?=\d)", "\u2212", one.text)
    text = f"<b>{LABELS[one.level]}</b> {escape(said)}{more}"
    return f'<p class="notice" data-level="{one.level}">{text}</p>'


def hint(text: str) -> str:
    """Return a line of small print; nothing where there is no text.

    Example:
        >>> hint("")
        ''
    """
    return f'<p class="hint">{escape(text)}</p>' if text else ""


def none(text: str) -> str:
    """Return the line for where there is nothing to show.

    Example:
        >>> none("No trade.")
        '<p class="none">No trade.</p>'
    """
    return f'<p class="none">{escape(text)}</p>'


def curves(name: str, label: str, *, height: int = 300) -> str:
    """Return the place of curves that a script draws once they are in view.

    Args:
        name: Under which name the description of the page has them.
        label: What they show, for those who do not see them.
        height: Pixels.

    Example:
        >>> 'data-curves="rolling"' in curves("rolling", "Rolling Sharpe ratio")
        True
    """
    return (
        f'<div class="tools keys" data-keys="{name}"></div>'
        f'<div class="curves" id="{name}" data-curves="{name}" role="img" '
        f'aria-label="{escape(label)}" style="height:{height}px"></div>'
    )
