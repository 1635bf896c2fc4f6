"""Calls of a strategy take any argument: they work, or an `OmegaError` names what is wrong."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping

import pytest

import omega
from tests.boundaries.test_calls import CANDLES, ODD

PLACES = ("source", "side", "timeframe", "symbol")
"""Words that the indicators take beside their own parameters."""
USUAL: dict[str, dict[str, object]] = {
    "indicator": {"name": "sma"},
    "order_target": {"symbol": "SYMBOL"},
    "rebalance": {"targets": {}},
    "pattern": {"name": "doji"},
    "rolling_quantile": {"quantile": 0.5},
    "correlation": {"other": "open"},
}
CALLBACKS = ("init", "on_bar", "on_fill", "on_exit")
METHODS = [
    name
    for name, member in inspect.getmembers(omega.Strategy, callable)
    if not name.startswith("_") and name not in CALLBACKS
]


FOUND: dict[str, str] = {}
"""Foreign errors by the argument, filled by a run, which may end in an error of its own."""


def calls(name: str, method: Callable[..., object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each parameter of a method, and what it is called with beside it."""
    about = {one: two for one, two in inspect.signature(method).parameters.items() if one != "self"}
    named = [
        one for one, two in about.items() if two.kind not in (two.VAR_POSITIONAL, two.VAR_KEYWORD)
    ]
    needed = {one: 5 for one in named if about[one].default is inspect.Parameter.empty}
    takes_places = any(two.kind is two.VAR_KEYWORD for two in about.values())
    for one in (*named, *(PLACES if takes_places else ())):
        yield one, {**needed, **USUAL.get(name, {})}


def refused(call: Callable[..., object], words: Mapping[str, object]) -> str | None:
    """Return the error of a call, if it is none of Omega's."""
    try:
        call(**words)
    except omega.OmegaError:
        return None
    except Exception as problem:  # noqa: BLE001 - what the test is about
        return f"{type(problem).__name__}: {problem}"
    return None


class Odd(omega.Strategy):
    """Calls a method with each odd argument, in `init` or in a callback."""

    name: str = ""
    is_late: bool = False

    def init(self) -> None:
        if not self.is_late:
            self.call_all()

    def on_bar(self, bar: omega.Bar) -> None:
        if self.is_late and bar.index == 5:
            self.call_all()

    def call_all(self) -> None:
        method = getattr(self, self.name)
        for parameter, usual in calls(self.name, method):
            for odd in ODD:
                if callable(odd) and parameter in ("expression", "source"):
                    continue  # a function of other arguments raises its own TypeError
                problem = refused(method, {**usual, parameter: odd})
                if problem is not None:
                    FOUND[f"{parameter}={odd!r}"[:60]] = problem


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.filterwarnings("ignore")
def test_a_strategy_may_call_with_anything(name: str, backend: str) -> None:
    FOUND.clear()
    for is_late in (False, True):
        # What was taken can end the run: a warm-up beyond the data, a symbol that is not there.
        with contextlib.suppress(omega.OmegaError):
            omega.run_backtest(CANDLES, Odd(name=name, is_late=is_late), backend=backend)
    assert FOUND == {}
