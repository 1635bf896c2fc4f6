"""What an engine needs of a strategy is found behind wrappers, or a warning names it."""

from __future__ import annotations

import warnings
from types import SimpleNamespace as Holder
from typing import Any

import pytest

import omega
from omega.engines.wrappers import WRAPPED, found, position_manager_of
from omega.errors import EngineWarning
from tests.support.backends import BACKENDS
from tests.support.candles import rising

every_backend = pytest.mark.parametrize("backend", BACKENDS)


class Manager:
    """Closes what it sees on bar 6."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> Any:
        self.calls.append(bid.index)
        return omega.Close() if bid.index == 6 else None


class Buys:
    """Buys on bar 2."""

    def __init__(self, manager: Any) -> None:
        self.position_manager = manager

    def evaluate(self, index: int, slice_map: Any) -> Any:
        return omega.Signal("long") if index == 2 else None


class Wraps:
    """Hands everything on, and holds the strategy in an attribute of some name."""

    def __init__(self, name: str, strategy: Any) -> None:
        setattr(self, name, strategy)
        self._ask = strategy.evaluate

    def evaluate(self, index: int, slice_map: Any) -> Any:
        return self._ask(index, slice_map)


def run(strategy: Any, backend: str) -> omega.BacktestResult:
    engine = omega.EventEngine(
        rising(20), None, strategy, omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    engine.run()
    assert engine.result is not None
    return engine.result


@every_backend
@pytest.mark.parametrize("name", [*WRAPPED, *(f"_{name}" for name in WRAPPED[:3])])
def test_a_manager_is_found_behind_one_wrapper_and_behind_three(backend: str, name: str) -> None:
    manager = Manager()
    once = Wraps(name, Buys(manager))
    for strategy in (once, Wraps("strategy", Wraps("_inner", once))):
        manager.calls.clear()
        result = run(strategy, backend)
        assert manager.calls == [3, 4, 5, 6]
        assert result.trades.select("exit_index", "exit_reason").row(0) == (7, "signal")


@every_backend
def test_the_outermost_manager_wins(backend: str) -> None:
    inner, outer = Manager(), Manager()
    strategy = Wraps("strategy", Buys(inner))
    strategy.position_manager = outer  # type: ignore[attr-defined]  # an optional attribute
    run(strategy, backend)
    assert (inner.calls, outer.calls) == ([], [3, 4, 5, 6])


@every_backend
def test_a_manager_that_is_not_found_is_named_in_a_warning(backend: str) -> None:
    manager = Manager()
    with pytest.warns(EngineWarning, match=r"Wraps.brain.position_manager manages positions and"):
        run(Wraps("brain", Buys(manager)), backend)
    assert manager.calls == []
    strategy = Buys(None)
    strategy.stops = manager  # type: ignore[attr-defined]  # an attribute of no usual name
    with pytest.warns(EngineWarning, match=r"Set strategy.position_manager = strategy.stops"):
        run(strategy, backend)


@every_backend
def test_no_warning_where_there_is_nothing_to_name(backend: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(Wraps("brain", Buys(None)), backend)


@every_backend
def test_symbol_and_timeframe_are_found_behind_wrappers_as_well(backend: str) -> None:
    class Second:
        primary_symbol = "BBB"

        def get_primary_timeframe(self) -> str:
            return "M1"

        def evaluate(self, index: int, slice_map: Any) -> Any:
            own = slice_map["BBB"]
            assert own.latest("M1", "bid").close == own.latest(None, "bid").close
            return {"direction": "buy"} if index == 2 else None

    engine = omega.CrossSymbolEventEngine(
        {"AAA": rising(20), "BBB": rising(20)}, Wraps("inner", Second()),
        omega.ExecutionSimulator(), omega.Portfolio(), backend=backend,
    )  # fmt: skip
    engine.run()
    assert engine.result is not None
    assert engine.result.trades["symbol"].to_list() == ["BBB"]


class Endless:
    """Holds one more of its kind, however deep one looks."""

    def __getattr__(self, name: str) -> Any:
        if name == "strategy":
            return Endless()
        raise AttributeError(name)


def test_wrappers_that_hold_each_other_or_everything_come_to_an_end() -> None:
    one, other = Holder(), Holder()
    one.strategy, other.strategy = other, one
    assert found(one, "position_manager") is None
    assert position_manager_of(one) is None
    assert found(Endless(), "position_manager") is None
