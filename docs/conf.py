"""How Sphinx builds the documentation: `make docs`, warnings as errors.

What this adds to Sphinx: the README as front page, links that leave `docs/`, targets for rules,
docstrings of the native classes from their stub, and names in docstrings that become links where
they are Omega's.
"""

from __future__ import annotations

import ast
import gc
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.roles import XRefRole

import omega

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "docs"))

from omega_site import (  # noqa: E402 - found by the line above
    gallery,
    links,
    narrow,
    pictures,
    rules,
    search,
    tables,
    versions,
)

gc.set_threshold(50_000, 5, 5)  # to look for garbage among all nodes took a quarter of a build

project = "Omega"
author = "The authors of Omega"
release = version = version_of("omega-backtest")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["conf.py", "omega_site", "_templates"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["omega.css"]
html_favicon = "_static/omega.svg"
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/version.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_search_scorer = str(TOP / "docs/_static/scorer.js")
html_title = f"Omega {release}"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_domain_indices = False  # an index of modules shows less than the reference

nitpicky = True
default_role = "omega"  # `Bar` in a docstring is a link where it is a name of Omega's
pygments_style = "a11y-high-contrast-light"  # each colour has a contrast of 7 or more
pygments_dark_style = "a11y-high-contrast-dark"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
highlight_language = "none"  # a block names what it is

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "colon_fence"]

python_maximum_signature_line_length = 80  # of a longer one each argument has its own line
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # attributes of a value are a list, not entries of their own
napoleon_use_admonition_for_examples = False


def front_page(text: str) -> str:
    """Return the README as a page of this folder."""
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    readme = readme.replace("](docs/", "](").replace("](CHANGELOG.md", "](changelog.md")
    readme = readme.replace("](CONTRIBUTING.md", "](contributing.md")
    return text.replace("<!-- README.md -->", readme)


FIRST_GUIDES = (
    "strategies",
    "orders",
    "sizing-and-margin",
    "costs",
    "instruments-by-market",
    "several-symbols",
    "days-and-sessions",
    "corporate-actions",
    "portfolios",
    "rolled-futures",
    "capacity",
    "own-indicators-and-models",
    "sweeps",
    "walk-forward",
    "how-much-is-luck",
    "comparing",
    "speed",
    "clusters",
    "notebooks",
    "command-line",
    "compiled",
    "rust-strategy",
    "troubleshooting",
)
"""Guides in the order of the sidebar, as far as they are there; any other one comes after them."""
COOKBOOK = ("orders-and-exits", "sizing-and-risk", "time-and-sessions", "data-and-models")
ELSEWHERE = ("importing-data", "reading-results", "look-ahead", "second-version", "migration")
"""Guides that stand in another part of the sidebar, as do those for users of other engines."""


def pages_of(folder: str, first: Sequence[str] = (), but: Sequence[str] = ()) -> str:
    """Return the entries of a folder's pages that are there: those with a place come first."""
    there = {page.stem for page in (TOP / "docs" / folder).glob("*.md")} - {"index", *but}
    placed = [name for name in first if name in there]
    return "\n".join(f"{folder}/{name}" for name in [*placed, *sorted(there - {*placed})])


def listed(text: str) -> str:
    """Fill the lists of pages in the sidebar."""
    switching = [page.stem for page in (TOP / "docs/guides").glob("coming-from-*.md")]
    text = text.replace(
        "<!-- guides -->", pages_of("guides", FIRST_GUIDES, [*ELSEWHERE, *switching])
    )
    text = text.replace("<!-- cookbook -->", pages_of("cookbook", COOKBOOK))
    return text.replace(
        "<!-- switching -->", "\n".join(f"guides/{name}" for name in sorted(switching))
    )


def unnamed_in_reference() -> list[str]:
    """Return the public names that no page of the reference names, so that none is left out."""
    pages = [page.read_text(encoding="utf-8") for page in (TOP / "docs/reference").glob("*.md")]
    named = set(re.findall(r"^\.\. auto\w+:: omega\.(\w+)", "\n".join(pages), re.MULTILINE))
    whole = {f"omega.{name}" for name in named if name.islower()}  # modules with all they have
    return [
        name
        for name in omega.__all__
        if name not in {*named, "__version__"}
        and getattr(getattr(omega, name), "__module__", None) not in whole
    ]


