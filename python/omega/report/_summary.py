"""A result as text for a terminal and as HTML for a notebook.

Both depend on nothing but its tables, metrics and statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from omega.errors import printable
from omega.notices import LABELS, Notice, divided, to_explain
from omega.report._labels import listed
from omega.report._metrics import EXTRAPOLATED, formatted, is_under_a_year, thinned
from omega.report._reported import Reported, Statistics

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEFT = {
    "Initial equity": "initial_equity",
    "Final equity": "final_equity",
    "Net profit": "net_profit",
    "Return": "total_return",
    "CAGR": "cagr",
    "Volatility": "volatility",
    "Sharpe": "sharpe",
    "Sortino": "sortino",
    "Calmar": "calmar",
    "Max drawdown": "max_drawdown",
    "  in money": "max_drawdown_money",
    "  in days": "max_drawdown_days",
}
_RIGHT = {
    "Trades": "trades",
    "Win rate": "win_rate",
    "Profit factor": "profit_factor",
    "Expectancy": "expectancy",
    "Average R": "average_r",
    "Average win": "average_win",
    "Average loss": "average_loss",
    "Time in market": "exposure",
    "Turnover": "turnover",
    "Costs": "total_costs",
    "  fees": "fees",
    "  slippage": "slippage_cost",
}
_MORE = "What to do"
"""The label of the command that explains the notices."""
_WIDTH, _HEIGHT = 600, 80


def summary(result: Reported) -> str:
    """Return the whole result as aligned text."""
    texts = _texts(result)
    above, below = divided(result.notices)
    left = [(_label(result, label), texts[name]) for label, name in _LEFT.items()]
    right = [(label, texts[name]) for label, name in _RIGHT.items()]
    lines = [*map(_line, above), *([""] if above else []), _headline(result, texts), ""]
    lines += [
        f"{a:<14} {b:>{29 - max(len(a), 14)}}     {c:<15}{d:>15}"
        for (a, b), (c, d) in zip(left, right, strict=True)
    ]
    lines += ["", *(f"{label:<15}{text}" for label, text in _footer(result, texts))]
    lines += map(_line, below)
    lines += [f"{_MORE:<15}{command}" for command in [to_explain([*above, *below])] if command]
    return printable("\n".join(lines))


def html(result: Reported) -> str:
    """Return the result as one self-contained piece of HTML."""
    texts = _texts(result)
    above, below = divided(result.notices)
    rows = zip(_LEFT.items(), _RIGHT.items(), strict=True)
    cells = "".join(
        f"<tr>{_cells(_label(result, a), texts[left])}{_cells(b, texts[right])}</tr>"
        for (a, left), (b, right) in rows
    )
    notes = [*_footer(result, texts), *((LABELS[n.level], n.text) for n in below)]
    notes += [(_MORE, command) for command in [to_explain([*above, *below])] if command]
    footer = "".join(f"<div><b>{escape(label)}</b> {escape(text)}</div>" for label, text in notes)
    return (
        '<div style="font-family:sans-serif;font-size:13px;max-width:640px">'
        f"{''.join(map(_block, above))}"
        f"<div><b>Backtest</b> {escape(_headline(result, texts))}</div>"
        f"{sparkline(result.equity['equity'].to_numpy())}"
        f'<table style="border-collapse:collapse">{cells}</table>{footer}</div>'
    )


def sparkline(equity: NDArray[np.float64]) -> str:
    """Draw an equity curve as inline SVG of at most 600 points, which keep every extreme.

    Example:
        >>> sparkline(np.array([1.0, 3.0, 2.0])).count("polyline")
        1
    """
    rows = thinned(equity)
    if rows.size < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    values = equity[rows]
    low, high = float(values.min()), float(values.max())
    across = rows / (len(equity) - 1) * _WIDTH
    up = (high - values) / ((high - low) or 1.0) * (_HEIGHT - 4) + 2
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, up, strict=True))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" height="{_HEIGHT}" role="img" '
        'aria-label="Equity" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )


def _texts(result: Reported) -> dict[str, str]:
    """Write all metrics."""
    return {name: formatted(name, value) for name, value in result.metrics.items()}


def _label(result: Reported, label: str) -> str:
    """A growth rate of less than a year is called extrapolated."""
    return EXTRAPOLATED if label == "CAGR" and is_under_a_year(result.metrics) else label


def _line(notice: Notice) -> str:
    return f"{LABELS[notice.level]:<15}{notice.text}"


def _block(notice: Notice) -> str:
    return (
        '<div style="border-left:3px solid currentColor;padding:2px 8px;margin:0 0 6px">'
        f"<b>{LABELS[notice.level]}</b> {escape(notice.text)}</div>"
    )


def _headline(result: Reported, texts: dict[str, str]) -> str:
    symbols = listed(list(result.symbols))
    period = f"{texts['start']} to {texts['end']}"
    return f"{symbols}   {period}   {_many(texts['bars'], 'bar')}, {_many(texts['days'], 'day')}"


def _many(number: str, noun: str) -> str:
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def _footer(result: Reported, texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    decided = f"{texts['ambiguous_trades']} of {_many(texts['trades'], 'trade')}"
    interval = f"between {texts['pnl_worst']} and {texts['pnl_best']}"
    yield "Ambiguous", f"{decided}; closed profit {texts['closed_pnl']}, {interval}"
    if "benchmark_return" in result.metrics:
        yield "Benchmark", _compared(result, texts)
    if result.positions.height:
        yield "Still open", _many(str(result.positions.height), "position")
    for name in ("swap", "borrow", "funding", "dividends", "interest"):
        if result.metrics.get(name):
            yield name.capitalize(), texts[name]
    yield "Fingerprint", result.fingerprint
    yield "Time", _time(result.stats, result.backend)


def _compared(result: Reported, texts: dict[str, str]) -> str:
    """What the benchmark made, and what the run made of it."""
    made, other = result.metrics["total_return"], result.metrics["benchmark_return"]
    known = isinstance(made, float) and isinstance(other, float)
    excess = formatted("total_return", made - other if known else None)
    return (
        f"{result.config.get('benchmark')}: return {texts['benchmark_return']}, drawdown "
        f"{texts['benchmark_drawdown']}, Sharpe {texts['benchmark_sharpe']}; excess return "
        f"{excess}, alpha {texts['alpha']}, beta {texts['beta']}"
    )


def _time(stats: Statistics, backend: str) -> str:
    speed = stats.bars_per_second
    pace = "" if speed is None else f", {speed:,.0f} bars/s"
    return (
        f"{stats.total_time_ms:,.1f} ms, {stats.callback_time_ms:,.1f} ms of it in callbacks"
        f"{pace} ({backend})"
    )


def _cells(label: str, text: str) -> str:
    indent = "&emsp;" if label.startswith(" ") else ""
    faint = ";color:gray" if label == EXTRAPOLATED else ""
    return (
        f'<td style="text-align:left;padding:1px 12px 1px 0">{indent}{escape(label.strip())}</td>'
        f'<td style="text-align:right;padding:1px 32px 1px 0{faint}">{escape(text)}</td>'
    )
