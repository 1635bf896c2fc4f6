"""Exits count whoever makes them, and start the cool-down after an exit."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import omega
from omega.results.result import EngineStats
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk
from tests.support.plain_components import EveryTen, PlainExecutor, PlainPortfolio

every_backend = pytest.mark.parametrize("backend", BACKENDS)


class Buys:
    """Buys on some bars, and remembers on which it was asked."""

    def __init__(self, *bars: int) -> None:
        self.bars, self.asked = bars, []  # type: Any, list[int]

    def evaluate(self, index: int, slice_map: Any) -> Any:
        self.asked.append(index)
        return omega.Signal("long") if index in self.bars else None


class Shuts(PlainExecutor):
    """An executor that others may tell to close at once."""

    ends = False

    def shut(self, price: float, time: int) -> None:
        """Close the oldest position."""
        self._leave(self.open[0], price, "signal", time)

    def close_at_end(self, bid: Any, ask: Any) -> None:
        if self.ends:
            super().close_at_end(bid, ask)


def run(
    strategy: Any, executor: Any, portfolio: Any, backend: str, data: Any = None
) -> EngineStats:
    parts = (strategy, executor, portfolio)
    if isinstance(data, dict):
        return omega.CrossSymbolEventEngine(data, *parts, backend=backend).run()
    data = rising(20) if data is None else data
    return omega.EventEngine(data, None, *parts, backend=backend).run()


@every_backend
def test_what_a_position_manager_closes_by_itself_is_an_exit(backend: str) -> None:
    portfolio = PlainPortfolio()
    executor = Shuts(portfolio)

    class Manager:
        def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> None:
            if bid.index in (6, 11):
                executor.shut(bid.close, bid.timestamp)

    strategy = Buys(2, 8, 14)
    strategy.position_manager = Manager()  # type: ignore[attr-defined]  # an optional attribute
    stats = run(strategy, executor, portfolio, backend)
    # The third is left open: this executor closes nothing at the end.
    assert stats.exits_triggered == len(executor.trades) == 2
    assert [trade.exit_price for trade in executor.trades] == [106.5, 111.5]


@every_backend
def test_a_position_that_was_closed_while_another_opened_is_an_exit(backend: str) -> None:
    portfolio = PlainPortfolio()

    class Turns(Shuts):
        def process_signal(self, signal: Any) -> bool:
            if self.open:
                self.shut(self.last, 0)
            return super().process_signal(signal)

        def evaluate_exits(self, bid: Any, ask: Any) -> Any:
            self.last = bid.close
            return super().evaluate_exits(bid, ask)

    executor = Turns(portfolio)
    executor.ends = True
    stats = run(Buys(2, 5, 9), executor, portfolio, backend)
    assert [trade.exit_price for trade in executor.trades] == [105.5, 109.5, 119.5]
    assert stats.exits_triggered == len(executor.trades) == 3
    assert stats.signals_generated == 3


@every_backend
def test_what_a_portfolio_closes_in_its_update_is_an_exit(backend: str) -> None:
    class Nervous(PlainPortfolio):
        """Closes everything once it is two points up."""

        def update(self, time: int) -> None:
            bid = engine.slices["SYMBOL"].latest(None, "bid")
            for held in [p for p in self.open.values() if bid.close > p.entry_price + 2.0]:
                executor._leave(held, bid.close, "signal", time)  # noqa: SLF001 - a test may
            super().update(time)

    portfolio = Nervous()
    executor = Shuts(portfolio)
    engine = omega.EventEngine(rising(20), None, Buys(2, 8), executor, portfolio, backend=backend)
    stats = engine.run()
    assert [trade.exit_price for trade in executor.trades] == [105.5, 111.5]
    assert stats.exits_triggered == 2


@every_backend
def test_positions_without_numbers_are_counted_by_how_many_are_left(backend: str) -> None:
    class Held:
        symbol = "SYMBOL"

    class Simple:
        """Holds what it is given, and closes one on bar 9; its positions have no number."""

        def __init__(self) -> None:
            self.active_positions: list[Any] = []

        def process_signal(self, signal: Any) -> None:
            self.active_positions.append(Held())

        def evaluate_exits(self, bid: Any, ask: Any) -> None:
            if bid.index == 9:
                self.active_positions.pop()

    class Books(PlainPortfolio):
        def get_open_positions(self, symbol: str | None = None) -> Any:
            return tuple(executor.active_positions)

    class Manager:
        def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> None:
            if bid.index == 12:
                executor.active_positions.pop()

    executor, strategy = Simple(), Buys(1, 3, 5)
    strategy.position_manager = Manager()  # type: ignore[attr-defined]  # an optional attribute
    stats = run(strategy, executor, Books(), backend)
    assert stats.exits_triggered == 2
    assert len(executor.active_positions) == 1


@every_backend
@pytest.mark.parametrize("who", ["manager", "signal", "portfolio"])
def test_an_exit_of_anybody_starts_the_cooldown_after_exits(backend: str, who: str) -> None:
    limits = omega.Limits(cooldown_after_exit_minutes=4)
    time_of = rising(20)["time"].to_physical().to_list()

    class Books(PlainPortfolio):
        def update(self, time: int) -> None:
            super().update(time)
            if who == "portfolio" and time == time_of[6]:
                executor.shut(1.0, time)

    class Manager:
        def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> None:
            if who == "manager" and bid.index == 6:
                executor.shut(1.0, bid.timestamp)

    class Closes(Shuts):
        def process_signal(self, signal: Any) -> bool:
            if isinstance(signal, omega.Close):
                self.shut(1.0, 0)
                return True
            return super().process_signal(signal)

    class Asks(Buys):
        def evaluate(self, index: int, slice_map: Any) -> Any:
            wanted = super().evaluate(index, slice_map)
            return omega.Close() if who == "signal" and index == 5 else wanted

    portfolio = Books()
    executor, strategy = Closes(portfolio, limits=limits), Asks(2)
    strategy.position_manager = Manager()  # type: ignore[attr-defined]  # an optional attribute
    run(strategy, executor, portfolio, backend)
    assert len(executor.trades) == 1
    # Closed on bar 6: asked again on bar 9, whose step is that of bar 10, four minutes later. A
    # portfolio closes when the step is over, and is noticed at the next one.
    rest = [9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
    before = [0, 1, 2, 3, 4, 5]
    assert strategy.asked == ([*before, 6, *rest] if who == "portfolio" else [*before, *rest])


@every_backend
def test_exits_of_several_symbols_cool_down_each_for_itself(backend: str) -> None:
    portfolio = PlainPortfolio()
    executor = Shuts(portfolio, limits=omega.Limits(cooldown_after_exit_minutes=3))
    seen: list[str] = []

    class Manager:
        def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> None:
            seen.append(bid.symbol)
            if bid.index == 6:
                executor.shut(bid.close, bid.timestamp)

    class Second(Buys):
        def evaluate(self, index: int, slice_map: Any) -> Any:
            self.asked.append(index)
            return omega.Signal("long", symbol="BBB") if index == 2 else None

    strategy = Second()
    strategy.position_manager = Manager()  # type: ignore[attr-defined]  # an optional attribute
    data = {"AAA": rising(12), "BBB": rising(12)}
    stats = run(strategy, executor, portfolio, backend, data)
    assert stats.exits_triggered == 1
    assert {*seen} == {"BBB"}
    # One symbol rests; the other may still trade, so that the strategy is asked on every bar.
    assert strategy.asked == list(range(11))


@every_backend
def test_the_counts_of_a_run_are_in_the_log_for_debugging(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    portfolio = PlainPortfolio()
    data = walk(200)
    with caplog.at_level(logging.INFO, logger="omega.engines"):
        run(EveryTen(), PlainExecutor(portfolio), portfolio, backend, data)
    assert caplog.records == []
    portfolio = PlainPortfolio()
    with caplog.at_level(logging.DEBUG, logger="omega.engines"):
        stats = run(EveryTen(), PlainExecutor(portfolio), portfolio, backend, data)
    [record] = caplog.records
    assert record.levelname == "DEBUG"
    assert record.getMessage().startswith("EventEngine of CandleStore(SYMBOL: 200 bars")
    assert f"by {backend}: {stats}" in record.getMessage()
    assert "bars_processed=199" in record.getMessage()
    assert f"exits_triggered={stats.exits_triggered}" in record.getMessage()
