"""Parameters of a strategy: which attributes are some, and which values they take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.candles import rising


class Sized(omega.Strategy):
    """Buys once, so many lots."""

    FAST = 3
    slow = 5
    _hidden = 7
    warmup = 1
    lots: float = 1.0
    bar: int = 2
    is_short: bool = False
    note: str = "a"

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == self.bar:
            (self.sell if self.is_short else self.buy)(self.lots, reason=self.note)


def test_numpy_scalars_are_taken_as_what_they_are() -> None:
    given: dict[str, Any] = {"lots": np.float32(0.5), "bar": np.int64(1), "is_short": np.True_}
    made = Sized(**given, note=np.str_("b"))
    assert repr(made) == "Sized(lots=0.5, bar=1, is_short=True, note='b')"
    assert type(Sized(lots=np.int8(2)).lots) is float  # type: ignore[arg-type]  # taken
    with pytest.raises(ConfigError, match=r"Sized\.bar: given 0\.5 \(float\), expected int"):
        Sized(bar=np.float64(0.5))  # type: ignore[arg-type]  # what is refused


@pytest.mark.parametrize("backend", BACKENDS)
def test_numpy_scalars_are_settings_and_grids(backend: str) -> None:
    limits: dict[str, Any] = {"max_positions": np.int64(1)}
    execution: dict[str, Any] = {"close_at_end": np.True_}
    given: dict[str, Any] = {
        "cash": np.float64(1e4),
        "seed": np.int64(3),
        "strict": np.False_,
        "start": np.int64(1_704_067_260_000_000),
        "limits": omega.Limits(**limits),
        "execution": omega.Execution(**execution),
        "costs": omega.Costs(fee_per_lot=np.float64(1.0)),
        "backend": backend,
    }
    result = omega.run_backtest(rising(6), Sized, **given)
    # From 103 to 105.5, less two fees.
    assert result.trades["net_pnl"].to_list() == [0.5]
    assert result.manifest["configuration"]["seed"] == 3
    grid = {"bar": np.arange(1, 3), "lots": np.array([1.0, 2.0])}
    swept = omega.sweep(rising(6), Sized, grid, workers=1, **given).to_polars()
    assert swept["net_profit"].to_list() == [1.5, 3.0, 0.5, 1.0]
    assert [str(swept[name].dtype) for name in grid] == ["Int64", "Float64"]


@pytest.mark.parametrize(
    ("name", "line"), [("slow", "slow: int = 5"), ("FAST", "FAST: int = 3"), ("warmup", "warmup")]
)
def test_an_attribute_without_an_annotation_is_named_where_it_is_given(
    name: str, line: str
) -> None:
    words = rf"Sized\.{name} = \d is no parameter, as it has no annotation; write {line}"
    with pytest.raises(ConfigError, match=words):
        Sized(**{name: 9})  # type: ignore[arg-type]  # of any type
    with pytest.raises(ConfigError, match=words):
        omega.sweep(rising(6), Sized, {name: [1, 2]}, workers=1)


def test_constants_and_private_names_are_no_trouble() -> None:
    assert list(Sized.parameters()) == ["lots", "bar", "is_short", "note"]
    assert omega.run_backtest(rising(6), Sized).trades.height == 1
    with pytest.raises(ConfigError, match="no parameter '_hidden'"):
        Sized(_hidden=1)  # type: ignore[call-arg]  # what is refused


def test_a_typo_in_a_grid_is_refused_before_the_first_run() -> None:
    with pytest.raises(ConfigError, match=r"no parameter 'lost'.*Did you mean 'lots'"):
        omega.sweep(rising(6), Sized, [{"lots": 1.0}, {"lost": 2.0}], workers=1)


@pytest.mark.parametrize("name", ["close", "position", "rsi"])
def test_a_parameter_named_like_a_method_is_refused(name: str) -> None:
    kind = type("Named", (omega.Strategy,), {"__annotations__": {name: float}, name: 1.0})
    with pytest.raises(ConfigError, match=rf"Named\.{name}: .* the method Strategy\.{name}"):
        kind()


def test_numbers_of_trades_may_be_of_numpy() -> None:
    number: Any = np.int64(0)

    class Closes(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy()
            elif bar.index == 2:
                self.close(number)

    assert omega.run_backtest(rising(6), Closes).trades["exit_index"].to_list() == [3]


def test_reading_an_attribute_goes_by_no_method() -> None:
    # A `__getattr__` would make each read of `self.x` in a callback four times as slow.
    assert not hasattr(omega.Strategy, "__getattr__")
    assert omega.Strategy.__getattribute__ is object.__getattribute__
