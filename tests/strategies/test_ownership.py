"""What is whose: members of an ensemble, and runs, reach nothing of each other (X4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import omega
from omega.errors import ConfigError
from omega.strategy.actions import Action
from tests.support.backends import BACKENDS
from tests.support.signal_columns import walk

pytestmark = pytest.mark.parametrize("backend", BACKENDS)
OPEN = omega.Execution(close_at_end=False)


class Opens(omega.Strategy):
    """Buys one lot on the first bar, under the tags of another."""

    limit: float = 0.0

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 0:
            self.buy(1, limit=self.limit or None, stop_loss=0.25, tags=("b", "b"))


class Does(omega.Strategy):
    """Does something with number 0, which is another's, on the third bar."""

    def __init__(self, what: Callable[[Does], Any]) -> None:
        super().__init__()
        self.what = what

    def on_bar(self, bar: omega.Bar) -> Action | list[Action] | None:
        if bar.index != 2:
            return None
        done = self.what(self)
        return None if isinstance(done, int) else done


REACHES: list[tuple[str, Callable[[Does], Any]]] = [
    ("close", lambda self: self.close(0)),
    ("close everything", lambda self: self.close()),
    ("close a symbol", lambda self: self.close(symbol="SYMBOL")),
    ("close a part", lambda self: self.close(0, fraction=0.5)),
    ("modify", lambda self: self.modify(0, stop_loss=None, take_profit=9.0)),
    ("cancel", lambda self: self.cancel(0)),
    ("returned", lambda self: [omega.Close(trade_id=0), omega.Modify(0), omega.Cancel(0)]),
    ("returned, everything", lambda self: omega.Close()),
]


@pytest.mark.parametrize("semantics", [1, 2])
@pytest.mark.parametrize("what", [what for _, what in REACHES], ids=[name for name, _ in REACHES])
def test_a_member_reaches_no_position_of_another(
    backend: str, what: Callable[[Does], Any], semantics: int
) -> None:
    members = {"a": Opens(), "b": Does(what)}
    words: dict[str, Any] = {"execution": OPEN, "backend": backend, "semantics": semantics}
    result = omega.run_backtest(walk(10), members, **words)
    alone = omega.run_backtest(walk(10), Opens(), **words)
    columns = ["trade_id", "lots", "stop_loss", "take_profit", "entry_price"]
    assert result.positions.select(columns).equals(alone.positions.select(columns))
    assert result.positions.height == 1
    refused = result.orders.filter(pl.col("order_id") > 0)
    assert set(refused["status"].to_list()) == {"rejected"}
    assert set(refused["reject_reason"].to_list()) == {"not_found"}


@pytest.mark.parametrize("what", [what for _, what in REACHES], ids=[name for name, _ in REACHES])
def test_a_member_reaches_no_waiting_order_of_another(
    backend: str, what: Callable[[Does], Any]
) -> None:
    members = {"a": Opens(limit=0.5), "b": Does(what)}
    result = omega.run_backtest(walk(10), members, execution=OPEN, backend=backend)
    assert result.orders.filter(pl.col("order_id") == 0)["status"].to_list() == ["working"]
    refused = result.orders.filter(pl.col("order_id") > 0)
    assert set(refused["reject_reason"].to_list()) == {"not_found"}


