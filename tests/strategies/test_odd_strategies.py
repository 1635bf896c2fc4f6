"""What a strategy may be given by mistake: it is named, and nothing else is done in its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import omega
from omega import ConfigError
from omega.strategy.schedule import Schedule, Stage
from tests.support.candles import rising

CANDLES = rising(30)
DAY = "2024-01-01"


class Buyer(omega.Strategy):
    first: int = 3

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == self.first:
            self.buy(size=1)


class Needy(Buyer):
    def __init__(self, fast: int) -> None:
        super().__init__()
        self.fast = fast


class Late(Buyer):
    warmup: Any = "x"


def refused(strategy: Any, **given: Any) -> str:  # noqa: ANN401 - of any form
    with pytest.raises(ConfigError) as caught:
        omega.run_backtest(CANDLES, strategy, **given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("targets", "when", "place"),
    [
        ({"time": ["x"], "SYMBOL": [0.5]}, "change", "Weights.targets"),
        ({"time": [DAY], "SYMBOL": [0.5]}, ["x"], "Weights.when"),
    ],
)
def test_a_time_of_weights_that_is_none_is_named(
    targets: dict[str, list[Any]], when: str | list[str], place: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^{place}: given 'x', expected a moment"):
        omega.run_backtest(CANDLES, omega.Weights(targets, when=when))


@pytest.mark.parametrize("label", [5, ""])
def test_the_label_of_a_strategy_is_a_text(label: object) -> None:
    assert refused({label: Buyer}).startswith(f"strategy: given the label {label!r}, expected a")


def test_no_strategies_are_refused_as_they_were_given() -> None:
    assert refused({}).startswith("strategy: given an empty dict, expected at least one strategy")
    assert refused(()).startswith("strategy: given an empty tuple, expected at least one strategy")


def test_members_of_an_ensemble_are_refused_as_a_single_strategy_is() -> None:
    assert refused([Buyer, Late]).startswith("Late.warmup: given 'x', expected a whole number")
    message = refused([Buyer, Needy])
    assert message.startswith("strategy: given the class Needy, whose constructor needs arguments")


@pytest.mark.parametrize("given", [True, np.True_])
def test_a_truth_value_is_no_whole_number(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"Buyer\.first: given True \(bool\), expected int"):
        Buyer(first=given)


def test_a_parameter_that_is_a_table_is_shown_on_one_line() -> None:
    table: Any = CANDLES
    with pytest.raises(ConfigError, match=r"Buyer\.first: given <DataFrame> \(DataFrame\)"):
        Buyer(first=table)


@pytest.mark.parametrize("cross", [omega.crossover, omega.crossunder])
def test_a_crossing_of_too_few_values_is_refused(cross: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match=r"^crossover, crossunder: given list, expected"):
        cross([1.0], [2.0])


def test_a_crossing_takes_numbers_and_series_of_all_libraries() -> None:
    below, above = [1.0, 5.0], [6.0, 1.0]
    for kind in (list, np.array, pl.Series, pd.Series):
        assert omega.crossover(kind(below), np.int64(3))
        assert omega.crossunder(kind(above), np.float32(3.0))


def test_a_condition_of_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^when: given None, expected a condition"):
        omega.when(None)


@pytest.mark.parametrize("fallback", ["no", 1, None])
def test_a_fallback_is_true_or_false(fallback: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^compiled fallback: given .*, expected True or False"):
        omega.compiled(fallback=fallback)


def test_names_and_parameters_of_the_core_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"^native: given 5, expected the name of a strategy"):
        omega.native(5)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ConfigError, match=r"^native: fast: given 1000.*, expected a number"):
        omega.native("sma_cross", fast=10**400)


@dataclasses.dataclass
class Scaled:
    """A function that compares by value, and has no hash for that reason."""

    factor: float = 2.0

    def __call__(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return values * self.factor


class WithFunction(Buyer):
    def init(self) -> None:
        function = Scaled()
        self.first_view, self.second_view = self.column(function), self.column(function)


def test_a_function_without_a_hash_makes_a_column_once() -> None:
    ran = omega.run_backtest(CANDLES, WithFunction).strategy
    assert ran.first_view is ran.second_view
    assert ran.first_view[-1] == 2 * CANDLES["close"][-1]


def _managed(manager: object) -> Buyer:
    made = Buyer()
    made.position_manager = manager
    return made


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (omega.TimeExit(bars=3), omega.TimeExit(bars=5)),
        ([omega.TimeExit(bars=3)], [omega.TimeExit(bars=5)]),
        ([omega.TimeExit(bars=3)], []),
    ],
)
def test_stages_with_other_managers_are_refused(first: object, second: object) -> None:
    stages = Stage(0, _managed(first)), Stage(10, _managed(second))
    with pytest.raises(ConfigError, match=r"^position_manager: given .*, expected the same"):
        _ = Schedule(stages).position_manager
    alike = Stage(0, _managed(first)), Stage(10, _managed(first))
    assert Schedule(alike).position_manager == first


class Ordering(omega.Strategy):
    def __init__(self, order: Callable[[omega.Strategy], object]) -> None:
        self.order = order

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 3:
            self.order(self)


@pytest.mark.parametrize("name", ["limit", "stop", "touch"])
def test_the_price_of_an_order_is_refused_by_its_own_name(name: str) -> None:
    def order(strategy: omega.Strategy) -> object:
        more: dict[str, Any] = {"limit": 99.0} if name == "touch" else {}
        return strategy.buy(**{**more, name: "x"})

    assert refused(Ordering(order)).startswith(f"order {name}: given 'x', expected a number")


def test_the_length_of_a_history_may_be_of_numpy() -> None:
    class Looks:
        seen: list[int] = []  # noqa: RUF012 - of the test alone

        def evaluate(self, index: int, slice_map: Any) -> None:  # noqa: ANN401 - as the protocol
            if index == 5:
                self.seen.append(len(slice_map["SYMBOL"].history(None, "bid", np.int64(3))))

    engine = omega.EventEngine(
        CANDLES, None, Looks(), omega.ExecutionSimulator(), omega.Portfolio()
    )
    engine.run()
    assert Looks.seen == [3]


def itself(_: object) -> object:
    return itself


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        ({"entry": itself}, "entry"),
        ({"entry": True, "stop_loss": omega.Distance(itself)}, "stop_loss"),
        ({"entry": True, "stop_loss": omega.Distance.percent(itself)}, "stop_loss"),
    ],
)
def test_a_function_that_returns_a_function_is_no_column(
    columns: dict[str, Any], place: str
) -> None:
    text = refused(omega.Signals(**columns))
    assert text.startswith(f"Signals.{place}: given <function itself")
    assert text.endswith(", of the function that was given")


def test_a_function_that_returns_a_function_is_no_condition() -> None:
    assert refused(Buyer(), when=itself).startswith("when: given <function itself")
