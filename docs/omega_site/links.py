"""Links that leave `docs/`: files of the repository become pages of the site, under `code/`.

A test or a program that a page links to is shown with its lines, and a link to one test leads to
the line where it begins. A folder has no page, so that its path is printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

TOP = Path(__file__).resolve().parents[2]
FOLDERS = "tests|rust|examples|data|benchmarks|python"
OUTSIDE = re.compile(
    rf"\[([^\]]+)\]\((?:(?:\.\./)+|/)?(?!examples/\w+\.md)"
    rf"((?:{FOLDERS})/[^)#]*|CITATION\.cff|LICENSE)(?:#([\w-]+))?\)"
)
"""A page of `docs/examples/` is none of the folder `examples/`."""
PAGES = ("docs/**/*.md", "tests/scenarios/*.md", "tests/README.md", "README.md", "CONTRIBUTING.md")


def inside(text: str, page: str) -> str:
    """Return the text of a page with links that a reader of the site can follow."""
    text = re.sub(r"\]\((?:\.\./)+tests/scenarios/([\w]+\.md)", r"](/scenarios/\1", text)
    text = text.replace("](/scenarios/README.md", "](/scenarios/index.md")
    up = "../" * page.count("/")
    return OUTSIDE.sub(lambda found: _link(found, up), text)


def _link(found: re.Match[str], up: str) -> str:
    shown, path, anchor = found[1], found[2].rstrip("/"), found[3]
    if not (TOP / path).is_file():
        return shown if path in shown else f"{shown} (`{path}`)"
    place = f"#l-{_line_of(path, anchor)}" if anchor else ""
    return f'<a class="code-link" title="{path}" href="{up}code/{path}.html{place}">{shown}</a>'


@cache
def _lines(path: str) -> list[str]:
    return (TOP / path).read_text(encoding="utf-8").splitlines()


def _line_of(path: str, name: str) -> int:
    """Return the line in which a test or function of that name begins; else the first."""
    begin = re.compile(rf"\s*(?:async )?(?:def|class|fn) {re.escape(name)}\b")
    return next((at for at, line in enumerate(_lines(path), 1) if begin.match(line)), 1)


def linked_files() -> list[str]:
    """Return the files that a page links to."""
    found = set()
    for pattern in PAGES:
        for page in TOP.glob(pattern):
            for match in OUTSIDE.finditer(page.read_text(encoding="utf-8")):
                found.add(match[2].rstrip("/"))
    return sorted(path for path in found if (TOP / path).is_file())


def code_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield a page for each file that is linked to."""
    del app
    for path in linked_files():
        text = (TOP / path).read_text(encoding="utf-8")
        try:
            lexer = get_lexer_for_filename(path)
        except ClassNotFound:
            lexer = TextLexer()
        shown = highlight(text, lexer, HtmlFormatter(lineanchors="l", cssclass="highlight"))
        body = f"<h1>{path}</h1>\n<p>A file of the repository, as this version has it.</p>\n{shown}"
        yield f"code/{path}", {"title": path, "body": body, "parents": []}, "page.html"


def share_sidebar(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Make the sidebar of titles alone, and once for all code pages of a depth.

    Sphinx copies every section of every page for it, and throws all but the titles away; no entry
    of a code page's sidebar is the page at hand.
    """
    del template, doctree
    made = context["toctree"]
    whole = app.env.tocs

    def toctree(**words: Any) -> str:  # noqa: ANN401 - of the theme
        depth = page.count("/") if page.startswith("code/") else page
        key = (depth, *sorted(words.items()))
        if key not in _SIDEBARS:
            app.env.tocs = _titles(whole) if words.get("titles_only") else whole
            try:
                _SIDEBARS[key] = made(**words)
            finally:
                app.env.tocs = whole
        return _SIDEBARS[key]

    context["toctree"] = toctree


def _titles(tocs: dict[str, nodes.bullet_list]) -> dict[str, nodes.bullet_list]:
    """Return the contents of each page without its sections, as `titles_only` leaves them."""
    for page in tocs.keys() - _TITLES.keys():
        _TITLES[page] = shown = tocs[page].deepcopy()
        for item in shown.children:
            if len(item) > 1:
                item[1][:] = list(item.findall(addnodes.toctree))
                if not item[1]:
                    item.pop(1)
    return _TITLES


_SIDEBARS: dict[tuple[object, ...], str] = {}
_TITLES: dict[str, nodes.bullet_list] = {}
