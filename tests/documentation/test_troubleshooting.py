"""Whatever Omega refuses, reports or raises has a place on the page of remedies."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys

import omega
from omega import errors, notices
from omega.importing import _findings
from omega.remedies import explained, remedies
from tests.documentation.blocks import TOP

sys.path.insert(0, str(TOP / "docs"))

from omega_site import tables

PAGE = "".join(
    tables.made((TOP / f"docs/guides/{name}.md").read_text(encoding="utf-8"))
    for name in ("troubleshooting", "importing-data", "portfolios")
)


def places(kind: str) -> set[str]:
    """Return the names that have a place of their own, such as `{#reject-margin}`."""
    return set(re.findall(rf"\{{#{kind}-(\w+)\}}", PAGE))


def subclasses(kind: type[BaseException]) -> set[str]:
    found = {kind.__name__}
    for below in kind.__subclasses__():
        found |= subclasses(below)
    return found


def test_every_reason_of_a_refusal_has_its_remedy() -> None:
    source = (TOP / "rust/omega_core/src/execution/order.rs").read_text(encoding="utf-8")
    names = source.split("impl RejectReason")[1].split("\n}\n")[0]
    reasons = set(re.findall(r'Self::\w+ => "(\w+)"', names))
    assert len(reasons) > 15
    assert places("reject") == reasons


def test_every_kind_of_notice_has_its_remedy() -> None:
    assert places("notice") == {*notices.KINDS}


def test_every_kind_of_finding_has_its_remedy() -> None:
    assert places("finding") == {*_findings.WORST_FIRST}


def test_every_error_has_its_remedy() -> None:
    for module in pkgutil.walk_packages(omega.__path__, "omega."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    raised = {name for name in subclasses(errors.OmegaError) if name[0] != "_"}
    assert places("error") == raised | {*errors.__all__}


def test_the_page_has_what_a_terminal_shows() -> None:
    assert {f"{kind}-{name}" for kind in tables.HEADS for name in places(kind)} == {*remedies()}


def test_every_error_that_is_raised_names_an_entry() -> None:
    kinds = [errors.OmegaError]
    for kind in kinds:
        kinds += [below for below in kind.__subclasses__() if below.__module__.startswith("omega.")]
    assert len(kinds) > 15
    for kind in kinds:
        [note] = kind("what, where, why").__notes__
        assert explained(note.removeprefix("What to do: omega explain "))
