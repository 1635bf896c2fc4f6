"""Result tables, metrics and the fingerprint in plain Python.

What goes in: columns as lists. What comes out: `PlainTables`, which gives what the native
`omega._core.RunTables` gives, bit for bit. The code is the definition of each metric, in the order
of operations that ``docs/concepts/results.md`` states.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import polars as pl

from omega.reference import hashing

Columns: TypeAlias = Mapping[str, Sequence[Any]]
Number: TypeAlias = float | int | None

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DAYS_PER_YEAR = 365.25
_SCHEMAS = {
    "trades": (
        "trade_id u32, symbol cat, direction cat, lots f64, units f64, entry_index u32, "
        "entry_time time, entry_price f64, exit_index u32, exit_time time, exit_price f64, "
        "stop_loss f64?, take_profit f64?, exit_reason cat, ambiguous bool, gross_pnl f64, "
        "fees f64, swap f64, net_pnl f64, r_multiple f64?, mae f64, mfe f64, bars_held u32, "
        "reason str?, tags list[str]"
    ),
    "intervals": "trade_id u32, net_pnl_worst f64, net_pnl_best f64",
    "orders": (
        "order_id u32, symbol cat, side cat, type cat, lots f64, price f64?, stop_loss f64?, "
        "take_profit f64?, submitted_time time, status cat, reject_reason str?"
    ),
    "fills": (
        "order_id u32, trade_id u32, time time, price f64, lots f64, fee f64, slippage f64, "
        "rate f64"
    ),
    "equity": "time time, balance f64, equity f64, open_positions u32",
    "ledger": "time time, kind cat, trade_id u32?, amount f64, balance f64",
    "positions": (
        "trade_id u32, symbol cat, direction cat, lots f64, entry_index u32, entry_time time, "
        "entry_price f64, stop_loss f64?, take_profit f64?, open_profit f64, swap f64, "
        "entry_fee f64"
    ),
}
SCHEMAS: dict[str, dict[str, str]] = {
    table: dict(column.split(" ") for column in text.split(", "))
    for table, text in _SCHEMAS.items()
}
"""For each table its columns and their kinds; a question mark allows a missing value."""


class PlainTables:
    """The tables of a run as lists; it can stand where `omega._core.RunTables` stands.

    Example:
        >>> ledger = {"time": [0], "kind": ["deposit"], "trade_id": [None], "amount": [5.0],
        ...           "balance": [5.0]}
        >>> equity = {"time": [0], "balance": [5.0], "equity": [6.0], "open_positions": [1]}
        >>> tables = PlainTables({"ledger": ledger, "equity": equity}, symbols=["X"])
        >>> dict(tables.metrics())["net_profit"]
        1.0
    """

    def __init__(
        self,
        columns: Mapping[str, Columns],
        *,
        symbols: Sequence[str],
        contract_sizes: Sequence[float] | None = None,
        unit: str = "ns",
        timezone: str | None = None,
    ) -> None:
        """Keeps the columns; a table that is missing is empty."""
        self.columns: dict[str, Columns] = {
            table: {name: columns.get(table, {}).get(name, ()) for name in schema}
            for table, schema in SCHEMAS.items()
        }
        trades = columns.get("trades", {})
        if "net_pnl_worst" in trades:
            self.columns["intervals"] = {name: trades[name] for name in SCHEMAS["intervals"]}
        self.symbols = list(symbols)
        self.contract_sizes = list(contract_sizes or [1.0] * len(symbols))
        self.unit = unit
        self.timezone = timezone

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, pl.DataFrame],
        *,
        symbols: Sequence[str],
        contract_sizes: Sequence[float],
        unit: str,
        timezone: str | None,
    ) -> PlainTables:
        """Take tables that were saved, or built by hand."""
        columns = {
            table: {column.name: _plain(column, unit) for column in frame}
            for table, frame in tables.items()
        }
        shape: Any = {"contract_sizes": contract_sizes, "unit": unit, "timezone": timezone}
        return cls(columns, symbols=symbols, **shape)

    def trades(self) -> pl.DataFrame:
        """Closed trades."""
        return self._frame("trades")

    def intervals(self) -> pl.DataFrame:
        """Worst and best net profit of each trade."""
        return self._frame("intervals")

    def orders(self) -> pl.DataFrame:
        """Orders."""
        return self._frame("orders")

    def fills(self) -> pl.DataFrame:
        """Executions."""
        return self._frame("fills")

    def equity(self) -> pl.DataFrame:
        """The equity curve."""
        return self._frame("equity")

    def ledger(self) -> pl.DataFrame:
        """Changes of the balance."""
        return self._frame("ledger")

    def positions(self) -> pl.DataFrame:
        """Positions still open."""
        return self._frame("positions")

    def metrics(self) -> list[tuple[str, float | int | None]]:
        """Names and values, in order; times as integers in the unit."""
        per_day = 86_400 * _PER_SECOND[self.unit]
        parts = (
            curve_metrics(self.columns, per_day)
            | drawdown_metrics(self.columns, per_day)
            | trade_metrics(self.columns)
            | cost_metrics(self.columns, dict(zip(self.symbols, self.contract_sizes, strict=True)))
        )
        return [(name, value if _defined(value) else None) for name, value in parts.items()]

    def fingerprint(self) -> str:
        """The hash of trades, orders and equity, as 64 hexadecimal digits."""
        return hashing.fingerprint(
            {name: (SCHEMAS[name], self.columns[name]) for name in ("trades", "orders", "equity")},
            self.unit,
        )

    def first_broken_ledger_line(self) -> int | None:
        """The first ledger line whose amount doesn't lead to its balance."""
        balance = 0.0
        lines = zip(
            self.columns["ledger"]["amount"], self.columns["ledger"]["balance"], strict=True
        )
        for row, (amount, recorded) in enumerate(lines):
            balance += amount
            if balance.hex() != recorded.hex():
                return row
        return None

    def _frame(self, table: str) -> pl.DataFrame:
        kinds: dict[str, pl.DataType] = {
            "u32": pl.UInt32(),
            "f64": pl.Float64(),
            "bool": pl.Boolean(),
            "cat": pl.Categorical(),
            "str": pl.String(),
            "list[str]": pl.List(pl.String),
            "time": pl.Int64(),
        }
        schema = {name: kinds[kind.rstrip("?")] for name, kind in SCHEMAS[table].items()}
        frame = pl.DataFrame(dict(self.columns[table]), schema=schema)
        times = [name for name, kind in SCHEMAS[table].items() if kind == "time"]
        return frame.with_columns(self._time(name) for name in times)

    def _time(self, name: str) -> pl.Expr:
        """Polars has no seconds: it shows them as milliseconds."""
        times = {
            "s": (pl.col(name) * 1_000, pl.Datetime("ms", self.timezone)),
            "ms": (pl.col(name), pl.Datetime("ms", self.timezone)),
            "us": (pl.col(name), pl.Datetime("us", self.timezone)),
            "ns": (pl.col(name), pl.Datetime("ns", self.timezone)),
        }
        values, kind = times[self.unit]
        return values.cast(kind)


