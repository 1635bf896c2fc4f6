"""A profit in another currency is converted at the newest rate that there is (M2)."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import omega
from tests.support import candles

MINUTES = 8


def pair(*, inverse: bool) -> pl.DataFrame:
    """Give a pair with a bar every three minutes only, a spread of 0.2 and a rate that rises."""
    rows = range(0, MINUTES, 3)
    prices = [1.0 + minute / 10 for minute in rows]
    bid = [1 / price - 0.1 if inverse else price - 0.1 for price in prices]
    naive = candles.START.replace(tzinfo=None)
    return pl.DataFrame(
        {"time": [naive + timedelta(minutes=minute) for minute in rows]}
        | {f"bid_{name}": bid for name in ("open", "high", "low", "close")}
        | {f"ask_{name}": [p + 0.2 for p in bid] for name in ("open", "high", "low", "close")}
    )


@pytest.mark.parametrize(("name", "inverse"), [("GBPUSD", False), ("USDGBP", True)])
def test_the_rate_is_the_middle_of_the_newest_bar_of_the_pair(
    backend: str, name: str, inverse: bool
) -> None:
    """Each minute's close is a point higher; the pair's bars are those of minutes 0, 3 and 6."""
    data = {"EURGBP": candles.rising(MINUTES, zone=None), name: pair(inverse=inverse)}
    result = omega.run_backtest(
        data,
        candles.told({1: omega.Signal("long"), 4: omega.Close()}),
        instruments=omega.Instrument("EURGBP", quote_currency="GBP"),
        backend=backend,
    )
    # bought at the open of bar 2 (102), sold at that of bar 5 (105), where bar 3 of the pair counts
    assert result.trades["gross_pnl"].to_list() == pytest.approx([3 * 1.3])
    # marked at the close of bar 2 with the rate of bar 0, of bars 3 and 4 with that of bar 3
    marks = (result.equity["equity"] - 10_000).to_list()
    assert marks[1:4] == pytest.approx([0.5 * 1.0, 1.5 * 1.3, 2.5 * 1.3])
