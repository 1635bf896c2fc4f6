"""Goal: spreads and prices in points are never taken for prices.

Method: files as terminals write them, and the scale that makes a price of each, by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.importing import _known_prices
from tests.support.vendor_files import put

HEAD = "Date,Open,High,Low,Close,Tickvol,Volume,Spread\n"


def rows(prices: str, spreads: tuple[str, ...]) -> str:
    return HEAD + "".join(
        f"2024-01-02 00:0{k}:00,{prices},10,0,{spread}\n" for k, spread in enumerate(spreads)
    )


@pytest.mark.parametrize(
    ("name", "prices", "spreads", "point"),
    [
        ("XAUUSD", "2043.15,2043.5,2043.0,2043.2", ("25", "25", "25"), "0.01"),
        ("EURUSD", "1.10401,1.2,1.0,1.1", ("20", "0", "0", "0"), "0.00001"),
        ("EURUSD", "1.10401,1.2,1.0,1.1", ("0", "0", "0", "1"), "0.00001"),
        ("USDJPY", "145.123,146,145,145.2", ("0", "7", "0"), "0.001"),
    ],
)
def test_a_spread_in_points_is_asked_about_whichever_row_shows_it(
    name: str, prices: str, spreads: tuple[str, ...], point: str, tmp_path: Path
) -> None:
    file = put(tmp_path, f"{name}.csv", rows(prices, spreads))
    clock: dict[str, Any] = {"time_zone": "UTC", "bar_time": "open"}
    with pytest.raises(ConfigError, match=rf"seems to be in points.*point={point}"):
        omega.read_candles(file, **clock)
    bars = omega.read_candles(file, point=float(point), **clock)
    expected = [float(f"{int(one)}e{-(len(point) - 2)}") for one in spreads]
    assert bars.frame["spread"].to_list() == expected
    assert any(f"points of {point}, as stated" in note for note in bars.notes)
    bars.frame.drop("volume").write_parquet(tmp_path / "x.parquet")
    whole = pl.read_parquet(tmp_path / "x.parquet").with_columns(pl.lit(20.0).alias("spread"))
    whole.write_parquet(tmp_path / "x.parquet")
    with pytest.raises(ConfigError, match="seems to be in points"):
        omega.read_candles(tmp_path / "x.parquet", bar_time="open")


def test_spreads_that_are_prices_pass(tmp_path: Path) -> None:
    clock: dict[str, Any] = {"time_zone": "UTC", "bar_time": "open"}
    for prices, spreads in (
        ("1.1,1.2,1,1.1", ("0.0002", "0", "0.0001")), ("1.1,1.2,1,1.1", ("0", "0", "0")),
        ("39000,39010,38990,39000", ("3", "5", "4")),
    ):  # fmt: skip
        file = put(tmp_path, "x.csv", rows(prices, spreads))
        read = omega.read_candles(file, **clock).frame
        assert read["spread"].to_list() == [float(one) for one in spreads]


@pytest.mark.parametrize(
    ("name", "points", "scale", "price"),
    [("USDJPYh1", 108_550, "0.001", 108.55), ("EURUSDd1", 130_584, "0.00001", 1.30584),
     ("EURJPY", 16_055, "0.01", 160.55), ("XAUUSD", 204_315, "0.01", 2043.15),
     ("USDHUF", 36_012, "0.01", 360.12), ("GBPUSD", 12_705, "0.0001", 1.2705)],
)  # fmt: skip
def test_points_are_refused_with_the_scale_of_their_symbol(
    name: str, points: int, scale: str, price: float, tmp_path: Path
) -> None:
    text = "Date,open,high,low,close\n" + f"2024-01-02,{points},{points},{points},{points}\n"
    file = put(tmp_path, f"{name}.csv", text)
    with pytest.raises(ConfigError, match=rf"price_scale={scale} makes {price:g} of {points}"):
        omega.read_candles(file)
    good = omega.read_candles(file, price_scale=float(scale))
    assert good.frame["close"][0] == price
    assert "price_level" not in good.findings["kind"].to_list()
    wrong = omega.read_candles(file, price_scale=float(scale) / 100)
    assert wrong.findings["kind"][0] == "price_level"
    assert "is the scale or the symbol right?" in wrong.summary()


def test_each_pair_is_known_in_its_own_scale_alone() -> None:
    for symbol, price in (("EURUSD", 1.08), ("USDJPY", 150.0), ("XAUUSD", 2_400.0),
                          ("XAGUSD", 28.0), ("EURNOK", 11.5), ("USDMXN", 18.0)):  # fmt: skip
        assert not _known_prices.is_far(symbol, price)
        assert _known_prices.is_far(symbol, price * 100)
        assert _known_prices.is_far(symbol, price / 100)
        assert _known_prices.scale_for(symbol, price * 1e5) == 1e-5
    assert _known_prices.range_of("SPY") is None
    assert _known_prices.range_of(None) is None
