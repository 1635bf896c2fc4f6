"""Goal: real files of each vendor are read whole, on the right clock, with their known defects.

Method: rows, first and last time and counts of defects, as they were counted by other programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from omega.importing import describe
from tests.support.real_data import FOLDER as REAL
from tests.support.vendor_files import NEW_YORK, needs_real

pytestmark = needs_real


@dataclass(frozen=True)
class Case:
    """Files, what has to be stated about them, and what is in them."""

    path: str
    rows: int
    first: str
    last: str
    source: str
    found: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


NY: dict[str, Any] = {"time_zone": NEW_YORK}
OPEN = {"bar_time": "open"}
UTC_OPEN = {"time_zone": "UTC", "bar_time": "open"}
CLOSED = {"bar_time": "close"}
LEAN = "lean/forex/oanda"
EQUITY = "lean/equity/usa"
COIN = "lean/crypto/coinbase"
BI5 = "dukascopy/bi5/EURUSD"

BARS = (
    Case("fxcm_m1_bid_ask", 30_117, "2012-02-01 00:00", "2012-03-01 00:00", "csv",
         {"crossed": 1_203, "locked": 306, "gap": 111, "ohlc": 0, "duplicate": 0}, OPEN),
    Case(f"{LEAN}/minute/eurusd", 18_184, "2014-05-01 00:00", "2018-04-04 23:59", "lean",
         {"gap": 439, "crossed": 0}),
    Case("lean/cfd/oanda/minute/xauusd", 15_222, "2014-05-01 00:00", "2014-05-15 23:59", "lean",
         {"gap": 84, "crossed": 0}),
    Case(f"{LEAN}/hour/eurusd.zip", 74_439, "2007-01-01 21:00", "2018-12-31 21:00", "lean",
         {"gap": 641}),
    Case("lean/cfd/oanda/hour/xauusd.zip", 76_499, "2006-03-20 00:00", "2019-02-25 23:00", "lean",
         {"gap": 1_524}),
    Case(f"{LEAN}/daily/gbpusd.zip", 3_738, "2007-01-01 00:00", "2018-12-31 00:00", "lean",
         {"gap": 9}),  # of 629 distances above a day, 620 hold no weekday
    Case(f"{COIN}/minute/btcusd/*_quote.zip", 7_188, "2017-09-03 00:00", "2018-04-05 23:58",
         "lean"),
    Case(f"{COIN}/minute/btcusd/*_trade.zip", 12_423, "2016-10-07 00:00", "2018-04-06 23:59",
         "lean", {"flat": 1_694}),
    Case("lean/crypto/bybit/minute/btcusdt/*_quote.zip", 721, "2022-12-13 00:00",
         "2022-12-13 12:00", "lean"),
    Case(f"{COIN}/daily/btcusd_quote.zip", 1_332, "2015-04-27 00:00", "2018-12-24 00:00", "lean",
         {"crossed": 1}),
    Case(f"{EQUITY}/minute/spy/*_quote.zip", 6_373, "2013-10-04 08:00", "2023-08-04 00:00", "lean",
         {"crossed": 25, "locked": 114}),
    Case(f"{EQUITY}/minute/aapl/*_quote.zip", 2_512, "2014-06-05 08:00", "2014-06-10 00:00", "lean",
         {"crossed": 4, "locked": 4}),
    Case(f"{EQUITY}/minute/aapl/*_trade.zip", 2_303, "2014-06-05 08:15", "2014-06-09 23:59", "lean",
         {"jump": 1}),
    Case(f"{EQUITY}/daily/aapl.zip", 5_849, "1998-01-02 05:00", "2021-03-31 04:00", "lean",
         {"jump": 5}),
    Case("metatrader/EURUSD_M1_2018-06_spread.csv", 30_203, "2018-05-31 21:00", "2018-06-29 20:59",
         "metatrader5", {"locked": 3, "gap": 12, "ohlc": 0}, {"time_zone": "UTC+3"}),
    Case("metatrader/US30m_H1_202401012300_202509082200.csv", 9_890, "2024-01-01 23:00",
         "2025-09-08 22:00", "metatrader5", {"gap": 436}, {"time_zone": "UTC"}),
    Case("metatrader/US30m_Daily_202401010000_202509080000.csv", 527, "2024-01-01 00:00",
         "2025-09-08 00:00", "metatrader5", {"gap": 2}),  # both Good Fridays; 86 are weekends
    Case("metatrader/EURUSDd1_points.csv", 2_400, "2012-12-04 00:00", "2022-03-04 00:00", "csv", {},
         {"price_scale": 0.00001}),
    # 172 gaps within the files, and three between them.
    Case("histdata/DAT_ASCII*", 122_100, "2017-01-02 07:00", "2017-05-01 03:58", "histdata",
         {"gap": 175, "ohlc": 0}, NY),
    Case("histdata/DAT_MT_GBPUSD_M1_202601.csv", 8_600, "2026-01-01 22:00", "2026-01-09 21:58",
         "histdata-mt", {"gap": 31}, NY),
    Case(f"{BI5}/2019/01/04/*candles*", 1_440, "2019-02-04 00:00", "2019-02-04 23:59", "dukascopy"),
    Case(f"{BI5}/2019/01/*candles*", 672, "2019-02-01 00:00", "2019-02-28 23:00", "dukascopy",
         {"flat_filler": 192}),
    Case(f"{BI5}/2019/*candles*", 365, "2019-01-01 00:00", "2019-12-31 00:00", "dukascopy",
         {"flat_filler": 52}),
    Case(f"{BI5}/2020", 1_440, "2020-05-01 00:00", "2020-05-01 23:59", "dukascopy",
         {"flat_filler": 180}),
    Case("dukascopy/csv_export/FOREX_EURUSD_1H_ASK.csv", 6_225, "2017-01-01 22:00",
         "2017-12-29 21:00", "dukascopy-export", {"gap": 52}, {"time_zone": "UTC", "side": "bid"}),
    Case("crypto/btc-perp-20211231-20220201_1m.csv", 45_031, "2021-12-31 23:01",
         "2022-02-01 05:31", "csv", {"gap": 0, "flat": 5}, UTC_OPEN),
    Case("crypto/binance/ADABTC*", 21, "2021-11-27 00:00", "2021-11-28 00:10", "binance"),
    Case("crypto/freqtrade/XMR_BTC-5m.feather", 5_758, "2018-01-10 04:55", "2018-01-30 04:50",
         "freqtrade", {"gap": 2, "flat": 53}),
    Case("crypto/freqtrade/UNITTEST_BTC-1m.json", 13_681, "2017-11-04 23:02", "2017-11-14 22:59",
         "freqtrade", {"gap": 538, "flat": 1_935}),
    Case("crypto/freqtrade/futures/XRP_USDT_USDT-1h-mark.feather", 100, "2021-11-15 06:00",
         "2021-11-19 09:00", "freqtrade"),
    Case("yahoo/yahoofinance-SPY-20080101-20180101.csv", 2_519, "2007-12-31 00:00",
         "2017-12-29 00:00", "yahoo", {"ohlc": 2}),
    Case("yahoo/yhoo-1996-2015.txt", 4_965, "1996-04-12 00:00", "2015-12-31 00:00", "yahoo",
         {"ohlc": 0}),
    Case("yahoo/yfinance/IBE-MC-1d-no-bad-divs.csv", 677, "2022-01-02 23:00", "2024-08-21 22:00",
         "yahoo"),
    Case("yahoo/yfinance/EA-15m-no-bad-divs.csv", 319, "2026-05-26 08:00", "2026-06-03 18:15",
         "yahoo", {"flat_filler": 49}),
    Case("equities_wide/stock_prices.csv", 7_126, "1989-12-29 00:00", "2018-04-11 00:00", "csv",
         {"missing": 0}, {"columns": {"close": "AAPL"}}),
    Case("equities_wide/csvdir_AAPL.csv.gz", 754, "2012-01-03 00:00", "2014-12-31 00:00", "csv"),
    Case("intraday/nt-spy-minute-2011.csv", 14_180, "2011-01-03 09:00", "2011-02-01 00:59",
         "ninjatrader", {"gap": 1_435, "flat": 2_396}, {"time_zone": "UTC"}),
    Case("intraday/SP500_NOV2019_IDay.csv", 1_563, "2019-11-05 14:30", "2019-11-08 20:59", "csv",
         {"gap": 3, "ohlc": 0}, {**NY, **OPEN}),
    Case("intraday/2006-min-005.txt", 2_142, "2006-01-02 08:00", "2006-01-30 16:25", "csv", {},
         {"time_zone": "Europe/Berlin", **CLOSED}),
    Case("futures/6EH4.XCME_1min_bars_20240101_20240131.csv.gz", 29_996, "2024-01-01 23:00",
         "2024-01-31 23:58", "csv", {"gap": 375, "flat": 3_400}, CLOSED),
    Case("parquet_tz/GBPUSD_X_M1.parquet", 9_820, "2026-01-08 00:00", "2026-01-16 22:29", "arrow",
         {"flat": 9_787}, OPEN),
    Case("parquet_tz/panel_dax_close_wide.parquet", 3_992, "2009-06-01 00:00", "2024-12-30 00:00",
         "arrow", {}, {"columns": {"close": "SAP.DE"}}),
    Case("backtesting_py/GOOG.csv", 2_148, "2004-08-19 00:00", "2013-03-01 00:00", "csv"),
    Case("backtesting_py/EURUSD.csv", 5_000, "2017-04-19 09:00", "2018-02-07 15:00", "csv",
         {"gap": 42}, UTC_OPEN),
    Case("backtesting_py/BTCUSD.csv", 156, "2012-01-31 00:00", "2024-12-31 00:00", "csv"),
)  # fmt: skip

TICKS = (
    Case("histdata/quote_tick_data.csv", 9_500, "2020-01-01 22:00", "2020-01-02 04:00",
         "histdata-ticks", {"crossed": 0}, NY),
    Case("truefx", 1_000, "2013-01-01 22:00", "2013-01-01 22:35", "csv",
         {"repeated_time": 7, "locked": 1}),
    Case(f"{BI5}/**/*h_ticks.bi5", 14_804, "2019-02-04 00:00", "2019-02-04 23:59", "dukascopy"),
    Case("dukascopy/ticks_csv_hourly/FOOBAR", 781, "2015-01-01 22:00", "2015-01-01 22:59",
         "dukascopy-ticks"),
    Case("dukascopy/ticks_csv_hourly/USDSGD", 169_392, "2011-01-02 22:17", "2011-01-31 23:59",
         "dukascopy-ticks", {"crossed": 0, "locked": 0, "repeated_time": 0}),
    Case(f"{LEAN}/tick/eurusd", 73_520, "2014-05-01 00:00", "2014-05-02 20:59", "lean",
         {"repeated_time": 347}),
    Case("crypto/binance/btcusdt-quotes.parquet", 451, "2021-01-08 00:00", "2021-01-08 00:00",
         "arrow", {"repeated_time": 23}),
    Case("crypto/binance/btcusdt-trades.parquet", 2_001, "2021-01-08 00:00", "2021-01-08 00:00",
         "arrow", {"repeated_time": 630}),
    Case("crypto/bitstampUSD.csv", 9_999, "2011-09-13 13:53", "2012-05-31 08:41", "bitstamp",
         {"repeated_time": 4_243}),
)  # fmt: skip


def check(case: Case, imported: omega.ImportedCandles | omega.ImportedTicks) -> None:
    times = imported.frame["time"]
    first, last = (f"{times[k]:%Y-%m-%d %H:%M}" for k in (0, -1))
    assert (imported.source, len(imported), first, last) == (
        case.source, case.rows, case.first, case.last,
    )  # fmt: skip
    kinds = imported.findings["kind"].to_list()
    assert {kind: kinds.count(kind) for kind in case.found} == case.found


@pytest.mark.parametrize("case", BARS, ids=lambda case: case.path)
def test_candles_are_read_whole(case: Case) -> None:
    check(case, omega.read_candles(REAL / case.path, **case.settings))


@pytest.mark.parametrize("case", TICKS, ids=lambda case: case.path)
def test_ticks_are_read_whole(case: Case) -> None:
    check(case, omega.read_ticks(REAL / case.path, **case.settings))


def test_a_year_of_ticks_in_an_archive_becomes_minutes() -> None:
    pack = REAL / "dukascopy/packs/USDSGD_2011_ticks.tar.xz"
    bars = omega.read_candles(pack, timeframe="M1")
    assert (len(bars), len(bars.files), bars.symbol) == (313_652, 5_969, "USDSGD")
    assert "2,565,854 ticks were made into 313,652 candles" in bars.notes
    assert not {"crossed", "repeated_time"} & {*bars.findings["kind"]}
    january = omega.read_candles(REAL / "dukascopy/ticks_csv_hourly/USDSGD", timeframe="M1")
    assert bars.frame.head(len(january)).equals(january.frame)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("futures/databento", "Databento DBN, which is not read"),
        ("metatrader/EURUSDd1_points.csv", "they are points, not prices"),
        ("metatrader/US30m_H1_202401012300_202509082200.csv", "broker's server"),
        ("histdata/DAT_ASCII_EURUSD_M1_201701.csv", "were seen to follow New York local time"),
        ("dukascopy/csv_export/FOREX_EURUSD_1H_ASK.csv", "no zone.*GMT"),
        ("crypto/btc-perp-20211231-20220201_1m.csv", "no zone"),
        ("crypto/freqtrade/futures/XRP_USDT_USDT-8h-funding_rate.feather", "funding rates"),
        ("equities_wide/stock_prices.csv", "wide table"),
        ("futures/6EH4.XCME_1min_bars_20240101_20240131.csv.gz", "as if it were the close"),
        ("crypto/bitstampUSD.csv", "timeframe="),
        ("lean/symbol-properties/symbol-properties-database.csv", "hold the time"),
        (f"{COIN}/minute/btcusd", "rows of different kinds"),
        (f"{LEAN}/daily", "EURGBP, EURUSD, GBPUSD"),
    ],
)
def test_what_has_to_be_stated_is_asked_for(path: str, message: str) -> None:
    with pytest.raises((ConfigError, InvalidCandleData), match=message):
        omega.read_candles(REAL / path)


def test_two_vendors_agree_once_the_clock_is_right() -> None:
    oanda = omega.read_candles(REAL / LEAN / "hour/eurusd.zip").frame
    minutes = omega.read_candles(REAL / "histdata/DAT_ASCII*", time_zone=NEW_YORK).frame
    hours = minutes.group_by_dynamic("time", every="1h").agg(pl.col("close").last())
    both = hours.join(oanda, on="time")
    away = (both["close"] - both["bid_close"]).abs()
    assert both.height > 1_900
    assert (away < 0.0003).sum() > 0.9 * both.height


def test_every_file_can_be_described() -> None:
    paths = [case.path for case in (*BARS, *TICKS) if "columns" not in case.settings]
    rows = {case.path: case.rows for case in (*BARS, *TICKS)}
    for path in paths:
        assert describe(REAL / path)["rows"] == rows[path]