def rest_of_the_reference(text: str) -> str:
    """Fill the page of the names that have no page of their own."""
    directives = []
    for name in unnamed_in_reference():
        found = getattr(omega, name)
        is_module = isinstance(found, ModuleType)
        kind = "module" if is_module else "class" if isinstance(found, type) else "function"
        members = "" if kind == "function" else "   :members:\n"
        directives.append(f".. auto{kind}:: omega.{name}\n{members}")
    listed = "\n".join(directives) or "Every name has a page of its own."
    return text.replace("<!-- the rest -->", f"```{{eval-rst}}\n{listed}\n```")


def read_source(app: Sphinx, page: str, source: list[str]) -> None:
    """Change a page between its file and the parser."""
    del app
    text = source[0]
    if page == "index":
        text = listed(front_page(text))
    if page == "reference/rest":
        text = rest_of_the_reference(text)
    if page in {"reference/rules", "concepts/execution"}:
        text = rules.targets(text)
    source[0] = links.inside(tables.made(text), page)


def include_source(app: Sphinx, path: Path, page: str, content: list[str]) -> None:
    """Change a file that a page includes."""
    del app, path
    content[0] = links.inside(content[0].replace("](docs/", "](/"), page)


def native_docs() -> dict[str, str]:
    """Read the docstrings of the native classes from their stub, which is where they stand."""
    stub = ast.parse((TOP / "python/omega/_core.pyi").read_text(encoding="utf-8"))
    found = {}
    for item in stub.body:
        if isinstance(item, (ast.ClassDef, ast.FunctionDef)):
            found[item.name] = ast.get_docstring(item) or ""
        if isinstance(item, ast.ClassDef):
            for member in item.body:
                if isinstance(member, ast.FunctionDef):
                    found[f"{item.name}.{member.name}"] = ast.get_docstring(member) or ""
    return found


NATIVE = native_docs()


def process_docstring(  # noqa: PLR0917 - the arguments of the event
    app: Sphinx, kind: str, name: str, documented: object, options: object, lines: list[str]
) -> None:
    """Return native classes and their members the docstrings of the stub."""
    del app, kind, options
    short = name.removeprefix("omega.").removeprefix("_core.")
    # What a class inherits from a native one, such as `Strategy.position`.
    home = getattr(documented, "__objclass__", None)
    if home is not None and home.__module__ == "omega._core":
        short = f"{home.__name__}.{documented.__name__}"
    if NATIVE.get(short):
        lines[:] = NATIVE[short].splitlines()


def resolve(
    app: Sphinx, environment: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> nodes.Element | None:
    """Link Omega's own names where they are written short, in types and in docstrings' text.

    A name that is none of Omega's is left as it stands; one that begins with `omega.` and is not
    there is a warning, as everything that leads nowhere.
    """
    if node.get("refdomain") != "py" and node.get("reftype") != "omega":
        return None
    python = environment.domains["py"]
    target = str(node["reftarget"])
    within = node.get("py:class") or ""
    short = target.rpartition(".")[2]
    for name in (target, f"{within}.{target}", f"omega.{target}", f"omega.{short}"):
        if name in python.data["objects"]:
            place = (environment, node["refdoc"], app.builder)
            return python.resolve_xref(*place, "obj", name, node, shown)
    return None if target.startswith("omega.") and target.count(".") == 1 else shown


def setup(app: Sphinx) -> None:
    """Connect the changes above."""
    app.add_role("omega", XRefRole(innernodeclass=nodes.literal))
    app.connect("source-read", read_source)
    app.connect("include-read", include_source)
    # Before the sections of a docstring are read.
    app.connect("autodoc-process-docstring", process_docstring, priority=400)
    app.connect("missing-reference", resolve)
    app.add_transform(rules.LinkRules)
    app.add_directive("picture", pictures.Picture)
    app.add_directive("equity", gallery.Equity)
    app.add_directive("listing", gallery.Listing)
    app.connect("html-collect-pages", links.code_pages)
    # Before the theme makes the sidebar.
    app.connect("html-page-context", links.share_sidebar, priority=400)
    app.connect("html-page-context", search.add_description)
    app.connect("html-page-context", narrow.stack_tables)
    app.connect("html-page-context", versions.add_version)
    app.add_search_language(search.English)
    app.connect("build-finished", search.write_llms)
    app.connect("build-finished", versions.write_versions)
