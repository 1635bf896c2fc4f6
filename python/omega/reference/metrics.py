"""Metrics in plain Python, each as its definition in ``docs/concepts/results.md`` reads.

The order of operations is the one stated there, so that the native metrics are the same to the last
bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from omega.contract import Noted
from omega.reference.days import Days

Columns: TypeAlias = Mapping[str, Sequence[Any]]
Tables: TypeAlias = Mapping[str, Columns]
Number: TypeAlias = float | int | None

_DAYS_PER_YEAR = 365.25
_TAIL = 0.05


def metrics(
    tables: Tables,
    days: Days,
    sizes: Mapping[str, float],
    noted: Noted = None,
    first_decision: int | None = None,
) -> list[tuple[str, float | int | None]]:
    """Give names and values, in order; times as integers, None for what is undefined.

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
    days = _day_closes(times, equity, calendar)
    closes = list(days.values())
    years = None
    if times:
        years = (calendar.of(times[-1]) - calendar.of(times[0]) + 1) / _DAYS_PER_YEAR
    per_year = None if years is None else len(closes) / years
    initial, last = _initial(tables), equity[-1] if equity else None
    growth = _ratio(last, initial)
    ruined = _day_of_ruin(noted, calendar, days)
    cagr = None if ruined is None else -1.0
    if ruined is None and growth is not None and years is not None and growth >= 0.0:
        cagr = _power(growth, 1.0 / years)
    returns = _returns(initial, days, ruined)
    lows = [*equity, *([] if noted is None or not equity else [noted[0]])]
    mean, deviation, downside = _spread(returns)
    scale = None if per_year is None else math.sqrt(per_year)
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
        "volatility": _times(deviation, scale),
        "sharpe": _times(_ratio(mean, deviation), scale),
        "sortino": _times(_ratio(mean, downside), scale),
        "calmar": _ratio(cagr, fall.fraction),
        "downside_volatility": _times(downside, scale),
        **_shape(returns, mean),
        **_tails(returns),
    }


def daily_returns(tables: Tables, calendar: Days, noted: Noted) -> NDArray[np.float64] | None:
    """Give the return of each day, which the metrics are made of; None where days have none."""
    days = _day_closes(tables["equity"]["time"], tables["equity"]["equity"], calendar)
    returns = _returns(_initial(tables), days, _day_of_ruin(noted, calendar, days))
    return np.array(returns) if returns else None


def _day_of_ruin(noted: Noted, calendar: Days, days: Mapping[int, float]) -> int | None:
    """The day of the ruin, where it has a bar (M8)."""
    time = None if noted is None else noted[2]
    return calendar.of(time) if time is not None and calendar.of(time) in days else None


def _returns(initial: float | None, days: Mapping[int, float], ruined: int | None) -> list[float]:
    """Give the return of each day; the first is on the cash. None of them after a debt.

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


def _spread(returns: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Mean, sample deviation and downside of daily returns."""
    if not returns:
        return None, None, None
    n = float(len(returns))
    mean = _sum(returns) / n
    squares = _sum((r - mean) * (r - mean) for r in returns)
    losses = _sum(r * r for r in returns if r < 0.0)
    deviation = math.sqrt(squares / (n - 1.0)) if len(returns) > 1 else None
    return mean, deviation, math.sqrt(losses / n)


def _shape(returns: Sequence[float], mean: float | None) -> dict[str, Number]:
    """Skewness and excess kurtosis of daily returns, corrected for the size of the sample."""
    skewness = kurtosis = None
    if mean is not None:
        n = float(len(returns))
        apart = [r - mean for r in returns]
        second = _sum(d * d for d in apart) / n
        third = _ratio(_sum(d * d * d for d in apart) / n, second * math.sqrt(second))
        fourth = _ratio(_sum((d * d) * (d * d) for d in apart) / n, second * second)
        if third is not None and n > 2.0:  # noqa: PLR2004 - the correction needs three
            skewness = third * (math.sqrt(n * (n - 1.0)) / (n - 2.0))
        if fourth is not None and n > 3.0:  # noqa: PLR2004 - and four
            factor = (n - 1.0) / ((n - 2.0) * (n - 3.0))
            kurtosis = factor * ((n + 1.0) * (fourth - 3.0) + 6.0)
    return {"skewness": skewness, "kurtosis": kurtosis}


def _tails(returns: Sequence[float]) -> dict[str, Number]:
    """The best and the worst days, and gains beside losses."""
    gains, losses = _sum(r for r in returns if r > 0.0), _sum(r for r in returns if r < 0.0)
    found: dict[str, Number] = {
        "best_day": None,
        "worst_day": None,
        "value_at_risk": None,
        "conditional_value_at_risk": None,
        "tail_ratio": None,
        "omega_ratio": _ratio(gains, 0.0 - losses),
    }
    if returns and all(map(math.isfinite, returns)):
        ascending = sorted(returns)
        low, high = _quantile(ascending, _TAIL), _quantile(ascending, 1.0 - _TAIL)
        worst = ascending[: int(_TAIL * float(len(returns) - 1)) + 1]
        found |= {
            "best_day": ascending[-1],
            "worst_day": ascending[0],
            "value_at_risk": low,
            "conditional_value_at_risk": _sum(worst) / float(len(worst)),
            "tail_ratio": _ratio(abs(high), abs(low)),
        }
    return found


