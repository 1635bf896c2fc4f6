"""Every fill lies inside its bar, and is as good as its order allows (F2, F3, F10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given

import omega
from tests.support.property_runs import Case, cases


@dataclass(frozen=True)
class Execution:
    """A fill and what it belongs to."""

    bar: int
    buys: bool
    raw: float
    kind: str
    price: float | None
    is_entry: bool


def executions(case: Case, result: omega.BacktestResult) -> Iterator[Execution]:
    """Give each fill with its price before slippage, its side and its order."""
    index = {time: k for k, time in enumerate(case.frame()["time"])}
    orders = {row["order_id"]: row for row in result.orders.iter_rows(named=True)}
    long: dict[int, bool] = {}
    for fill in result.fills.iter_rows(named=True):
        order = orders[fill["order_id"]]
        trade = fill["trade_id"]
        is_entry = trade not in long
        if is_entry:
            long[trade] = order["side"] == "buy"
        buys = long[trade] == is_entry
        sign = 1.0 if buys else -1.0
        raw = fill["price"] - sign * fill["slippage"]
        kind, price = order["type"], order["price"]
        yield Execution(index[fill["time"]], buys, raw, kind, price, is_entry)


@given(cases())
def test_no_fill_lies_outside_its_bar(backend: str, case: Case) -> None:
    """Before slippage, on the side traded; a market order may have the last close instead (L3)."""
    frame = case.frame().to_dicts()
    for fill in executions(case, case.run(backend=backend)):
        side = "ask" if fill.buys else "bid"
        bar, last = frame[fill.bar], frame[fill.bar - 1]
        inside = bar[f"{side}_low"] - 1e-9 <= fill.raw <= bar[f"{side}_high"] + 1e-9
        at_last = case.execution["market_fill"] == "last_close" and fill.kind == "market"
        assert inside or (at_last and abs(fill.raw - last[f"{side}_close"]) < 1e-9), fill


@given(cases())
def test_no_entry_is_better_than_its_order_allows(backend: str, case: Case) -> None:
    """A limit is never filled worse than its price, a stop never better."""
    for fill in executions(case, case.run(backend=backend)):
        if not fill.is_entry or fill.price is None:
            continue
        sign = 1.0 if fill.buys else -1.0
        if fill.kind == "limit":
            assert fill.raw * sign <= fill.price * sign + 1e-9
        elif fill.kind == "stop":
            assert fill.raw * sign >= fill.price * sign - 1e-9


@given(cases())
def test_no_exit_is_better_than_its_level_allows(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    slipped = (case.costs["slippage_pips"] + case.costs.get("slippage_random_pips", 0.0)) * 0.25
    for trade in result.trades.iter_rows(named=True):
        sign = 1.0 if trade["direction"] == "long" else -1.0
        price = trade["exit_price"] * sign
        if trade["exit_reason"] == "take_profit":
            assert price >= trade["take_profit"] * sign
        elif trade["exit_reason"] in ("stop_loss", "trailing_stop", "break_even"):
            assert price <= trade["stop_loss"] * sign
        assert trade["exit_index"] >= trade["entry_index"]
        assert trade["exit_time"] >= trade["entry_time"]
        assert slipped >= 0


@given(cases())
def test_no_order_fills_before_the_bar_after_its_decision(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    asked_after: list[int] = []
    for bar in sorted(case.script):
        asked_after += [bar] * len(case.script[bar])
    index = {time: k for k, time in enumerate(case.frame()["time"])}
    for fill in result.fills.iter_rows(named=True):
        if fill["order_id"] < len(asked_after) and not case.managers:
            assert index[fill["time"]] > asked_after[fill["order_id"]]
