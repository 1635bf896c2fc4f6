"""Components of one's own: they take the places of the native ones, one by one and all at once."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk
from tests.support.plain_components import EveryTen, PlainExecutor, PlainPortfolio, on_bar

FEE = 0.0001


def native(backend: str, data: pl.DataFrame) -> omega.BacktestResult:
    """Run the same strategy by the one call."""
    return omega.run_backtest(data, on_bar, costs=omega.Costs(fee_per_lot=FEE), backend=backend)


def told(result: omega.BacktestResult) -> list[tuple[Any, ...]]:
    names = ("trade_id", "symbol", "lots", "entry_price", "exit_price", "exit_reason", "gross_pnl")
    return result.trades.select(names).rows()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("own_portfolio", [False, True])
def test_hand_written_components_get_the_trades_of_the_native_run(
    backend: str, own_portfolio: bool
) -> None:
    data = walk(1500)
    portfolio: Any = PlainPortfolio() if own_portfolio else omega.Portfolio()
    executor = PlainExecutor(portfolio, fee=FEE)
    engine = omega.EventEngine(data, None, EveryTen(), executor, portfolio, backend=backend)
    stats = engine.run()

    expected = native(backend, data)
    trades = [
        (t.symbol, t.lots, t.entry_price, t.exit_price, t.exit_reason, t.gross_pnl)
        for t in sorted(executor.trades, key=lambda trade: trade.trade_id)
    ]
    assert len(trades) > 100
    # In the order of entry; an executor of one's own numbers its trades as it likes.
    assert trades == [trade[1:] for trade in told(expected)]
    assert stats.bars_processed == expected.stats.bars_processed
    assert stats.exits_triggered == len(trades)
    assert stats.signals_generated == expected.stats.signals_generated
    assert engine.result is None
    # Fees of a bar may be paid in another order than the native run's.
    assert portfolio.cash == pytest.approx(expected.equity["balance"][-1], rel=1e-12)
    if not own_portfolio:
        curve = portfolio.equity_curve
        walked = expected.equity[1:]  # a component begins with the first decision
        assert curve["open_positions"].to_list() == walked["open_positions"].to_list()
        # Marked at the close of its own bar: profits here are a millionth of the equity.
        native_curve = walked["equity"].to_list()
        assert curve["equity"].to_list() == pytest.approx(native_curve, rel=0, abs=1e-9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_portfolio_of_ones_own_hears_what_the_native_one_books(backend: str) -> None:
    data = walk(1500)
    portfolio = PlainPortfolio()
    executor = omega.ExecutionSimulator(costs=omega.Costs(fee_per_lot=FEE))
    engine = omega.EventEngine(data, None, EveryTen(), executor, portfolio, backend=backend)
    engine.run()
    assert engine.result is not None
    expected = native(backend, data)
    assert engine.result.fingerprint == expected.fingerprint
    assert portfolio.cash == expected.equity["balance"][-1]
    assert expected.equity["equity"][0] == 10_000.0  # it begins with the first decision
    equity = expected.equity["equity"][1:].to_list()
    assert [equity for _, equity in portfolio.equity_curve] == equity
    times = expected.equity["time"].to_physical()[1:].to_list()
    assert [time for time, _ in portfolio.equity_curve] == times
    kinds = Counter(what[0] for what in portfolio.heard)
    assert kinds == {
        "entry": len(expected.trades),
        "exit": len(expected.trades),
        "fee": 2 * len(expected.trades),
    }
    assert portfolio.open == {}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_a_portfolio_sees_the_bar_that_closed(backend: str, own: bool, several: bool) -> None:
    """A position manager sees the same, and what it set back is set back for the portfolio."""
    log: list[tuple[str, int, int]] = []

    class Looks(PlainPortfolio):
        def attach_engine(self, engine: Any) -> None:
            self.engine = engine

        def update(self, time: int) -> None:
            slices = self.engine.slices
            log.append(("update", slices["BBB"].index, len(slices["AAA"].series())))
            super().update(time)

    class Manager:
        def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> None:
            log.append(("manager", slice_.index, bid.index))
            if slice_.index == 4:
                slice_.set_index(1)

    class Buys:
        position_manager = Manager()

        def evaluate(self, index: int, slices: Any) -> Any:
            log.append(("decide", slices["BBB"].index, len(slices["AAA"].series())))
            return omega.Signal("long", symbol="BBB") if index == 2 else None

    portfolio = Looks()
    executor: Any = PlainExecutor(portfolio) if own else omega.ExecutionSimulator()
    data = {"BBB": rising(7)} if not several else {"BBB": rising(7), "AAA": rising(7)[::2]}
    if not several:
        data["AAA"] = rising(7)
    omega.CrossSymbolEventEngine(data, Buys(), executor, portfolio, backend=backend).run()
    seen = [(what, index) for what, index, _ in log]
    assert seen == [
        ("decide", 0), ("update", 1), ("decide", 1), ("update", 2),
        ("decide", 2), ("manager", 3), ("update", 3),
        ("decide", 3), ("manager", 4), ("update", 1),
        ("decide", 1), ("manager", 5), ("update", 5),
        ("decide", 5), ("manager", 6), ("update", 6), ("update", 6),
    ]  # fmt: skip
    lengths = [length for what, _, length in log if what == "update"]
    assert lengths == ([1, 1, 2, 2, 3, 4, 4] if several else [2, 3, 4, 5, 6, 7, 7])


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_cash_of_a_portfolio_of_ones_own_is_what_sizes_are_measured_by(backend: str) -> None:
    class Generous(PlainPortfolio):
        def register_exit(self, trade: Any) -> None:
            super().register_exit(trade)
            self.cash *= 2.0

    class Twice:
        def evaluate(self, index: int, slice_map: Any) -> Any:
            close = slice_map["SYMBOL"].latest(None, "bid").close
            if index in (1, 5):
                return omega.Signal("long", stop_loss=close - 10.0)
            return omega.Close() if index in (3, 7) else None

    executor = omega.ExecutionSimulator(sizer=omega.RiskPercent(1.0))
    engine = omega.EventEngine(rising(20), None, Twice(), executor, Generous(), backend=backend)
    engine.run()
    assert engine.result is not None
    first, second = engine.result.trades["lots"]
    assert second > 1.9 * first


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_subclass_of_the_native_portfolio_hears_as_one_of_ones_own_does(backend: str) -> None:
    class Counting(omega.Portfolio):
        updates = 0

        def update(self, time: int) -> None:
            self.updates += 1
            super().update(time)

    data, portfolio = walk(800), Counting()
    engine = omega.EventEngine(
        data, None, EveryTen(), omega.ExecutionSimulator(), portfolio, backend=backend
    )
    stats = engine.run()
    assert engine.result is not None
    assert portfolio.updates == stats.bars_processed + 1  # the last row is written again
    equity = engine.result.equity
    assert equity["equity"][0] == 10_000.0  # it begins with the first decision
    assert portfolio.equity_curve["equity"].to_list() == equity["equity"][1:].to_list()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_subclass_of_the_native_executor_is_refused_where_it_would_have_no_effect(
    backend: str,
) -> None:
    class Louder(omega.ExecutionSimulator):
        def process_signal(self, signal: Any) -> None:
            super().process_signal(signal)

    with pytest.raises(omega.ConfigError, match="Louder overrides process_signal, which the"):
        omega.EventEngine(walk(50), None, EveryTen(), Louder(), omega.Portfolio(), backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("native_executor", [False, True])
def test_a_position_manager_is_attached_once_and_sees_each_closed_bar(
    backend: str, native_executor: bool
) -> None:
    class Manager:
        def __init__(self) -> None:
            self.portfolios: list[Any] = []
            self.seen: list[tuple[int, float, float]] = []

        def attach_portfolio(self, portfolio: Any) -> None:
            self.portfolios.append(portfolio)

        def manage_positions(
            self, own: Any, symbol_slice: Any, bid: Any, ask: Any, everything: Any
        ) -> Any:
            assert [p.symbol for p in own] == ["SYMBOL"] * len(own)
            assert len(everything) >= len(own) > 0
            assert symbol_slice.index == bid.index == ask.index
            self.seen.append((bid.index, bid.close, ask.close))
            return omega.Close() if bid.index == 8 else None

    class Buys(EveryTen):
        def evaluate(self, index: int, slice_map: Any) -> Any:
            return omega.Signal("long") if index == 4 else None

    portfolio = omega.Portfolio()
    executor: Any = omega.ExecutionSimulator() if native_executor else PlainExecutor(portfolio)
    strategy, manager = Buys(), Manager()
    strategy.position_manager = manager  # type: ignore[attr-defined]  # an optional attribute
    data = rising(20)
    omega.EventEngine(data, None, strategy, executor, portfolio, backend=backend).run()
    assert manager.portfolios == [portfolio]
    assert manager.seen == [(k, 100.5 + k, 100.5 + k) for k in (5, 6, 7, 8)]


def test_python_is_called_three_times_a_bar_when_nothing_is_open() -> None:
    class Nothing:
        def evaluate(self, index: int, slice_map: Any) -> None:
            return None

    class Idle(PlainExecutor):
        @property
        def active_positions(self) -> list[Any]:
            return self.waiting

    class Sleepy(PlainPortfolio):
        def update(self, time: int) -> None:
            pass

    sources = (__file__, str(Path(omega.__file__).parent))

    def counted(bars: int) -> Counter[str]:
        calls: Counter[str] = Counter()

        def profile(frame: Any, event: str, _arg: object) -> None:
            # Of the engine and of what is plugged in: a library may log or clear up meanwhile.
            if event == "call" and frame.f_code.co_filename.startswith(sources):
                calls[frame.f_code.co_name] += 1

        portfolio = Sleepy()
        engine = omega.EventEngine(
            walk(bars, chunks=3), None, Nothing(), Idle(portfolio), portfolio, backend=BACKENDS[0]
        )
        engine.process_batch(0, 10)  # what happens once has happened
        gc.collect()  # what earlier tests left clears itself up, also in the engine's code
        gc.disable()
        sys.setprofile(profile)
        try:
            engine.run()
        finally:
            sys.setprofile(None)
            gc.enable()
        return calls

    if BACKENDS[0] != "rust":
        pytest.skip("the reference is not made to be quick")
    calls = counted(2000)
    assert calls["evaluate"] == calls["update"] == 1999
    assert calls["active_positions"] == 1999 + 1  # once more after the last bar
    others = sum(calls.values()) - 3 * 1999
    assert others < 700, calls.most_common(12)
    assert sum(counted(500).values()) - 3 * 499 == others  # settings, as often of fewer bars


def test_no_object_is_made_for_a_candle() -> None:
    """Whatever is read: views of the newest candle are one object as long as nobody keeps it."""
    if BACKENDS[0] != "rust":
        pytest.skip("the reference makes a view a bar")
    seen: list[int] = []

    class Reads:
        def evaluate(self, index: int, slice_map: Any) -> Any:
            own = slice_map["SYMBOL"]
            assert own.latest(None, "bid").close <= own.latest(None, "ask").close
            if index == 50:
                return omega.Signal("long")
            if index > 100:
                seen.append(id(own.latest()))
            return None

    class Holds(PlainExecutor):
        def evaluate_exits(self, bid: Any, ask: Any) -> Any:
            seen.extend((-id(bid), -id(ask)))
            return super().evaluate_exits(bid, ask)

    portfolio = omega.Portfolio()
    engine = omega.EventEngine(
        walk(1200), None, Reads(), Holds(portfolio), portfolio, backend="rust"
    )
    gc.collect()
    engine.run()
    assert len(set(seen)) == 3, Counter(seen).most_common(8)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_exception_of_a_component_reaches_the_caller_with_the_bar_as_a_note(
    backend: str,
) -> None:
    class Broke(PlainPortfolio):
        def update(self, time: int) -> None:
            if len(self.equity_curve) == 7:
                raise ZeroDivisionError("no money left")
            super().update(time)

    for executor in (omega.ExecutionSimulator(), None):
        portfolio = Broke()
        chosen: Any = executor or PlainExecutor(portfolio)
        engine = omega.EventEngine(walk(60), None, EveryTen(), chosen, portfolio, backend=backend)
        with pytest.raises(ZeroDivisionError, match="no money left") as caught:
            engine.run()
        assert len(portfolio.equity_curve) == 7
        [note] = caught.value.__notes__
        assert note.startswith("raised by the ")
        assert note.endswith("of SYMBOL")


def test_a_component_that_lacks_a_part_is_refused_by_name() -> None:
    class Half:
        def process_signal(self, signal: Any) -> None: ...

    with pytest.raises(omega.ConfigError, match="has no active_positions, evaluate_exits"):
        omega.EventEngine(walk(20), None, EveryTen(), Half(), omega.Portfolio())
    with pytest.raises(omega.ConfigError, match=r"portfolio: given .* has no update"):
        omega.EventEngine(walk(20), None, EveryTen(), omega.ExecutionSimulator(), object())


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_native_portfolio_says_what_it_is_told_wrongly(backend: str) -> None:
    portfolio = omega.Portfolio()
    held = PlainExecutor(portfolio)
    bad: Any = type("Bad", (), {"trade_id": 1, "lots": 1.0, "gross_pnl": 0.0})()
    with pytest.raises(omega.ConfigError, match=r"register_entry: .* has no symbol"):
        portfolio.register_entry(bad)
    with pytest.raises(omega.OmegaError, match="trade 1 is not open; open are none"):
        portfolio.register_exit(bad)

    class Meddles(EveryTen):
        def evaluate(self, index: int, slice_map: Any) -> Any:
            portfolio.update(0)

    assert held.open == []
    engine = omega.EventEngine(
        walk(20), None, Meddles(), omega.ExecutionSimulator(), portfolio, backend=backend
    )
    with pytest.raises(omega.OmegaError, match="update: Omega's own executor keeps this"):
        engine.run()


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_symbols_are_shown_to_an_executor_one_by_one(backend: str) -> None:
    data = {"AAA": walk(600, seed=3), "BBB": walk(900, seed=4)[::2]}
    portfolio = PlainPortfolio()
    executor = PlainExecutor(portfolio)
    strategy = EveryTen(symbol="BBB")
    omega.CrossSymbolEventEngine(data, strategy, executor, portfolio, backend=backend).run()
    assert executor.trades
    assert {trade.symbol for trade in executor.trades} == {"BBB"}
    native_run = omega.CrossSymbolEventEngine(
        data, EveryTen(symbol="BBB"), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    native_run.run()
    assert native_run.result is not None
    prices = native_run.result.trades.select("entry_price", "exit_price").rows()
    own = sorted(executor.trades, key=lambda trade: trade.trade_id)
    assert [(t.entry_price, t.exit_price) for t in own] == prices
