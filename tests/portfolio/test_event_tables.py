"""Where events come from: tables of any library, and real files of LEAN's and Yahoo's."""

from __future__ import annotations

import dataclasses
import io
import pickle
import re
import zipfile
from datetime import date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.dated_runs import days, run
from tests.support.real_data import FOLDER

LEAN = FOLDER / "lean" / "equity" / "usa"
YAHOO = FOLDER / "yahoo" / "yfinance"
ROWS = {"symbol": ["A", "B"], "date": ["2024-01-03", "2024-01-04"], "ratio": [2.0, 3.0]}


def test_every_kind_of_table_is_the_same() -> None:
    dated = pl.DataFrame(ROWS).with_columns(pl.col("date").str.to_date())
    tables = [
        ROWS,
        [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)],
        pl.DataFrame(ROWS),
        dated,
        dated.with_columns(pl.col("date").cast(pl.Datetime("us"))),
        pd.DataFrame(ROWS),
        pa.table(ROWS),
        dated.rename({"symbol": "Ticker", "date": "ex_date", "ratio": "Split"}),
    ]
    made = [omega.Events(splits=table) for table in tables]
    assert all(one == made[0] for one in made)
    assert made[0].splits[0] == ("A", date(2024, 1, 3), 2.0)


def test_values_are_copied_and_put_together() -> None:
    first = omega.Events(splits=ROWS, tax=0.1)
    both = first + omega.Events(delistings=[{"symbol": "C", "date": "2024-02-01"}])
    assert (len(both.splits), len(both.delistings), both.tax) == (2, 1, 0.1)
    funding = [{"time": datetime(2024, 1, 1), "rate": 1e-4}]  # noqa: DTZ001 - UTC
    borrow = [{"date": "2024-01-01", "rate": 0.1}]
    carry = omega.Carry(cash=0.1, borrow=borrow, funding=funding)
    for value in (both, carry, omega.Universe([{"symbol": "A", "from": "2024-01-01"}])):
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own bytes
        assert dataclasses.replace(value) == value


def test_yahoo_gives_dividends_for_the_shares_of_today() -> None:
    rows = {
        "Date": ["2020-08-07", "2020-08-31", "2020-11-06"],
        "Dividends": [0.205, 0.0, 0.205],
        "Stock Splits": [0.0, 4.0, 0.0],
    }
    events = omega.Events.from_yahoo(rows, symbol="AAPL", prices="raw")
    assert events.splits == (("AAPL", date(2020, 8, 31), 4.0),)
    assert [row[2] for row in events.dividends] == [0.82, 0.205]
    adjusted = omega.Events.from_yahoo(rows, symbol="AAPL")
    assert (adjusted.splits, [row[2] for row in adjusted.dividends]) == ((), [0.205, 0.205])
    with pytest.raises(omega.ConfigError, match=r"prices: given 'adjusted', expected one of"):
        omega.Events.from_yahoo(rows, prices="adjusted")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_split_over_prices_that_are_adjusted_already_is_a_notice(backend: str) -> None:
    """100, then 104 over a row of 4:1: nothing was split, and a run of buy and hold gains 4 %."""
    rows = {"Date": ["2024-01-03"], "Dividends": [0.0], "Stock Splits": [4.0]}
    prices = days([100.0, 100.0, 104.0, 104.0])
    held = {0: omega.Signal("long", size=10)}
    raw = omega.Events.from_yahoo(rows, prices="raw")
    twice = run(backend, prices, held, events=raw)
    notices = [one.text for one in twice.notices if one.kind == "adjusted_prices"]
    assert len(notices) == 1
    assert "at the split of 4 on 2024-01-03 the open is 1.04 of the close before" in notices[0]
    once = run(backend, prices, held, events=omega.Events.from_yahoo(rows))
    assert [one for one in once.notices if one.kind == "adjusted_prices"] == []
    assert once.metrics["closed_pnl"] == pytest.approx(40.0)
    traded = run(backend, days([100.0, 100.0, 26.0, 26.0]), held, events=raw)
    assert [one for one in traded.notices if one.kind == "adjusted_prices"] == []
    assert traded.metrics["closed_pnl"] == pytest.approx(40.0)


