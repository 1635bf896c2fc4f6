"""Each indicator of the catalog over the same hours, drawn from a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import omega
from omega.indicators.catalog import CATALOG, REQUIRED, Reads
from omega_site.drawing import Scale, Sheet

SHOWN, WARMED = 120, 700
WIDTH, HEIGHT, GAP = 225.0, 44.0, 30.0
GIVEN = {"window": 20, "quantile": 0.9, "name": "engulfing"}
SOURCES: dict[Reads, Any] = {
    Reads.PAIR: ("close", "volume"),
    Reads.THREE: ("close", "volume", "anchor"),
}

Lines = dict[str, list[NDArray[np.float64]]]


def _lines() -> Lines:
    """Return the last values of all outputs of each indicator."""
    hours = omega.sample("EURUSD")[: WARMED + SHOWN]
    hours = hours.with_columns(anchor=(pl.int_range(pl.len()) % 72 == 0).cast(pl.Float64))
    found: Lines = {}

    class Looking(omega.Strategy):
        """Declares all of them."""

        def init(self) -> None:
            """Declare them with their defaults."""
            anchor = self.column(pl.col("anchor"))
            self.made = {}
            for name, row in CATALOG.items():
                given = [
                    GIVEN[each.name] if each.default is REQUIRED else each.default
                    for each in row.parameters
                ]
                source = SOURCES.get(row.reads, "close")
                if row.reads is Reads.THREE:
                    source = (*source[:2], anchor)
                views = self.indicator(name, *given, source=source)
                self.made[name] = views if isinstance(views, tuple) else (views,)

        def on_bar(self, bar: omega.Bar) -> None:
            """Read them at the last bar but one."""
            if bar.index == WARMED + SHOWN - 2:
                for name, views in self.made.items():
                    found[name] = [np.array(view.window(SHOWN)) for view in views]

    omega.run_backtest(hours, Looking())
    return found


def _of_one_scale(
    outputs: list[NDArray[np.float64]],
) -> list[NDArray[np.float64]]:
    """Leave out what is of another scale than the first: directions, marks and slopes."""
    reach = 10.0 * float(np.nanmax(outputs[0]) - np.nanmin(outputs[0]))
    middle = float(np.nanmedian(outputs[0]))
    return [one for one in outputs if abs(float(np.nanmedian(one)) - middle) <= reach]


def indicators() -> Sheet:
    """Draw all of them in two columns, each on a scale of its own."""
    lines = _lines()
    sheet = Sheet((HEIGHT + GAP) * -(-len(lines) // 2) + 10)
    for place, (name, outputs) in enumerate(sorted(lines.items())):
        columns = _of_one_scale(outputs)
        left = 240.0 * (place % 2) + 5
        top = (HEIGHT + GAP) * (place // 2) + 16
        sheet.text(left, top, name, size=12)
        values = np.concatenate(columns)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        y = Scale(low, high if high > low else low + 1, top + 6, top + 6 + HEIGHT)
        for number, column in reversed([*enumerate(columns)]):
            points = [
                (left + WIDTH * at / (SHOWN - 1), y(value))
                for at, value in enumerate(column.tolist())
                if value == value  # noqa: PLR0124 - not NaN
            ]
            sheet.path(points, "accent" if number == 0 else "line")
    return sheet


PICTURES = {"every-indicator": indicators}
