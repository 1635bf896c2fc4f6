"""Golden runs: the main example over fixed candles, frozen in files beside this one.

A changed number is seen as a changed line. Where that is wanted, `make golden` writes the files
anew, and CHANGELOG.md gives the reason. Of real candles, which are not part of the repository, the
fingerprint and counts alone are kept.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import omega
from omega.examples.zscore_reversion import ZScoreReversion
from tests.golden.frozen import HERE, TABLES, TOP, compare, compare_facts
from tests.support.real_data import FOLDER as REAL

SAMPLE = TOP / "data" / "samples" / "random-walk_eurusd_2024-01-01_m1.parquet"
POUNDS = REAL / "fxcm_m1_bid_ask"


def run(data: object, symbol: str, backend: str, semantics: int = 2) -> omega.BacktestResult:
    """Run the example with every kind of cost."""
    return omega.run_backtest(
        data,
        ZScoreReversion(window=60, threshold=2.0),
        symbol=symbol,
        instruments="auto",
        validate={"crossed": "allow"},
        sizer=omega.RiskPercent(0.5),
        costs=omega.Costs(
            slippage_pips=0.1,
            slippage_random_pips=0.2,
            fee_per_million=30,
            fee_min=0.05,
            swap_long=-6.1,
            swap_short=1.9,
        ),
        account=omega.Account(leverage=30),
        seed=2012,
        semantics=semantics,
        backend=backend,
    )


def as_csv(table: pl.DataFrame) -> str:
    """Give a table as text; each number has as many digits as tell it from every other."""
    lists = pl.selectors.by_dtype(pl.List(pl.String))
    return table.with_columns(lists.list.join(" ")).write_csv()


def test_the_sample_makes_the_golden_tables(backend: str) -> None:
    result = run(SAMPLE, "EURUSD", backend)
    for name in TABLES:
        compare(f"sample_{name}.csv", as_csv(getattr(result, name)))
    hours = result.equity.filter(pl.col("time").dt.minute() == 0)
    compare("sample_equity_at_the_hour.csv", as_csv(hours))
    compare_facts("sample.json", result)


@pytest.mark.skipif(not POUNDS.is_dir(), reason=f"no real candles at {POUNDS}; set OMEGA_DATA")
def test_real_pounds_make_the_golden_run(backend: str) -> None:
    result = run(pounds(), "GBPUSD", backend)
    assert result.copied_bytes == 0
    assert any("1,203 rows" in str(notice) for notice in result.notices)
    compare_facts("gbpusd_february_2012.json", result)


def pounds() -> omega.Candles:
    """Give real minutes of pounds in dollars."""
    sides = [read(POUNDS / f"gbpusd-m1-{side}-2012.csv") for side in ("bid", "ask")]
    return omega.Candles(bid=sides[0], ask=sides[1])


def read(file: Path) -> pl.DataFrame:
    """Read candles of one side."""
    moment = pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S%z", time_unit="us")
    return pl.read_csv(file).with_columns(moment)


def test_the_golden_files_are_whole() -> None:
    """A table that is frozen holds what its counts say."""
    known = json.loads((HERE / "sample.json").read_text())
    for name in ("trades", "orders"):
        assert pl.read_csv(HERE / f"sample_{name}.csv").height == known[name]
