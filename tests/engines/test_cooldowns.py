"""An entry starts a cool-down when it was accepted, not when a signal was returned."""

from __future__ import annotations

from types import SimpleNamespace as Given
from typing import Any

import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.candles import rising
from tests.support.plain_components import PlainExecutor, PlainPortfolio

every_backend = pytest.mark.parametrize("backend", BACKENDS)

RESTS = omega.Limits(cooldown_bars=5)


class Asks:
    """Wants something on some bars, and remembers on which it was asked."""

    def __init__(self, wants: dict[int, Any]) -> None:
        self.wants, self.asked = wants, []  # type: Any, list[int]

    def evaluate(self, index: int, slice_map: Any) -> Any:
        self.asked.append(index)
        return self.wants.get(index)


class Answers(PlainExecutor):
    """Accepts from the n-th signal on, and answers in one of the ways that it may."""

    def __init__(self, portfolio: Any, accepts_from: int, says: bool) -> None:
        super().__init__(portfolio, limits=RESTS)
        self.left, self.says = accepts_from, says

    def process_signal(self, signal: Any) -> Any:
        self.left -= 1
        self.accepts = self.left <= 0
        if self.accepts:
            self.waiting.append(omega.Signal("long"))
        return self.accepts if self.says else None


def asked(strategy: Asks, executor: Any, backend: str) -> list[int]:
    portfolio = getattr(executor, "portfolio", None) or omega.Portfolio()
    omega.EventEngine(rising(14), None, strategy, executor, portfolio, backend=backend).run()
    return strategy.asked


@every_backend
@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize(
    "signal", [omega.Signal("long"), {"direction": "buy"}, Given(direction="long", symbol=None)]
)
def test_only_the_signal_that_was_accepted_counts(backend: str, says: bool, signal: Any) -> None:
    """It wants to enter on bars 2, 3 and 4, and is refused twice."""
    strategy = Asks(dict.fromkeys((2, 3, 4), signal))
    executor = Answers(PlainPortfolio(), 3, says)
    # Accepted for the open of bar 5: five bars later, bar 10 is that of the next decision, on 9.
    assert asked(strategy, executor, backend) == [0, 1, 2, 3, 4, 9, 10, 11, 12]
    assert len(executor.trades) == 1


@every_backend
@pytest.mark.parametrize("says", [True, False])
def test_a_signal_that_nobody_accepts_starts_nothing(backend: str, says: bool) -> None:
    strategy = Asks(dict.fromkeys(range(13), omega.Signal("long")))
    assert asked(strategy, Answers(PlainPortfolio(), 99, says), backend) == list(range(13))


@every_backend
def test_what_is_no_entry_starts_nothing_though_it_was_accepted(backend: str) -> None:
    portfolio = PlainPortfolio()

    class Takes(PlainExecutor):
        def process_signal(self, signal: Any) -> bool:
            return True

    actions = [omega.Close(), omega.Modify(0, stop_loss=90.0), omega.Cancel(0)]
    strategy = Asks({2: actions, 3: Given(direction="none")})
    assert asked(strategy, Takes(portfolio, limits=RESTS), backend) == list(range(13))


@every_backend
@pytest.mark.parametrize(
    ("refused", "limits"),
    [
        (omega.Signal("long", size=0.0), {}),
        (omega.Signal("long", stop_loss=500.0), {}),
        (omega.Signal("long", size=1e9), {}),
        (omega.Signal("long"), {"blackouts": [("2024-01-01 00:00", "2024-01-01 00:05")]}),
    ],
)
def test_what_omegas_executor_refuses_starts_nothing(
    backend: str, refused: omega.Signal, limits: dict[str, Any]
) -> None:
    """Bars 2 and 3 are refused, for size, levels, margin or time; bar 5 is taken."""
    strategy = Asks({2: refused, 3: refused, 5: omega.Signal("long")})
    executor = omega.ExecutionSimulator(limits=omega.Limits(cooldown_bars=5, **limits))
    # Entered at the open of bar 6: the next decision is for that of bar 11.
    assert asked(strategy, executor, backend) == [0, 1, 2, 3, 4, 5, 10, 11, 12]
