"""Candles and tables beside them that mean something else than they seem to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega import Candles, CandleStore, ConfigError
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import rising

NEEDS_CORE = pytest.mark.skipif(WITHOUT_CORE, reason="a CandleStore and sweeps need the core")

CANDLES = rising(30)
EPS: dict[str, list[Any]] = {
    "symbol": ["A", "B"],
    "period": ["2023-09-30"] * 2,
    "known": ["2023-12-01"] * 2,
    "eps": [1.0, 5.0],
}


def newest(expression: pl.Expr) -> object:
    return CANDLES.select(expression).to_series()[-1]


def test_published_values_of_several_symbols_are_not_mixed() -> None:
    assert newest(omega.asof(EPS, "eps", symbol="B")) == 5.0
    with pytest.raises(ConfigError, match=r"asof: given rows of A, B, expected symbol="):
        omega.asof(EPS, "eps")


@pytest.mark.parametrize("symbol", ["C", "a"])
def test_published_values_of_an_unknown_symbol_are_refused(symbol: str) -> None:
    with pytest.raises(ConfigError, match=rf"asof: given symbol='{symbol}', .*(Known: A, B|'A'\?)"):
        omega.asof(EPS, "eps", symbol=symbol)


def test_a_symbol_of_a_table_without_symbols_is_refused() -> None:
    table = {name: values for name, values in EPS.items() if name != "symbol"}
    with pytest.raises(ConfigError, match=r"asof: given symbol='A', .*no column symbol"):
        omega.asof(table, "eps", symbol="A")


def test_columns_of_published_values_may_have_spaces_in_their_names() -> None:
    table = {"Report Date": ["2023-09-30"], "Known-At": ["2023-12-01"], "EPS ttm": [2.0]}
    found = omega.asof(table, "EPS ttm", period="Report Date", known="Known-At")
    assert newest(found) == 2.0


@pytest.mark.parametrize("spread", ["x", True, 10**400, -1, float("nan")])
def test_a_constant_spread_is_a_number(spread: object) -> None:
    with pytest.raises(ConfigError, match=r"^Candles\.spread: given .*, expected a number"):
        Candles(bid=CANDLES, spread=spread)  # type: ignore[arg-type]  # on purpose


def test_candles_without_a_bid_side_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^Candles\.bid: given None, expected candles"):
        Candles(bid=None)


@pytest.mark.parametrize("cast", ["yes", 1, None])
def test_a_cast_is_true_or_false(cast: object) -> None:
    with pytest.raises(ConfigError, match=r"^cast: given .*, expected True or False"):
        CandleStore(CANDLES, cast=cast)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("given", [5, "SYMBOL"])
def test_symbols_with_any_price_are_a_list(given: object) -> None:
    with pytest.raises(ConfigError, match=r"^allow_negative: given .*, expected a list of symbols"):
        CandleStore(CANDLES, allow_negative=given)  # type: ignore[arg-type]  # on purpose


def test_rules_and_levels_are_texts() -> None:
    with pytest.raises(ConfigError, match=r"^validate: given \{5: 5\}, expected"):
        CandleStore(CANDLES, validate={5: 5})  # type: ignore[dict-item]  # on purpose


def test_bars_are_made_of_all_that_a_run_takes(tmp_path: Path) -> None:
    file = tmp_path / "candles.parquet"
    CANDLES.write_parquet(file)
    expected = omega.bars(CANDLES, "tick", 5)
    pandas = CANDLES.to_pandas().set_index("time")
    for data in (file, str(file), omega.Dataset(file), pandas):
        assert omega.bars(data, "tick", 5).select(expected.columns).equals(expected)
    sides = omega.bars(Candles(bid=CANDLES, spread=0.5), "tick", 5)
    assert (sides["bid_close"] == expected["close"]).all()
    several = omega.bars({"A": CANDLES, "B": CANDLES}, "tick", 5)
    assert several["symbol"].unique(maintain_order=True).to_list() == ["A", "B"]


def test_the_path_of_an_arrow_file_is_a_path() -> None:
    with pytest.raises(ConfigError, match=r"^to_arrow: given 5, expected a path"):
        omega.Dataset("s3://bucket/a.parquet").to_arrow(5)  # type: ignore[arg-type]  # on purpose


@NEEDS_CORE
@pytest.mark.parametrize(
    ("name", "given"), [("validate", "off"), ("validate", {"crossed": "allow"}), ("cast", True)]
)
def test_a_store_that_was_checked_is_not_read_by_other_rules(
    name: str,
    given: Any,  # noqa: ANN401 - on purpose
) -> None:
    store = omega.CandleStore(rising(9))
    settings: dict[str, Any] = {name: given}
    expected = rf"^{name}: given .* for a CandleStore.*where the store is made, as CandleStore\("
    with pytest.raises(ConfigError, match=expected):
        omega.CandleStore(store, **settings)
    with pytest.raises(ConfigError, match=expected):
        omega.run_backtest(store, omega.native("buy_and_hold"), **settings)
    with pytest.raises(ConfigError, match=expected):
        omega.stress(store, omega.native("buy_and_hold"), **settings)


@NEEDS_CORE
def test_calls_of_many_runs_read_candles_by_their_rules_once() -> None:
    candles = rising(60).with_columns(pl.col("open", "high", "low", "close").cast(pl.Float32))
    rules: dict[str, Any] = {"validate": {"crossed": "allow"}, "cast": True}
    native = omega.native("buy_and_hold")
    assert not omega.sweep(candles, native, {"cash": [1e4]}, **rules).failures.height
    assert omega.stress(candles, native, runs=2, **rules).runs.height > 1
    of_windows = omega.walk_forward(
        candles, omega.native("sma_cross"), {"fast": [2], "slow": [5]}, train=20, test=10, **rules
    )
    assert len(of_windows) > 1
