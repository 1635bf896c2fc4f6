"""What search engines, readers of links and language models need: descriptions and `llms.txt`."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LONGEST = 160
SECOND_ROW = ("scenarios/", "decisions/", "code/")


class English(SearchEnglish):
    """Stems a word once for all pages, and not for each that has it."""

    def stem(self, word: str) -> str:
        """Return what words of one meaning have in common."""
        if word not in _STEMS:
            _STEMS[word] = super().stem(word)
        return _STEMS[word]


_STEMS: dict[str, str] = {}


def description_of(doctree: nodes.document) -> str:
    """Return the first paragraph of a page, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = re.sub(r"\s+", " ", paragraph.astext()).strip()
        if text:
            return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0] + " …"
    return ""


def add_description(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put the description into the head of the page."""
    del template
    if doctree is None:
        return
    text = description_of(doctree)
    if text and 'name="description"' not in context.get("metatags", ""):
        tag = f'<meta name="description" content="{html.escape(text, quote=True)}" />'
        context["metatags"] = context.get("metatags", "") + tag
    app.env.metadata[page]["description"] = text


def write_llms(app: Sphinx, problem: Exception | None) -> None:
    """Write `llms.txt`: every page with its title and its description."""
    if problem is not None or app.builder.name != "html":
        return
    titles, metadata = app.env.titles, app.env.metadata
    pages = sorted(titles, key=lambda page: (page.startswith(SECOND_ROW), page))
    lines = [
        f"- [{titles[page].astext()}]({page}.html): {metadata[page].get('description', '')}"
        for page in pages
    ]
    head = f"# {app.config.project} {app.config.release}\n\n> {metadata['index']['description']}\n"
    text = "\n".join([head, "## Pages", "", *lines, ""])
    (Path(app.outdir) / "llms.txt").write_text(text, encoding="utf-8")
