"""Account and limits mean in an engine what they mean in the one call."""

from __future__ import annotations

from typing import Any

import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk
from tests.support.plain_components import EveryTen, on_bar

every_backend = pytest.mark.parametrize("backend", BACKENDS)

SETTINGS: list[dict[str, Any]] = [
    {"account": omega.Account(leverage=30, stop_out_level=0.5, cash=40.0)},
    {"account": omega.Account(kind="cash", cash=2.0)},
    {"account": "cash"},
    {"account": omega.Account(leverage=5, cash=1.0, ruin="allow")},
    {"limits": omega.Limits(max_positions=1)},
    {"limits": omega.Limits(max_positions_per_symbol=2, sessions=[("03:00", "07:00")])},
    {"limits": omega.Limits(blackouts=[("2024-01-01 02:00", "2024-01-01 04:00")])},
    {
        "account": omega.Account(currency="EUR", leverage=100, cash=500.0),
        "limits": omega.Limits(max_positions=3),
        "instruments": omega.Instrument("SYMBOL", quote_currency="EUR"),
    },
]


@every_backend
@pytest.mark.parametrize("settings", SETTINGS)
def test_a_run_is_that_of_the_one_call(backend: str, settings: dict[str, Any]) -> None:
    data = walk(700)
    expected = omega.run_backtest(data, on_bar, backend=backend, **settings)
    engine = omega.EventEngine(
        data, None, EveryTen(), omega.ExecutionSimulator(**settings), omega.Portfolio(),
        backend=backend,
    )  # fmt: skip
    engine.run()
    assert engine.result is not None
    assert engine.result.fingerprint == expected.fingerprint
    assert len(expected.orders) > 20


@every_backend
def test_the_cash_of_the_account_is_the_portfolios(backend: str) -> None:
    """Longs of one lot at 104 and 107: the first is paid of 150, the second is not."""

    class Twice:
        def evaluate(self, index: int, slice_map: Any) -> Any:
            return omega.Signal("long") if index in (3, 6) else None

    account = omega.Account(kind="cash", cash=150.0, currency="EUR")
    portfolio = omega.Portfolio()
    instrument = omega.Instrument("SYMBOL", quote_currency="EUR")
    engine = omega.EventEngine(
        rising(10), None, Twice(),
        omega.ExecutionSimulator(account=account, instruments=instrument), portfolio,
        backend=backend,
    )  # fmt: skip
    engine.run()
    assert engine.result is not None
    assert engine.result.orders["status"].to_list() == ["filled", "rejected"]
    assert engine.result.equity["balance"][0] == 150.0
    assert portfolio.cash == 150.0 + 109.5 - 104.0
    assert portfolio.account_currency == "EUR"
    configuration = engine.result.manifest["configuration"]
    assert configuration["cash"] == 150.0


@every_backend
def test_cash_that_is_said_twice_and_differs_is_refused(backend: str) -> None:
    executor = omega.ExecutionSimulator(account=omega.Account(cash=500.0))
    for cash in (500.0, 600.0):
        engine = omega.EventEngine(
            rising(10), None, EveryTen(), executor, omega.Portfolio(cash), backend=backend
        )
        if cash == 500.0:
            engine.run()
            continue
        with pytest.raises(omega.ConfigError, match=r"cash: given 600.0 beside Account\(cash=500"):
            engine.run()
