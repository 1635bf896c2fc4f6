"""Makes docs/images/report.png: the report of the run that README.md prints, as a browser shows it.

python -m tests.report.screenshot
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import omega
from tests.support.browser import browser, found

TOP = Path(__file__).resolve().parents[2]
IMAGE = TOP / "docs/images/report.png"


def run_of_the_readme() -> omega.BacktestResult:
    """Run the program that the README shows, without its output."""
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    if block is None:
        sys.exit("README.md has no Python block")
    program = block[1].replace("    print(", "    (").replace("    result.report(", "    (")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(program, "README.md", "exec"), names)  # noqa: S102 - our own front page
    result = names["result"]
    assert isinstance(result, omega.BacktestResult)
    return result


def main() -> None:
    program = found()
    if program is None:
        sys.exit("no Chromium was found; install it with apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, browser(program) as tab:
        page = run_of_the_readme().report(Path(folder) / "run.html", title="Fade")
        tab.size(1280, 1340)
        tab.call("Emulation.setScrollbarsHidden", hidden=True)
        tab.open(page)
        tab.run("omega.table.pick(8); new Promise((done) => setTimeout(done, 300))")
        tab.run("omega.chart.zoom(5); new Promise((done) => setTimeout(done, 500))")
        end = "document.getElementById('trades').getBoundingClientRect().bottom"
        tab.size(1280, int(tab.run(end)) + 16)  # no row of the table is cut
        tab.run("new Promise((done) => setTimeout(done, 500))")
        picture = tab.call("Page.captureScreenshot", format="png")["data"]
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    IMAGE.write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    main()
