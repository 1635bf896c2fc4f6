"""Which version a site is of, and which others stand beside it.

A site that is built into a folder named as its version, `make docs SITE=out/site/0.2.0`, lists what
is beside it in `versions.json`, one folder up; every site there reads the list and offers it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
NUMBER = re.compile(r"\d+(?:\.\d+)+")


def note(release: str) -> str:
    """Return the changelog's state of a version: when it was released, or that it was not."""
    heading = rf"^## \[?{re.escape(release)}\]?,? *(?:- )?(.*)$"
    found = re.search(heading, CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "not in the changelog"


def is_beside_others(app: Sphinx) -> bool:
    """Return whether the site is built into a folder that has its version as a name."""
    return Path(app.outdir).name == str(app.config.release)


def add_version(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the sidebar what it shows of the version."""
    del page, template, doctree
    context["version_note"] = f"Versions: this one is {note(str(app.config.release))}"
    context["beside_others"] = is_beside_others(app)


def listed(folder: Path) -> list[str]:
    """Return the versions whose sites are in a folder, the newest first."""
    found = [site.parent.name for site in folder.glob("*/index.html")]
    numbers = [name for name in found if NUMBER.fullmatch(name)]
    return sorted(numbers, key=lambda name: [int(part) for part in name.split(".")], reverse=True)


def write_versions(app: Sphinx, problem: Exception | None) -> None:
    """List the sites of a folder, where this one is one of several."""
    if problem is None and app.builder.name == "html" and is_beside_others(app):
        folder = Path(app.outdir).parent
        (folder / "versions.json").write_text(json.dumps(listed(folder)), encoding="utf-8")
