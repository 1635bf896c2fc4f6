"""The documentation builds without a warning, and holds every public name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documentation.blocks import TOP
from tests.documentation.names import public_names


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it as `make docs` does."""
    out = tmp_path_factory.mktemp("site")
    words = ["--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env"]
    command = [sys.executable, "-m", "sphinx", *words, "--builder", "html", "docs", str(out)]
    built = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return out


def test_every_public_name_has_an_entry(site: Path) -> None:
    pages = "".join(page.read_text() for page in (site / "reference").glob("*.html"))
    entries = set(re.findall(r'id="omega\.([\w.]+)"', pages))
    entries |= {entry.partition(".")[2] for entry in entries}  # of a module, as the package has it
    names = {name.path for name in public_names() if name.kind in {"class", "function"}}
    assert {name for name in names if not {name, name.partition(".")[2]} & entries} == set()


def test_every_page_is_reached_from_the_front(site: Path) -> None:
    front = (site / "index.html").read_text()
    pages = {
        page.relative_to(TOP / "docs").with_suffix(".html") for page in TOP.glob("docs/**/*.md")
    }
    reached = set(re.findall(r'href="([^"#]+\.html)', front)) | {"index.html"}
    known = {page.as_posix() for page in pages}
    in_the_second_row = {page for page in known if page.startswith(("reference/", "scenarios/"))}
    assert known - in_the_second_row <= reached


def test_a_rule_leads_to_its_scenario(site: Path) -> None:
    page = (site / "concepts/execution.html").read_text()
    links = re.findall(r'href="\.\./scenarios/(\w+)\.html#([\w-]+)"', page)
    assert len(links) > 100
    for name, anchor in links:
        assert f'id="{anchor}"' in (site / f"scenarios/{name}.html").read_text()
