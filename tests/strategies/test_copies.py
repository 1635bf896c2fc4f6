"""Runs share nothing: each works on a copy of the strategy (rule D4)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

import omega
from omega.errors import ConfigError, RanOnCopy
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


class Cross(omega.Strategy):
    """Keeps its orders on itself, as strategies do."""

    def __init__(self, **parameters: int) -> None:
        super().__init__(**parameters)
        self.entries: list[int] = []

    def init(self) -> None:
        self.short, self.long = self.sma(3), self.sma(8)

    def on_bar(self, bar: omega.Bar) -> None:
        if omega.crossover(self.short, self.long):
            self.entries.append(self.buy())
        elif omega.crossunder(self.short, self.long) and self.entries:
            self.close()
            self.entries.clear()


def test_one_object_in_four_threads_is_24_runs_of_its_own(backend: str) -> None:
    candles, given = walk(400), Cross()
    alone = omega.run_backtest(candles, Cross(), backend=backend)
    assert alone.trades.height > 10

    def run(_: int) -> str:
        return omega.run_backtest(candles, given, backend=backend).fingerprint

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(run, range(24))) == {alone.fingerprint}
    assert given.entries == []


class Once(omega.Strategy):
    """Buys on its first bar ever, as far as it knows."""

    seen: ClassVar[list[int]] = []

    def on_bar(self, bar: omega.Bar) -> None:
        if not self.seen:
            self.buy()
        self.seen.append(bar.index)


@pytest.mark.parametrize("given", [Once, Once()], ids=["class", "object"])
def test_a_list_on_the_class_is_no_memory_of_earlier_runs(
    backend: str, given: type[Once] | Once
) -> None:
    runs = [omega.run_backtest(rising(6), given, backend=backend) for _ in range(2)]
    assert [run.trades.height for run in runs] == [1, 1]
    assert [run.strategy.seen for run in runs] == [[0, 1, 2, 3, 4]] * 2
    assert Once.seen == []


@pytest.mark.parametrize("workers", [1, 2])
def test_nor_in_a_sweep_with_any_number_of_workers(backend: str, workers: int) -> None:
    grid = {"cash": [1_000.0, 2_000.0, 3_000.0]}
    result = omega.sweep(rising(6), Once, grid, workers=workers, backend=backend)
    assert result.to_polars()["trades"].to_list() == [1, 1, 1]


def test_nor_in_a_sweep_on_threads_over_candles_that_change(backend: str) -> None:
    data = {"long": walk(300), "short": walk(200), "other": walk(300, seed=2)}
    grid = {"cash": [1e4, 2e4, 3e4, 4e4], "data": data}
    alone = omega.sweep(None, Cross(), grid, workers=1, backend=backend)
    with ThreadPoolExecutor(4) as threads:
        several = omega.sweep(None, Cross(), grid, executor=threads, backend=backend)
    assert several.failures.is_empty()
    assert several.to_polars().equals(alone.to_polars())


def test_what_a_run_made_is_read_off_the_copy(backend: str) -> None:
    given = Cross()
    execution = omega.Execution(close_at_end=False)
    result = omega.run_backtest(rising(20), given, backend=backend, execution=execution)
    ran = result.strategy
    assert ran is not given
    assert isinstance(ran, Cross)
    assert ran.short[-1] == 118.5  # the last three closes: 117.5, 118.5, 119.5
    assert ran.equity == result.equity["equity"][-1]
    for use in (
        lambda short: short[-1],
        lambda short: short.window(3),
        lambda short: short > 1.0,
        lambda short: short + 1.0,
        repr,
        len,
    ):
        with pytest.raises(RanOnCopy, match=r"result\.strategy\.short"):
            use(given.short)
    with pytest.raises(ConfigError, match=r"read off the copy that ran, result\.strategy"):
        _ = given.position
    with pytest.raises(ConfigError, match="its run is over"):
        ran.buy()
    with pytest.raises(AttributeError, match="no attribute 'shrot'"):
        _ = given.shrot  # type: ignore[attr-defined]  # misspelt
    again = omega.run_backtest(rising(20), given, backend=backend, execution=execution)
    assert again.fingerprint == result.fingerprint
    assert "short" not in given.__getstate__()


def test_positions_left_open_are_those_of_the_ended_run(backend: str) -> None:
    class Buys(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 1:
                self.buy(2)
                self.buy(1, limit=50.0)

    execution = omega.Execution(close_at_end=False)
    ran = omega.run_backtest(rising(5), Buys(), backend=backend, execution=execution).strategy
    assert (ran.position.lots, ran.position.entry_price) == (2.0, 102.0)
    assert [order.price for order in ran.pending] == [50.0]
    assert ran.equity == 10_005.0  # 2 lots from 102 to the last close, 104.5


def test_the_frame_is_shared_and_the_list_is_not(backend: str) -> None:
    fixed = np.arange(3.0)
    fixed.flags.writeable = False

    class Holds(omega.Strategy):
        def __init__(self) -> None:
            super().__init__()
            self.frame = pl.DataFrame({"a": [1]})
            self.nested = {"frame": self.frame, "module": np, "rule": self.rule}
            self.fixed, self.free = fixed, np.arange(3.0)

        def rule(self) -> Holds:
            return self

        def on_bar(self, bar: omega.Bar) -> None:
            self.free += 1.0

    given = Holds()
    ran = omega.run_backtest(rising(4), given, backend=backend).strategy
    assert ran.frame is given.frame
    assert ran.nested["frame"] is given.frame
    assert ran.nested["module"] is np
    assert ran.nested["rule"]() is ran
    assert ran.fixed is fixed
    assert (given.free.tolist(), ran.free.tolist()) == ([0.0, 1.0, 2.0], [3.0, 4.0, 5.0])


def _generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("make", [threading.Lock, _generator], ids=["lock", "generator"])
def test_what_cannot_be_copied_is_refused_by_name(backend: str, make: Callable[[], object]) -> None:
    class Holds(omega.Strategy):
        def __init__(self) -> None:
            super().__init__()
            self.inner = {"deep": [make()]}

        def on_bar(self, bar: omega.Bar) -> None:
            raise AssertionError("no bar is seen")

    with pytest.raises(ConfigError, match=r"Holds\.inner.*[Mm]ake it in init\(\).*__deepcopy__"):
        omega.run_backtest(rising(4), Holds(), backend=backend)


def test_a_lock_of_init_and_a_copy_of_ones_own_are_taken(backend: str) -> None:
    class Made(omega.Strategy):
        def init(self) -> None:
            self.lock = threading.Lock()

        def on_bar(self, bar: omega.Bar) -> None:
            with self.lock:
                self.buy()

    class Shared(Made):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()

        def init(self) -> None:
            pass

        def __deepcopy__(self, memo: object) -> Shared:
            return Shared()

    for one in (Made(), Shared()):
        assert omega.run_backtest(rising(4), one, backend=backend).trades.height == 3


class Writes(omega.Strategy):
    """Writes into a book that others may hold as well."""

    def __init__(self, book: list[str]) -> None:
        super().__init__()
        self.book = book

    def on_bar(self, bar: omega.Bar) -> None:
        self.book.append(f"{bar.index}")


def test_members_go_on_sharing_what_they_share(backend: str) -> None:
    book: list[str] = []
    ran = omega.run_backtest(rising(3), [Writes(book), Writes(book)], backend=backend).strategy
    first, second = ran.strategies.values()
    assert first.book is second.book
    assert (first.book, book) == (["0", "0", "1", "1"], [])


def test_one_object_given_twice_is_two(backend: str) -> None:
    given = Once()
    result = omega.run_backtest(rising(4), {"a": given, "b": given}, backend=backend)
    assert result.trades["tags"].to_list() == [["a"], ["b"]]
    assert [one.seen for one in result.strategy.strategies.values()] == [[0, 1, 2]] * 2
    assert given.__getstate__() == {}


class Counts:
    """A callable with state: a strategy of one's own without the class."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, bar: omega.Bar) -> omega.Signal | None:
        self.calls += 1
        return omega.Signal("long") if self.calls == 1 else None


