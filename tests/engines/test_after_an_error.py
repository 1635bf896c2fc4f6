"""After an exception no component is called again, by whatever backend, and no run is repeated."""

from __future__ import annotations

from typing import Any

import pytest

import omega
from omega.errors import CallbackFailed, StateSyncError
from tests.support.backends import BACKENDS
from tests.support.candles import rising
from tests.support.plain_components import PlainExecutor, PlainPortfolio

pytestmark = pytest.mark.filterwarnings("ignore::omega.errors.BackendWarning")  # of "auto"

CALLS = (
    "evaluate", "process_signal", "evaluate_exits", "manage_positions", "update",
    "register_entry", "register_exit", "get_open_positions", "active_positions", "close_at_end",
    "on_progress",
)  # fmt: skip


class Watched:
    """All components at once: each call is written down, and one of them fails the n-th time."""

    def __init__(self, broken: str, when: int) -> None:
        self.broken, self.left = broken, when
        self.calls: list[str] = []
        self.failed_at: int | None = None
        self.is_armed = False
        watched = self

        class Executor(PlainExecutor):
            @property
            def active_positions(self) -> list[Any]:
                watched.call("active_positions")
                return super().active_positions

            def process_signal(self, signal: Any) -> bool:
                watched.call("process_signal")
                return super().process_signal(signal)

            def evaluate_exits(self, bid: Any, ask: Any) -> Any:
                watched.call("evaluate_exits")
                return super().evaluate_exits(bid, ask)

            def close_at_end(self, bid: Any, ask: Any) -> None:
                watched.call("close_at_end")
                super().close_at_end(bid, ask)

        class Portfolio(PlainPortfolio):
            def update(self, time: int) -> None:
                watched.call("update")
                super().update(time)

            def register_entry(self, position: Any) -> None:
                watched.call("register_entry")
                super().register_entry(position)

            def register_exit(self, trade: Any) -> None:
                watched.call("register_exit")
                super().register_exit(trade)

            def get_open_positions(self, symbol: str | None = None) -> Any:
                watched.call("get_open_positions")
                return super().get_open_positions(symbol)

        self.portfolio = Portfolio()
        self.executor_kind = Executor
        self.position_manager = self

    def call(self, name: str) -> None:
        """Write a call down; fail where it is its turn."""
        self.calls.append(name)
        if name == self.broken and self.is_armed:
            self.left -= 1
            if self.left == 0:
                self.failed_at = len(self.calls)
                raise ZeroDivisionError(name)

    def evaluate(self, index: int, slice_map: Any) -> Any:
        """Trade in and out."""
        self.call("evaluate")
        if index % 4 == 1:
            return omega.Signal("long")
        return omega.Close() if index % 4 == 3 else None

    def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> None:
        """Look."""
        self.call("manage_positions")


@pytest.mark.parametrize("backend", [*BACKENDS, "auto"])
@pytest.mark.parametrize("cooldown", [0, 3])
@pytest.mark.parametrize("broken", CALLS[:-1])
def test_whatever_raises_is_the_last_call(backend: str, broken: str, cooldown: int) -> None:
    for when in (1, 2):
        watched = Watched(broken, when)
        limits = omega.Limits(cooldown_bars=cooldown)
        executor = watched.executor_kind(watched.portfolio, limits=limits)
        engine = omega.EventEngine(
            rising(23), None, watched, executor, watched.portfolio, backend=backend
        )
        if broken == "close_at_end" and when == 2:
            continue  # it is called once a run
        watched.is_armed = True  # it was asked before, to see whether its parts are there
        with pytest.raises(ZeroDivisionError, match=broken) as caught:
            engine.run()
        assert watched.failed_at == len(watched.calls), watched.calls[watched.failed_at or 0 :]
        assert any("raised by the" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("backend", [*BACKENDS, "auto"])
@pytest.mark.parametrize("broken", ["register_entry", "register_exit", "update"])
def test_a_portfolio_that_raised_beside_omegas_executor_is_not_called_again(
    backend: str, broken: str
) -> None:
    watched = Watched(broken, 1)
    limits = omega.Limits(cooldown_bars=3)
    engine = omega.EventEngine(
        rising(23), None, watched, omega.ExecutionSimulator(limits=limits), watched.portfolio,
        backend=backend,
    )  # fmt: skip
    watched.is_armed = True
    with pytest.raises(ZeroDivisionError, match=broken):
        engine.run()
    after = watched.calls[watched.failed_at or 0 :]
    assert after == []


@pytest.mark.parametrize("backend", [*BACKENDS, "auto"])
def test_progress_that_raised_is_the_last_call(backend: str) -> None:
    told: list[int] = []

    def progress(done: int, _total: int) -> None:
        told.append(done)
        raise ZeroDivisionError("no display")

    asked: list[int] = []

    class Asks:
        def evaluate(self, index: int, slice_map: Any) -> None:
            asked.append(index)

    engine = omega.EventEngine(
        rising(3_000), None, Asks(), omega.ExecutionSimulator(), omega.Portfolio(),
        on_progress=progress, backend=backend,
    )  # fmt: skip
    with pytest.raises(ZeroDivisionError, match="no display"):
        engine.run()
    assert told == [1_024]
    assert asked == list(range(1_024))


@pytest.mark.parametrize("backend", [*BACKENDS, "auto"])
def test_an_engine_does_not_run_again_after_an_exception(backend: str) -> None:
    calls: list[int] = []

    class Breaks:
        def evaluate(self, index: int, slice_map: Any) -> Any:
            calls.append(index)
            return 42 if index == 5 else None

    engine = omega.EventEngine(
        rising(20), None, Breaks(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    with pytest.raises(CallbackFailed, match="returned 42"):
        engine.run()
    assert calls == [0, 1, 2, 3, 4, 5]
    assert engine.result is None
    with pytest.raises(
        StateSyncError, match=r"run before ended with CallbackFailed: .* returned 4"
    ):
        engine.run()
    assert calls == [0, 1, 2, 3, 4, 5]
