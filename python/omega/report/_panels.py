"""The still parts of the report: figures, returns, costs, configuration, as HTML.

Every text of the user is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from omega.report import _svg
from omega.report._days import dates
from omega.report._metrics import formatted, is_under_a_year
from omega.report._reported import Reported

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KEY_FIGURES = {
    "Net profit": "net_profit",
    "Return": "total_return",
    "CAGR": "cagr",
    "Max drawdown": "max_drawdown",
    "Sharpe": "sharpe",
    "Profit factor": "profit_factor",
    "Win rate": "win_rate",
    "Trades": "trades",
}
_GROUPS = {
    "Period": ("start", "end", "first_decision", "bars", "days", "years", "periods_per_year"),
    "Return": (
        "initial_equity",
        "final_equity",
        "net_profit",
        "total_return",
        "cagr",
        "volatility",
        "sharpe",
        "sortino",
        "calmar",
    ),
    "Daily returns": (
        "downside_volatility",
        "skewness",
        "kurtosis",
        "best_day",
        "worst_day",
        "value_at_risk",
        "conditional_value_at_risk",
        "tail_ratio",
        "omega_ratio",
    ),
    "Drawdown": (
        "max_drawdown",
        "max_drawdown_money",
        "max_drawdown_bars",
        "max_drawdown_days",
        "drawdowns",
        "average_drawdown",
        "average_drawdown_days",
        "longest_drawdown_bars",
        "longest_drawdown_days",
        "ulcer_index",
        "recovery_factor",
    ),
    "Activity and costs": (
        "exposure",
        "turnover",
        "fees",
        "slippage_cost",
        "swap",
        "total_costs",
    ),
}
_STEPS = (0.25, 0.5, 1.0)


def key_figures(result: Reported) -> str:
    """The eight numbers that are looked at first."""
    cells = []
    for label, name in _KEY_FIGURES.items():
        value = result.metrics.get(name)
        sign = ""
        if name == "cagr" and is_under_a_year(result.metrics):
            sign = ' data-short="true" title="From less than a year"'
        elif name in ("net_profit", "total_return", "cagr") and isinstance(value, float):
            sign = f' data-sign="{(value > 0) - (value < 0)}"'
        text = minus(formatted(name, value))
        cells.append(f"<div><dt>{label}</dt><dd{sign}>{escape(text)}</dd></div>")
    return f'<dl class="figures">{"".join(cells)}</dl>'


def returns(result: Reported) -> str:
    """Returns by month and year as a table that is coloured by size."""
    frame = result.equity
    if not frame.height:
        return ""
    start = result.metrics.get("initial_equity")
    first = float(str(start)) if start is not None else float(frame["equity"][0])
    by_day = frame.with_columns(day=dates(frame["time"], result.tables))
    months = period_returns(by_day, first, ("year", "month"))
    years = {key[0]: value for key, value in period_returns(by_day, first, ("year",)).items()}
    largest = max([abs(value) for value in months.values() if value is not None] + [1e-9])
    head = "".join(f'<th scope="col">{name}</th>' for name in (*_MONTHS, "Year"))
    rows = []
    for year in sorted(years, reverse=True):
        cells = "".join(_heat(months.get((year, month)), largest) for month in range(1, 13))
        whole = _heat(years[year], largest).replace("<td", '<td data-year="true"', 1)
        rows.append(f'<tr><th scope="row">{year}</th>{cells}{whole}</tr>')
    return (
        '<div class="scroll"><table class="heat"><thead><tr><td></td>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        '<p class="hint">In percent of the equity at the end of the month or year before.</p>'
    )


def period_returns(
    equity: pl.DataFrame, first: float, parts: Sequence[str]
) -> dict[tuple[int, ...], float | None]:
    """Return the return of each month or year: its last equity over the one before it.

    Args:
        equity: The equity curve, with the date of each row as "day".
        first: What the first return is on.
        parts: "year", or "year" and "month".

    Example:
        >>> from omega.results.result import example_result
        >>> equity = example_result().equity.with_columns(day=pl.col("time").dt.date())
        >>> period_returns(equity, 10_000.0, ("year",))
        {(2024,): 0.015}
    """
    keys = [getattr(pl.col("day").dt, part)().alias(part) for part in parts]
    lasts = equity.group_by(keys, maintain_order=True).agg(pl.col("equity").last())
    found: dict[tuple[int, ...], float | None] = {}
    before = first
    for *key, last in lasts.iter_rows():
        found[tuple(key)] = round(last / before - 1.0, 12) if before > 0 else None
        before = last
    return found


def distribution(result: Reported) -> tuple[str, str]:
    """The sizes of trades in R, or in money where no trade has an R; with its heading."""
    multiples = result.trades["r_multiple"].drop_nulls()
    if multiples.len():
        without = result.trades.height - multiples.len()
        note = f'<p class="hint">Without an R, and left out: {without:,} of them.</p>'
        chart = _svg.histogram(multiples.to_numpy(), "R")
        return "Distribution of R", chart + (note if without else "")
    if not result.trades.height:
        return "Distribution of R", _none("There are no closed trades.")
    chart = _svg.histogram(result.trades["net_pnl"].to_numpy(), "account currency")
    note = "No trade had a stop when it was opened, so none has an R: net profits instead."
    return "Distribution of profits", f'{chart}<p class="hint">{note}</p>'


def exits(result: Reported) -> str:
    """How many trades each reason closed, and what they brought."""
    if not result.trades.height:
        return _none("There are no closed trades.")
    grouped = (
        result.trades.group_by(pl.col("exit_reason").cast(pl.String).alias("reason"))
        .agg(
            pl.len().alias("trades"),
            pl.col("net_pnl").sum().alias("net"),
            (pl.col("net_pnl") > 0).sum().alias("wins"),
        )
        .sort("trades", "reason", descending=[True, False])
    )
    rows = [
        (reason.replace("_", " "), net, minus(f"{net:,.2f}"))
        for reason, _, net, _ in grouped.iter_rows()
    ]
    lines = "".join(
        f'<tr><th scope="row">{escape(reason.replace("_", " "))}</th><td>{count:,}</td>'
        f"<td>{100 * count / result.trades.height:.1f} %</td><td>{100 * wins / count:.1f} %</td>"
        f"<td>{minus(f'{net:,.2f}')}</td><td>{minus(f'{net / count:,.2f}')}</td></tr>"
        for reason, count, net, wins in grouped.iter_rows()
    )
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Trades", "Share", "Won", "Net", "Each")
    )
    return (
        f"{_svg.bars(rows, 'Net profit by reason of exit')}"
        '<div class="scroll"><table class="plain"><thead><tr><td></td>'
        f"{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def costs(result: Reported) -> str:
    """Fees, slippage and swap beside the profit before them."""
    metrics = result.metrics
    amounts = {
        "fees": -_amount(metrics.get("fees")),
        "slippage": -_amount(metrics.get("slippage_cost")),
        "swap": _amount(metrics.get("swap")),
    }
    total = _amount(metrics.get("total_costs"))
    if not any(amounts.values()):
        return _none("This run had no fees, no slippage and no swap.")
    rows = [(name, value, minus(f"{value:,.2f}")) for name, value in amounts.items()]
    net = _amount(metrics.get("net_profit"))
    text = (
        f"Costs of {total:,.2f} in all. Net profit {minus(f'{net:,.2f}')}; without them it would "
        f"have been {minus(f'{net + total:,.2f}')} at the same trades. The spread is in the prices."
    )
    return f'{_svg.bars(rows, "Costs")}<p class="hint">{escape(text)}</p>'


def ambiguity(result: Reported) -> str:
    """How far the closed profit rests on the order of prices within single bars."""
    worst, best = result.pnl_interval
    closed = _amount(result.metrics.get("closed_pnl"))
    count = int(_amount(result.metrics.get("ambiguous_trades")))
    if not count:
        return _none("No trade depends on the order of prices within its bar.")
    texts = (minus(f"{worst:,.2f}"), minus(f"{closed:,.2f}"), minus(f"{best:,.2f}"))
    share = 100 * count / max(result.trades.height, 1)
    text = (
        f"{count:,} of {result.trades.height:,} trades ({share:.1f} %) met stop and target, or "
        "entry and exit, within one bar; the intrabar policy of the run decided them. Were each of "
        "them resolved against and for the trader, the closed profit would lie between the ends of "
        "the bar."
    )
    return _svg.interval(worst, closed, best, texts) + f'<p class="hint">{escape(text)}</p>'


def metrics(result: Reported) -> str:
    """All metrics, in groups; those that no group names are of trades."""
    named = {name for names in _GROUPS.values() for name in names}
    rest = tuple(name for name in result.metrics if name not in named)
    groups = {**_GROUPS, "Trades": rest}
    parts = []
    for title, names in groups.items():
        rows = "".join(
            f'<tr><th scope="row">{escape(name.replace("_", " "))}</th>'
            f"<td>{escape(minus(formatted(name, result.metrics[name])))}</td></tr>"
            for name in names
            if name in result.metrics
        )
        parts.append(
            f'<table class="plain"><caption>{title}</caption><tbody>{rows}</tbody></table>'
        )
    return f'<div class="columns">{"".join(parts)}</div>'


def configuration(result: Reported) -> str:
    """The settings of the run, and what names it."""
    rows = [*_pairs(result.config), *_pairs(dict(result.manifest), without="configuration")]
    rows.append(("backend", result.backend))
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in rows
    )
    return (
        f'<div class="scroll"><table class="plain settings"><tbody>{lines}</tbody></table></div>'
        f'<p class="print"><span>Fingerprint</span> <code>{escape(result.fingerprint)}</code></p>'
    )


def minus(text: str) -> str:
    """Write the sign of a number as typographers do.

    Example:
        >>> minus("-1.00") == "\u22121.00"
        True
    """
    return f"\u2212{text[1:]}" if text.startswith("-") and len(text) > 1 else text


def _pairs(settings: Mapping[str, Any], without: str = "") -> list[tuple[str, str]]:
    found = []
    for name, value in settings.items():
        if isinstance(value, Mapping) and name != without:
            found += [(f"{name}.{inner}", text) for inner, text in _pairs(value)]
        elif name != without:
            found.append((str(name), str(value)))
    return found


def _heat(value: float | None, largest: float) -> str:
    if value is None:
        return "<td></td>"
    size = abs(value) / largest
    step = next((k for k, limit in enumerate(_STEPS) if size <= limit), len(_STEPS) - 1) + 1
    kind = "0" if value == 0 else f"{'+' if value > 0 else '-'}{step}"
    return f'<td data-heat="{kind}">{minus(f"{100 * value:.1f}")}</td>'


def _amount(value: object) -> float:
    return 0.0 if value is None else float(str(value))


def _none(text: str) -> str:
    return f'<p class="none">{escape(text)}</p>'
