"""Arguments of sweeps and of their results that mean something else than they seem to."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega import ConfigError
from tests.support.candles import rising

CANDLES = rising(60)
CROSS = omega.native("sma_cross", slow=20)


@pytest.mark.parametrize("name", ["trades", "equity", "daily", "fingerprint"])
@pytest.mark.parametrize("given", ["no", 1, None])
def test_what_is_kept_is_true_or_false(name: str, given: object) -> None:
    settings: dict[str, Any] = {name: given}
    with pytest.raises(ConfigError, match=rf"^{name}: given {given!r}, expected True or False"):
        omega.sweep(CANDLES, CROSS, {"fast": [5]}, **settings)


def grid_of(size: int) -> omega.SweepResult:
    rows = [(x, y, float(x + y)) for x in range(size) for y in range(size)]
    frame = pl.DataFrame(rows, schema=["x", "y", "sharpe"], orient="row")
    return omega.SweepResult(frame.with_row_index("run"), metrics=("sharpe",), total=size * size)


def test_a_reach_beyond_the_grid_is_that_of_the_grid() -> None:
    result = grid_of(4)
    assert result.zone("sharpe", reach=10**9).neighbours == 15
    assert result.zone("sharpe", reach=10**9).ranges == result.zone("sharpe", reach=3).ranges


def test_a_gate_takes_numbers_of_any_kind() -> None:
    least: Any = Fraction(7, 2)
    assert grid_of(3).select(minimum={"sharpe": least})["sharpe"].to_list() == [4.0]


@pytest.mark.parametrize("given", [5, 1.5, ["sharpe"]])
def test_a_metric_that_is_no_name_is_shown(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^metric: given (5|1\.5|\['sharpe'\]), expected"):
        grid_of(2).best(given)


def test_a_trial_without_its_fields_is_refused(tmp_path: Path) -> None:
    ledger = omega.trials(tmp_path / "trials")
    with pytest.raises(ConfigError, match=r"^trials: given \{'data': 'ab'\}, expected data, "):
        ledger.add([{"data": "ab"}])
    assert len(ledger) == 0


def test_a_row_of_a_ledger_that_is_nested_without_end_was_changed(tmp_path: Path) -> None:
    file = tmp_path / "trials"
    file.write_text("[" * 100_000 + "\n")
    with pytest.raises(omega.errors.TrialsChanged, match="row 1"):
        omega.trials(file)


@pytest.mark.parametrize("given", ["sharpe", 5, [0.5, "x"]])
def test_amounts_of_money_are_numbers(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^cash: given .*, expected"):
        omega.capacity(CANDLES, CROSS, given, costs=omega.Costs(impact=1.0))
