"""A small result for the examples of docstrings and tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Table: TypeAlias = dict[str, Sequence[object]]

_times = [1_704_067_200_000 + k * 86_400_000 for k in range(5)]
_lots = [10_000.0, 10_000.0, 5_000.0]
_entries, _exits = [1.10, 1.11, 1.12], [1.12, 1.12, 1.13]
_trades: Table = {
    "trade_id": [0, 1, 2],
    "symbol": ["EURUSD"] * 3,
    "direction": ["long", "short", "long"],
    "lots": _lots,
    "units": _lots,
    "entry_index": [0, 1, 3],
    "entry_time": [_times[0], _times[1], _times[3]],
    "entry_price": _entries,
    "exit_index": [1, 3, 4],
    "exit_time": [_times[1], _times[3], _times[4]],
    "exit_price": _exits,
    "stop_loss": [1.09, 1.12, None],
    "take_profit": [1.12, None, None],
    "exit_reason": ["take_profit", "stop_loss", "end_of_data"],
    "ambiguous": [False, False, True],
    "gross_pnl": [200.0, -100.0, 50.0],
    "fees": [0.0] * 3,
    "swap": [0.0] * 3,
    "net_pnl": [200.0, -100.0, 50.0],
    "r_multiple": [2.0, -1.0, None],
    "mae": [-20.0, -100.0, -10.0],
    "mfe": [200.0, 10.0, 60.0],
    "bars_held": [1, 2, 1],
    "reason": ["breakout", None, None],
    "tags": [["trend"], [], []],
    "net_pnl_worst": [200.0, -100.0, -40.0],
    "net_pnl_best": [200.0, -100.0, 50.0],
}
_orders: Table = {
    "order_id": [0, 1, 2, 3],
    "symbol": ["EURUSD"] * 4,
    "side": ["buy", "sell", "buy", "buy"],
    "type": ["market", "limit", "market", "market"],
    "lots": [*_lots, 0.0],
    "price": [None, 1.11, None, None],
    "stop_loss": [1.09, 1.12, None, None],
    "take_profit": [1.12, None, None, None],
    "submitted_time": [_times[0], _times[1], _times[3], _times[4]],
    "status": ["filled", "filled", "filled", "rejected"],
    "reject_reason": [None, None, None, "size"],
}
_fills: Table = {
    "order_id": [0, 0, 1, 1, 2, 2],
    "trade_id": [0, 0, 1, 1, 2, 2],
    "time": [_times[k] for k in (0, 1, 1, 3, 3, 4)],
    "price": [price for pair in zip(_entries, _exits, strict=True) for price in pair],
    "lots": [size for size in _lots for _ in range(2)],
    "fee": [0.0] * 6,
    "slippage": [0.0] * 6,
    "rate": [1.0] * 6,
}
_equity: Table = {
    "time": _times,
    "balance": [10_000.0, 10_200.0, 10_200.0, 10_100.0, 10_150.0],
    "equity": [10_000.0, 10_200.0, 10_150.0, 10_100.0, 10_150.0],
    "open_positions": [1, 1, 1, 1, 0],
}
_ledger: Table = {
    "time": [_times[k] for k in (0, 1, 3, 4)],
    "kind": ["deposit", "pnl", "pnl", "pnl"],
    "trade_id": [None, 0, 1, 2],
    "amount": [10_000.0, 200.0, -100.0, 50.0],
    "balance": [10_000.0, 10_200.0, 10_100.0, 10_150.0],
}
EXAMPLE: dict[str, Table] = {
    "trades": _trades,
    "orders": _orders,
    "fills": _fills,
    "equity": _equity,
    "ledger": _ledger,
}
