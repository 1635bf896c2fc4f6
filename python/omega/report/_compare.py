"""Several runs beside each other: metrics, curves, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from omega.config.values import counted, shown
from omega.errors import ConfigError, printable
from omega.libraries import arguments_of
from omega.report._curves import Curve, pack_curves
from omega.report._differences import counts, differences
from omega.report._labels import label, words
from omega.report._metrics import formatted, start_of
from omega.report._numbers import money
from omega.report._page import LIBRARY, View, asset, module, page
from omega.report._parts import FOOTER, body, curves, header, hint, none, section, table
from omega.report._reported import Reported

MODULES = ("codec.js", "format.js", "theme.js", "curves.js", "compare.js")
_COLOURS = 6
_HEIGHT = 900
_MOST_ROWS = 50
_PARTS = ("metrics", "config", "trades", "equity")
"""What a run is compared by."""
_COLUMNS = ("metric", "setting")
"""Of the tables, beside a column for each run."""


class Comparison(View):
    """Several runs beside each other.

    Attributes:
        html: The whole page.
        table: A row for each metric and a column for each run; times are left out.
        settings: The settings in which the runs differ, in the same form, as text.
        trades: The trades of each further run beside those of the first: a row for each pair, and
            for each without one, with ``status`` "same", "moved", "only left" or "only right", and
            the ``difference`` in net profit.

    Example:
        >>> from omega.results.result import example_result
        >>> both = compare([example_result(), example_result()])
        >>> both.table.filter(metric="trades").row(0)
        ('trades', 3.0, 3.0)
        >>> both.trades["status"].to_list()
        ['same', 'same', 'same']
    """

    def __init__(
        self, html: str, table: pl.DataFrame, settings: pl.DataFrame, trades: pl.DataFrame
    ) -> None:
        """Keep the tables and the page that was made of them."""
        super().__init__(html, height=_HEIGHT)
        self.table = table
        self.settings = settings
        self.trades = trades

    def __repr__(self) -> str:
        """Which runs are compared."""
        return printable(f"Comparison({', '.join(self.table.columns[1:])})")


@arguments_of("compare")
def compare(
    results: Sequence[Reported] | Mapping[str, Reported], *, title: str | None = None
) -> Comparison:
    """Set several runs beside each other: metrics, curves, settings, and trade by trade.

    Args:
        results: The runs; a mapping names them, otherwise they are "run 1", "run 2" and so on.
        title: The heading of the page.

    Raises:
        ConfigError: There is no run.

    Example:
        >>> from omega.results.result import example_result
        >>> compare({"before": example_result(), "after": example_result()})
        Comparison(before, after)
    """
    runs = _runs_of(results)
    table, settings, trades = _metrics(runs), _settings(runs), differences(runs)
    name = title or f"{counted(len(runs), 'run')} compared"
    return Comparison(_page(runs, name, settings, trades), table, settings, trades)


def _runs_of(results: object) -> dict[str, Reported]:
    """Return the runs by their names."""
    if isinstance(results, Mapping):
        runs = {str(name): result for name, result in results.items()}
    elif isinstance(results, Iterable) and not isinstance(results, (str, bytes)):
        runs = {f"run {k}": result for k, result in enumerate(results, 1)}
    else:
        raise ConfigError(f"results: given {shown(results)}, expected a list of BacktestResult")
    if not runs:
        raise ConfigError("results: given none, expected one BacktestResult or more")
    for name, one in runs.items():
        if not all(hasattr(one, part) for part in _PARTS):
            raise ConfigError(f"results: {name} is a {type(one).__name__}, expected BacktestResult")
        if name in _COLUMNS:
            raise ConfigError(f"results: {name!r} is the name of a column; give another one")
    return runs


def _metrics(runs: Mapping[str, Reported]) -> pl.DataFrame:
    names = [
        name
        for name, value in next(iter(runs.values())).metrics.items()
        if isinstance(value, (int, float, type(None)))
    ]
    columns = {
        label: pl.Series([_number(result.metrics.get(name)) for name in names], dtype=pl.Float64)
        for label, result in runs.items()
    }
    return pl.DataFrame({"metric": names, **columns})


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _settings(runs: Mapping[str, Reported]) -> pl.DataFrame:
    names = {name: None for result in runs.values() for name in result.config}
    texts = {
        label: [str(result.config.get(name, "-")) for name in names]
        for label, result in runs.items()
    }
    frame = pl.DataFrame({"setting": list(names), **texts})
    same = pl.all_horizontal(*(pl.col(label) == pl.col(next(iter(runs))) for label in runs))
    return frame.filter(~same) if names else frame


def _page(
    runs: Mapping[str, Reported], title: str, settings: pl.DataFrame, trades: pl.DataFrame
) -> str:
    blocks: list[str] = []
    parts: list[dict[str, Any]] = []
    for k, (name, result) in enumerate(runs.items()):
        if not result.equity.height:
            continue
        described, block = pack_curves(result.equity["time"], [_grown(k, name, result)])
        parts.append(described | {"block": len(blocks)})
        blocks.append(block)
    text = body(
        header(title, ", ".join(runs)),
        [
            section("Growth", curves("growth", "Growth of each run since its start"), "wide"),
            section("Metrics", _metric_table(runs), "wide"),
            section("Trades", _trade_tables(runs, trades), "wide"),
            section("Settings that differ", _settings_table(settings), "wide"),
        ],
        FOOTER,
    )
    scripts = [asset(LIBRARY), module(MODULES)]
    about = {"curves": {"growth": parts}}
    return page(title=title, body=text, scripts=scripts, blocks=blocks, about=about)


def _grown(number: int, name: str, result: Reported) -> Curve:
    """The equity of a run as growth since its start."""
    start = start_of(result)
    equity = result.equity["equity"].to_numpy()
    growth = equity / start - 1.0 if start > 0 else equity * 0.0
    return Curve(name, growth, unit="percent", **look_of(number))


def look_of(number: int) -> dict[str, Any]:
    """The colour and the dashes of a curve among several.

    Example:
        >>> look_of(7)
        {'colour': 'run-1', 'dash': 1}
    """
    return {"colour": f"run-{number % _COLOURS}", "dash": number // _COLOURS}


def _key(number: int) -> str:
    return f'<i class="key" style="background:var(--run-{number % _COLOURS})"></i>'


def _metric_table(runs: Mapping[str, Reported]) -> str:
    first = next(iter(runs.values())).metrics
    rows = [
        (label(name), [formatted(name, r.metrics.get(name)) for r in runs.values()])
        for name in first
    ]
    rows.append(("Fingerprint", [result.fingerprint[:12] for result in runs.values()]))
    head = [f"{_key(k)}{escape(name)}" for k, name in enumerate(runs)]
    return table(head, rows, caption="Metrics", first="Metric", raw_head=True)


def _settings_table(settings: pl.DataFrame) -> str:
    if not settings.height:
        return none("The settings of these runs are the same.")
    rows = [(words(name), list(values)) for name, *values in settings.iter_rows()]
    return table(settings.columns[1:], rows, caption="Settings", first="Setting", kind="texts")


def _trade_tables(runs: Mapping[str, Reported], trades: pl.DataFrame) -> str:
    """How many trades of each run are those of the first, and the ones that are not."""
    if not trades.height:
        return none("There are no trades in two runs to compare.")
    first = next(iter(runs))
    head = ["Same", "Moved", f"Only in {first}", f"Not in {first}", "Difference in net profit"]
    rows = [
        (name, [f"{count:,}" for count in numbers] + [money(gap)])
        for name, *numbers, gap in counts(trades)
    ]
    return table(head, rows, caption="Trades by run", first="Run") + _differing(trades, first)


def _differing(trades: pl.DataFrame, first: str) -> str:
    differ = trades.filter(pl.col("status") != "same")
    largest = differ.sort(pl.col("difference").abs(), descending=True, maintain_order=True)
    rows = [
        (row["right"], [_status(row, first), row["symbol"], row["direction"], *_sides(row)])
        for row in largest.head(_MOST_ROWS).iter_rows(named=True)
    ]
    if not rows:
        return hint("Every trade is the same in all runs.")
    head = [
        "Trade", "Symbol", "Direction", f"Entry in {first}", "Entry", f"Net profit in {first}",
        "Net profit", "Difference",
    ]  # fmt: skip
    left = differ.height - len(rows)
    note = f"{counted(left, 'more difference')} are in comparison.trades." if left else ""
    title = "Trades that differ, the largest differences first"
    return table(head, rows, caption=title, first="Run", kind="tall") + hint(note)


def _status(row: Mapping[str, Any], first: str) -> str:
    sides = {"only left": f"only in {first}", "only right": f"only in {row['right']}"}
    status = str(row["status"])
    return sides.get(status, status)


def _sides(row: Mapping[str, Any]) -> list[str]:
    times = [row[f"{side}_entry_time"] for side in ("left", "right")]
    nets = [row[f"{side}_net_pnl"] for side in ("left", "right")]
    return [
        *("-" if time is None else f"{time:%Y-%m-%d %H:%M}" for time in times),
        *("-" if net is None else money(net) for net in nets),
        money(row["difference"]),
    ]
