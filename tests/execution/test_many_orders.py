"""A bar of many orders takes time in proportion to their number, and each is treated alike."""

from __future__ import annotations

import gc
import time

import pytest

import omega
from tests.support.sweep_strategies import walk

BARS = 40
FACTOR = 8
FEW = {"rust": 16_000, "python": 60}


class Orders(omega.Strategy):
    """So many orders at one bar, of a kind."""

    kind: str = "market"
    orders: int = 100

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 10:
            self.numbers = [self.order(place, bar.close) for place in range(self.orders)]
        if bar.index == 15 and self.kind == "cancelled":
            for number in self.numbers:
                self.cancel(number)
        if bar.index == 15 and self.kind == "closed":
            for position in list(self.positions):
                self.close(position)

    def order(self, place: int, close: float) -> int:
        match self.kind:
            case "limits":  # of which every other one fills with the open
                return self.buy(size=0.01, limit=close * (1.001 if place % 2 else 0.999))
            case "groups":
                return self.buy(size=0.01, limit=close * 0.9999, oco=str(place // 2))
            case "cancelled":
                return self.buy(size=0.01, limit=0.5 * close)
            case "stopped":
                return self.buy(size=0.01, stop_loss=close * (0.999 if place % 2 else 0.5))
            case _:
                return self.buy(size=0.01)


KINDS = ("market", "limits", "groups", "cancelled", "stopped", "closed")
"""All but stops take time by their number: after each the account's own stop (M9) is added up anew
over what is left, in the order of entry."""


def run(kind: str, orders: int, backend: str) -> omega.BacktestResult:
    strategy = Orders(kind=kind, orders=orders)
    return omega.run_backtest(walk(BARS), strategy, cash=1e9, backend=backend)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "stopped"])
def test_orders_cost_the_same_however_many_they_are(kind: str, backend: str) -> None:
    few, many = (
        min(seconds(kind, orders, backend) for _ in range(2))
        for orders in (FEW[backend], FACTOR * FEW[backend])
    )
    # Eight times as many take eight times as long, and would take 64 times as long. Between them is
    # room for caches that are too small for as many, and for what else the machine does.
    assert many < 5 * FACTOR * few


def seconds(kind: str, orders: int, backend: str) -> float:
    gc.disable()  # which goes through all objects, and more often where there are more
    began = time.process_time()  # of this process, whatever else the machine does
    try:
        run(kind, orders, backend)
    finally:
        gc.enable()
    return time.process_time() - began


@pytest.mark.parametrize("kind", KINDS)
def test_both_backends_treat_many_orders_alike(kind: str) -> None:
    assert run(kind, 300, "rust").fingerprint == run(kind, 300, "python").fingerprint
