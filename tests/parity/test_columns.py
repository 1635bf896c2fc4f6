"""The reference reads candles without native code, and finds what the native store finds."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from omega.errors import InvalidCandleData
from omega.reference.columns import PRICES, Columns

TOP = Path(__file__).resolve().parents[2]
ARRAYS = ["time", *(f"{side}_{price}" for side in ("bid", "ask") for price in PRICES), "volume"]


def frame(layout: str, rows: int = 4) -> pl.DataFrame:
    """Valid candles of a layout."""
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - naive, as in the data
    times = [start + timedelta(minutes=k) for k in range(rows)]
    one = [1.0 + k / 8 for k in range(rows)]
    bid = {"open": one, "high": [p + 0.5 for p in one], "low": [p - 0.5 for p in one], "close": one}
    columns: dict[str, dict[str, list[float]]] = {
        "plain": bid,
        "volume": {**bid, "volume": one},
        "spread": {**bid, "spread": [0.1] * rows},
        "quotes": {"Bid": one, "ASK": [p + 0.25 for p in one]},
        "sided": {f"bid_{n}": v for n, v in bid.items()}
        | {f"ask_{n}": [p + 0.25 for p in v] for n, v in bid.items()},
    }
    return pl.DataFrame({"ts": times, **columns[layout]})


LAYOUTS = ["plain", "volume", "spread", "quotes", "sided"]


def same(plain: Columns, native: Columns) -> None:
    assert (plain.unit, plain.timezone) == (native.unit, native.timezone)
    for name in ARRAYS:
        one, other = getattr(plain, name), getattr(native, name)
        assert (one is None) == (other is None), name
        if one is not None:
            np.testing.assert_array_equal(one, other, name)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_columns_are_those_of_the_store(layout: str, zone: str | None, tmp_path: Path) -> None:
    data = frame(layout).with_columns(pl.col("ts").dt.replace_time_zone(zone))
    native = Columns.from_store(omega.CandleStore(data, symbol="A"))
    same(Columns.read(data, symbol="A"), native)
    same(Columns.read(data.to_arrow()), native)
    same(Columns.read({"A": data.lazy()}), native)
    data.write_parquet(tmp_path / "a.parquet")
    same(Columns.read(tmp_path / "a.parquet"), native)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_keep_their_unit(unit: Any) -> None:  # noqa: ANN401 - a literal of Polars
    data = frame("plain").with_columns(pl.col("ts").dt.cast_time_unit(unit))
    same(Columns.read(data), Columns.from_store(omega.CandleStore(data)))


def test_seconds_are_seconds() -> None:
    import pyarrow as pa  # noqa: PLC0415 - Polars has no seconds

    table = frame("plain").to_arrow()
    data = table.set_column(0, "ts", table["ts"].cast(pa.timestamp("s")))
    native = Columns.from_store(omega.CandleStore(data))
    assert (native.unit, native.time[1] - native.time[0]) == ("s", 60)
    assert native.frame()["time"].to_list() == frame("plain")["ts"].to_list()


def test_two_sides_and_a_constant_spread_are_those_of_the_store() -> None:
    bid = frame("plain")
    ask = bid.with_columns(pl.exclude("ts") + 0.25)
    for data in (omega.Candles(bid=bid, ask=ask), omega.Candles(bid=bid, spread=0.1)):
        same(Columns.read(data), Columns.from_store(omega.CandleStore(data)))
    with pytest.raises(InvalidCandleData, match="the times of the ask side"):
        Columns.read(omega.Candles(bid=bid, ask=ask.with_columns(pl.col("ts").reverse())))


@st.composite
def spoiled(draw: st.DrawFn) -> pl.DataFrame:
    """Candles with a few values that break rules."""
    data = frame(draw(st.sampled_from(LAYOUTS)), 6)
    bad = st.sampled_from([None, float("nan"), float("inf"), -1.0, 0.0, 0.9, 2.5])
    for _ in range(draw(st.integers(1, 3))):
        row, column = draw(st.integers(0, 5)), draw(st.integers(0, data.width - 1))
        name = data.columns[column]
        values = data[name].to_list()
        values[row] = values[draw(st.integers(0, 5))] if column == 0 else draw(bad)
        data = data.with_columns(pl.Series(name, values, data.schema[name]))
    return data


@given(spoiled())
def test_both_find_the_same_first_fault(data: pl.DataFrame) -> None:
    """T3: by row, then rule, then column."""
    found: list[object] = []
    for read in (omega.CandleStore, Columns.read):
        try:
            read(data)
        except InvalidCandleData as error:
            value = error.value if isinstance(error.value, (float, type(None))) else "a time"
            found.append((error.column, error.row, error.rule, error.symbol, repr(value)))
        else:
            found.append(None)
    assert found[0] == found[1]


def test_rules_can_be_allowed_and_checks_left_out() -> None:
    data = frame("sided").with_columns(pl.col("ask_close") - 0.3)
    with pytest.raises(InvalidCandleData, match="crossed"):
        Columns.read(data)
    assert len(Columns.read(data, validate={"crossed": "allow"})) == len(data)
    assert len(Columns.read(data, validate="off")) == len(data)
    negative = frame("plain").with_columns(pl.exclude("ts") - 9.0)
    with pytest.raises(InvalidCandleData, match="not above zero"):
        Columns.read(negative)
    assert len(Columns.read(negative, symbol="CL", allow_negative=["CL"])) == len(data)


def test_the_reference_needs_no_native_code() -> None:
    program = """
import sys
sys.modules["omega._core"] = None  # importing it raises
import polars as pl
from datetime import datetime
from omega.reference.columns import Columns
from omega.reference.run import Traded, run
from omega.signals import Signal
prices = {name: [10.0, 11.0, 12.0] for name in ("open", "high", "low", "close")}
data = pl.DataFrame({"time": [datetime(2024, 1, day) for day in (1, 2, 3)], **prices})
nothing = dict.fromkeys(("start", "end", "max_positions", "max_positions_per_symbol"))
instrument = dict.fromkeys(("tick_size", "volume_min", "volume_step", "volume_max"))
costs = "fee_per_million fee_per_lot fee_percent fee_min slippage slippage_random"
costs += " swap_long swap_short triple_day"
settings = nothing | {
    "cash": 100.0, "seed": 0, "strict": False, "close_at_end": True, "limit_improvement": True,
    "market_fill": "next_open", "intrabar": "pessimistic", "position_mode": "hedging",
    "stop_out_level": None, "cooldown_bars": 0, "cooldown_entry": 0, "cooldown_exit": 0,
    "sessions": [], "blackouts": [], "managers": [], "sizer": ("fixed_lots", 1.0),
    "align": "union",
}
settings["symbols"] = [{
    "instrument": instrument | {"contract_size": 1.0, "margin_rate": 0.0},
    "costs": dict.fromkeys(costs.split(), 0.0),
}]
tables, report = run([Traded(Columns.read(data))], lambda bar: Signal("long"), settings)
print(tables.trades()["net_pnl"].to_list())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=TOP / "python",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[1.0, 0.0]\n", done.stderr
