"""Goal: volumes of any type of number are taken, and prices of other types where that is asked for.

Method: three bars whose prices every type holds exactly; the profit and the copied bytes by hand.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import omega
from omega.contract import ArrowLike
from omega.errors import ConfigError, InvalidCandleData
from tests.support.backends import BACKENDS, WITHOUT_CORE

ROWS = 3
PRICES = ("open", "high", "low", "close")
FRAME = pl.DataFrame(
    {
        "time": [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
        "open": [10.0, 11.0, 12.0],
        "high": [11.0, 12.0, 14.0],
        "low": [9.0, 10.0, 11.0],
        "close": [11.0, 12.0, 13.5],
        "volume": [5.0, 6.0, 7.0],
    }
)


def once(bar: omega.Bar) -> omega.Signal | None:
    return omega.Signal("long") if bar.index == 0 else None


def run(data: ArrowLike, backend: str, *, cast: bool = False) -> omega.BacktestResult:
    return omega.run_backtest(data, once, backend=backend, cast=cast)


def copied(result: omega.BacktestResult) -> list[str]:
    return [notice.text for notice in result.notices if notice.kind == "cast"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "kind", [pl.Int64, pl.Int32, pl.UInt64, pl.UInt8, pl.Float32, pl.Decimal(10, 2)], ids=str
)
def test_a_volume_of_any_number_is_cast_once_and_counted(
    kind: pl.DataType | type[pl.DataType], backend: str
) -> None:
    result = run(FRAME.cast({"volume": kind}), backend)
    assert result.fingerprint == run(FRAME, backend).fingerprint
    assert result.trades["net_pnl"].to_list() == [2.5]  # from 11 to 13.5
    (text,) = copied(result)
    assert text.startswith("24 bytes were copied by a cast: volume (")
    store = omega.CandleStore(FRAME.cast({"volume": kind}))
    assert store.copied_bytes == 8 * ROWS


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_read_csv_gives_is_taken(backend: str) -> None:
    frame = FRAME.with_columns(pl.col("volume").cast(pl.Int64)).to_pandas()
    assert str(frame["volume"].dtype) == "int64"
    assert run(frame, backend).trades["net_pnl"].to_list() == [2.5]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", [pl.Float32, pl.Decimal(10, 2), pl.String], ids=str)
def test_prices_of_other_types_are_cast_where_that_is_said(
    kind: pl.DataType | type[pl.DataType], backend: str
) -> None:
    data = FRAME.cast(dict.fromkeys(PRICES, kind))
    with pytest.raises(InvalidCandleData, match="Pass cast=True"):
        run(data, backend)
    result = run(data, backend, cast=True)
    assert result.fingerprint == run(FRAME, backend).fingerprint
    assert copied(result)[0].startswith("96 bytes were copied by a cast: open (")


@pytest.mark.parametrize("backend", BACKENDS)
def test_decimals_of_python_and_strided_columns_are_cast(backend: str) -> None:
    frame = FRAME.drop("volume").to_pandas()
    for price in PRICES:
        frame[price] = [Decimal(str(value)) for value in frame[price]]
    assert run(frame, backend, cast=True).trades["net_pnl"].to_list() == [2.5]
    strided = pd.DataFrame(
        np.ascontiguousarray(FRAME.select(PRICES).to_numpy()), columns=list(PRICES)
    )
    strided.insert(0, "time", FRAME["time"].to_numpy())
    assert run(strided, backend, cast=True).trades["net_pnl"].to_list() == [2.5]


def test_a_sweep_casts_too() -> None:
    data = FRAME.cast(dict.fromkeys(PRICES, pl.Float32))
    words: dict[str, Any] = {"cast": True, "workers": 1, "backend": BACKENDS[0]}
    table = omega.sweep(data, lambda size: once, {"size": [1, 2]}, **words).to_polars()
    assert table["net_profit"].to_list() == [2.5, 2.5]


def test_a_look_ahead_check_casts_too() -> None:
    data = FRAME.cast(dict.fromkeys(PRICES, pl.Float32))
    with pytest.raises(InvalidCandleData, match="Pass cast=True"):
        omega.check_lookahead(once, data, backend=BACKENDS[0])
    assert omega.check_lookahead(once, data, cast=True, backend=BACKENDS[0]).clean


def test_a_column_of_no_type_has_no_values() -> None:
    for none in (FRAME.with_columns(volume=pl.lit(None)), FRAME.with_columns(open=pl.lit(None))):
        for data in (none, none.to_pandas()):
            with pytest.raises(InvalidCandleData, match=r"row 0: a value is missing"):
                omega.CandleStore(data)
    beside = FRAME.with_columns(note=pl.lit(None))
    for data in (beside, beside.to_pandas()):
        assert len(omega.CandleStore(data)) == ROWS


def test_columns_of_two_levels_are_those_of_their_symbol() -> None:
    frame = FRAME.to_pandas().set_index("time")
    frame.columns = pd.MultiIndex.from_product([frame.columns, ["SPY"]], names=["Price", "Ticker"])
    store = omega.CandleStore(frame)
    assert (store.symbols, len(store)) == (["SPY"], ROWS)
    frame.columns = frame.columns.swaplevel()
    assert omega.CandleStore(frame).symbols == ["SPY"]
    other = frame.rename(columns={"SPY": "IBM"}, level=0)
    with pytest.raises(ConfigError, match=r"2 levels.*\{symbol: .*xs\(symbol, axis=1.*IBM, SPY"):
        omega.CandleStore(pd.concat([frame, other], axis=1))


def test_an_index_of_two_levels_is_a_symbol_and_a_time() -> None:
    one = FRAME.to_pandas().set_index("time")
    both = pd.concat({"SPY": one, "IBM": one}, names=["symbol", "time"])
    store = omega.CandleStore(both)
    assert (store.symbols, len(store)) == (["SPY", "IBM"], 2 * ROWS)
    assert store.copied_bytes == 2 * 8 * ROWS  # the times, which the index holds as codes
    unnamed = pd.concat({"SPY": one})
    assert omega.CandleStore(unnamed).symbols == ["SPY"]


@pytest.mark.skipif(WITHOUT_CORE, reason="Polars, which reads columns then, has no such type")
@pytest.mark.parametrize("backend", BACKENDS)
def test_prices_of_a_type_that_polars_does_not_read_are_cast_and_named(backend: str) -> None:
    wide = FRAME.to_arrow()
    wide = wide.set_column(1, "open", wide["open"].cast(pa.decimal256(40, 2)))
    result = run(wide, backend, cast=True)
    assert copied(result) == [f"{8 * ROWS} bytes were copied by a cast: open (Decimal256(40, 2))"]


@pytest.mark.skipif(WITHOUT_CORE, reason="Polars, which reads columns then, has no such type")
def test_symbols_of_a_type_that_polars_does_not_read_are_refused() -> None:
    table = FRAME.to_arrow()
    symbols = pa.array([Decimal("1.00")] * ROWS, pa.decimal256(40, 2))
    with pytest.raises(InvalidCandleData, match="column 'symbol': it cannot be read"):
        omega.CandleStore(table.append_column("symbol", symbols))
