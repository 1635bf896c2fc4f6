"""Metrics in plain Python, each as its definition in the page "Results" reads.

The order of operations is the one stated there, so that the native metrics are the same to the last
bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from omega.contract import Noted
from omega.reference.days import Days
from omega.reference.returns import (
    Number,
    annualised,
    growth_rate,
    product,
    ratio,
    shape,
    spread,
    tails,
    total,
)

Columns: TypeAlias = Mapping[str, Sequence[Any]]
Tables: TypeAlias = Mapping[str, Columns]

_DAYS_PER_YEAR = 365.25


def metrics(
    tables: Tables,
    days: Days,
    sizes: Mapping[str, float],
    noted: Noted = None,
    first_decision: int | None = None,
) -> list[tuple[str, float | int | None]]:
    """Return names and values, in order; times as integers, None for what is undefined.

    Args:
        tables: Columns by table.
        days: The days that returns are of.
        sizes: Contract size of each symbol.
        noted: The least equity inside bars, and the deepest fall to one; None where only the
            equity curve is known.
        first_decision: Time of the first step at which the strategy could act.

    Example:
        >>> from omega.reference.results import PlainTables
        >>> dict(PlainTables({}, symbols=["EURUSD"], unit="ms").metrics())["trades"]
        0
    """
    fall = _fall(tables, days.length)
    parts = (
        _of_curve(tables, days, fall, noted, first_decision)
        | _of_falls(tables, days, fall, noted)
        | _of_trades(tables, days.length)
        | _of_costs(tables, sizes)
    )
    return [(name, value if _defined(value) else None) for name, value in parts.items()]


# --- return, growth and risk ---------------------------------------------------------------------


def _of_curve(
    tables: Tables, calendar: Days, fall: _Fall, noted: Noted, first_decision: int | None
) -> dict[str, Number]:
    """Return, growth, and what is made of daily returns."""
    times, equity = tables["equity"]["time"], tables["equity"]["equity"]
    days = closes_by_day(times, equity, calendar)
    closes = list(days.values())
    years = None
    if times:
        years = (calendar.of(times[-1]) - calendar.of(times[0]) + 1) / _DAYS_PER_YEAR
    per_year = None if years is None else len(closes) / years
    initial, last = _initial(tables), equity[-1] if equity else None
    growth = ratio(last, initial)
    ruined = _day_of_ruin(noted, calendar, days)
    cagr = None if ruined is None else -1.0
    if ruined is None:
        cagr = growth_rate(growth, years)
    returns = _returns(initial, days, ruined)
    lows = [*equity, *([] if noted is None or not equity else [noted[0]])]
    mean, *_ = spread(returns)
    yearly = annualised(returns, returns, per_year)
    return {
        "start": times[0] if times else None,
        "end": times[-1] if times else None,
        "first_decision": first_decision,
        "bars": len(times),
        "days": len(closes),
        "years": years,
        "periods_per_year": per_year,
        "initial_equity": initial,
        "final_equity": last,
        "lowest_equity": min(lows, default=None),
        "net_profit": None if initial is None or last is None else last - initial,
        "total_return": None if growth is None else growth - 1.0,
        "cagr": cagr,
        "volatility": yearly["volatility"],
        "sharpe": yearly["sharpe"],
        "sortino": yearly["sortino"],
        "calmar": ratio(cagr, fall.fraction),
        "downside_volatility": yearly["downside_volatility"],
        **shape(returns, mean),
        **tails(returns),
    }


def closes_by_day(
    times: Sequence[int], equity: Sequence[float], calendar: Days
) -> dict[int, float]:
    """Return the last equity of each day (T4) that has a bar, by the number of the day.

    Example:
        >>> closes_by_day([0, 5, 10], [1.0, 2.0, 4.0], Days(10))
        {0: 2.0, 1: 4.0}
    """
    return {calendar.of(time): value for time, value in zip(times, equity, strict=True)}


def returns_by_day(tables: Tables, calendar: Days, noted: Noted = None) -> dict[int, float]:
    """Return the return of each day that has a bar; none where a debt leaves them undefined.

    Example:
        >>> equity = {"time": [5, 10], "equity": [2.0, 3.0]}
        >>> returns_by_day({"equity": equity, "ledger": {"amount": [1.0]}}, Days(10))
        {0: 1.0, 1: 0.5}
    """
    days = closes_by_day(tables["equity"]["time"], tables["equity"]["equity"], calendar)
    returns = _returns(_initial(tables), days, _day_of_ruin(noted, calendar, days))
    return dict(zip(days, returns, strict=True)) if returns else {}


def daily_returns(tables: Tables, calendar: Days, noted: Noted) -> NDArray[np.float64] | None:
    """Return the return of each day, which the metrics are made of; None where days have none."""
    returns = returns_by_day(tables, calendar, noted)
    return np.array(list(returns.values())) if returns else None


def _day_of_ruin(noted: Noted, calendar: Days, days: Mapping[int, float]) -> int | None:
    """The day of the ruin, where it has a bar (M8)."""
    time = None if noted is None else noted[2]
    return calendar.of(time) if time is not None and calendar.of(time) in days else None


def _returns(initial: float | None, days: Mapping[int, float], ruined: int | None) -> list[float]:
    """Return the return of each day; the first is on the cash. None of them after a debt.

    On the day of a ruin it is at least -1, and 0 from then on (M8).
    """
    if initial is None or not days:
        return []
    before, returns = initial, []
    for day, close in days.items():
        if ruined is not None and day > ruined:
            returns.append(0.0)
        elif before <= 0.0:
            return []
        else:
            change = close / before - 1.0
            returns.append(max(change, -1.0) if day == ruined else change)
        before = close
    return returns


# --- falls ---------------------------------------------------------------------------------------


@dataclass
class _Fall:
    """The falls of an equity curve below its peak so far; `money` is None for an empty curve."""

    money: float | None = None
    fraction: float | None = None
    span: tuple[int, int] | None = None
    falls: int = 0
    depths: float = 0.0
    days: float = 0.0
    longest_bars: int = 0
    longest_days: float = 0.0
    depth: float = 0.0
    is_deepest: bool = False

    def begin(self) -> None:
        """A fall begins."""
        self.falls += 1
        self.depth, self.is_deepest = 0.0, False

    def deepen(self, peak: float, now: float) -> None:
        """The equity is below its peak."""
        self.money = max(self.money or 0.0, peak - now)
        part = ratio(peak - now, peak)
        if part is None:
            return
        self.depth = max(self.depth, part)
        if self.fraction is not None and part > self.fraction:
            self.fraction, self.is_deepest = part, True

    def finish(self, first: int, last: int, days: float) -> None:
        """A fall is over, or the curve is."""
        self.depths += self.depth
        self.days += days
        self.longest_bars = max(self.longest_bars, last - first)
        self.longest_days = max(self.longest_days, days)
        if self.is_deepest:
            self.span = first, last


def _fall(tables: Tables, per_day: int) -> _Fall:
    """Walk the curve once; the peak starts at the cash, and an equity at the peak is a new one."""
    times, equity, initial = tables["equity"]["time"], tables["equity"]["equity"], _initial(tables)
    if not equity or initial is None:
        return _Fall()
    found = _Fall(0.0, 0.0 if initial > 0.0 else None)
    peak, peak_row, is_falling = initial, 0, False

    def finish(row: int) -> None:
        if is_falling:
            found.finish(peak_row, row, float(times[row] - times[peak_row]) / float(per_day))

    for row, now in enumerate(equity):
        if now >= peak:
            finish(row)
            peak, peak_row, is_falling = now, row, False
            continue
        if not is_falling:
            found.begin()
            is_falling = True
        found.deepen(peak, now)
    finish(len(equity) - 1)
    if found.fraction == 0.0:
        found.span = 0, 0
    return found


def _of_falls(tables: Tables, calendar: Days, fall: _Fall, noted: Noted) -> dict[str, Number]:
    """The deepest fall, all of them, and what they make of the profit."""
    times, equity, initial = tables["equity"]["time"], tables["equity"]["equity"], _initial(tables)
    days = None
    if fall.span is not None:
        days = float(times[fall.span[1]] - times[fall.span[0]]) / float(calendar.length)
    known = fall.money is not None
    profit = equity[-1] - initial if known and initial is not None else None
    average = ratio(fall.depths, float(fall.falls)) if fall.fraction is not None else None
    inside = 0.0 if noted is None else noted[1]
    return {
        "max_drawdown": fall.fraction,
        "max_drawdown_intrabar": None if fall.fraction is None else max(fall.fraction, inside),
        "max_drawdown_money": fall.money,
        "max_drawdown_bars": None if fall.span is None else fall.span[1] - fall.span[0],
        "max_drawdown_days": days,
        "drawdowns": fall.falls if known else None,
        "average_drawdown": average,
        "average_drawdown_days": ratio(fall.days, float(fall.falls)),
        "longest_drawdown_bars": fall.longest_bars if known else None,
        "longest_drawdown_days": fall.longest_days if known else None,
        "ulcer_index": _ulcer(initial, list(closes_by_day(times, equity, calendar).values())),
        "recovery_factor": ratio(profit, fall.money),
    }


def _ulcer(initial: float | None, closes: Sequence[float]) -> float | None:
    """The root of the mean square of how far each day ends below the peak."""
    if initial is None or not closes or not initial > 0.0:
        return None
    peak, squares = initial, 0.0
    for close in closes:
        peak = max(peak, close)
        part = (peak - close) / peak
        squares += part * part
    return math.sqrt(squares / float(len(closes)))


# --- trades --------------------------------------------------------------------------------------


def _of_trades(tables: Tables, per_day: int) -> dict[str, Number]:
    """How the closed trades went."""
    trades = tables["trades"]
    net = trades["net_pnl"]
    wins, losses = [p for p in net if p > 0.0], [p for p in net if p < 0.0]
    won, lost, closed, n = total(wins), total(losses), total(net), float(len(net))
    multiples = [r for r in trades["r_multiple"] if r is not None]
    win_rate = ratio(float(len(wins)), n)
    average_win, average_loss = ratio(won, float(len(wins))), ratio(lost, float(len(losses)))
    payoff = ratio(average_win, None if average_loss is None else 0.0 - average_loss)
    return {
        "trades": len(net),
        "wins": len(wins),
        "losses": len(losses),
        "win_rate": win_rate,
        "profit_factor": ratio(won, 0.0 - lost),
        "expectancy": ratio(closed, n),
        "average_r": ratio(total(multiples), float(len(multiples))),
        "average_win": average_win,
        "average_loss": average_loss,
        "largest_win": max(wins, default=None),
        "largest_loss": min(losses, default=None),
        "gross_profit": won,
        "gross_loss": lost,
        "payoff_ratio": payoff,
        "kelly": _kelly(win_rate, payoff),
        "sqn": _sqn(net),
        **_streaks(trades),
        **_held(trades, per_day),
        "closed_pnl": closed,
        "ambiguous_trades": sum(map(bool, trades["ambiguous"])),
        "pnl_worst": total(tables["intervals"]["net_pnl_worst"]),
        "pnl_best": total(tables["intervals"]["net_pnl_best"]),
    }


def _kelly(win_rate: float | None, payoff: float | None) -> float | None:
    """The part of the equity that the criterion would risk."""
    lost = None if win_rate is None else ratio(1.0 - win_rate, payoff)
    return None if win_rate is None or lost is None else win_rate - lost


def _sqn(net: Sequence[float]) -> float | None:
    """Mean over sample deviation of the trades' profits, times the root of their number."""
    n = float(len(net))
    if n < 2.0:  # noqa: PLR2004 - a deviation needs two
        return None
    mean = total(net) / n
    deviation = math.sqrt(total((p - mean) * (p - mean) for p in net) / (n - 1.0))
    return product(ratio(mean, deviation), math.sqrt(n))


