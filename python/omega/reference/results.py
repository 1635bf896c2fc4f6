"""Result tables, metrics and the fingerprint in plain Python.

`PlainTables` gives what the native `omega._core.RunTables` gives, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.contract import LocalDays, Noted
from omega.reference import fingerprint
from omega.reference.days import Days
from omega.reference.metrics import Columns, daily_returns, metrics

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
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
        "take_profit f64?, submitted_time time, status cat, reject_reason str?, note cat?"
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
    "weights": ("time time, symbol cat, target f64?, realised f64, drift f64?, reason str?"),
}
SCHEMAS: dict[str, dict[str, str]] = {
    table: dict(column.split(" ") for column in text.split(", "))
    for table, text in _SCHEMAS.items()
}
"""For each table its columns and their kinds; a question mark allows a missing value."""

_UNHASHED = {"note"}
"""Columns of version 2, which the fingerprint leaves out: it stays that of equal results."""


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
        noted: Noted = None,
        days: LocalDays | None = None,
        first_decision: int | None = None,
    ) -> None:
        """Keeps the columns; a table that is missing is empty.

        `noted` is what no column has: the least equity inside bars, and the deepest fall to one.
        """
        self.columns: dict[str, Columns] = {
            table: _whole(columns.get(table, {}), schema) for table, schema in SCHEMAS.items()
        }
        trades = columns.get("trades", {})
        if "net_pnl_worst" in trades:
            self.columns["intervals"] = {name: trades[name] for name in SCHEMAS["intervals"]}
        self.symbols = list(symbols)
        self.contract_sizes = list(contract_sizes or [1.0] * len(symbols))
        self.unit = unit
        self.timezone = timezone
        self.noted = noted
        self.days = days
        self.first_decision = first_decision

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, pl.DataFrame],
        *,
        symbols: Sequence[str],
        contract_sizes: Sequence[float],
        unit: str,
        timezone: str | None,
        noted: Noted = None,
        days: LocalDays | None = None,
        first_decision: int | None = None,
    ) -> PlainTables:
        """Take tables that were saved, or built by hand."""
        columns = {
            table: {column.name: _plain(column, unit) for column in frame}
            for table, frame in tables.items()
        }
        shape: Any = {"contract_sizes": contract_sizes, "unit": unit, "timezone": timezone}
        shape |= {"days": days, "first_decision": first_decision}
        return cls(columns, symbols=symbols, noted=noted, **shape)

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

    def times(self) -> pl.DataFrame:
        """The times of the equity curve."""
        return self.equity().select("time")

    def ledger(self) -> pl.DataFrame:
        """Changes of the balance."""
        return self._frame("ledger")

    def positions(self) -> pl.DataFrame:
        """Positions still open."""
        return self._frame("positions")

    def weights(self) -> pl.DataFrame:
        """What became of target weights."""
        return self._frame("weights")

    def metrics(self) -> list[tuple[str, float | int | None]]:
        """Names and values, in order; times as integers in the unit."""
        days = Days.in_unit(self.unit, self.days)
        sizes = dict(zip(self.symbols, self.contract_sizes, strict=True))
        return metrics(self.columns, days, sizes, self.noted, self.first_decision)

    def daily_returns(self) -> NDArray[np.float64] | None:
        """The return of each day; None where days have no return."""
        days = Days.in_unit(self.unit, self.days)
        return daily_returns(self.columns, days, self.noted)

    def fingerprint(self) -> str:
        """The hash of trades, orders and equity, as 64 hexadecimal digits."""
        hashed = {
            table: {name: kind for name, kind in SCHEMAS[table].items() if name not in _UNHASHED}
            for table in ("trades", "orders", "equity")
        }
        return fingerprint.fingerprint(
            {table: (kinds, self.columns[table]) for table, kinds in hashed.items()}, self.unit
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
        unit: Any = "ms" if self.unit == "s" else self.unit  # Polars has no seconds
        kinds: dict[str, pl.DataType] = {
            "u32": pl.UInt32(),
            "f64": pl.Float64(),
            "bool": pl.Boolean(),
            "cat": pl.Categorical(),
            "str": pl.String(),
            "list[str]": pl.List(pl.String),
            "time": pl.Datetime(unit, self.timezone),
        }
        schema = {name: kinds[kind.rstrip("?")] for name, kind in SCHEMAS[table].items()}
        columns = dict(self.columns[table])
        if self.unit == "s":
            times = [name for name, kind in SCHEMAS[table].items() if kind == "time"]
            columns |= {name: [time * 1_000 for time in columns[name]] for name in times}
        return pl.DataFrame(columns, schema=schema)


def _whole(columns: Columns, schema: Mapping[str, str]) -> Columns:
    """Return every column of a table; one that an older table lacks is null."""
    rows = len(next(iter(columns.values()), ()))
    return {name: columns.get(name, [None] * rows if name in _UNHASHED else ()) for name in schema}


def _plain(column: pl.Series, unit: str) -> list[Any]:
    """Values as a run keeps them: times as integers, and seconds not as milliseconds."""
    if not isinstance(column.dtype, pl.Datetime):
        return column.to_list()
    times = column.to_physical()
    return (times // 1_000 if unit == "s" else times).to_list()
