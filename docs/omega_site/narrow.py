"""Tables on a phone: the cells of a row lie one below the other where they do not fit side by side.

A table of words gets a class for that, and the names of its columns, which the style sheet writes
before each cell. Tables of numbers scroll in their place, since a column is read downwards.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

TABLE = re.compile(r'<table class="([^"]*)">(.*?)</table>', re.DOTALL)
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
OWN = re.compile(r'<tr class="(row-\w+)">(?=\s*<td><p>Omega)')
LEAST_COLUMNS, MOST_COLUMNS = 3, 4
LONG = 36
"""Letters of a cell that is words, and no number or name."""


def stack_tables(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """Let the cells of wide tables of words lie one below the other on a phone."""
    del app, template, tree
    if "body" in context:
        context["body"] = TABLE.sub(stacked, context["body"])
    if page == "benchmarks":  # Omega's own rows stand out among those of the others
        context["body"] = OWN.sub(r'<tr class="\1 own">', context["body"])


def stacked(found: re.Match[str]) -> str:
    """Return a table with the names of its columns, if it is one of words."""
    head, _, body = found[2].partition("</thead>")
    names = [_text(cell) for cell in CELL.findall(head)]
    cells = [_text(cell) for cell in CELL.findall(body)]
    if not LEAST_COLUMNS <= len(names) <= MOST_COLUMNS or max(map(len, cells), default=0) < LONG:
        return found[0]
    style = ";".join(f'--column-{at}:"{name}"' for at, name in enumerate(names, 1) if name)
    return f'<table class="{found[1]} stacked" style="{escape(style)}">{found[2]}</table>'


def _text(cell: str) -> str:
    words = unescape(re.sub(r"<[^>]+>", "", cell))
    return " ".join(words.split()).replace('"', "'").replace("\\", "")
