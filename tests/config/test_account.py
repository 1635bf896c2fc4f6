"""The account of a run as it was given, and the margin rate of each symbol (M1, M7, M12)."""

from __future__ import annotations

import math
from typing import Any

import pytest

import omega
from omega.run.account import account_fields, account_of, instrument_fields, instruments_for
from omega.run.prepare import Arguments
from tests.support import candles
from tests.support.backends import BACKENDS

PRESET = omega.instruments.get("EURUSD")
OWN = omega.Instrument("X", margin_rate=0.25, usual_margin_rate=0.5)
PLAIN = omega.Instrument("X")


@pytest.mark.parametrize(
    ("instrument", "account", "rate"),
    [
        (PLAIN, {}, 1.0),
        (PLAIN, {"leverage": 4}, 0.25),
        (PRESET, {}, 1 / 30),
        (PRESET, {"leverage": 10}, 0.1),
        (PRESET, {"kind": "margin"}, 1 / 30),
        (PRESET, {"kind": "cash"}, 1.0),
        (OWN, {}, 0.25),
        (OWN, {"leverage": 10}, 0.25),
        (OWN, {"kind": "cash"}, 1.0),
        (OWN, {"leverage": math.inf}, 0.0),
    ],
)
def test_the_first_margin_rate_that_is_given_counts(
    instrument: omega.Instrument, account: dict[str, Any], rate: float
) -> None:
    found = instrument_fields(instrument, omega.Account(**account), "2")
    assert (found["margin_rate"], found["maintenance_rate"]) == (rate, rate)


@pytest.mark.parametrize(
    ("instrument", "account", "rate"),
    [(PLAIN, {}, 0.0), (PRESET, {}, 0.0), (PRESET, {"leverage": 10}, 0.1), (OWN, {}, 0.25)],
)
def test_version_one_has_no_margin_where_none_was_given(
    instrument: omega.Instrument, account: dict[str, Any], rate: float
) -> None:
    assert instrument_fields(instrument, omega.Account(**account), "1")["margin_rate"] == rate


def test_a_margin_account_without_a_rate_is_refused() -> None:
    with pytest.raises(omega.ConfigError, match=r"without a leverage, and SYMBOL has no margin"):
        omega.run_backtest(candles.rising(3), lambda bar: None, account="margin")


def test_cash_and_currency_are_given_once() -> None:
    account = omega.Account(cash=500, currency="EUR")
    assert account_of(account, None, None)[1:] == (500, "EUR")
    assert account_of(account, 500, "EUR")[1:] == (500, "EUR")
    assert account_of("cash", 700, None) == (omega.Account(kind="cash"), 700, "USD")
    assert account_of(None, None, None) == (omega.Account(), 10_000, "USD")
    with pytest.raises(omega.ConfigError, match=r"cash: given 700.0 beside Account\(cash=500.0\)"):
        account_of(account, 700, None)
    with pytest.raises(omega.ConfigError, match=r"account_currency: given 'USD' beside"):
        account_of(account, None, "USD")
    with pytest.raises(omega.ConfigError, match="expected an Account, 'cash' or 'margin'"):
        account_of(30, None, None)  # type: ignore[arg-type]  # what is tested


def test_what_is_tested() -> None:
    plain = {"kind": "margin", "tests_margin": True, "stops_at_ruin": True}
    assert account_fields(omega.Account(), "2") == plain
    assert account_fields(omega.Account(kind="cash"), "2") == plain | {"kind": "cash"}
    assert account_fields(omega.Account(ruin="allow"), "2") == plain | {"stops_at_ruin": False}
    assert account_fields(omega.Account(), "1") == plain | {"stops_at_ruin": False}
    free = account_fields(omega.Account(leverage=math.inf), "2")
    assert free == plain | {"tests_margin": False}


def test_without_an_instrument_a_symbol_has_its_preset() -> None:
    found = instruments_for(None, ["EURUSD", "GOOG"], "2")
    assert found == [PRESET, omega.Instrument("GOOG")]
    assert instruments_for(None, ["EURUSD"], "1") == [omega.Instrument("EURUSD")]
    assert instruments_for(omega.Instrument("GOOG", volume_step=1), ["EURUSD", "GOOG"], "2") == [
        PRESET,
        omega.Instrument("GOOG", volume_step=1),
    ]


def test_an_instrument_without_a_symbol_is_that_of_every_symbol() -> None:
    given = omega.Instrument(volume_step=1)
    found = Arguments(instruments=given).instruments_of(["A", "B"])
    assert found == [omega.Instrument(name, volume_step=1) for name in "AB"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("given", [0, -1.0])
def test_an_account_without_money_is_refused(given: float, backend: str) -> None:
    expected = r"^Account\.cash: given .*, expected a number above 0, or None"
    with pytest.raises(omega.ConfigError, match=expected):
        omega.Account(cash=given)
    with pytest.raises(omega.ConfigError, match=expected):
        omega.run_backtest(
            candles.rising(9), omega.native("buy_and_hold"), cash=given, backend=backend
        )
