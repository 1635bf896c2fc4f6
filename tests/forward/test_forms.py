"""Forms of a strategy that are more than one class or function: ensembles, compiled callbacks."""

from __future__ import annotations

import pytest

import omega
from tests.support.backends import BACKENDS, WITHOUT_CORE
from tests.support.forward_forms import Wakes, candles


class Plain(omega.Strategy):
    """Fades extremes."""

    n: int = 5

    def init(self) -> None:
        self.z = self.zscore(self.n)

    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is None and self.z[-1] < -1.0:
            self.buy()
        elif self.position is not None and self.z[-1] > 0.5:
            self.close()


class InMachineCode(omega.Strategy):
    """The same, compiled."""

    n: int = 5

    def init(self) -> None:
        self.z = self.zscore(self.n)

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is None and self.z[-1] < -1.0:
            self.buy()
        elif self.position is not None and self.z[-1] > 0.5:
            self.close()


class Other(Plain):
    """A second member."""


def both(n: int) -> list[omega.Strategy]:
    """Give two strategies on one account."""
    return [Plain(n=n), Other(n=2 * n)]


def forward(strategy: object, backend: str, border: str = "keep") -> omega.WalkForward:
    return omega.walk_forward(
        candles(400, seed=3),
        strategy,
        {"n": [5, 8]},
        train=100,
        test=60,
        border=border,
        objective="total_return",
        workers=1,
        backend=backend,
    )


@pytest.mark.skipif(WITHOUT_CORE, reason="callbacks are compiled for the core")
@pytest.mark.parametrize("border", ["keep", "flat"])
def test_compiled_callbacks_do_what_python_does(border: str) -> None:
    pytest.importorskip("llvmlite", reason="compiles callbacks")
    compiled, plain = (forward(one, "rust", border) for one in (InMachineCode, Plain))
    assert compiled.oos.stats.callbacks == "compiled"
    assert compiled.oos.fingerprint == plain.oos.fingerprint


def test_an_ensemble_is_the_same_on_both_backends() -> None:
    made = [forward(both, backend) for backend in BACKENDS]
    assert len({one.oos.fingerprint for one in made}) == 1
    assert made[0].oos.trades.height > 4


def test_forms_are_not_mixed() -> None:
    def either(n: int) -> object:
        return Wakes(n=n) if n == 5 else omega.native("rsi_reversion", window=n)

    chosen = iter([0, 1, 0, 1, 0, 1])
    with pytest.raises(omega.ConfigError, match="expected the same form in all"):
        omega.walk_forward(
            candles(300, seed=3),
            either,
            {"n": [5, 8]},
            train=100,
            test=60,
            objective=lambda sweep: next(chosen),
            workers=1,
        )
