"""Pictures of runs: what each form costs, the parts of a report, and a sweep."""

from __future__ import annotations

import math
import re
from pathlib import Path

import omega
from omega_site.drawing import Scale, Sheet

TOP = Path(__file__).resolve().parents[2]


class Cross(omega.Strategy):
    """Hold while the fast average is above the slow one; count the calls."""

    fast: int = 10
    slow: int = 50

    def init(self) -> None:
        """Declare two averages."""
        self.quick, self.calm = self.sma(self.fast), self.sma(self.slow)

    def on_bar(self, bar: omega.Bar) -> None:
        """Buy on one crossing, sell on the other."""
        del bar
        if omega.crossover(self.quick, self.calm):
            self.buy()
        elif omega.crossunder(self.quick, self.calm):
            self.close()


def measured() -> list[tuple[str, float]]:
    """Return nanoseconds a bar by engine, of the first table of the benchmarks."""
    page = (TOP / "docs/benchmarks.md").read_text(encoding="utf-8")
    tables = re.findall(r"^## ([\d,]+) bars\n(.*?)(?=^## )", page, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| ([^|]+) \|[^|]*\|[^|]*\| ([\d,.]+) \|", tables[1][1], re.MULTILINE)
    return [(name.strip(), float(time.replace(",", ""))) for name, time in rows]


def forms() -> Sheet:
    """Draw what a bar costs in each form, and in other engines, on a scale of powers of ten."""
    rows = measured()
    sheet = Sheet(50 + 24 * len(rows))
    decades = math.log10(1e5)
    for power in range(1, 6):
        x = 150 + 300 * power / decades
        sheet.line((x, 24), (x, 30 + 24 * len(rows)), "line", dash="2 4")
        label = f"{10**power / 1_000:g} µs" if power > 2 else f"{10**power} ns"
        sheet.text(x, 18, label, anchor="middle", size=11)
    for place, (name, time) in enumerate(rows):
        y = 34 + 24 * place
        own = name.startswith("Omega")
        sheet.text(142, y + 12, name, anchor="end", size=12, kind="" if own else "quiet")
        width = 300 * math.log10(max(time, 1)) / decades
        sheet.box(150, y, width, 16, "up" if own else "shade")
    return sheet


def report_map() -> Sheet:
    """Draw the parts of a report over the equity of a run."""
    sheet = Sheet(300)
    result = omega.run_backtest(
        omega.sample("EURUSD"), Cross(), symbol="EURUSD", sizer=omega.FixedLots(0.1)
    )
    equity = result.equity["equity"].gather_every(60).to_list()
    y = Scale(min(equity), max(equity), 160, 230)
    parts = [
        (10, 26, "1  notices: read these first"),
        (42, 30, "2  key figures: profit, drawdown, trades"),
        (78, 44, "3  price with trades, and the table of trades"),
        (128, 112, "4  growth and drawdown, beside buy and hold"),
        (246, 44, "5  returns, exposure, profit by part, costs, metrics, settings"),
    ]
    for top, height, told in parts:
        sheet.box(20, top, 440, height)
        sheet.text(30, top + 18, told)
    step = 420 / (len(equity) - 1)
    sheet.path([(30 + step * at, y(value)) for at, value in enumerate(equity)])
    sheet.text(
        30,
        278,
        f"here: {result.trades.height} trades of a moving-average cross",
        size=11,
        kind="quiet",
    )
    return sheet


def sweep_map() -> Sheet:
    """Draw a sweep as a heat map beside the split into data to choose on and data to test on."""
    fast, slow = [5, 10, 15, 20, 30], [40, 60, 80, 120, 160, 240]
    swept = omega.sweep(
        omega.sample("EURUSD"),
        Cross,
        {"fast": fast, "slow": slow},
        end="2022-12-31",
        metrics=["sharpe"],
        symbol="EURUSD",
        sizer=omega.FixedLots(0.1),
        workers=1,
    )
    frame = swept.to_polars()
    found = {
        (row["fast"], row["slow"]): row["sharpe"] or 0.0 for row in frame.iter_rows(named=True)
    }
    low, high = min(found.values()), max(found.values())
    sheet = Sheet(306)
    told = "Sharpe ratio of 2021 and 2022: fast average downwards, slow one across"
    sheet.text(20, 18, told, size=12)
    for row, first in enumerate(fast):
        sheet.text(42, 50 + 30 * row, str(first), anchor="end", size=12)
        for column, second in enumerate(slow):
            value = found[first, second]
            share = (value - low) / (high - low)
            x, top = 50 + 68 * column, 30 + 30 * row
            sheet.box(x, top, 64, 26, "up", opacity=0.08 + 0.8 * share)
            ratio = f"{round(value, 2) + 0.0:.2f}"
            sheet.text(x + 32, top + 18, ratio, anchor="middle", size=11)
    for column, second in enumerate(slow):
        sheet.text(82 + 68 * column, 198, str(second), anchor="middle", size=12)
    sheet.box(20, 216, 290, 26)
    sheet.text(165, 233, "choose on this: 2021, 2022", anchor="middle", size=12)
    sheet.box(316, 216, 144, 26, "up", opacity=0.25)
    sheet.text(388, 233, "look once: 2023", anchor="middle", size=12)
    for line, told in enumerate(
        (
            "Choose from a region where neighbours are as good, not the one",
            "best cell: on random prices, as here, the best cell is luck alone.",
        )
    ):
        sheet.text(20, 266 + 17 * line, told, size=12)
    return sheet


PICTURES = {"forms": forms, "report-map": report_map, "sweep-map": sweep_map}