def _quantile(ascending: Sequence[float], part: float) -> float:
    """Give the value below which a part of some values lies, on the line between two of them."""
    place = part * float(len(ascending) - 1)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (ascending[above] - ascending[below]) * (place - float(below))


def _day_closes(times: Sequence[int], equity: Sequence[float], days: Days) -> dict[int, float]:
    """Give the last equity of each day (T4) that has a bar."""
    return {days.of(time): value for time, value in zip(times, equity, strict=True)}


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
        part = _ratio(peak - now, peak)
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
    average = _ratio(fall.depths, float(fall.falls)) if fall.fraction is not None else None
    inside = 0.0 if noted is None else noted[1]
    return {
        "max_drawdown": fall.fraction,
        "max_drawdown_intrabar": None if fall.fraction is None else max(fall.fraction, inside),
        "max_drawdown_money": fall.money,
        "max_drawdown_bars": None if fall.span is None else fall.span[1] - fall.span[0],
        "max_drawdown_days": days,
        "drawdowns": fall.falls if known else None,
        "average_drawdown": average,
        "average_drawdown_days": _ratio(fall.days, float(fall.falls)),
        "longest_drawdown_bars": fall.longest_bars if known else None,
        "longest_drawdown_days": fall.longest_days if known else None,
        "ulcer_index": _ulcer(initial, list(_day_closes(times, equity, calendar).values())),
        "recovery_factor": _ratio(profit, fall.money),
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
    won, lost, closed, n = _sum(wins), _sum(losses), _sum(net), float(len(net))
    multiples = [r for r in trades["r_multiple"] if r is not None]
    win_rate = _ratio(float(len(wins)), n)
    average_win, average_loss = _ratio(won, float(len(wins))), _ratio(lost, float(len(losses)))
    payoff = _ratio(average_win, None if average_loss is None else 0.0 - average_loss)
    return {
        "trades": len(net),
        "wins": len(wins),
        "losses": len(losses),
        "win_rate": win_rate,
        "profit_factor": _ratio(won, 0.0 - lost),
        "expectancy": _ratio(closed, n),
        "average_r": _ratio(_sum(multiples), float(len(multiples))),
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
        "pnl_worst": _sum(tables["intervals"]["net_pnl_worst"]),
        "pnl_best": _sum(tables["intervals"]["net_pnl_best"]),
    }


def _kelly(win_rate: float | None, payoff: float | None) -> float | None:
    """The part of the equity that the criterion would risk."""
    lost = None if win_rate is None else _ratio(1.0 - win_rate, payoff)
    return None if win_rate is None or lost is None else win_rate - lost


def _sqn(net: Sequence[float]) -> float | None:
    """Mean over sample deviation of the trades' profits, times the root of their number."""
    n = float(len(net))
    if n < 2.0:  # noqa: PLR2004 - a deviation needs two
        return None
    mean = _sum(net) / n
    deviation = math.sqrt(_sum((p - mean) * (p - mean) for p in net) / (n - 1.0))
    return _times(_ratio(mean, deviation), math.sqrt(n))


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
        "average_bars_held": _ratio(_sum(map(float, trades["bars_held"])), n),
        "average_days_held": _ratio(_sum(days), n),
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
        notional = _sum(p * u for p, u in zip(fills["price"], units, strict=True))
        slippage = _sum(s * u for s, u in zip(fills["slippage"], units, strict=True))
    lines = zip(ledger["kind"], ledger["amount"], strict=True)
    swap = _sum(amount for kind, amount in lines if kind == "swap")
    fees = _sum(fills["fee"])
    equity, open_positions = tables["equity"]["equity"], tables["equity"]["open_positions"]
    busy = sum(1 for positions in open_positions if positions > 0)
    return {
        "exposure": _ratio(float(busy), float(len(open_positions))),
        "turnover": _ratio(notional, _ratio(_sum(equity), float(len(equity)))),
        "fees": fees,
        "slippage_cost": slippage,
        "swap": swap,
        "total_costs": None if slippage is None else fees + slippage - swap,
    }


def _initial(tables: Tables) -> float | None:
    amounts = tables["ledger"]["amount"]
    return amounts[0] if amounts else None


def _sum(values: Iterable[float]) -> float:
    """From the first to the last, starting at 0; Python's own `sum` compensates, so it differs."""
    total = 0.0
    for value in values:
        total += value
    return total


def _ratio(a: float | None, b: float | None) -> float | None:
    if a is None or b is None or not b > 0.0:
        return None
    return a / b


def _times(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a * b


def _power(growth: float, exponent: float) -> float | None:
    try:
        return math.pow(growth, exponent) - 1.0
    except OverflowError:
        return None


def _defined(value: Number) -> bool:
    return value is not None and math.isfinite(value)