def test_a_member_closes_no_order_of_the_same_bar(backend: str) -> None:
    class First(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 2:
                self.buy(1)

    members = {"a": First(), "b": Does(lambda self: self.close(0))}
    result = omega.run_backtest(walk(10), members, execution=OPEN, backend=backend)
    assert result.positions["trade_id"].to_list() == [0]


def test_tags_of_ones_own_give_nothing_away(backend: str) -> None:
    heard: list[str] = []

    class Watches(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if self.positions or self.position or self.pending:
                heard.append("sees")
            if bar.index == 3:
                self.sell(5, reduce_only=True, tags=("a",))

        def on_fill(self, fill: omega.Fill) -> None:
            heard.append("fill")

        def on_exit(self, trade: omega.Trade) -> None:
            heard.append("exit")

    class Leaves(Opens):
        def on_bar(self, bar: omega.Bar) -> None:
            super().on_bar(bar)
            if bar.index == 6:
                self.close(self.position)

    result = omega.run_backtest(walk(10), {"a": Leaves(), "b": Watches()}, backend=backend)
    assert heard == []
    trades = result.trades.select("trade_id", "exit_index", "exit_reason", "lots", "tags")
    assert trades.rows() == [(0, 7, "signal", 1.0, ["b", "b", "a"])]
    reduced = result.orders.filter(pl.col("order_id") == 1)
    assert reduced.select("status", "reject_reason").row(0) == ("cancelled", "reduce_only")


def test_groups_of_two_members_are_two(backend: str) -> None:
    class Grouped(omega.Strategy):
        limit: float = 0.5

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy(1, limit=self.limit, oco="g")
                self.buy(1, limit=0.25, oco="g")

    members = {"a": Grouped(limit=9.0), "b": Grouped()}
    result = omega.run_backtest(walk(5), members, execution=OPEN, backend=backend)
    found = result.orders.sort("order_id")["status"].to_list()
    assert found == ["filled", "cancelled", "working", "working"]


def test_an_owner_is_the_last_tag(backend: str) -> None:
    def on_bar(bar: omega.Bar) -> list[omega.Signal] | None:
        if bar.index == 0:
            both = (("x", "y"), ("y", "x"))
            return [omega.Signal("long", size=1.0, tags=tags) for tags in both]
        if bar.index == 2:
            return [omega.Signal("short", size=5.0, tags=("x",), reduce_only="owner")]
        return None

    result = omega.run_backtest(walk(5), on_bar, execution=OPEN, backend=backend)
    assert result.trades["trade_id"].to_list() == [1]
    assert result.positions["trade_id"].to_list() == [0]


class Random(omega.Strategy):
    """Does something drawn on each bar, to numbers of anybody; keeps which were its own."""

    def __init__(self, steps: list[list[tuple[str, int, bool]]], other: str) -> None:
        super().__init__()
        self.steps, self.other, self.own = steps, other, set[int]()

    def on_bar(self, bar: omega.Bar) -> None:
        for what, number, flag in self.steps[bar.index % len(self.steps)]:
            found = self._do(what, number, bar, flag=flag)
            if found is not None:
                self.own.add(found)
        assert all(one.order_id in self.own for one in self.positions)
        assert all(one.order_id in self.own for one in self.pending)

    def _do(self, what: str, number: int, bar: omega.Bar, *, flag: bool) -> int | None:
        if what == "open":
            limit = bar.close - (number - 8) * 2e-5 if flag else None
            order = self.buy if number % 2 else self.sell
            return order(number / 8 + 1, limit=limit, tags=(self.other,), oco="g" if flag else None)
        if what == "reduce":
            return self.sell(number + 1, reduce_only=True, tags=(self.other,))
        if what == "close":
            return self.close(number, fraction=0.5 if flag else 1.0)
        if what == "modify":
            return self.modify(number, stop_loss=bar.close - 3e-4, take_profit=None)
        if what == "cancel":
            return self.cancel(number)
        if what == "all" and self.positions:
            several = len(self.positions)
            first = self.close()
            self.own.update(range(first, first + several))
        return None


_STEPS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["open", "open", "reduce", "close", "modify", "cancel", "all"]),
            st.integers(0, 15),
            st.booleans(),
        ),
        max_size=3,
    ),
    min_size=5,
    max_size=12,
)


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(_STEPS, _STEPS)
def test_whatever_members_do_each_reaches_its_own_alone(
    backend: str, first: list[Any], second: list[Any]
) -> None:
    members = {"a": Random(first, "b"), "b": Random(second, "a")}
    result = omega.run_backtest(walk(25), members, backend=backend)
    ran = result.strategy.strategies
    owner = {number: label for label, one in ran.items() for number in one.own}
    assert not ran["a"].own & ran["b"].own
    for fill in result.fills.iter_rows(named=True):
        assert owner[fill["order_id"]] == owner[fill["trade_id"]]
    for trade in result.trades.iter_rows(named=True):
        assert trade["tags"][-1] == owner[trade["trade_id"]]
    assert omega.run_backtest(walk(25), members, backend="python").fingerprint == result.fingerprint


