"""The fixed margin of a lot, as exchanges set it for futures (rule M7)."""

from __future__ import annotations

from typing import Any

import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.dated_runs import days, run

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

FUTURE = omega.Instrument("FUT", contract_size=50, volume_step=1, margin_per_lot=500)
DATA = days([100.0, 100.0, 110.0, 110.0, 110.0])


def trade(
    backend: str,
    script: dict[int, Any],
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> omega.BacktestResult:
    usual = {"instruments": FUTURE, "account": "margin", "cash": 1_000.0, "symbol": "FUT"}
    return run(backend, DATA, script, **(usual | settings))


def test_so_many_contracts_as_the_cash_has_margins(backend: str) -> None:
    """Two contracts of 5,000 each for 1,000: to the last cent, and no third one."""
    bought = trade(backend, {0: [omega.Signal("long", size=1)] * 3})
    assert bought.orders["reject_reason"].to_list() == [None, None, "margin"]
    one = trade(backend, {0: omega.Signal("long", size=2)})
    assert one.trades["gross_pnl"].to_list() == [2 * 50 * 10.0]
    assert trade(backend, {0: omega.Signal("long", size=3)}).fills.height == 0


def test_the_price_does_not_change_it(backend: str) -> None:
    """A profit of 500 is free for one more; the two that are held go on holding 500 each."""
    script = {0: omega.Signal("long", size=1), 2: [omega.Signal("long", size=1)] * 3}
    result = trade(backend, script)  # equity of 1,500 less 500 held
    assert result.orders["status"].to_list() == ["filled", "filled", "filled", "rejected"]


def test_it_is_in_the_currency_of_the_quotes(backend: str) -> None:
    """At a rate of 2 a contract holds 1,000."""
    euro = omega.Instrument(
        "FUT", contract_size=50, volume_step=1, margin_per_lot=500, quote_currency="EUR"
    )
    words = {"instruments": euro, "conversion": {"EUR": 2.0}}
    assert trade(backend, {0: omega.Signal("long", size=1)}, **words).fills.height > 0
    assert trade(backend, {0: omega.Signal("long", size=2)}, **words).fills.height == 0


def test_a_size_that_follows_the_account_is_cut(backend: str) -> None:
    result = trade(backend, {0: omega.Signal("long")}, sizer=omega.EquityPercent(100_000))
    assert result.orders.select("lots", "note").rows() == [(200.0, "scaled")]
    assert result.trades["lots"].to_list() == [2.0]


def test_weights_go_by_it(backend: str) -> None:
    weights = omega.Weights({"time": [DATA["time"][0]], "FUT": [40.0]})
    result = omega.run_backtest(
        DATA,
        weights,
        instruments=FUTURE,
        account="margin",
        cash=1_100.0,  # of just 1,000 the factor leaves one: it is rounded down without tolerance
        symbol="FUT",
        backend=backend,
    )
    assert result.fills["lots"][0] == 2.0


def test_what_is_refused(backend: str) -> None:
    entry = {0: omega.Signal("long", size=1)}
    for words in (
        {"account": "cash"},
        {"semantics": 1, "account": None},
        {"account": omega.Account(kind="margin", leverage=5, stop_out_level=0.5)},
    ):
        with pytest.raises(ConfigError, match="margin_per_lot"):
            trade(backend, entry, **words)
    with pytest.raises(ConfigError, match="margin_rate"):
        omega.Instrument("X", margin_per_lot=5, margin_rate=0.5)
    free = trade(
        backend, {0: omega.Signal("long", size=9)}, account=omega.Account(leverage=float("inf"))
    )
    assert free.trades["lots"].to_list() == [9.0]
