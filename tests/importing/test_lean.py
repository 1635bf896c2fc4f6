"""Goal: LEAN's archives are read on the clock that LEAN itself has for the market.

Method: one row in an archive under the folders of a class and market; the moment by hand from the
`dataTimeZone` of LEAN's database.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from tests.support.vendor_files import NEW_YORK, put, zipped

QUOTE = "0,1.52,1.521,1.519,1.5205,0,1.5202,1.5212,1.5192,1.5207,0\n"


@pytest.mark.parametrize(
    ("folder", "moment"),
    [
        ("forex/fxcm/minute/gbpusd", "2015-01-05 05:00"),
        ("cfd/fxcm/minute/xauusd", "2015-01-05 05:00"),
        ("forex/oanda/minute/gbpusd", "2015-01-05 00:00"),
        ("cfd/oanda/minute/xauusd", "2015-01-05 00:00"),
        ("crypto/kraken/minute/btcusd", "2015-01-05 00:00"),
        ("cryptofuture/binance/minute/btcusdt", "2015-01-05 00:00"),
        ("equity/usa/minute/spy", "2015-01-05 05:00"),
        ("equity/india/minute/infy", "2015-01-04 18:30"),
        ("future/cme/minute/es", "2015-01-05 00:00"),
        ("future/eurex/minute/fesx", "2015-01-04 23:00"),
        ("future/hkfe/minute/hsi", "2015-01-04 16:00"),
    ],
)
def test_the_clock_is_that_of_the_market(folder: str, moment: str, tmp_path: Path) -> None:
    file = zipped(tmp_path, f"{folder}/20150105_quote.zip", ("20150105_quote.csv", QUOTE))
    bars = omega.read_candles(file)
    assert f"{bars.frame['time'][0]:%Y-%m-%d %H:%M}" == moment
    assert any(f"clock of {'/'.join(folder.split('/')[:2])} is" in note for note in bars.notes)
    stated = omega.read_candles(file, time_zone="UTC+1")
    assert f"{stated.frame['time'][0]:%Y-%m-%d %H:%M}" == "2015-01-04 23:00"


@pytest.mark.parametrize("folder", ["index/usa/minute/spx", "future/ice/minute/b",
                                    "cfd/interactivebrokers/minute/de40"])  # fmt: skip
def test_a_clock_that_lean_has_by_symbol_is_asked_for(folder: str, tmp_path: Path) -> None:
    file = zipped(tmp_path, f"{folder}/20150105_quote.zip", ("20150105_quote.csv", QUOTE))
    with pytest.raises(ConfigError, match=r"clock of the market .*time_zone="):
        omega.read_candles(file)
    assert len(omega.read_candles(file, time_zone="America/Chicago")) == 1


def test_the_database_beside_the_data_says_the_clock(tmp_path: Path) -> None:
    beside = put(tmp_path, "market-hours/market-hours-database.json", json.dumps({"entries": {
        "Index-usa-[*]": {"dataTimeZone": "America/New_York"},
        "Index-usa-SPX": {"dataTimeZone": "America/Chicago"},
        "Forex-fxcm-[*]": {"dataTimeZone": "UTC-04"},
    }}))  # fmt: skip
    hours = {"index/usa/minute/spx": 6, "index/usa/minute/ndx": 5, "forex/fxcm/minute/gbpusd": 4,
             "forex/oanda/minute/gbpusd": 0}  # fmt: skip
    for folder, hour in hours.items():
        file = zipped(tmp_path, f"{folder}/20150105_quote.zip", ("20150105_quote.csv", QUOTE))
        assert omega.read_candles(file).frame["time"][0].hour == hour
    other = tmp_path / "other"
    put(other, beside.relative_to(tmp_path).as_posix(), "{")
    file = zipped(other, "forex/fxcm/minute/gbpusd/20150105_quote.zip", ("q.csv", QUOTE))
    with pytest.raises(InvalidCandleData, match=r"database\.json: LEAN's market hours cannot be"):
        omega.read_candles(file)
    assert omega.read_candles(file, time_zone="UTC+1").frame["time"][0].hour == 23


def test_contracts_in_one_archive_are_never_mixed(tmp_path: Path) -> None:
    members = [(f"20131007_es_minute_quote_{month}.csv", QUOTE) for month in ("201312", "201403")]
    file = zipped(tmp_path, "future/cme/minute/es/20131007_quote.zip", *members)
    with pytest.raises(ConfigError, match=r"the archive holds 2 files, as .*201312\.csv"):
        omega.read_candles(file)


def test_ten_thousandths_are_the_decimals_that_a_person_writes(tmp_path: Path) -> None:
    row = "34200000,1098800,1098900,1098700,1098800,5\n"
    file = zipped(tmp_path, "equity/usa/minute/spy/20131007_trade.zip", ("t.csv", row * 1))
    assert omega.read_candles(file).frame.row(0)[1:5] == (109.88, 109.89, 109.87, 109.88)


def test_lean_takes_day_market_and_scale_from_the_path(tmp_path: Path) -> None:
    row = "14400000,1100000,1120000,1090000,1110000,{},1100100,1120100,1090100,1110100,200\n"
    spy = "equity/usa/minute/spy"
    for day in ("20240102", "20240103"):
        zipped(tmp_path, f"{spy}/{day}_quote.zip",
               (f"{day}_spy_minute_quote.csv", row.format(100)))  # fmt: skip
    bars = omega.read_candles(tmp_path)
    assert bars.frame.row(1)[:5] == (
        datetime(2024, 1, 3, 9, tzinfo=UTC), 110.0, 112.0, 109.0, 111.0,
    )  # fmt: skip
    assert (bars.symbol, bars.time_zone, bars.frame["ask_open"][0]) == ("SPY", NEW_YORK, 110.01)
    zipped(tmp_path, f"{spy}/20240102_trade.zip", ("a.csv", "14400000,1,2,1,2,5\n"))
    with pytest.raises(ConfigError, match="different kinds"):
        omega.read_candles(tmp_path)
    hours = zipped(tmp_path, "forex/oanda/hour/eurusd.zip",
                   ("e.csv", "20240102 21:00,1.1,1.2,1.0,1.1,0,1.2,1.3,1.1,1.2,0\n"))  # fmt: skip
    assert omega.read_candles(hours).frame.row(0)[:2] == (datetime(2024, 1, 2, 21, tzinfo=UTC), 1.1)
    lost = zipped(tmp_path, "eurusd.zip", ("eurusd.csv", "20240102 21:00,1.1,1.2,1.0,1.1,0\n"))
    with pytest.raises(ConfigError, match="LEAN's folders"):
        omega.read_candles(lost)
