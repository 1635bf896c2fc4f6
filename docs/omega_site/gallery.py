"""The examples: a directive that runs one and draws its equity, and one that shows the program.

```{equity} sma_cross
```

```{listing} sma_cross
```
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

import omega
import omega.examples
from omega_site.drawing import Scale, Sheet

FOLDER = Path(omega.examples.__file__).parent
POINTS = 220
NOTES_FOR_LINTERS = re.compile(r"  #\snoqa:.*$", re.MULTILINE)


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


class Equity(Directive):
    """Draw the equity of an example's run."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the picture."""
        name = self.arguments[0]
        result = import_module(f"omega.examples.{name}").run()
        label = f"The equity of {name}, from its first bar to its last."
        figure = (
            f'<figure class="picture" id="equity">{equity_of(result).svg(label)}'
            f"<figcaption>{label}</figcaption></figure>"
        )
        return [nodes.raw("", figure, format="html")]


class Listing(Directive):
    """Show the program of an example; a directive `program` is one of Sphinx itself."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return its code."""
        code = (FOLDER / f"{self.arguments[0]}.py").read_text(encoding="utf-8")
        code = NOTES_FOR_LINTERS.sub("", code)
        return [nodes.literal_block(code, code, language="python")]
