"""What each refused order, notice, error and finding means, and what to do about it.

`omega explain` prints it.

`remedies.toml` has the words, from which the pages of the documentation are made as well.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from omega.config.values import closest
from omega.errors import ConfigError

KINDS = {
    "reject": "a refused or cancelled order",
    "notice": "a notice",
    "error": "an error",
    "weight": "why a target weight was not reached",
    "finding": "a finding of an import",
}
"""What there are entries of, by the first part of their anchors."""

PAGES = {"finding": "guides/importing-data.html", "weight": "guides/portfolios.html"}
"""Where the documentation has the entries of a kind; else in troubleshooting."""

SITE = "https://omega-backtest.readthedocs.io"
"""The documentation of the package; below `/page/` its pages in their newest version."""

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@dataclass(frozen=True, slots=True)
class Remedy:
    """One entry.

    Attributes:
        kind: "reject", "notice", "error", "weight" or "finding".
        name: The reason, the kind of the notice or finding, or the class of the error.
        what: What it means, in Markdown.
        do: What to do, in Markdown.

    Example:
        >>> remedies()["reject-margin"].anchor
        'reject-margin'
    """

    kind: str
    name: str
    what: str
    do: str

    @property
    def anchor(self) -> str:
        """Where the page of the documentation has it."""
        return f"{self.kind}-{self.name}"

    def __str__(self) -> str:
        """The entry as a person reads it on a terminal."""
        return (
            f"{self.name}: {KINDS[self.kind]}\n"
            f"  means   {_without_links(self.what)}\n"
            f"  to do   {_without_links(self.do)}\n"
            f"  page    {SITE}/page/"
            f"{PAGES.get(self.kind, 'guides/troubleshooting.html')}#{self.anchor}"
        )


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1", text)


@cache
def remedies() -> dict[str, Remedy]:
    """Return every entry, by its anchor.

    Example:
        >>> remedies()["error-NeedsOneBar"].do
        '`self.z[-1] < -2`'
    """
    text = files("omega").joinpath("remedies.toml").read_text(encoding="utf-8")
    return {
        f"{kind}-{name}": Remedy(kind, name, **words)
        for kind, entries in tomllib.loads(text).items()
        for name, words in entries.items()
    }


def explained(word: str) -> list[Remedy]:
    """Return the entries of a name or an anchor; a reason and a notice may share a name.

    Args:
        word: Such as "margin", "ConfigError" or "notice-stale"; case does not matter.

    Raises:
        ConfigError: There is no such entry.

    Example:
        >>> [one.anchor for one in explained("stale")]
        ['reject-stale', 'notice-stale']
    """
    wanted = word.removeprefix("omega.").removeprefix("errors.").lower()
    found = [one for one in remedies().values() if wanted in (one.name.lower(), one.anchor.lower())]
    if not found:
        near = closest(wanted, {one.name for one in remedies().values()})
        hint = (
            f"Did you mean {near!r}?"
            if near
            else "'omega explain' alone lists all names; "
            f"{SITE}/page/project/help.html has a glossary."
        )
        raise ConfigError(f"explain: given {word!r}, which has no entry. {hint}")
    return found
