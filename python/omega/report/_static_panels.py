"""Static panels of the report: key figures, returns, distribution, costs, ambiguity, metrics.

Every text of the user is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from omega.config.values import counted
from omega.report import _svg
from omega.report._days import dates
from omega.report._labels import label
from omega.report._metrics import (
    BESIDE_A_BENCHMARK,
    EXTRAPOLATED,
    formatted,
    is_under_a_year,
    number_of,
    start_of,
)
from omega.report._numbers import minus, money, percent
from omega.report._parts import figures, hint, none, table
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
_COMPARED = {
    "Benchmark return": "benchmark_return",
    "Benchmark drawdown": "benchmark_drawdown",
    "Alpha": "alpha",
    "Beta": "beta",
}
_GROUPS = {
    "Period": ("start", "end", "first_decision", "bars", "days", "years", "periods_per_year"),
    "Return": (
        "initial_equity",
        "final_equity",
        "lowest_equity",
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
        "max_drawdown_intrabar",
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
    "Beside the benchmark": BESIDE_A_BENCHMARK,
    "Activity and costs": (
        "exposure",
        "turnover",
        "turnover_per_year",
        "average_names",
        "fees",
        "slippage_cost",
        "swap",
        "borrow",
        "funding",
        "total_costs",
        "dividends",
        "interest",
    ),
}
_STEPS = (0.25, 0.5, 1.0)
_NOT_COSTS = ("deposit", "pnl")


def key_figures(result: Reported) -> str:
    """The eight numbers that are checked first, and four beside a benchmark."""
    cells = []
    chosen = _KEY_FIGURES | (_COMPARED if "benchmark_return" in result.metrics else {})
    for name, metric in chosen.items():
        value = result.metrics.get(metric)
        shown, sign = name, ""
        if metric == "cagr" and is_under_a_year(result.metrics):
            shown, sign = EXTRAPOLATED, ' data-short="true" title="From less than a year"'
        elif metric in ("net_profit", "total_return", "cagr") and isinstance(value, float):
            sign = f' data-sign="{(value > 0) - (value < 0)}"'
        cells.append((shown, formatted(metric, value), sign))
    return figures(cells)


def returns(result: Reported) -> str:
    """Returns by month and year as a table that is coloured by size."""
    frame = result.equity
    if not frame.height:
        return none("The run walked no bar.")
    first = start_of(result)
    by_day = frame.with_columns(day=dates(frame["time"], result.tables))
    months = period_returns(by_day, first, ("year", "month"))
    years = {key[0]: value for key, value in period_returns(by_day, first, ("year",)).items()}
    largest = max([abs(value) for value in months.values() if value is not None] + [1e-9])
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Year", *_MONTHS))
    rows = []
    for year in sorted(years, reverse=True):
        cells = "".join(_heat(months.get((year, month)), largest) for month in range(1, 13))
        whole = _heat(years[year], largest).replace("<td", '<td data-year="true"', 1)
        rows.append(f'<tr><th scope="row">{year}</th>{whole}{cells}</tr>')
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="Returns by month and year">'
        '<table class="heat"><thead><tr><td></td>'
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
        chart = _svg.histogram(multiples.to_numpy(), "R")
        note = "Number of trades by profit in R."
        note += f" {counted(without, 'trade')} without an R left out." * bool(without)
        return "Distribution of R", chart + hint(note)
    if not result.trades.height:
        return "Distribution of R", none("There are no closed trades.")
    chart = _svg.histogram(result.trades["net_pnl"].to_numpy(), "in account currency")
    note = (
        "Number of trades by net profit: no trade had a stop when it was opened, so none has an R."
    )
    return "Distribution of profits", chart + hint(note)


def costs(result: Reported) -> str:
    """What was booked besides profits, by kind, and slippage, which is in the prices."""
    amounts = cost_kinds(result)
    slippage = number_of(result, "slippage_cost") or 0.0
    total = number_of(result, "total_costs") or 0.0
    if slippage:
        amounts["slippage"] = -slippage
    if not amounts:
        return none("This run had no fees, no slippage and no swap.")
    net = number_of(result, "net_profit") or 0.0
    text = (
        f"Costs of {money(total)} in all: fees, slippage, swap, borrowing and funding. Net profit "
        f"{money(net)}; without them it would have been {money(net + total)} at the same trades. "
        "Slippage is part of the prices, and so is the spread."
    )
    rows = [(label(name), [money(value)]) for name, value in amounts.items()]
    sizes = list(amounts.values())
    return table(["Amount"], rows, caption="Costs", first="Kind", sizes=sizes) + hint(text)


def cost_kinds(result: Reported) -> dict[str, float]:
    """Add up the ledger by kind, without deposits and the profits of trades.

    Example:
        >>> from omega.results.result import example_result
        >>> cost_kinds(example_result())
        {}
    """
    kind = pl.col("kind").cast(pl.String)
    grouped = (
        result.ledger.filter(~kind.is_in(_NOT_COSTS))
        .group_by(kind.alias("kind"), maintain_order=True)
        .agg(pl.col("amount").sum())
        .sort("amount")
    )
    return dict(grouped.iter_rows())


def ambiguity(result: Reported) -> str:
    """How far the closed profit rests on the order of prices within single bars."""
    worst, best = result.pnl_interval
    closed = number_of(result, "closed_pnl") or 0.0
    count = int(number_of(result, "ambiguous_trades") or 0)
    if not count:
        return none("No trade depends on the order of prices within its bar.")
    texts = (money(worst), money(closed), money(best))
    share = percent(count / max(result.trades.height, 1), 1)
    text = (
        f"{count:,} of {counted(result.trades.height, 'trade')} ({share}) met stop and target, or "
        "entry and exit, within one bar; the intrabar policy of the run decided them. Were each of "
        "them resolved against and for the trader, the closed profit would lie between the ends of "
        "the bar."
    )
    return _svg.interval(worst, closed, best, texts) + hint(text)


def metrics(result: Reported) -> str:
    """All metrics, in groups; those that no group names are of trades."""
    named = {name for names in _GROUPS.values() for name in names}
    rest = tuple(name for name in result.metrics if name not in named)
    parts = []
    for title, names in {**_GROUPS, "Trades": rest}.items():
        rows = [
            (label(name), [formatted(name, result.metrics[name])])
            for name in names
            if name in result.metrics
        ]
        if rows:
            parts.append(table([], rows, caption=title))
    return f'<div class="columns">{"".join(parts)}</div>'


def _heat(value: float | None, largest: float) -> str:
    if value is None:
        return "<td></td>"
    size = abs(value) / largest
    step = next((k for k, limit in enumerate(_STEPS) if size <= limit), len(_STEPS) - 1) + 1
    kind = "0" if value == 0 else f"{'+' if value > 0 else '-'}{step}"
    return f'<td data-heat="{kind}">{minus(f"{100 * value:.1f}")}</td>'
