"""The same weights in other tools: equity and holdings as bt and vectorbt have them.

Numbers of bt 1.4.1 (`WeighTarget`, `Rebalance`, integer positions off, no costs) and vectorbt
1.2.0 (`from_orders`, `size_type="targetpercent"`, `cash_sharing=True`, `call_seq="auto"`), which
agree with each other. Both trade at the close of the day that a weight is dated; here it works at
the next open (W1), so that each bar opens at the close before.
"""

from __future__ import annotations

import math

import polars as pl
import pytest

import omega
from tests.support.portfolios import BACKENDS, START, candles, day, targets

NAMES = ("A", "B", "C", "D")
SETS = {
    4: (0.4, 0.3, 0.2, 0.1),
    20: (0.1, 0.0, 0.6, 0.2),
    33: (0.25, 0.25, 0.25, 0.25),
    47: (0.0, 0.7, 0.0, 0.3),
}
EQUITY = {
    5: 99290.93731109583,
    20: 99543.8738900968,
    21: 98863.60951680502,
    34: 102205.99693906427,
    48: 99949.75116410725,
    59: 101143.8646458938,
}
HELD = {
    4: (393.654285051878, 147.9872366927842, 66.47809932200316, 25.17903933605492),
    20: (99.56506233101152, 0.0, 196.27244849111185, 46.95512715734348),
    33: (260.96643659735, 125.68925315699907, 80.8451244970778, 58.61207150363686),
    47: (0.0, 353.8096329575078, 0.0, 68.94629145857998),
}


def close(place: int, number: int) -> float:
    moved = 0.02 * math.sin(number * (place + 2) / 5) + 0.001 * number * (place - 1)
    return round(100 * (place + 1) * math.exp(moved), 6)


@pytest.fixture(scope="module", params=BACKENDS)
def result(request: pytest.FixtureRequest) -> omega.BacktestResult:
    data = {}
    for place, name in enumerate(NAMES):
        closes = [close(place, number) for number in range(60)]
        opens = [closes[0], *closes[:-1]]
        data[name] = candles(list(zip(opens, closes, strict=True)))
    table = targets({d: dict(zip(NAMES, own, strict=True)) for d, own in SETS.items()})
    return omega.run_backtest(
        data,
        omega.Weights(table, when=[day(d + 1) for d in SETS]),
        cash=100_000,
        account="cash",
        execution=omega.Execution(close_at_end=False),
        backend=request.param,
    )


def test_the_equity_is_that_of_bt_and_vectorbt(result: omega.BacktestResult) -> None:
    found = dict(zip(result.equity["time"], result.equity["equity"], strict=True))
    for number, expected in EQUITY.items():
        assert found[day(number)] == pytest.approx(expected, rel=1e-9)


def test_the_holdings_are_those_of_bt_and_vectorbt(result: omega.BacktestResult) -> None:
    orders = result.orders.select("order_id", pl.col("symbol", "side").cast(pl.String))
    fills = result.fills.join(orders, on="order_id")
    for number, expected in HELD.items():
        done = fills.filter(pl.col("time") <= day(number + 1))
        for name, lots in zip(NAMES, expected, strict=True):
            own = done.filter(symbol=name)
            sign = own["side"].replace_strict({"buy": 1.0, "sell": -1.0}, return_dtype=pl.Float64)
            assert (sign * own["lots"]).sum() == pytest.approx(lots, rel=1e-9, abs=1e-7)
    assert (result.equity["time"][0] - START).days == 0


def test_breadth_turnover_and_exposure(result: omega.BacktestResult) -> None:
    # 4 of 60 closes are before the first purchase's, 5 to 20: 4 names, then 3, 4 and 2.
    names = 16 * 4 + 13 * 3 + 14 * 4 + 12 * 2
    assert result.metrics["average_names"] == pytest.approx(names / 60)
    held = result.exposure.filter(pl.col("time") == day(25)).row(0, named=True)
    assert held["short"] == 0
    assert held["long"] == held["net"] == held["gross"]
    assert 0.85 < held["long"] < 0.95
    by_symbol = result.by_symbol
    assert by_symbol["symbol"].to_list() == list(NAMES)
    gained = (result.equity["equity"][-1] - 100_000) / 100_000
    assert by_symbol["contribution"].sum() == pytest.approx(gained)
    assert by_symbol["trades"].sum() == result.trades.height