def _streaks(trades: Columns) -> dict[str, Number]:
    """The longest rows of winners and of losers, in the order of exit, then of the table."""
    in_order = sorted(range(len(trades["net_pnl"])), key=lambda row: trades["exit_time"][row])
    signs = [_sign(trades["net_pnl"][row]) for row in in_order]
    longest = {1: 0, 0: 0, -1: 0}
    for sign, streak in groupby(signs):
        longest[sign] = max(longest[sign], sum(1 for _ in streak))
    return {"longest_win_streak": longest[1], "longest_loss_streak": longest[-1]}


def _sign(profit: float) -> int:
    return 1 if profit > 0.0 else -1 if profit < 0.0 else 0


def _held(trades: Columns, per_day: int) -> dict[str, Number]:
    """How long trades lasted."""
    pairs = zip(trades["entry_time"], trades["exit_time"], strict=True)
    days = [float(left - entered) / float(per_day) for entered, left in pairs]
    n = float(len(days))
    return {
        "average_bars_held": ratio(total(map(float, trades["bars_held"])), n),
        "average_days_held": ratio(total(days), n),
        "longest_days_held": max(days, default=None),
    }


# --- activity and costs --------------------------------------------------------------------------


def _of_costs(tables: Tables, sizes: Mapping[str, float]) -> dict[str, Number]:
    """How much was traded, and what it cost."""
    orders, fills, ledger = tables["orders"], tables["fills"], tables["ledger"]
    symbols = dict(zip(orders["order_id"], orders["symbol"], strict=True))
    notional: float | None = None
    slippage: float | None = None
    if all(order in symbols for order in fills["order_id"]):
        of_fill = (sizes[symbols[order]] for order in fills["order_id"])
        traded = zip(fills["lots"], of_fill, fills["rate"], strict=True)
        units = [lots * size * rate for lots, size, rate in traded]
        notional = total(p * u for p, u in zip(fills["price"], units, strict=True))
        slippage = total(s * u for s, u in zip(fills["slippage"], units, strict=True))

    def booked(*kinds: str) -> float:
        lines = zip(ledger["kind"], ledger["amount"], strict=True)
        return total(amount for kind, amount in lines if kind in kinds)

    swap, borrow, funding = booked("swap"), booked("borrow"), booked("funding")
    fees = total(fills["fee"])
    equity, open_positions = tables["equity"]["equity"], tables["equity"]["open_positions"]
    busy = sum(1 for positions in open_positions if positions > 0)
    return {
        "exposure": ratio(float(busy), float(len(open_positions))),
        "turnover": ratio(notional, ratio(total(equity), float(len(equity)))),
        "fees": fees,
        "slippage_cost": slippage,
        "swap": swap,
        "borrow": borrow,
        "funding": funding,
        "total_costs": None if slippage is None else fees + slippage - swap - borrow - funding,
        "dividends": booked("dividend", "tax"),
        "interest": booked("interest"),
    }


def _initial(tables: Tables) -> float | None:
    amounts = tables["ledger"]["amount"]
    return amounts[0] if amounts else None


def _defined(value: Number) -> bool:
    return value is not None and math.isfinite(value)