def _plain(column: pl.Series, unit: str) -> list[Any]:
    """Values as a run keeps them: times as integers, and seconds not as milliseconds."""
    if not isinstance(column.dtype, pl.Datetime):
        return column.to_list()
    times = column.to_physical()
    return (times // 1_000 if unit == "s" else times).to_list()


def curve_metrics(tables: Mapping[str, Columns], per_day: int) -> dict[str, Number]:
    """Return, growth, volatility and the ratios made of them."""
    times, equity = tables["equity"]["time"], tables["equity"]["equity"]
    closes = _day_closes(times, equity, per_day)
    years = None
    if times:
        years = (times[-1] // per_day - times[0] // per_day + 1) / _DAYS_PER_YEAR
    per_year = None if years is None else len(closes) / years
    initial, last = _initial(tables), equity[-1] if equity else None
    growth = _ratio(last, initial)
    cagr = None
    if growth is not None and years is not None and growth >= 0.0:
        cagr = _power(growth, 1.0 / years)
    mean, deviation, downside = _spread(initial, closes)
    scale = None if per_year is None else math.sqrt(per_year)
    return {
        "start": times[0] if times else None,
        "end": times[-1] if times else None,
        "bars": len(times),
        "days": len(closes),
        "years": years,
        "periods_per_year": per_year,
        "initial_equity": initial,
        "final_equity": last,
        "net_profit": None if initial is None or last is None else last - initial,
        "total_return": None if growth is None else growth - 1.0,
        "cagr": cagr,
        "volatility": _times(deviation, scale),
        "sharpe": _times(_ratio(mean, deviation), scale),
        "sortino": _times(_ratio(mean, downside), scale),
        "calmar": _ratio(cagr, _deepest(tables)[1]),
    }


def drawdown_metrics(tables: Mapping[str, Columns], per_day: int) -> dict[str, Number]:
    """The deepest fall of the equity below its peak so far, and how long it lasted."""
    times = tables["equity"]["time"]
    money, fraction, span = _deepest(tables)
    return {
        "max_drawdown": fraction,
        "max_drawdown_money": money,
        "max_drawdown_bars": None if span is None else span[1] - span[0],
        "max_drawdown_days": (
            None if span is None else float(times[span[1]] - times[span[0]]) / float(per_day)
        ),
    }


def trade_metrics(tables: Mapping[str, Columns]) -> dict[str, Number]:
    """How the closed trades went."""
    net = tables["trades"]["net_pnl"]
    wins, losses = [p for p in net if p > 0.0], [p for p in net if p < 0.0]
    won, lost, closed = _sum(wins), _sum(losses), _sum(net)
    multiples = [r for r in tables["trades"]["r_multiple"] if r is not None]
    return {
        "trades": len(net),
        "wins": len(wins),
        "losses": len(losses),
        "win_rate": _ratio(float(len(wins)), float(len(net))),
        "profit_factor": _ratio(won, 0.0 - lost),
        "expectancy": _ratio(closed, float(len(net))),
        "average_r": _ratio(_sum(multiples), float(len(multiples))),
        "average_win": _ratio(won, float(len(wins))),
        "average_loss": _ratio(lost, float(len(losses))),
        "largest_win": max(wins, default=None),
        "largest_loss": min(losses, default=None),
        "closed_pnl": closed,
        "ambiguous_trades": sum(map(bool, tables["trades"]["ambiguous"])),
        "pnl_worst": _sum(tables["intervals"]["net_pnl_worst"]),
        "pnl_best": _sum(tables["intervals"]["net_pnl_best"]),
    }


def cost_metrics(tables: Mapping[str, Columns], sizes: Mapping[str, float]) -> dict[str, Number]:
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


def _initial(tables: Mapping[str, Columns]) -> float | None:
    amounts = tables["ledger"]["amount"]
    return amounts[0] if amounts else None


def _day_closes(times: Sequence[int], equity: Sequence[float], per_day: int) -> list[float]:
    """Give the last equity of each UTC day that has a bar."""
    closes = {time // per_day: value for time, value in zip(times, equity, strict=True)}
    return list(closes.values())


def _spread(
    initial: float | None, closes: Sequence[float]
) -> tuple[float | None, float | None, float | None]:
    """Mean, sample deviation and downside of daily returns; the first is on the cash."""
    if initial is None or not closes or min([initial, *closes[:-1]]) <= 0.0:
        return None, None, None
    pairs = zip([initial, *closes[:-1]], closes, strict=True)
    returns = [close / before - 1.0 for before, close in pairs]
    n = float(len(returns))
    mean = _sum(returns) / n
    squares = _sum((r - mean) * (r - mean) for r in returns)
    losses = _sum(r * r for r in returns if r < 0.0)
    deviation = math.sqrt(squares / (n - 1.0)) if len(returns) > 1 else None
    return mean, deviation, math.sqrt(losses / n)


def _deepest(
    tables: Mapping[str, Columns],
) -> tuple[float | None, float | None, tuple[int, int] | None]:
    """Give the largest fall in money, as a part of its peak, and the rows of peak and recovery."""
    equity, initial = tables["equity"]["equity"], _initial(tables)
    if not equity or initial is None:
        return None, None, None
    peak, peak_row, money = initial, 0, 0.0
    fraction = 0.0 if initial > 0.0 else None
    start, deepest_peak = 0, initial
    for row, now in enumerate(equity):
        if now >= peak:
            peak, peak_row = now, row
            continue
        money = max(money, peak - now)
        part = _ratio(peak - now, peak)
        if fraction is not None and part is not None and part > fraction:
            fraction, start, deepest_peak = part, peak_row, peak
    if fraction is None:
        return money, None, None
    if fraction == 0.0:
        return money, fraction, (0, 0)
    return money, fraction, (start, _recovery(equity, start, deepest_peak))


def _recovery(equity: Sequence[float], start: int, peak: float) -> int:
    """Give the first row that reaches the peak again after the fall, or the last row."""
    fallen = False
    for row in range(start, len(equity)):
        fallen = fallen or equity[row] < peak
        if fallen and equity[row] >= peak:
            return row
    return len(equity) - 1


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
