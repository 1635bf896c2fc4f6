"""The portfolio examples over real prices, where the data folder has them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

import omega
from omega.examples import long_short, momentum, perpetual, sixty_forty
from tests.support.real_data import FOLDER

LEAN = FOLDER / "lean" / "equity" / "usa"
GOLD = FOLDER / "lean" / "cfd" / "oanda" / "daily" / "xauusd.zip"
PRICES = ["open", "high", "low", "close"]
SHARES = ("aapl", "bac", "goog", "ibm", "spy")
TICKERS = FOLDER / "equities_wide" / "stock_prices.csv"
COIN = FOLDER / "crypto" / "freqtrade" / "futures"


def share(ticker: str) -> pl.DataFrame:
    """Read the days of a share as they were traded, of prices in ten-thousandths of a dollar."""
    rows = zipped(LEAN / "daily" / f"{ticker}.zip", [*PRICES, "volume"])
    return rows.with_columns(pl.col(PRICES) / 10_000)


def gold() -> pl.DataFrame:
    """Read the days of gold, bid and ask."""
    bid, ask = ([f"{side}_{price}" for price in PRICES] for side in ("bid", "ask"))
    return zipped(GOLD, [*bid, "bid_size", *ask, "ask_size"]).drop("bid_size", "ask_size")


def zipped(file: Path, columns: list[str]) -> pl.DataFrame:
    """Read rows of a time and numbers."""
    with zipfile.ZipFile(file) as archive:
        content = archive.read(archive.namelist()[0])
    rows = pl.read_csv(io.BytesIO(content), has_header=False, new_columns=["time", *columns])
    time = pl.col("time").str.to_datetime("%Y%m%d %H:%M", time_unit="us")
    return rows.select(time, pl.col(columns).cast(pl.Float64))


def real_momentum() -> omega.BacktestResult:
    """Hold two of five American shares, with their splits and dividends."""
    begin = pl.col("time") >= pl.datetime(2004, 8, 19)
    shares = [
        share(ticker).filter(begin).with_columns(symbol=pl.lit(ticker.upper())) for ticker in SHARES
    ]
    actions = [
        omega.Events.from_lean(LEAN / "factor_files" / f"{ticker}.csv", symbol=ticker.upper())
        for ticker in SHARES
    ]
    events = actions[0] + actions[1] + actions[2] + actions[3] + actions[4]
    return momentum.run(pl.concat(shares), events, held=2)


def real_sixty_forty() -> omega.BacktestResult:
    """Hold American shares and gold."""
    both = {"GOLD": gold(), "SPY": share("spy")}
    both = {
        name: own.filter(
            pl.col("time").is_between(pl.datetime(2007, 1, 1), pl.datetime(2018, 12, 31))
        )
        for name, own in both.items()
    }
    return sixty_forty.run(both, {"GOLD": 0.4, "SPY": 0.59})


def real_long_short() -> omega.BacktestResult:
    """Buy and sell twenty American shares of which closes are known, adjusted for dividends."""
    wide = pl.read_csv(TICKERS, try_parse_dates=True, infer_schema_length=None)
    long = wide.unpivot(index="date", variable_name="symbol", value_name="close").drop_nulls()
    closes = long.select(pl.col("date").cast(pl.Datetime("us")).alias("time"), "symbol", "close")
    prices = closes.with_columns(open=pl.col("close"), high=pl.col("close"), low=pl.col("close"))
    return long_short.run(prices.filter(pl.col("time") >= pl.datetime(2006, 1, 1)), borrow=0.01)


def real_perpetual() -> omega.BacktestResult:
    """Buy the dips of a coin, with the funding that was paid."""
    candles = pl.read_ipc(COIN / "XRP_USDT_USDT-5m-futures.feather")
    paid = pl.read_ipc(COIN / "XRP_USDT_USDT-8h-funding_rate.feather")
    funding = paid.select(time="date", rate="open")
    known = pl.col("date") >= funding["time"][0]
    strategy = perpetual.BuysDips(bars=288, dip=0.01)
    return perpetual.run(candles.filter(known).rename({"date": "time"}), funding, strategy)


RUNS: Mapping[str, Callable[[], omega.BacktestResult]] = {
    "momentum": real_momentum,
    "sixty_forty": real_sixty_forty,
    "long_short": real_long_short,
    "perpetual": real_perpetual,
}
"""Each, where its files are there."""
