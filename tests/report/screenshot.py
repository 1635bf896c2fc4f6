"""Makes docs/images/report.png: the report of a run over the samples, as a browser shows it.

python -m tests.report.screenshot
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

import omega
from tests.support import report_runs as runs
from tests.support.browser import browser, found

IMAGE = Path("docs/images/report.png")


class Shown(runs.Bracketed):
    """The strategy of the tests with slower averages."""

    fast, slow, risk = 20, 90, 0.0006


def main() -> None:
    program = found()
    if program is None:
        sys.exit("no Chromium was found; install it with apt-get install chromium")
    result = omega.run_backtest(runs.SAMPLE, Shown(), symbol="EURUSD", **runs.SETTINGS)
    with tempfile.TemporaryDirectory() as folder, browser(program) as tab:
        page = result.report(Path(folder) / "run.html", title="Moving averages with a bracket")
        tab.size(1280, 1340)
        tab.open(page)
        tab.run("omega.table.pick(8); new Promise((done) => setTimeout(done, 300))")
        tab.run("omega.chart.zoom(5); new Promise((done) => setTimeout(done, 500))")
        picture = tab.call("Page.captureScreenshot", format="png")["data"]
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    IMAGE.write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    main()
