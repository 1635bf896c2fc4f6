"""Arguments of results that mean something else than they seem to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega import ConfigError
from omega.results.reconciling import fills_of
from omega.results.result import example_result
from tests.support.candles import rising

CROSS = omega.native("sma_cross", slow=20)


@pytest.mark.parametrize("given", ["no", 1, None])
def test_a_saved_result_is_replaced_by_true_alone(
    tmp_path: Path,
    given: Any,  # noqa: ANN401 - on purpose
) -> None:
    result = example_result()
    swept = omega.sweep(rising(60), CROSS, {"fast": [5]})
    for name, one in (("run", result), ("sweep", swept)):
        one.save(tmp_path / name)
        with pytest.raises(ConfigError, match=r"^overwrite: given .*, expected True or False"):
            one.save(tmp_path / name, overwrite=given)


def test_a_fill_of_a_symbol_that_the_run_does_not_have_is_refused() -> None:
    result = example_result()
    fills = fills_of(result).with_columns(symbol=pl.lit("EUR/USD"))
    with pytest.raises(ConfigError, match=r"^fills: 'symbol' in row 0 is 'EUR/USD', expected one"):
        omega.reconcile(result, fills)


@pytest.mark.parametrize("minimum", [{"trades": "x"}, {"trades": None}, {"trades": float("nan")}])
def test_the_least_value_of_a_metric_is_a_number(minimum: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^minimum of trades: given .*, expected a number"):
        omega.walk_forward(rising(200), CROSS, {"fast": [5]}, train=50, test=20, minimum=minimum)


@pytest.mark.parametrize("name", ["train", "test", "step", "purge", "gap"])
def test_a_length_beyond_any_calendar_is_named(name: str) -> None:
    lengths: dict[str, Any] = {"train": "10min", "test": "10min", "step": "10min", name: "99999y"}
    with pytest.raises(
        ConfigError, match=rf"^{name}: given '99999y', expected at most 1,000 years"
    ):
        omega.walk_forward(rising(200), CROSS, {"fast": [5]}, **lengths)