# --- runs ----------------------------------------------------------------------------------------


class Keeps(omega.Strategy):
    """Keeps what its run shows, where another one finds it."""

    def __init__(self, kept: dict[str, Any]) -> None:
        super().__init__()
        self.share: Callable[[], dict[str, Any]] = lambda: kept  # a function is not copied

    def init(self) -> None:
        self.mean = self.sma(2)
        self.share().update(mean=self.mean, condition=self.mean > 0.0, sum=self.mean + 1.0)

    def on_bar(self, bar: omega.Bar) -> None:
        self.share().update(bar=bar, last=self.mean[-1])
        if bar.index == 2:
            self.buy(1)
            self.buy(1, limit=0.5)
        if bar.index == 5:
            self.share().update(position=self.position, order=self.pending[0])


def kept_in(backend: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    omega.run_backtest(walk(20), Keeps(found), backend=backend)
    return found


def kept(backend: str) -> dict[str, Any]:
    found = kept_in(backend)
    assert found["mean"].ago(1) == found["last"]  # an ended run goes on showing itself
    assert len(found["mean"]) == len(found["mean"].window(20)) == 20
    return found


class Reads(omega.Strategy):
    """Does something in `init` or in a callback."""

    def __init__(self, where: str, what: Callable[[Reads], object]) -> None:
        super().__init__()
        self.where, self.what = where, what

    def init(self) -> None:
        if self.where == "init":
            self.what(self)

    def on_bar(self, bar: omega.Bar) -> None:
        if self.where == "on_bar" and bar.index == 6:
            self.what(self)


READS: list[Callable[[dict[str, Any]], Callable[[Reads], object]]] = [
    lambda found: lambda self: found["mean"][-1],
    lambda found: lambda self: found["mean"].ago(0),
    lambda found: lambda self: found["mean"].window(1),
    lambda found: lambda self: len(found["mean"]),
    lambda found: lambda self: omega.crossover(found["mean"], 1.0),
    lambda found: lambda self: found["bar"]["SYMBOL"].tf("H1"),
]


@pytest.mark.parametrize("where", ["init", "on_bar"])
@pytest.mark.parametrize("read", READS[:4])
def test_what_another_run_shows_is_not_read(
    backend: str, read: Callable[[dict[str, Any]], Callable[[Reads], object]], where: str
) -> None:
    found = kept(backend)
    with pytest.raises(ConfigError, match=r"sma\(2\) of another run"):
        omega.run_backtest(walk(20), Reads(where, read(found)), backend=backend)
    assert found["mean"].ago(1) == found["last"]  # outside of a run it is shown again


def test_a_crossing_of_another_run_is_none(backend: str) -> None:
    with pytest.raises(ConfigError, match="of another run"):
        omega.run_backtest(walk(20), Reads("on_bar", READS[4](kept(backend))), backend=backend)


DECLARES: list[Callable[[Any, dict[str, Any]], object]] = [
    lambda self, found: self.sma(3, source=found["mean"]),
    lambda self, found: self.correlation(3, (self.sma(2), found["mean"])),
    lambda self, found: self.sma(2) + found["mean"],
    lambda self, found: found["mean"] + self.sma(2),
    lambda self, found: abs(found["mean"]),
    lambda self, found: omega.maximum(1.0, found["sum"]),
]


@pytest.mark.parametrize("declare", DECLARES)
def test_what_another_run_declared_is_no_source(
    backend: str, declare: Callable[[Any, dict[str, Any]], object]
) -> None:
    found = kept(backend)
    with pytest.raises(ConfigError, match="of another run"):
        omega.run_backtest(
            walk(20), Reads("init", lambda self: declare(self, found)), backend=backend
        )


CONDITIONS: list[Callable[[dict[str, Any]], Any]] = [
    lambda found: found["condition"],
    lambda found: ~found["condition"],
    lambda found: lambda self: found["condition"],
    lambda found: lambda self: found["condition"] & (self.sma(2) > 0.0),
    lambda found: lambda self: found["mean"] > 0.0,
    lambda found: lambda self: self.sma(2) > found["mean"],
    lambda found: lambda self: omega.crossover(self.sma(2), found["mean"]),
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_of_another_run_is_refused(
    backend: str, condition: Callable[[dict[str, Any]], Any]
) -> None:
    condition_of = condition(kept(backend))

    def on_bar(bar: omega.Bar) -> omega.Signal:
        return omega.Signal("long")

    with pytest.raises(ConfigError, match="of another run"):
        omega.run_backtest(walk(20), on_bar, when=condition_of, backend=backend)
    with pytest.raises(ConfigError, match="of another run"):
        omega.run_backtest(walk(20), Reads("", print), when=condition_of, backend=backend)

    class Marked(omega.Strategy):
        @omega.when(condition_of)
        def on_bar(self, bar: omega.Bar) -> None:
            self.buy()

    with pytest.raises(ConfigError, match="of another run"):
        omega.run_backtest(walk(20), Marked, backend=backend)


@pytest.mark.parametrize("name", ["entry", "long_entry", "exit", "stop_loss", "size", "direction"])
@pytest.mark.parametrize("what", ["mean", "condition"])
def test_signal_columns_of_another_run_are_refused(backend: str, name: str, what: str) -> None:
    if what == "condition" and name in ("stop_loss", "size", "direction"):
        pytest.skip("no column")
    column = kept(backend)[what]
    words: dict[str, Any] = {} if name == "long_entry" else {"entry": True, "direction": "long"}
    signals = omega.Signals(**{**words, name: column})
    with pytest.raises(ConfigError, match="of another run"):
        omega.run_backtest(walk(20), signals, backend=backend)


ORDERS: list[Callable[[dict[str, Any]], Callable[[Reads], object]]] = [
    lambda found: lambda self: self.close(found["position"]),
    lambda found: lambda self: self.close(found["order"]),
    lambda found: lambda self: self.modify(found["position"], stop_loss=0.5),
    lambda found: lambda self: self.modify(found["order"], price=0.5),
    lambda found: lambda self: self.cancel(found["order"]),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ensemble", [False, True])
def test_positions_and_orders_of_another_run_are_refused(
    backend: str,
    order: Callable[[dict[str, Any]], Callable[[Reads], object]],
    ensemble: bool,
) -> None:
    one = Reads("on_bar", order(kept(backend)))
    strategy: Any = [one] if ensemble else one
    with pytest.raises(ConfigError, match="of another run, expected a position or an order"):
        omega.run_backtest(walk(20), strategy, backend=backend)


def test_a_run_inside_of_a_run_reads_itself_alone(backend: str) -> None:
    class Outer(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(2)

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 5:
                found = kept_in(backend)
                with pytest.raises(ConfigError, match="of another run"):
                    found["mean"].ago(0)
                reads = Reads("on_bar", lambda _: self.mean[-1])
                with pytest.raises(ConfigError, match="of another run"):
                    omega.run_backtest(walk(20), reads, backend=backend)
                assert self.mean[-1] == self.mean.ago(0)

    omega.run_backtest(walk(20), Outer, backend=backend)


def test_the_bar_of_another_run_shows_no_other_symbol(backend: str) -> None:
    found: dict[str, Any] = {}
    data = {"A": walk(20), "B": walk(20, seed=2)}

    def keeps(bar: omega.Bar) -> None:
        found["bar"] = bar

    def reads(bar: omega.Bar) -> None:
        assert found["bar"].close > 0.0  # a bar goes on showing itself
        with pytest.raises(ConfigError, match="B of another run"):
            found["bar"]["B"]

    omega.run_backtest(data, keeps, backend=backend)
    omega.run_backtest(data, reads, backend=backend)
    assert found["bar"]["B"].index == 19
