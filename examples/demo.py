"""The main job, end to end: real candles in, a strategy over them, tables and a picture out.

    make demo

What it runs over, in this order: real bid and ask minutes of GBPUSD where the data folder holds
them (`OMEGA_DATA`, or `shared/data` beside the repository); real hours of EURUSD that the package
`backtesting` carries; an invented series. It prints which, and why.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import polars as pl
from matplotlib.dates import ConciseDateFormatter

import omega
from data.generate import random_walk
from omega.examples.zscore_reversion import ZScoreReversion

TOP = Path(__file__).resolve().parents[1]
OUT = TOP / "out" / "demo"
ASSUMED_SPREAD = 0.00008


@dataclass(frozen=True)
class Source:
    """Candles, and what a person should know about them."""

    symbol: str
    candles: omega.Candles | pl.DataFrame
    told: str


def find_source() -> Source:
    """Return the first source that is at hand."""
    return fxcm_minutes() or packaged_hours() or invented_minutes()


def fxcm_minutes() -> Source | None:
    """Return GBPUSD in February 2012, both sides, if the data folder is there."""
    folder = Path(os.environ.get("OMEGA_DATA", TOP.parent / "shared" / "data"))
    files = [folder / "fxcm_m1_bid_ask" / f"gbpusd-m1-{side}-2012.csv" for side in ("bid", "ask")]
    if not all(file.is_file() for file in files):
        return None
    bid, ask = (read_csv(file, "timestamp", "%Y-%m-%d %H:%M:%S%z") for file in files)
    told = f"real GBPUSD minutes, bid and ask, February 2012 ({folder.name}/ is at hand)"
    return Source("GBPUSD", omega.Candles(bid=bid, ask=ask), told)


def packaged_hours() -> Source | None:
    """Return EURUSD hours from the data of an installed package, which is not imported."""
    package = find_spec("backtesting")
    if package is None or package.origin is None:
        return None
    file = Path(package.origin).parent / "test" / "EURUSD.csv"
    candles = read_csv(file, "", "%Y-%m-%d %H:%M:%S").with_columns(
        pl.col("volume").cast(pl.Float64), spread=ASSUMED_SPREAD
    )
    told = (
        "real EURUSD hours of 2017, bid only, from the package 'backtesting' (no data folder is at "
        f"hand); a spread of {ASSUMED_SPREAD / 0.0001:.1f} pips is assumed"
    )
    return Source("EURUSD", candles, told)


def invented_minutes() -> Source:
    """Return a seeded random walk."""
    told = "INVENTED minutes, a seeded random walk (neither real source is at hand)"
    return Source("EURUSD", random_walk.candles(30_000, seed=7), told)


def read_csv(file: Path, time_column: str, time_format: str) -> pl.DataFrame:
    """Read candles with Polars: UTC microseconds and lower-case names."""
    moment = pl.col(time_column).str.to_datetime(time_format, time_unit="us", time_zone="UTC")
    frame = pl.read_csv(file).with_columns(moment).rename({time_column: "time"})
    return frame.rename(str.lower)


def draw(result: omega.BacktestResult, title: str, file: Path) -> None:
    """Write the equity curve and its drawdown as a picture."""
    mpl.use("Agg")
    equity = result.equity.with_columns(drawdown=pl.col("equity") / pl.col("equity").cum_max() - 1)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(11, 6), sharex=True, height_ratios=[3, 1], layout="constrained"
    )
    above.plot(equity["time"], equity["equity"], linewidth=1.0, color="#1f5f8b")
    above.set_title(title, loc="left")
    above.set_ylabel("equity, USD")
    below.fill_between(equity["time"], equity["drawdown"] * 100, color="#b5482f", alpha=0.6)
    below.set_ylabel("drawdown, %")
    locator = below.xaxis.get_major_locator()
    dates = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]  # it has no types
    below.xaxis.set_major_formatter(dates)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=120)
    plt.close(figure)


def main(out: Path = OUT) -> None:
    """Run the demonstration; tables and picture go to a folder."""
    began = time.perf_counter()
    source = find_source()
    print(f"data: {source.told}")
    read = time.perf_counter()
    result = omega.run_backtest(
        source.candles,
        ZScoreReversion(),
        symbol=source.symbol,
        instruments=omega.instruments.get(source.symbol),
        validate={"crossed": "allow"},
        sizer=omega.RiskPercent(0.5),
        costs=omega.Costs(fee_per_million=30, slippage_pips=0.1),
    )
    ran = time.perf_counter()
    print(f"\n{result.summary()}\n")
    result.save(out, overwrite=True)
    draw(result, f"{source.symbol}: z-score mean reversion", out / "equity.png")
    print(f"tables and picture: {os.path.relpath(out)}")
    ended = time.perf_counter()
    print(f"reading {read - began:.2f} s, run {ran - read:.2f} s, all {ended - began:.2f} s")
    print(f"bytes of candles copied: {result.copied_bytes}")


if __name__ == "__main__":
    main()
