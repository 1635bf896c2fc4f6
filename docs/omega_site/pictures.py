"""The pictures: a directive that draws one as SVG into the page when the documentation is built.

They are part of the page, so that they take its colours, light and dark, and its width.

    ```{picture} one-bar
    What happens from the close of one bar to the close of the next.
    ```
"""

from __future__ import annotations

import html
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive

from omega_site import (
    drawn_fills,
    drawn_indicators,
    drawn_luck,
    drawn_runs,
    drawn_time,
)

DRAWN = {
    **drawn_time.PICTURES,
    **drawn_fills.PICTURES,
    **drawn_runs.PICTURES,
    **drawn_luck.PICTURES,
    **drawn_indicators.PICTURES,
}
"""By name the function that draws a picture and returns the text of its SVG."""


class Picture(Directive):
    """Draw a picture by its name; what stands inside is its caption, and its description."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, object]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the picture as part of the page."""
        name = self.arguments[0]
        if name not in DRAWN:
            raise self.error(f"picture: given {name!r}, expected one of {', '.join(sorted(DRAWN))}")
        caption = html.escape(" ".join(self.content))
        drawing = DRAWN[name]().svg(label=caption)
        inside = f"{drawing}<figcaption>{caption}</figcaption>"
        figure = f'<figure class="picture" id="{name}">{inside}</figure>'
        return [nodes.raw("", figure, format="html")]
