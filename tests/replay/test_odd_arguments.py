"""Arguments of a run that mean something else than they seem to: each is named and refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega import ConfigError
from tests.support.candles import rising

CANDLES = rising(30)


def on_bar(bar: omega.Bar) -> omega.Signal | None:
    return omega.Signal("long") if bar.index == 3 else None


class Managed(omega.Strategy):
    position_manager = omega.TimeExit(bars=2)

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 3:
            self.buy()


class Manager:
    """A position manager that holds nothing, and whose truth value is therefore False."""

    def __len__(self) -> int:
        return 0

    def manage_positions(
        self,
        open_positions: Sequence[Any],
        symbol_slice: object,
        bid_candle: object,
        ask_candle: object,
        all_positions: Sequence[Any],
    ) -> list[omega.Close]:
        return [omega.Close(trade_id=one.trade_id) for one in open_positions]


class Needy(omega.Strategy):
    def __init__(self, fast: int) -> None:
        self.fast = fast

    def on_bar(self, bar: omega.Bar) -> None:
        """Look on."""


def refusal(**given: Any) -> str:  # noqa: ANN401 - any argument of a run
    settings: dict[str, Any] = {"data": CANDLES, "strategy": on_bar, **given}
    with pytest.raises(ConfigError) as caught:
        omega.run_backtest(**settings)
    return str(caught.value)


@pytest.mark.parametrize("given", ["no", 1, None])
def test_strict_is_true_or_false(given: object) -> None:
    assert refusal(strict=given).startswith(f"strict: given {given!r}, expected True or False")


@pytest.mark.parametrize("name", ["start", "end"])
def test_a_moment_is_refused_by_the_name_of_its_argument(name: str) -> None:
    assert refusal(**{name: "x"}).startswith(f"{name}: given 'x', expected a moment: a datetime")


def test_a_store_keeps_the_name_of_its_symbol() -> None:
    store = omega.CandleStore(CANDLES, symbol="EURUSD")
    message = refusal(data=store, symbol="GBPUSD")
    assert message.startswith("symbol: given 'GBPUSD' for candles of EURUSD, expected their own")
    assert omega.run_backtest(store, on_bar, symbol="EURUSD").config["symbol"] == "EURUSD"
    several = omega.CandleStore({"A": CANDLES, "B": CANDLES})
    assert omega.run_backtest(several, on_bar, symbol="B").config["symbol"] == "B"


@pytest.mark.parametrize("given", [5, [], ""])
def test_a_symbol_is_a_text(given: object) -> None:
    assert refusal(symbol=given).startswith(f"symbol: given {given!r}, expected a text")


@pytest.mark.parametrize("name", ["costs", "instruments"])
def test_values_by_symbol_are_of_their_class(name: str) -> None:
    kind = {"costs": "omega.Costs", "instruments": "omega.Instrument"}[name]
    message = refusal(**{name: {"SYMBOL": 5}})
    assert message.startswith(f"{name}: given 5 for 'SYMBOL', expected {kind}(...)")
    assert refusal(**{name: {}}).startswith(f"{name}: none for 'SYMBOL'; given no symbol")


@pytest.mark.parametrize("given", [CANDLES, np.array([1, 2])], ids=["frame", "array"])
def test_instruments_of_another_kind_are_refused(given: object) -> None:
    assert refusal(instruments=given).startswith("instruments: given ")


def test_no_managers_are_none_of_the_strategy_either() -> None:
    exits = omega.run_backtest(CANDLES, Managed).trades["exit_reason"].to_list()
    assert exits == ["time"]
    without = omega.run_backtest(CANDLES, Managed, position_manager=[])
    assert without.trades["exit_reason"].to_list() == ["end_of_data"]


def test_a_manager_counts_whatever_its_truth_value() -> None:
    result = omega.run_backtest(CANDLES, Managed, position_manager=Manager())
    assert result.trades["bars_held"].to_list() == [1]


def test_the_class_of_a_manager_is_no_manager() -> None:
    message = refusal(position_manager=Manager)
    assert message.startswith("position_manager: given the class Manager, expected an object")
    omega.run_backtest(CANDLES, on_bar, position_manager=Manager())  # as the message has it


def test_a_class_whose_constructor_needs_arguments_is_refused() -> None:
    message = refusal(strategy=Needy)
    assert "strategy: given the class Needy" in message
    assert "Give an instance, as Needy(...)" in message
    omega.run_backtest(CANDLES, Needy(5))  # as the message has it


def test_the_name_of_a_symbol_in_a_dict_is_a_text() -> None:
    for name in (5, ""):
        assert refusal(data={name: CANDLES}).startswith(f"symbol: given {name!r}, expected a text")


def test_a_long_value_is_shown_on_one_line() -> None:
    for name in ("strategy", "start", "sizer", "costs"):
        first, *_ = refusal(**{name: CANDLES}).splitlines()
        assert "expected" in first, name


def contracts() -> dict[str, pl.DataFrame]:
    return {"A": rising(20), "B": rising(30)}


@pytest.mark.parametrize("roll", ["days:²", "days:" + "9" * 5_000])
def test_days_of_a_roll_are_a_number(roll: str) -> None:
    with pytest.raises(ConfigError, match=r"^Continuous: given roll='days:.*, expected 'days:5'"):
        omega.Continuous(contracts(), roll=roll)


@pytest.mark.parametrize("expiries", [["A"], 5, "A"])
def test_expiries_are_by_name(expiries: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^expiries: given .*, expected \{contract: last day\}"):
        omega.Continuous(contracts(), expiries=expiries)


@pytest.mark.parametrize("day", ["soon", None, True])
def test_an_expiry_that_is_no_day_is_named(day: object) -> None:
    with pytest.raises(ConfigError, match=r"^expiries of A: given .*, expected a moment"):
        omega.Continuous(contracts(), expiries={"A": day})


def test_a_moment_of_a_chain_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^moment: given 'soon', expected a moment"):
        omega.Continuous(contracts()).as_of("soon")


def test_contracts_without_a_common_bar_are_named_with_a_date() -> None:
    late = rising(10).with_columns(pl.col("time").dt.offset_by("400d"))
    with pytest.raises(ConfigError, match=r"without a bar of the same time from \d{4}-\d\d-\d\d"):
        omega.Continuous({"A": rising(10), "B": late})


def test_candles_of_another_symbol_are_not_resampled() -> None:
    store = omega.CandleStore(CANDLES, symbol="EURUSD")
    with pytest.raises(ConfigError, match=r"^symbol: given 'GBPUSD', expected one of EURUSD"):
        omega.resample(store, "W1", symbol="GBPUSD")


def test_a_chain_is_resampled_as_it_was_traded() -> None:
    chain = omega.Continuous(contracts())
    assert omega.resample(chain, "W1").equals(omega.resample(chain.candles, "W1"))
