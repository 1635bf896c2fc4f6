"""The examples: a directive that shows a program, runs it, and draws the equity of its run.

```{example} sma_cross
```
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

import omega
from omega_site.drawing import Scale, Sheet

TOP = Path(__file__).resolve().parents[2]
POINTS = 220


def equity_of(result: omega.BacktestResult) -> Sheet:
    """Draw the equity of a run, with its ends and its lowest point in words."""
    sheet = Sheet(170)
    values = result.equity["equity"]
    shown = values.gather_every(max(1, len(values) // POINTS)).to_list()
    low, high = min(shown), max(shown)
    y = Scale(low, high + (high == low), 20, 140)
    start = y(shown[0])
    sheet.line((10, start), (470, start), "line", dash="3 4")
    sheet.path([(10 + 460 * at / (len(shown) - 1), y(value)) for at, value in enumerate(shown)])
    times = result.equity["time"]
    sheet.text(10, 162, f"{times[0]:%Y-%m-%d}: {shown[0]:,.0f}", size=12)
    sheet.text(470, 162, f"{times[-1]:%Y-%m-%d}: {values[-1]:,.0f}", anchor="end", size=12)
    return sheet


class Example(Directive):
    """Show an example: its code, what it prints, and its equity."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return code, output and picture."""
        name = self.arguments[0]
        sys.path[:0] = [] if str(TOP) in sys.path else [str(TOP)]
        code = (TOP / f"examples/{name}.py").read_text(encoding="utf-8")
        result = import_module(f"examples.{name}").run()
        printed = re.sub(r"^Time .*", "", result.summary(), flags=re.MULTILINE).rstrip()
        label = f"The equity of {name}, from its first bar to its last."
        figure = (
            f'<figure class="picture" id="equity">{equity_of(result).svg(label)}'
            f"<figcaption>{label}</figcaption></figure>"
        )
        return [
            nodes.raw("", figure, format="html"),
            nodes.literal_block(printed, printed, language="text"),
            nodes.literal_block(code, code, language="python"),
        ]
