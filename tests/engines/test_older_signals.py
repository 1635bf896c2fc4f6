"""Signals of the user's own class and dicts, from every form of an older strategy."""

from __future__ import annotations

import enum
from types import SimpleNamespace as Given
from typing import Any

import pytest

import omega
from omega.engines.older_signals import action_of, kept_of
from omega.errors import CallbackFailed, ConfigError
from tests.support.backends import BACKENDS
from tests.support.candles import rising
from tests.support.plain_components import PlainExecutor, PlainPortfolio

every_backend = pytest.mark.parametrize("backend", BACKENDS)


class Side(enum.Enum):
    """An enumeration counts by its word: that of its value, or its name."""

    LONG = 1
    SELL = "sell"
    NONE = 0


def once(signal: Any, form: str = "evaluate") -> Any:
    """Give a strategy of a form that requests one thing on bar 3, and nothing before."""

    def evaluate(_self: Any, index: int, slice_map: Any) -> Any:
        return signal if index == 3 else None

    def on_data(_self: Any, slice_map: Any) -> Any:
        return signal if slice_map["SYMBOL"].index == 3 else None

    def check_entry(_self: Any, symbol_slice: Any, *, index: int) -> Any:
        return signal if index == 3 else None

    forms = {"evaluate": evaluate, "on_data": on_data, "check_entry": check_entry}
    return type("Once", (), {form: forms[form]})()


FULL = {
    "direction": "buy", "entry": 103.0, "sl": 90.0, "tp": 106.25, "symbol": "SYMBOL",
    "type": "MARKET", "reason": "why", "tags": ["a", "b"], "scenario": 4, "meta": {"z": 1.5},
}  # fmt: skip


@every_backend
@pytest.mark.parametrize("form", ["evaluate", "on_data", "check_entry"])
@pytest.mark.parametrize("kind", [dict, lambda given: Given(**given, other=[1, 2], size=None)])
@pytest.mark.parametrize("several", [False, True])
def test_each_form_gives_signals_of_each_kind(
    backend: str, form: str, kind: Any, several: bool
) -> None:
    signal = kind(FULL)
    strategy = once([signal] if several else signal, form)
    engine = omega.EventEngine(
        rising(20), None, strategy, omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    stats = engine.run()
    assert engine.result is not None
    names = ("direction", "entry_price", "stop_loss", "take_profit", "exit_price", "reason", "tags")
    # Decided on bar 3, filled at the open of bar 4; bar 6 reaches 107 and so the target.
    assert engine.result.trades.select(names).rows() == [
        ("long", 104.0, 90.0, 106.25, 106.25, "why", ["a", "b"])
    ]
    assert (stats.signals_generated, stats.exits_triggered) == (1, 1)


@every_backend
@pytest.mark.parametrize(
    "nothing", [{"direction": "none"}, Given(direction=Side.NONE), Given(direction="NONE", sl=1.0)]
)
def test_a_direction_of_none_is_no_signal(backend: str, nothing: Any) -> None:
    portfolio = PlainPortfolio()
    own = PlainExecutor(portfolio)
    for executor in (omega.ExecutionSimulator(), own):
        books: Any = portfolio if executor is own else omega.Portfolio()
        engine = omega.EventEngine(
            rising(20), None, once(nothing), executor, books, backend=backend
        )
        stats = engine.run()
        assert (stats.signals_generated, stats.exits_triggered) == (0, 0)
    assert own.trades == own.active_positions == []


@every_backend
def test_an_object_of_ones_own_reaches_an_executor_of_ones_own_as_it_is(backend: str) -> None:
    seen: list[Any] = []

    class Looks(PlainExecutor):
        def process_signal(self, signal: Any) -> bool:
            seen.append(signal)
            return False

    portfolio = PlainPortfolio()
    mine = Given(direction=Side.SELL, sl=120.0, weight=0.3)
    omega.EventEngine(
        rising(20), None, once([mine, FULL]), Looks(portfolio), portfolio, backend=backend
    ).run()
    assert seen[0] is mine
    assert (seen[1].direction, seen[1].sl, seen[1].stop_loss, seen[1].entry) == (
        "long", 90.0, 90.0, 103.0,
    )  # fmt: skip


@every_backend
def test_a_batch_writes_signals_of_ones_own_down_by_todays_names(backend: str) -> None:
    portfolio = PlainPortfolio()
    engine = omega.EventEngine(
        rising(20), None, once(Given(direction=Side.LONG, sl=99.0)), PlainExecutor(portfolio),
        portfolio, backend=backend,
    )  # fmt: skip
    names = ("index", "direction", "stop_loss", "type")
    assert engine.process_batch(0, 10).select(names).rows() == [(3, "long", 99.0, "market")]


def test_todays_names_are_taken_as_well_and_two_values_of_one_are_refused() -> None:
    assert action_of({"direction": "SHORT", "stop_loss": 1.2, "tags": "x"}) == omega.Signal(
        "short", stop_loss=1.2, tags=("x",)
    )
    assert action_of(Given(direction="long", sl=1.1, stop_loss=1.1)) == omega.Signal(
        "long", stop_loss=1.1
    )
    with pytest.raises(CallbackFailed, match=r"two values of stop_loss: 1.0 and 1.1"):
        action_of({"direction": "long", "stop_loss": 1.0, "sl": 1.1})


def test_what_is_no_signal_is_refused_in_a_sentence() -> None:
    for wrong in (3, "long", object()):
        for make in (action_of, kept_of):
            with pytest.raises(CallbackFailed, match="expected None, a dict, an object with a dir"):
                make(wrong)
    with pytest.raises(CallbackFailed, match="which has no direction"):
        action_of(Given(direction=None))
    with pytest.raises(ConfigError, match=r"Signal.direction: given 'up'"):
        action_of(Given(direction="up"))