def test_a_table_without_events_of_yahoo_is_refused() -> None:
    with pytest.raises(omega.ConfigError, match=r"expected a column Dividends, Stock Splits"):
        omega.Events.from_yahoo({"Date": ["2020-08-07"], "dividend": [0.2]})
    assert omega.Events.from_yahoo({"Date": ["2020-08-07"], "Dividends": [0.2]}).dividends


@pytest.mark.skipif(not YAHOO.is_dir(), reason=f"no real candles at {YAHOO}; set OMEGA_DATA")
def test_a_frame_of_yahoo_has_its_dates_in_the_index() -> None:
    frame = pd.read_csv(YAHOO / "CALM-1d-no-bad-divs.csv", index_col=0)
    events = omega.Events.from_yahoo(frame)
    paid = frame[frame["Dividends"] > 0]
    assert [row[2] for row in events.dividends] == paid["Dividends"].tolist()
    assert [str(row[1]) for row in events.dividends] == [day[:10] for day in paid.index]


@pytest.mark.skipif(not YAHOO.is_dir(), reason=f"no real candles at {YAHOO}; set OMEGA_DATA")
@pytest.mark.parametrize("backend", BACKENDS)
def test_real_prices_of_yahoo_are_adjusted_for_splits(backend: str) -> None:
    """Apple was split 2:1 in 2005 and 7:1 in 2014; neither is a step of Yahoo's prices."""
    file = YAHOO.parent / "yahoofinance-AAPL-20040819-20180120.csv"
    prices = omega.read_candles(file, symbol="AAPL").frame
    rows = {"Date": ["2005-02-28", "2014-06-09"], "Stock Splits": [2.0, 7.0]}
    results = [
        run(backend, prices, {0: omega.Signal("long", size=100)}, symbol="AAPL", events=events)
        for events in (
            None,
            omega.Events.from_yahoo(rows, symbol="AAPL"),
            omega.Events.from_yahoo(rows, symbol="AAPL", prices="raw"),
        )
    ]
    plain, adjusted, raw = results
    assert adjusted.metrics["closed_pnl"] == plain.metrics["closed_pnl"]
    profits: list[Any] = [one.metrics["closed_pnl"] for one in (raw, plain)]
    assert profits[0] > 10 * profits[1]
    texts = [[n.text for n in one.notices if n.kind == "adjusted_prices"] for one in results]
    assert texts[:2] == [[], []]
    assert "at the split of 2 on 2005-02-28 the open is 1 of the close before" in texts[2][0]
    assert "and at 1 more" in texts[2][0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_events_of_other_symbols_alone_are_refused(backend: str) -> None:
    split = [{"symbol": "AAPL", "date": "2024-01-03", "ratio": 4}]
    match = "given events of AAPL, and the run has aapl. Did you mean 'aapl' for 'AAPL'"
    with pytest.raises(omega.ConfigError, match=match):
        run(backend, {"aapl": days([10.0, 10.0])}, {}, events=omega.Events(splits=split))


@pytest.mark.parametrize(
    ("names", "level", "text"),
    [
        (
            ["AAA", "ZZZ"],
            "info",
            "1 symbol that the run does not have were left out: ZZZ",
        ),
        (["AAA", "bbb"], "warning", "bbb among them. Did you mean 'BBB' for 'bbb'"),
        ([f"Z{k}" for k in range(10)], "info", "10 symbols that .*: Z0, Z1, Z2 and 7 more"),
    ],
)
def test_events_of_some_other_symbols_are_a_notice(names: list[str], level: str, text: str) -> None:
    gone = [{"symbol": name, "date": "2024-03-01", "price": 1.0} for name in names]
    data = {name: days([10.0, 10.0]) for name in ("AAA", "BBB")}
    result = run("rust", data, {}, events=omega.Events(delistings=gone))
    (found,) = [one for one in result.notices if one.kind == "unmatched_events"]
    assert found.level == level
    assert re.search(text, found.text)
    renamed = [{"old": "X", "new": "AAA", "date": "2024-01-02"}]
    result = run("rust", data, {}, events=omega.Events(symbols=renamed))
    assert "unmatched_events" not in [one.kind for one in result.notices]


def test_a_benchmark_has_the_events_of_its_symbol_alone() -> None:
    data = {name: days([10.0, 10.0, 11.0]) for name in ("AAA", "BBB")}
    events = omega.Events(dividends=[{"symbol": "AAA", "date": "2024-01-03", "amount": 1}])
    of = {name: run("rust", data, {}, events=events, benchmark=name) for name in data}
    paid = [one.benchmark.result.ledger.filter(kind="dividend").height for one in of.values()]
    assert paid == [1, 0]


def lean_candles(name: str) -> pl.DataFrame:
    """Daily candles of LEAN's, as they were traded."""
    with zipfile.ZipFile(LEAN / "daily" / f"{name}.zip") as file:
        content = file.read(f"{name}.csv")
    names = ["time", "open", "high", "low", "close", "volume"]
    frame = pl.read_csv(io.BytesIO(content), has_header=False, new_columns=names)
    prices = [pl.col(name) / 10_000.0 for name in names[1:5]]
    time = pl.col("time").str.to_datetime("%Y%m%d %H:%M")
    return frame.with_columns(time, *prices, pl.col("volume").cast(pl.Float64))


@pytest.mark.skipif(not LEAN.is_dir(), reason=f"no real candles at {LEAN}; set OMEGA_DATA")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_real_share_grows_as_its_factor_file_says(backend: str) -> None:
    """Apple from 2010 on: a split of 7 and one of 4, and all dividends, against LEAN's factors."""
    factors = LEAN / "factor_files" / "aapl.csv"
    events = omega.Events.from_lean(factors, LEAN / "map_files" / "aapl.csv", reinvest=True)
    assert [(str(row[1]), row[2]) for row in events.splits] == [
        ("2000-06-21", 2.0),
        ("2005-02-26", 2.0),
        ("2014-06-07", 7.0),
        ("2020-08-29", 4.0),
    ]
    data = lean_candles("aapl").filter(pl.col("time") >= datetime(2010, 1, 1))  # noqa: DTZ001 - UTC
    settings = {"events": events, "symbol": "AAPL", "instruments": omega.Instrument()}
    result = run(backend, data, {0: omega.Signal("long", size=100)}, cash=1e6, **settings)
    rows = pl.read_csv(factors, has_header=False, new_columns=["day", "price", "split", "close"])
    rows = rows.with_columns(pl.col("day").cast(pl.String).str.to_datetime("%Y%m%d"))
    adjusted = data.sort("time").join_asof(
        rows.sort("day").cast({"day": data.schema["time"]}),
        left_on="time",
        right_on="day",
        strategy="forward",
    )
    adjusted = adjusted.with_columns(factor=pl.col("price") * pl.col("split"))
    first, last = adjusted.row(1, named=True), adjusted.row(-1, named=True)
    grown = last["close"] * last["factor"] / (first["open"] * first["factor"])
    held = 100 * first["open"]
    assert (result.equity["equity"][-1] - 1e6 + held) / held == pytest.approx(grown, rel=2e-5)
    assert result.events.filter(pl.col("kind") == "split").height == 4


@pytest.mark.skipif(not LEAN.is_dir(), reason=f"no real candles at {LEAN}; set OMEGA_DATA")
def test_a_map_file_has_the_names_of_a_share() -> None:
    events = omega.Events.from_lean(
        LEAN / "factor_files" / "bac.csv", LEAN / "map_files" / "bac.csv"
    )
    assert events.symbols == (("NB", "BAC", date(1998, 10, 1), 1.0, 0.0),)
    assert events.delistings == ()


def test_no_more_than_all_of_a_dividend_is_kept_back() -> None:
    row = {"symbol": "AAPL", "date": "2024-01-03", "amount": 1.0}
    assert omega.Events(dividends=[row | {"tax": 1.0}]).dividends[0][4] == 1.0
    with pytest.raises(omega.ConfigError, match=r"tax: given 2 in row 1, expected a part of 1"):
        omega.Events(dividends=[row, row | {"date": "2024-02-05", "tax": 2.0}])
