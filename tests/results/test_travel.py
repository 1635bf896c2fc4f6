"""Results, stores, strategies and sweeps are pickled and copied, also to other processes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import polars as pl
import pytest

import omega
from omega.errors import InvalidCandleData
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk
from tests.support.sweep_strategies import Cross

T = TypeVar("T")


Travel = Callable[[T], T]


def pickled(thing: T) -> T:
    return read(pickle.dumps(thing), thing)


def read(content: bytes, kind: T) -> T:
    """Unpickle something of the kind of another."""
    thing: object = pickle.loads(content)  # noqa: S301 - of this test
    assert isinstance(thing, type(kind))
    return thing


def same_candles(one: omega.CandleStore | None, other: omega.CandleStore | None) -> bool:
    assert one is not None
    assert other is not None
    frames = [
        [pl.DataFrame(store.symbol(name)) for name in store.symbols] for store in (one, other)
    ]
    alike = all(a.equals(b) for a, b in zip(*frames, strict=True))
    return alike and one.describe() == other.describe()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("travel", [pickled, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_a_result_has_the_same_fingerprint(
    backend: str, travel: Travel[omega.BacktestResult]
) -> None:
    class Local(Cross):
        def init(self) -> None:
            super().init()
            self.means = {"slow": self.long}

        def on_bar(self, bar: omega.Bar) -> None:
            super().on_bar(bar)
            self.bar = bar

        def on_exit(self, trade: omega.Trade) -> None:
            self.trade = trade

    result = omega.run_backtest(walk(300), Local(fast=3), backend=backend)
    there = travel(result)
    assert there.fingerprint == result.fingerprint
    assert there.metrics == result.metrics
    assert there.trades.equals(result.trades)
    assert there.manifest == result.manifest
    assert same_candles(there.candles, result.candles)
    ours, theirs = result.strategy, there.strategy
    assert repr(theirs) == repr(ours)
    assert theirs.means["slow"].window(5).tolist() == ours.means["slow"].window(5).tolist()
    assert theirs.bar.ask.close == ours.bar.ask.close
    assert theirs.trade.net_pnl == ours.trade.net_pnl
    assert theirs.equity == ours.equity
    again = omega.run_backtest(walk(300), theirs, backend=backend)
    assert again.fingerprint == result.fingerprint


def test_a_copy_shares_the_memory_of_tables_and_candles() -> None:
    result = omega.run_backtest(rising(8), Cross(fast=2, slow=3))
    there = copy.deepcopy(result)
    assert there.candles is result.candles
    assert there.tables is result.tables
    assert there.strategy is not result.strategy


def test_a_strategy_that_cannot_travel_stays_behind() -> None:
    class Locked(omega.Strategy):
        def init(self) -> None:
            self.lock = threading.Lock()

        def on_bar(self, bar: omega.Bar) -> None:
            self.buy()

    result = omega.run_backtest(rising(5), Locked)
    there = pickled(result)
    assert there.strategy is None
    assert there.fingerprint == result.fingerprint


def run_there(store: omega.CandleStore, strategy: Cross) -> omega.BacktestResult:
    return omega.run_backtest(store, strategy)


def test_stores_strategies_and_results_pass_between_processes(tmp_path: Path) -> None:
    frame, given = walk(300), Cross(fast=3)
    frame.write_parquet(tmp_path / "candles.parquet")
    here = omega.run_backtest(frame, given, symbol="EURUSD")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as other:
        for data in (frame, tmp_path / "candles.parquet"):
            store = omega.CandleStore(data, symbol="EURUSD")
            there = other.submit(run_there, store, given).result()
            assert there.fingerprint == here.fingerprint
            assert same_candles(there.candles, store)


@pytest.mark.parametrize("travel", [pickled, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_a_store_of_a_frame_keeps_symbols_names_and_columns_of_ones_own(
    travel: Travel[omega.CandleStore],
) -> None:
    quotes = walk(20).select(
        pl.col("time").alias("Timestamp"),
        pl.col("bid_close").alias("Bid"),
        pl.col("ask_close").alias("Ask"),
        pl.Series("symbol", ["A"] * 8 + ["B"] * 12),
        pl.int_range(20).alias("mine"),
    )
    store = omega.CandleStore(quotes)
    there = travel(store)
    assert same_candles(there, store)
    assert same_candles(travel(store.symbol("B")), store.symbol("B"))
    entry = omega.Signals(entry=pl.col("mine") > 13)
    entries = omega.run_backtest(there.symbol("B"), entry).trades["entry_index"].to_list()
    assert entries == [7]  # 13 is in row 5 of B, the first above it in row 6


def test_a_store_of_files_is_their_path_while_they_are_the_same(tmp_path: Path) -> None:
    frame, file = rising(500), tmp_path / "candles.parquet"
    frame.write_parquet(file)
    store = omega.CandleStore({"A": file, "B": omega.Dataset(file)})
    sent = pickle.dumps(store)
    assert len(sent) < 1_500 < len(pickle.dumps(omega.CandleStore(frame)))
    assert same_candles(read(sent, store), store)
    rising(400).write_parquet(file)
    with pytest.raises(InvalidCandleData, match="is not the one that the store was read from"):
        read(sent, store)
    assert same_candles(pickled(store), store)


def test_data_sets_and_sweeps_travel(tmp_path: Path) -> None:
    file = tmp_path / "candles.parquet"
    walk(300).write_parquet(file)
    days = omega.Dataset(file, filter=pl.col("bid_close") > 0, symbol="EURUSD")
    for out in (None, tmp_path / "out"):
        grid = {"fast": [3, 5]}
        swept = omega.sweep(days, omega.native("sma_cross"), grid, out=out, trades=True)
        for there in (pickled(swept), copy.deepcopy(swept)):
            assert there.to_polars().equals(swept.to_polars())
            assert there.trades.equals(swept.trades)
            assert there.best("net_profit") == swept.best("net_profit")
    for same in (pickled(days), copy.deepcopy(days)):
        assert same == days
        assert same.fingerprint == days.fingerprint
