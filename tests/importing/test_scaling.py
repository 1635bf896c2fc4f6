"""Goal: whole numbers become the decimals that a person writes.

Method: every price in points against `decimal`, which is exact.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.importing import _scaling
from tests.support.vendor_files import put

HEADER = "timestamp,open,high,low,close\n"


@pytest.mark.parametrize("scale", ["0.1", "0.01", "0.001", "0.0001", "0.00001", "0.000001",
                                   "0.25", "0.0025", "1e-8", "0.5", "1", "10"])  # fmt: skip
def test_each_price_is_the_exact_product_rounded_once(scale: str) -> None:
    points = [*range(1, 2_000), 1098800, 128658, 130584, 10**9 + 7]
    made = _scaling.times(pl.Series(map(float, points)), float(scale)).to_list()
    assert made == [float(Decimal(point) * Decimal(scale)) for point in points]


def test_what_is_missing_stays_missing() -> None:
    assert _scaling.over(pl.Series([None, 7.0, float("nan")]), 10).to_list()[:2] == [None, 0.7]


def test_a_price_scale_gives_three_decimals(tmp_path: Path) -> None:
    file = put(tmp_path, "x.csv", HEADER + "2024-01-02 00:00Z,128658,128660,128657,128658\n")
    bars = omega.read_candles(file, bar_time="open", price_scale=0.001)
    assert bars.frame.row(0)[1:] == (128.658, 128.66, 128.657, 128.658)


def test_a_spread_of_seven_points_is_seven_points(tmp_path: Path) -> None:
    head = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
    rows = "".join(f"2024.01.02\t00:0{k}:00\t1.10401\t1.2\t1\t1.1\t8\t0\t7\r\n" for k in range(3))
    file = put(tmp_path, "EURUSD_M1.csv", head + rows)
    for point in (None, 0.00001):
        bars = omega.read_candles(file, time_zone="UTC", point=point)
        assert bars.frame["spread"].to_list() == [7e-05] * 3


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "x"])
def test_a_scale_that_is_none_is_refused(wrong: float, tmp_path: Path) -> None:
    file = put(tmp_path, "x.csv", HEADER + "2024-01-02 00:00Z,1,1,1,1\n")
    with pytest.raises(ConfigError, match=r"price_scale: given .* expected a number above 0"):
        omega.read_candles(file, bar_time="open", price_scale=wrong)
