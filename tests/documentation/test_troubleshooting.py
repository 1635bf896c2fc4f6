"""Whatever Omega refuses, reports or raises has a place on the page of remedies."""

from __future__ import annotations

import importlib
import pkgutil
import re

import omega
from omega import errors, notices
from tests.documentation.blocks import TOP

PAGE = (TOP / "docs/guides/troubleshooting.md").read_text(encoding="utf-8")


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


def test_every_error_has_its_remedy() -> None:
    for module in pkgutil.walk_packages(omega.__path__, "omega."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    raised = {name for name in subclasses(errors.OmegaError) if name[0] != "_"}
    assert places("error") == raised | {*errors.__all__}
