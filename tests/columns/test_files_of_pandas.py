"""Goal: a frame of pandas that runs in memory runs from its Parquet file, too.

Method: what pandas writes for an index without a name, for two levels of columns, and for zones
that are fixed offsets, read as a run reads it and as an import does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

import omega
from omega.contract import ArrowLike
from omega.errors import ConfigError, InvalidCandleData
from tests.support.backends import BACKENDS
from tests.support.candles import rising

FRAME = rising(6).to_pandas().set_index("time")
FRAME.index.name = None
ONE = omega.native("buy_and_hold")


def fingerprint(data: ArrowLike) -> str:
    return omega.run_backtest(data, ONE, backend=BACKENDS[0]).fingerprint


def written(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "bars.parquet"
    frame.to_parquet(path)
    return path


def test_an_index_without_a_name_is_the_time(tmp_path: Path) -> None:
    path = written(FRAME, tmp_path)
    in_memory = fingerprint(FRAME)
    assert fingerprint(path) == in_memory
    assert fingerprint(omega.Dataset(path)) == in_memory
    named = FRAME.assign(date=FRAME.index + pd.Timedelta(days=1))
    first, _ = omega.CandleStore(written(named, tmp_path)).time_range()
    assert first == named["date"].iloc[0].to_pydatetime()  # a name goes before


def test_two_levels_are_those_of_their_symbol(tmp_path: Path) -> None:
    frame = FRAME.copy()
    frame.columns = pd.MultiIndex.from_product([frame.columns, ["SPY"]], names=["Price", "Ticker"])
    for levels in (frame, frame.swaplevel(axis=1)):
        path = written(levels, tmp_path)
        store = omega.CandleStore(path)
        assert (store.symbols, len(store)) == (["SPY"], len(FRAME))
        bars = omega.read_candles(path, time_zone="UTC", bar_time="open")
        assert (bars.symbol, bars.frame["close"].to_list()) == ("SPY", FRAME["close"].to_list())
    both = pd.concat([frame, frame.rename(columns={"SPY": "IBM"}, level=1)], axis=1)
    for read in (omega.CandleStore, omega.read_candles):
        with pytest.raises(ConfigError, match=r"2 levels.*xs\(symbol, axis=1.*IBM, SPY"):
            read(written(both, tmp_path))


def test_zones_that_are_fixed_offsets_are_moments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = FRAME.set_axis(FRAME.index.tz_convert("+05:30")).rename_axis("time")
    path = written(local, tmp_path)
    first = local.index[0].tz_convert("UTC").to_pydatetime()
    assert omega.CandleStore(path).time_range()[0] == first
    assert fingerprint(path) == fingerprint(local)
    assert omega.read_candles(path, bar_time="open").frame["time"][0] == first
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InvalidCandleData, match=r"fixed offset.*pip install pyarrow"):
        omega.CandleStore(path)
