"""Bad input is refused with the right class before the first bar, and the process goes on."""

from __future__ import annotations

import polars as pl
import pytest

import omega
from omega.errors import (
    BackendUnavailable,
    ConfigError,
    InvalidCandleData,
    OmegaError,
    UnknownInstrument,
    WarmupIndexNotFound,
)
from tests.support import candles
from tests.support.backends import WITHOUT_CORE

GOOD = candles.rising(10)


def changed(column: str, value: object, row: int = 4) -> pl.DataFrame:
    """Give candles with one value changed."""
    values = GOOD[column].to_list()
    values[row] = value
    return GOOD.with_columns(pl.Series(column, values, dtype=GOOD.schema[column]))


def swapped() -> pl.DataFrame:
    """Give candles of which two rows changed places."""
    return pl.concat([GOOD[:4], GOOD[5:6], GOOD[4:5], GOOD[6:]])


@pytest.mark.parametrize(
    ("data", "column", "row"),
    [
        (GOOD.clear(), "time", None),
        (swapped(), "time", 5),
        (changed("time", GOOD["time"][3]), "time", 4),
        (changed("close", float("nan")), "close", 4),
        (changed("high", float("inf")), "high", 4),
        (changed("low", None), "low", 4),
        (changed("open", -1.0), "open", 4),
        (changed("open", 0.0), "open", 4),
        (changed("high", 1.0), "high", 4),
        (changed("volume", -1.0), "volume", 4),
        (GOOD.drop("close"), "close", None),
        (GOOD.drop("time"), "time", None),
        (GOOD.with_columns(pl.col("high").cast(pl.String)), "high", None),
        (GOOD.with_columns(pl.col("low").cast(pl.Float32)), "low", None),
        (GOOD.with_columns(pl.col("time").cast(pl.Int64)), "time", None),
        (GOOD.with_columns(spread=-0.5), "spread", 0),
    ],
)
def test_data_that_breaks_a_rule_names_its_place(
    backend: str, data: pl.DataFrame, column: str, row: int | None
) -> None:
    with pytest.raises(InvalidCandleData) as caught:
        omega.run_backtest(data, never_called, backend=backend)
    assert (caught.value.column, caught.value.row) == (column, row)
    assert column in str(caught.value)
    test_the_process_can_run_again(backend)


def never_called(bar: omega.Bar) -> None:
    """Fail where a strategy is called although the input is bad."""
    raise AssertionError(bar)


def test_the_process_can_run_again(backend: str) -> None:
    assert omega.run_backtest(GOOD, lambda bar: None, backend=backend).equity.height == 10


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"cash": "much"}, (ConfigError, ValueError), "cash|much"),
        ({"costs": 5}, ConfigError, r"costs: given 5, expected omega\.Costs"),
        ({"limits": omega.Execution()}, ConfigError, r"limits: given Execution\(\), expected"),
        ({"sizer": 5}, ConfigError, "sizer: given 5, expected a sizer"),
        ({"seed": -1}, ConfigError, "seed: given -1"),
        ({"seed": 1.5}, ConfigError, "seed: given 1.5"),
        ({"backend": "fortran"}, ConfigError, "'fortran'"),
        ({"validate": "maybe"}, ConfigError, "maybe"),
        ({"validate": "report"}, ConfigError, "CandleStore"),
        ({"validate": {"crosed": "allow"}}, ConfigError, "crosed"),
        ({"instruments": "auto", "symbol": "NOPE"}, UnknownInstrument, "NOPE"),
        ({"instruments": 5}, ConfigError, "instruments"),
        ({"instruments": {"EURUSD": omega.Instrument("EURUSD")}}, ConfigError, "SYMBOL"),
        ({"costs": omega.Costs(slippage_pips=1)}, ConfigError, "pip_size"),
        ({"costs": {"EURUSD": omega.Costs()}}, ConfigError, "SYMBOL"),
        ({"start": "2024-02-01"}, WarmupIndexNotFound, "start"),
        ({"start": "2024-01-01 00:05", "end": "2024-01-01 00:04"}, WarmupIndexNotFound, "10 bars"),
        (
            {"instruments": omega.Instrument("SYMBOL", quote_currency="JPY")},
            ConfigError,
            "JPY.*USD|conversion",
        ),
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_refused(
    backend: str, settings: dict[str, object], error: type[Exception], match: str
) -> None:
    given = {"backend": backend, **settings}
    with pytest.raises(error, match=match):
        omega.run_backtest(GOOD, never_called, **given)  # type: ignore[arg-type]  # bad
    test_the_process_can_run_again(backend)


def test_an_unknown_setting_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="csah"):
        omega.run_backtest(GOOD, never_called, csah=1)  # type: ignore[call-arg]  # bad


def test_crossed_rows_are_refused_named_and_allowed_when_told(backend: str) -> None:
    data = candles.walk(50)
    crossed = data.with_columns(
        ask_close=pl.when(pl.int_range(pl.len()) == 7).then(1.0).otherwise("ask_close"),
        ask_low=pl.when(pl.int_range(pl.len()) == 7).then(1.0).otherwise("ask_low"),
    )
    with pytest.raises(InvalidCandleData, match="row 7") as caught:
        omega.run_backtest(crossed, never_called, backend=backend)
    assert caught.value.rule == "crossed"
    allowed = omega.run_backtest(
        crossed, lambda bar: None, validate={"crossed": "allow"}, backend=backend
    )
    assert allowed.equity.height == 50
    assert any("the ask is below the bid in 1 row;" in str(notice) for notice in allowed.notices)


FLAGS = {"0": "python", "FALSE": "python"}
if not WITHOUT_CORE:
    FLAGS |= {"1": "rust", "true": "rust", "auto": "rust"}


def test_the_flag_chooses_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMEGA_USE_RUST_EVENT_ENGINE", "perhaps")
    with pytest.raises(ConfigError, match="perhaps"):
        omega.run_backtest(GOOD, never_called)
    for word, chosen in FLAGS.items():
        monkeypatch.setenv("OMEGA_USE_RUST_EVENT_ENGINE", word)
        assert omega.get_active_backend() == chosen
        assert omega.run_backtest(GOOD, lambda bar: None).backend == chosen


def test_every_error_is_one_of_ours() -> None:
    for error in (BackendUnavailable, ConfigError, InvalidCandleData, UnknownInstrument):
        assert issubclass(error, OmegaError)
