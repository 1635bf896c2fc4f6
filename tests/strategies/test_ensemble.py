"""Several strategies on one account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.examples.sma_cross import SmaCross
from tests.support.backends import BACKENDS
from tests.support.signal_columns import walk

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


class Dips(omega.Strategy):
    """Buys each third bar with a stop and a target; keeps what it heard."""

    size: float = 1.0

    def init(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.seen: list[int] = []

    def on_bar(self, bar: omega.Bar) -> omega.Signal | None:
        self.seen.append(len(self.positions))
        if bar.index % 3 == 0 and self.position is None:
            return omega.Signal(
                "long",
                size=self.size,
                stop_loss=bar.close - 4e-4,
                take_profit=bar.ask.close + 4e-4,
                tags=("dip",),
            )
        return None

    def on_fill(self, fill: omega.Fill) -> None:
        self.heard.append(("fill", fill.trade_id))

    def on_exit(self, trade: omega.Trade) -> None:
        self.heard.append(("exit", trade.trade_id))


def test_each_trades_as_it_would_alone_and_its_trades_are_told_apart(backend: str) -> None:
    data = walk(600)
    members = [SmaCross(fast=5, slow=9), Dips()]
    together = omega.run_backtest(data, members, backend=backend)
    dips = together.strategy.strategies["Dips"]
    start = together.metrics["first_decision"]
    assert isinstance(start, datetime)
    for label, one in (("SmaCross", SmaCross(fast=5, slow=9)), ("Dips", Dips())):
        alone = omega.run_backtest(data, one, start=start, backend=backend)
        of_it = together.trades.filter(together.trades["tags"].list.contains(label))
        columns = ["entry_time", "exit_time", "direction", "entry_price", "exit_price", "net_pnl"]
        assert of_it.height > 10
        assert of_it.select(columns).equals(alone.trades.select(columns))
    tags = together.trades["tags"].to_list()
    assert {tuple(marks) for marks in tags} == {("SmaCross",), ("dip", "Dips")}
    own = {n for n, marks in zip(together.trades["trade_id"], tags, strict=True) if "Dips" in marks}
    assert {number for _, number in dips.heard} == own
    assert max(dips.seen) == 1


def test_margin_and_limits_are_shared(backend: str) -> None:
    result = omega.run_backtest(
        walk(100),
        {"first": Dips(size=2.0), "second": Dips(size=1.0)},
        limits=omega.Limits(max_positions=1),
        backend=backend,
    )
    assert {tags[-1] for tags in result.trades["tags"].to_list()} == {"first"}
    refused = result.orders.filter(result.orders["status"] == "rejected")
    assert set(refused["reject_reason"].to_list()) == {"max_positions"}


def test_a_close_reaches_only_what_one_has_itself(backend: str) -> None:
    class Closer(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 10:
                self.close()

    result = omega.run_backtest(walk(30), [Dips, Closer], backend=backend)
    assert "signal" not in result.trades["exit_reason"].to_list()
    assert result.orders["reject_reason"].to_list().count("not_found") == 1


class BuysOnce(omega.Strategy):
    """Buys one lot on the first bar."""

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 0:
            self.buy()


class SellsOff(BuysOnce):
    """The same, and sells three off later."""

    def on_bar(self, bar: omega.Bar) -> None:
        super().on_bar(bar)
        if bar.index == 2:
            self.sell(3, reduce_only=True)


def test_an_order_that_only_reduces_spares_the_others(backend: str) -> None:
    result = omega.run_backtest(
        walk(6),
        [BuysOnce(), SellsOff()],
        backend=backend,
        execution=omega.Execution(close_at_end=False),
    )
    assert result.trades.select("trade_id", "lots").rows() == [(1, 1.0)]
    assert result.positions.select("trade_id", "lots").rows() == [(0, 1.0)]


class Returned(omega.Strategy):
    """Buys both symbols and leaves both by a close that it returns."""

    def on_bar(self, bar: omega.Bar) -> omega.Close | list[omega.Signal] | None:
        if bar.index == 3:
            return [omega.Signal("long", symbol=name) for name in ("A", "B")]
        return omega.Close() if bar.index == 6 else None


class Called(omega.Strategy):
    """The same, by calls."""

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 3:
            self.buy(symbol="A")
            self.buy(symbol="B")
        if bar.index == 6:
            self.close()


def test_a_close_that_names_nothing_closes_all_of_ones_own_symbols(backend: str) -> None:
    data = {"A": walk(12), "B": walk(12, seed=2)}
    runs = [
        omega.run_backtest(data, {"one": kind, "other": Dips}, backend=backend)
        for kind in (Returned, Called)
    ]
    own = pl.col("tags").list.contains("one")
    assert runs[0].trades.filter(own)["exit_index"].to_list() == [7, 7]
    assert runs[0].fingerprint == runs[1].fingerprint


def test_labels_are_numbered_and_what_cannot_share_is_refused(backend: str) -> None:
    result = omega.run_backtest(walk(30), [Dips(), Dips()], backend=backend)
    assert {tags[-1] for tags in result.trades["tags"].to_list()} == {"Dips", "Dips 2"}
    with pytest.raises(ConfigError, match="empty list"):
        omega.run_backtest(walk(30), [], backend=backend)
    several: Any = [lambda bar: None]
    with pytest.raises(ConfigError, match="no positions of its own"):
        omega.run_backtest(walk(30), several, backend=backend)
