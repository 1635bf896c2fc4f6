"""Runs as columns: small ones written by hand, and any that Hypothesis can think of."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Columns = dict[str, list[Any]]
Run = dict[str, Columns]

DAY_MS = 86_400_000
SYMBOLS = ["EURUSD", "XAUUSD"]
CONTRACT_SIZES = [100_000.0, 100.0]
EXIT_REASONS = [
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "break_even",
    "signal",
    "time",
    "end_of_data",
    "stop_out",
    "ruin",
    "stale",
    "delisted",
    "split_cash",
    "window",
    "roll",
]
LEDGER_KINDS = [
    "deposit",
    "pnl",
    "fee",
    "swap",
    "dividend",
    "tax",
    "split_cash",
    "delisting",
    "interest",
    "borrow",
    "funding",
]

money = st.floats(-1e6, 1e6, allow_subnormal=False)
positive = st.floats(1e-6, 1e6, allow_subnormal=False)


def curve(equity: list[float], *, step: int = DAY_MS, cash: float = 100.0) -> Run:
    """Only an equity curve, from a deposit on."""
    times = [k * step for k in range(len(equity))]
    return {
        "equity": {
            "time": times,
            "balance": equity,
            "equity": equity,
            "open_positions": [1 if k % 2 else 0 for k in range(len(equity))],
        },
        "ledger": {
            "time": [0],
            "kind": ["deposit"],
            "trade_id": [None],
            "amount": [cash],
            "balance": [cash],
        },
    }


def trades(net: list[float], r_multiples: list[float | None] | None = None) -> Columns:
    """Trades of which only the outcome matters."""
    n = len(net)
    return {
        "trade_id": list(range(n)),
        "symbol": ["EURUSD"] * n,
        "direction": ["long"] * n,
        "lots": [1.0] * n,
        "units": [100_000.0] * n,
        "entry_index": [0] * n,
        "entry_time": [0] * n,
        "entry_price": [1.0] * n,
        "exit_index": [1] * n,
        "exit_time": [DAY_MS] * n,
        "exit_price": [1.0] * n,
        "stop_loss": [None] * n,
        "take_profit": [None] * n,
        "exit_reason": ["signal"] * n,
        "ambiguous": [False] * n,
        "gross_pnl": net,
        "fees": [0.0] * n,
        "swap": [0.0] * n,
        "net_pnl": net,
        "r_multiple": r_multiples or [None] * n,
        "mae": [0.0] * n,
        "mfe": [0.0] * n,
        "bars_held": [1] * n,
        "reason": [None] * n,
        "tags": [[] for _ in net],
        "net_pnl_worst": net,
        "net_pnl_best": net,
    }


@st.composite
def equity_curves(draw: st.DrawFn, *, least: int = 0, lowest: float = -1e6) -> Run:
    """Any equity curve, with gaps of minutes to weeks between its bars."""
    values = st.floats(lowest, 1e6, allow_subnormal=False)
    equity = draw(st.lists(values, min_size=least, max_size=40))
    gaps = st.integers(60_000, 20 * DAY_MS)
    run = curve(equity, cash=draw(positive))
    time = draw(st.integers(-(10**12), 2 * 10**12))
    times = []
    for _ in equity:
        times.append(time)
        time += draw(gaps)
    run["equity"]["time"] = times
    run["equity"]["open_positions"] = [draw(st.integers(0, 3)) for _ in equity]
    return run


@st.composite
def whole_runs(draw: st.DrawFn) -> Run:
    """Any tables: not those of a possible run, as each is computed from on its own."""
    run = draw(equity_curves())
    n = draw(st.integers(0, 8))

    def column(values: st.SearchStrategy[Any], rows: int = n) -> list[Any]:
        return draw(st.lists(values, min_size=rows, max_size=rows))

    text = st.text(max_size=5)
    run["trades"] = trades(column(money)) | {
        "symbol": column(st.sampled_from(SYMBOLS)),
        "direction": column(st.sampled_from(["long", "short"])),
        "stop_loss": column(st.none() | positive),
        "exit_reason": column(st.sampled_from(EXIT_REASONS)),
        "ambiguous": column(st.booleans()),
        "r_multiple": column(st.none() | money),
        "reason": column(st.none() | text),
        "tags": column(st.lists(text, max_size=3)),
        "net_pnl_worst": column(money),
        "net_pnl_best": column(money),
    }
    orders = draw(st.integers(1, 5))
    run["orders"] = {
        "order_id": list(range(orders)),
        "symbol": column(st.sampled_from(SYMBOLS), orders),
        "side": column(st.sampled_from(["buy", "sell"]), orders),
        "type": column(st.sampled_from(["market", "limit", "stop", "stop_limit"]), orders),
        "lots": column(positive, orders),
        "price": column(st.none() | positive, orders),
        "stop_loss": column(st.none() | positive, orders),
        "take_profit": column(st.none() | positive, orders),
        "submitted_time": column(st.integers(0, 2 * 10**12), orders),
        "status": column(st.sampled_from(["filled", "rejected", "working"]), orders),
        "reject_reason": column(st.none() | text, orders),
    }
    run["fills"] = {
        "order_id": column(st.integers(0, orders - 1)),
        "trade_id": list(range(n)),
        "time": list(range(n)),
        "price": column(positive),
        "lots": column(positive),
        "fee": column(st.floats(0, 100, allow_subnormal=False)),
        "slippage": column(st.floats(0, 1, allow_subnormal=False)),
        "rate": column(st.floats(0.01, 100)),
    }
    swaps = column(money)
    ledger = run["ledger"]
    for k, amount in enumerate(swaps):
        ledger["time"].append(k)
        ledger["kind"].append(draw(st.sampled_from(["pnl", "fee", "swap"])))
        ledger["trade_id"].append(k)
        ledger["amount"].append(amount)
        ledger["balance"].append(ledger["balance"][-1] + amount)
    return run
