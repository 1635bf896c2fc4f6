"""Rules: each has a target that its title does not change, and each citation leads to it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

TOP = Path(__file__).resolve().parents[2]
PAGES = ("docs/reference/rules.md", "docs/concepts/execution.md")
HEADING = re.compile(r"^(### ([A-Z]+[\d.]+) )", re.MULTILINE)
RULE = r"\b[A-Z]{1,2}\d+(?:\.\d+)?\b"
CITED = re.compile(
    rf"(?:(?<!\w)\((?:rules? )?|\b[Rr](?:ule|eading)s?\s+){RULE}"
    rf"(?:(?:[,;]| to| and| or)\s+{RULE})*"
    r"|(?<![\w\"'`.:-])(?:F(?!64)|[ILTX]|TF)\d+(?:\.\d+)?(?![\w\"'`-])"
    r"|\b[A-Z]{1,2}\d+\.\d+\b"
)
"""(F2, M4) or rule M4; elsewhere only what begins nothing else, since M5 is a timeframe."""
ELSEWHERE = (
    nodes.literal,
    nodes.literal_block,
    nodes.reference,
    nodes.title,
    nodes.raw,
    addnodes.pending_xref,
    addnodes.desc_signature,
)


def targets(text: str) -> str:
    """Give each rule, and each reading of one, a target that its title does not change: `#f2`."""
    return HEADING.sub(r"(\2)=\n\1", text)


@cache
def printed() -> frozenset[str]:
    """Return the names of all rules and readings."""
    texts = [(TOP / page).read_text(encoding="utf-8") for page in PAGES]
    return frozenset(name for text in texts for _, name in HEADING.findall(text))


class LinkRules(SphinxTransform):
    """Make a link of each rule that a text cites, also in docstrings."""

    default_priority = 700

    def apply(self, **_kwargs: Any) -> None:  # noqa: ANN401 - of docutils
        """Walk the texts that are no code, no title and no link yet."""
        for text in list(self.document.findall(nodes.Text)):
            if any(isinstance(above, ELSEWHERE) for above in _ancestors(text)):
                continue
            parts = self._parts(text.astext())
            if len(parts) > 1:
                text.parent.replace(text, parts)

    def _parts(self, text: str) -> list[nodes.Node]:
        parts: list[nodes.Node] = []
        done = 0
        for cited in CITED.finditer(text):
            for rule in re.finditer(RULE, cited[0]):
                if rule[0] in printed():
                    start = cited.start() + rule.start()
                    parts += [nodes.Text(text[done:start]), self._link(rule[0])]
                    done = start + len(rule[0])
        return [*parts, nodes.Text(text[done:])]

    def _link(self, rule: str) -> nodes.Node:
        link = addnodes.pending_xref(
            "",
            refdomain="std",
            reftype="ref",
            reftarget=rule.lower(),
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        link += nodes.inline("", rule, classes=["rule"])
        return link


def _ancestors(node: nodes.Node) -> list[nodes.Node]:
    found = []
    above = node.parent
    while above is not None:
        found.append(above)
        above = above.parent
    return found
