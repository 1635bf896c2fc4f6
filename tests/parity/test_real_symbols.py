"""Several symbols of real candles on one account: two backends, one result (X1 to X3, M2, H1)."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest

import omega

DATA = Path(os.environ.get("OMEGA_DATA", Path(__file__).parents[3] / "shared" / "data")) / "lean"
COLUMNS = [
    "time",
    *(f"bid_{price}" for price in ("open", "high", "low", "close")),
    "bid_size",
    *(f"ask_{price}" for price in ("open", "high", "low", "close")),
    "ask_size",
]
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real candles at {DATA}")


def table(path: Path, time: pl.Expr) -> pl.DataFrame:
    """Read one archive of quotes, both sides."""
    with zipfile.ZipFile(path) as archive:
        content = archive.read(archive.namelist()[0])
    types = dict.fromkeys(COLUMNS[1:], pl.Float64)
    frame = pl.read_csv(
        io.BytesIO(content), has_header=False, new_columns=COLUMNS, schema_overrides=types
    )
    return frame.with_columns(time.alias("time")).drop("bid_size", "ask_size").drop_nulls()


def minutes(folder: Path) -> pl.DataFrame:
    """Read the days of a folder; their times are milliseconds of the day in New York."""
    days = []
    for path in sorted(folder.glob("*_quote.zip")):
        midnight = pl.lit(path.name[:8]).str.to_datetime("%Y%m%d", time_unit="us")
        days.append(table(path, midnight + pl.duration(milliseconds=pl.col("time"))))
    return pl.concat(days)


def daily(symbol: str) -> pl.DataFrame:
    """Read twelve years of days."""
    day = pl.col("time").str.to_datetime("%Y%m%d %H:%M", time_unit="us")
    return table(DATA / "forex" / "oanda" / "daily" / f"{symbol}.zip", day)


class Filtered(omega.Strategy):
    """Enters a minute's pull-back in the direction of the hour, in every symbol."""

    def init(self) -> None:
        symbols = self._context().symbols
        self.trends = {name: self.ema(5, symbol=name, timeframe="H1") for name in symbols}
        self.scores = {name: self.zscore(20, symbol=name) for name in symbols}
        self.reaches = {name: self.atr(14, symbol=name) for name in symbols}

    def on_bar(self, bar: omega.Bar) -> None:
        for name in bar.symbols:
            own = bar[name]
            if own.fresh and not self.positions_in(name):
                self.enter(own, own.tf("H1").close - self.trends[name][-1])

    def enter(self, bar: omega.Bar, trend: float) -> None:
        score, reach = self.scores[bar.symbol][-1], 5 * self.reaches[bar.symbol][-1]
        if trend > 0 and score < -2:
            ask = bar.ask.close
            self.buy(symbol=bar.symbol, stop_loss=ask - reach, take_profit=ask + reach)
        elif trend < 0 and score > 2:
            bid = bar.bid.close
            self.sell(symbol=bar.symbol, stop_loss=bid + reach, take_profit=bid - reach)


def test_an_hourly_filter_over_minutes_of_euro_and_gold() -> None:
    data = {
        "EURUSD": minutes(DATA / "forex" / "oanda" / "minute" / "eurusd"),
        "XAUUSD": minutes(DATA / "cfd" / "oanda" / "minute" / "xauusd"),
    }
    common = data["EURUSD"].join(data["XAUUSD"], on="time").height
    assert common > 10_000
    runs = [
        omega.run_backtest(
            data,
            Filtered,
            instruments="auto",
            account_currency="EUR",
            sizer=omega.RiskPercent(0.5),
            costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
            timeframes=["H1"],
            validate={"crossed": "allow"},
            backend=backend,
        )
        for backend in ("rust", "python")
    ]
    assert runs[0].fingerprint == runs[1].fingerprint
    assert runs[0].tables.metrics() == runs[1].tables.metrics()
    trades = runs[0].trades.group_by("symbol").len().sort("symbol")
    assert all(count > 20 for count in trades["len"]), trades
    union = len(set(data["EURUSD"]["time"]) | set(data["XAUUSD"]["time"]))
    assert union - 600 < runs[0].equity.height < union


class Turns(omega.Strategy):
    """Holds what rose against its average of a quarter, turning with it, a day late."""

    def init(self) -> None:
        symbols = self._context().symbols
        self.means = {name: self.sma(60, symbol=name) for name in symbols}

    def on_bar(self, bar: omega.Bar) -> None:
        for name, mean in self.means.items():
            wanted = "long" if bar[name].close > mean[-1] else "short"
            held = self.positions_in(name)
            if held and held[0].direction == wanted:
                continue
            self.close(symbol=name)
            (self.buy if wanted == "long" else self.sell)(0.1, symbol=name)


@pytest.mark.parametrize("align", ["union", "intersection"])
def test_twelve_years_of_days_of_which_one_pair_converts_another(align: str) -> None:
    data = {name.upper(): daily(name) for name in ("eurusd", "gbpusd", "eurgbp")}
    runs = [
        omega.run_backtest(
            data,
            Turns,
            instruments="auto",
            timeframes=["W1"],
            align=align,
            validate={"crossed": "allow"},
            backend=backend,
        )
        for backend in ("rust", "python")
    ]
    assert runs[0].fingerprint == runs[1].fingerprint
    pounds = data["GBPUSD"].with_columns(
        exit_time=pl.col("time"), rate=(pl.col("bid_close") + pl.col("ask_close")) / 2
    )
    crossed = runs[0].trades.filter(pl.col("symbol").cast(pl.String) == "EURGBP")
    joined = crossed.join_asof(pounds.select("exit_time", "rate").sort("exit_time"), on="exit_time")
    sign = pl.when(pl.col("direction").cast(pl.String) == "long").then(1.0).otherwise(-1.0)
    money = (pl.col("exit_price") - pl.col("entry_price")) * sign * pl.col("units") * pl.col("rate")
    off = joined.select((money - pl.col("gross_pnl")).abs().max()).item()
    assert crossed.height > 50
    assert off < 1e-9
