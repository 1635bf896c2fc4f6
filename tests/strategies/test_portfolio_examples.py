"""The portfolio examples run on both backends alike, and over real prices where they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import omega
from omega.examples import long_short, momentum, perpetual, rolled_future, sixty_forty
from tests.support.backends import BACKENDS
from tests.support.real_data import FOLDER
from tests.support.real_portfolios import RUNS

Run = Callable[[], omega.BacktestResult]

EXAMPLES: dict[str, tuple[Run, int, set[str]]] = {
    "momentum": (momentum.run, 500, {"dividend", "tax"}),
    "sixty_forty": (sixty_forty.run, 20, {"interest"}),
    "long_short": (long_short.run, 1_000, {"borrow", "interest"}),
    "perpetual": (perpetual.run, 10, {"funding"}),
    "rolled_future": (rolled_future.run, 30, {"fee"}),
}
"""What it earns or costs beside its trades, of which there are so many."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_is_about(name: str) -> None:
    run, fewest, kinds = EXAMPLES[name]
    result = run()
    assert result.trades.height >= fewest
    assert {*result.ledger["kind"]} >= kinds
    assert result.tables.first_broken_ledger_line() is None


def short_perpetual() -> omega.BacktestResult:
    """Run the perpetual over some weeks."""
    candles, funding = perpetual.invented()
    return perpetual.run(candles.head(3_000), funding)


@pytest.mark.parametrize("example", [short_perpetual, rolled_future.run])
def test_both_backends_agree(example: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found, run = set(), omega.run_backtest
    for backend in BACKENDS:
        monkeypatch.setattr(
            omega, "run_backtest", lambda *a, backend=backend, **k: run(*a, **k, backend=backend)
        )
        found.add(example().fingerprint)
    assert len(found) == 1


def test_the_perpetual_is_liquidated_and_the_future_rolled() -> None:
    assert "stop_out" in perpetual.run().trades["exit_reason"]
    assert "roll" in rolled_future.run().trades["exit_reason"]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="set OMEGA_DATA")
@pytest.mark.parametrize("name", RUNS)
def test_an_example_runs_over_real_prices(name: str) -> None:
    result = RUNS[name]()
    assert result.trades.height >= 3  # a few weeks of a coin have not many dips
    assert result.tables.first_broken_ledger_line() is None