def test_a_callable_object_is_copied_and_a_function_is_not(backend: str) -> None:
    given = Counts()
    heard: list[omega.Bar] = []
    runs = [omega.run_backtest(rising(4), given, backend=backend) for _ in range(2)]
    assert [run.trades.height for run in runs] == [1, 1]
    assert (given.calls, [run.strategy.calls for run in runs]) == (0, [3, 3])
    function = heard.append
    assert omega.run_backtest(rising(4), function, backend=backend).strategy is function
    assert len(heard) == 3


class Watches:
    """A position manager that remembers."""

    def __init__(self) -> None:
        self.looks = 0

    def manage_positions(self, *_given: object) -> omega.Close | None:
        self.looks += 1
        return omega.Close() if self.looks == 2 else None


def test_a_position_manager_of_ones_own_is_copied_beside_it(backend: str) -> None:
    given = Watches()

    def first(bar: omega.Bar) -> omega.Signal | None:
        return omega.Signal("long") if bar.index == 0 else None

    runs = [
        omega.run_backtest(rising(8), first, position_manager=given, backend=backend)
        for _ in range(2)
    ]
    assert runs[0].fingerprint == runs[1].fingerprint
    assert runs[0].trades["exit_index"].to_list() == [3]  # seen at 1 and 2, closed at the next open
    assert given.looks == 0
    assert runs[0].position_manager.looks == 2  # type: ignore[union-attr]  # a Watches


def test_engines_run_the_objects_that_they_were_given(backend: str) -> None:
    given = Cross()
    components = omega.ExecutionSimulator(), omega.Portfolio()
    omega.EventEngine(rising(20), None, given, *components, backend=backend).run()
    assert given.short[-1] == 118.5
    # And a run of it later begins anew, with indicators of its own.
    assert omega.run_backtest(rising(9), given, backend=backend).strategy.short[-1] == 107.5
    assert given.short[-1] == 118.5


def test_a_sweep_over_an_object_keeps_what_it_holds(backend: str) -> None:
    class Buys(omega.Strategy):
        lots: float = 1.0

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index in self.bars:  # type: ignore[attr-defined]  # set below
                self.buy(self.lots)

    given = Buys()
    given.bars = [0, 2]  # type: ignore[attr-defined]  # of its own
    result = omega.sweep(rising(6), given, {"lots": [1.0, 2.0]}, workers=1, backend=backend)
    assert result.failures.is_empty()
    # Bought at 101 and 103, closed at 105.5.
    assert result.to_polars()["net_profit"].to_list() == [7.0, 14.0]
