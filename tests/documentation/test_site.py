"""The documentation builds without a warning, and holds every public name."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import omega
from omega import examples
from omega.examples import NAMES
from tests.documentation.blocks import TOP
from tests.documentation.names import public_names
from tests.support.browser import Tab, browser, found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it as `make docs` does."""
    folder = tmp_path_factory.mktemp("sites")
    (folder / "0.1.0").mkdir()
    (folder / "0.1.0/index.html").write_text("<h1>The version before</h1>", encoding="utf-8")
    out = folder / omega.__version__
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


def test_a_rule_that_a_page_cites_is_a_link_to_it(site: Path) -> None:
    page = (site / "concepts/execution.html").read_text()
    cited = re.findall(
        r'href="\.\./reference/rules\.html#([\w-]+)"><span class="std std-ref">', page
    )
    rules = (site / "reference/rules.html").read_text()
    assert len(cited) > 15
    assert all(f'id="{rule}"' in rules for rule in cited)


def test_a_link_to_a_file_of_the_repository_leads_to_its_lines(site: Path) -> None:
    for page in site.glob("*/*.html"):
        for href in re.findall(r'class="code-link"[^>]*href="([^"]+)"', page.read_text()):
            file, _, line = href.partition("#")
            shown = (page.parent / file).resolve()
            assert shown.is_file(), f"{page.name} links to {href}"
            assert not line or f'id="{line}"' in shown.read_text(), f"{page.name}: {href}"


def test_the_page_of_an_example_shows_its_picture_and_its_program(site: Path) -> None:
    for name in NAMES:
        page = (site / f"examples/{name}.html").read_text()
        assert re.search(r'id="equity"><svg', page), name
        text = html.unescape(re.sub("<[^>]+>", "", page))
        program = (Path(examples.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        assert re.sub(r"  #\snoqa:.*", "", program).strip() in text, name
        assert not re.search(r"#\snoqa", text), name


def test_tables_of_words_name_the_columns_of_each_cell_on_a_phone(site: Path) -> None:
    page = (site / "guides/troubleshooting.html").read_text()
    heads = "--column-1:&quot;reason&quot;;--column-2:&quot;what it means&quot;"
    assert f'stacked" style="{heads};--column-3:&quot;what to do&quot;"' in page
    numbers = (site / "benchmarks.html").read_text()
    assert "<table" in numbers
    assert numbers.count(' own">') == numbers.count("<td><p>Omega, ") > 3
    assert "stacked" not in numbers


def test_what_the_core_has_is_named_by_a_link(site: Path) -> None:
    front = (site / "index.html").read_text()
    assert 'href="benchmarks.html"' in front
    assert '<a class="reference internal" href="examples/index.html"><span class="std' in front
    for page in site.rglob("*.html"):  # what is taken for a file without a page is printed
        assert "<p>— myst" not in page.read_text(), page.name
        assert not re.search(r"\(<code[^>]*>(?:<[^>]*>)*[\w./-]+\.md<", page.read_text()), page.name
    assert 'href="../benchmarks.html"' in (site / "guides/rust-strategy.html").read_text()


def test_a_page_describes_itself(site: Path) -> None:
    for page in ("index", "start/first-run", "guides/costs", "concepts/execution"):
        head = (site / f"{page}.html").read_text().partition("</head>")[0]
        assert re.search(r'<meta name="description" content="[^"]{40,}"', head), page
    listed = (site / "llms.txt").read_text()
    assert "(start/first-run.html): Two minutes" in listed


def test_a_page_names_its_version_and_those_beside_it(site: Path) -> None:
    assert json.loads((site.parent / "versions.json").read_text()) == [site.name, "0.1.0"]
    page = (site / "guides/costs.html").read_text()
    assert f"Omega {omega.__version__}" in page
    assert re.search(r'href="../project/versions.html">Versions: this one is [a-z\d]', page)
    assert 'src="../_static/versions.js"' in page
    assert "omega.svg" in page


CHROMIUM = found()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_reader_chooses_another_version(site: Path) -> None:
    served = partial(Quiet, directory=str(site.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), served) as server, browser(str(CHROMIUM)) as tab:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{site.name}/guides/costs.html"
        tab.call("Page.navigate", url=address)
        offered = "[...document.querySelectorAll('.sidebar-version option')].map((o) => o.value)"
        assert seen(tab, offered, [site.name, "0.1.0"])
        tab.run(
            "const s = document.querySelector('.sidebar-version select');"
            "s.value = '0.1.0'; s.dispatchEvent(new Event('change'))"
        )
        # the other version has no such page, so that its front page opens
        assert seen(tab, "document.querySelector('h1')?.textContent", "The version before")
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def seen(tab: Tab, script: str, wanted: object) -> bool:
    """Return whether a page shows something within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with suppress(RuntimeError):  # between two pages there is none
            if tab.run(script) == wanted:
                return True
        time.sleep(0.05)
    return False


def test_words_of_the_trade_are_found(site: Path) -> None:
    index = (site / "searchindex.js").read_text()
    for word in ("stock", "timezon", "jupyter", "commiss", "dividend", "overfit"):
        assert word in index, word


def test_settings_have_the_defaults_of_the_code(site: Path) -> None:
    page = (site / "reference/defaults.html").read_text()
    for setting, default in (
        ("swap_triple_day", "WED"),
        ("stale_after", "10"),
        ("leverage", "None"),
    ):
        assert re.search(rf"{setting}</span>.*?<td>.*?{default}", page, re.DOTALL), setting


def test_every_picture_is_drawn_on_a_page(site: Path) -> None:
    drawn = {
        name
        for page in site.glob("*/*.html")
        for name in re.findall(r'<figure class="picture" id="([\w-]+)"><svg', page.read_text())
    } | set(re.findall(r'class="picture" id="([\w-]+)"', (site / "architecture.html").read_text()))
    assert drawn >= {
        "one-bar",
        "bid-and-ask",
        "order-types",
        "inside-a-bar",
        "higher-timeframe",
        "two-symbols",
        "data-flow",
        "forms",
        "report-map",
        "sweep-map",
    }


def test_colours_of_code_can_be_read(site: Path) -> None:
    styles = (site / "_static/pygments.css").read_text()
    light = styles.partition("@media")[0]
    colours = set(re.findall(r"^\.highlight \.\w+ \{ color: (#\w{6})", light, re.MULTILINE))
    assert len(colours) > 3
    for colour in colours:
        assert contrast(colour, BEHIND_CODE) >= READABLE, colour


BEHIND_CODE = "#f5f6f8"
"""As docs/_static/omega.css has it."""
READABLE = 4.5
"""The least contrast of text that the guidelines for accessible pages ask for (AA)."""


def contrast(one: str, other: str) -> float:
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
