"""Candles that an older system holds as objects, dicts or batches are taken as they are."""

from __future__ import annotations

import dataclasses
import pickle
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from omega.notices import Notice
from tests.support.backends import BACKENDS
from tests.support.candles import walk
from tests.support.frames import PRICES, bars, shown, sided
from tests.support.plain_components import EveryTen, PlainExecutor, PlainPortfolio, on_bar

FRAME = bars(200)
WALK = walk(700).select(
    "time", *(pl.col(f"bid_{price}").alias(price) for price in PRICES), "volume"
)


@dataclasses.dataclass
class Candle:
    """As an older system has it: what else is on it is nobody's column."""

    timestamp: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    kind: str = "m1"

    def spread(self) -> float:
        """A method is no column."""
        return self.high - self.low


Row = namedtuple("Row", "time open high low close volume")  # noqa: PYI024 - as older code has it


def candles(frame: pl.DataFrame = FRAME) -> list[Candle]:
    return [Candle(*row) for row in frame.iter_rows()]


LISTS: dict[str, Callable[[], Any]] = {
    "objects": candles,
    "dicts": FRAME.to_dicts,
    "named tuples": lambda: [Row(*row) for row in FRAME.iter_rows()],
    "a tuple": lambda: tuple(candles()),
}


@pytest.mark.parametrize("kind", LISTS)
def test_candles_of_any_class_are_read_once_and_counted(kind: str) -> None:
    store = omega.CandleStore(LISTS[kind]())
    assert shown(store).rename({"timestamp": "time"}, strict=False).equals(FRAME)
    assert store.copied_bytes == 6 * 8 * FRAME.height == 9_600
    assert store.notices == [Notice("info", "cast", "9,600 bytes were copied into columns")]
    travelled = pickle.loads(pickle.dumps(store))  # noqa: S301 - just written
    assert pl.DataFrame(travelled).equals(pl.DataFrame(store))


def test_times_keep_their_zone_and_days_are_their_midnight() -> None:
    for zone in (UTC, ZoneInfo("America/New_York")):
        rows = FRAME.to_dicts()
        for row in rows:
            row["time"] = row["time"].replace(tzinfo=zone)
        first = omega.CandleStore(rows).time_range()[0]
        assert first == rows[0]["time"]
    days = [{**row, "time": date(2024, 1, 1) + timedelta(k)} for k, row in enumerate(rows[:9])]
    assert omega.CandleStore(days).time_range()[1] == datetime(2024, 1, 9, tzinfo=UTC)
    stamps = [{**row, "time": np.datetime64("2024-01-01") + k} for k, row in enumerate(rows[:9])]
    assert omega.CandleStore(stamps).time_range()[1] == datetime(2024, 1, 9, tzinfo=UTC)


def test_whole_numbers_and_decimals_are_prices() -> None:
    row = {"time": datetime(2024, 1, 1, tzinfo=UTC), "open": 1, "high": np.float32(2.0)}
    store = omega.CandleStore([{**row, "low": Decimal("0.5"), "close": 1.5}])
    assert pl.DataFrame(store).drop("time").row(0) == (1.0, 2.0, 0.5, 1.5)


def test_two_lists_are_two_sides_and_a_symbol_on_each_row_names_it() -> None:
    asks = FRAME.with_columns(pl.col("open", "high", "low", "close") + 0.02)
    store = omega.CandleStore(omega.Candles(bid=candles(), ask=candles(asks)))
    assert (
        pl.DataFrame(store)
        .drop("time")
        .equals(sided(200).select(pl.DataFrame(store).columns).drop("time"))
    )
    rows = [{**row, "symbol": name} for name in ("A", "B") for row in FRAME.to_dicts()]
    several = omega.CandleStore(rows)
    assert several.symbols == ["A", "B"]
    assert several.copied_bytes == 2 * 9_600
    assert omega.CandleStore({"A": candles(), "B": FRAME.to_dicts()}).symbols == ["A", "B"]


def test_batches_stay_where_they_are() -> None:
    frame = FRAME.with_columns(pl.col("time").dt.cast_time_unit("ns"))
    batches = frame.to_arrow().to_batches(max_chunksize=60)
    assert len(batches) == 4
    store = omega.CandleStore(batches)
    assert (store.n_chunks, store.copied_bytes) == (4, 0)
    for name in frame.columns:
        expected = [
            (batch[name].buffers()[1].address + 8 * batch[name].offset, 8 * len(batch))
            for batch in batches
        ]
        assert store.buffers(name) == expected
    assert shown(store).equals(frame)

    seconds = [
        batch.set_column(0, "time", batch["time"].cast(pa.timestamp("s"))) for batch in batches
    ]
    assert omega.CandleStore(seconds).time_unit == "s"


CANDLE: Any = Candle(datetime(2024, 1, 1, tzinfo=UTC), 1.0, 2.0, 0.5, 1.5, 0.0)
BATCH = FRAME.to_arrow().to_batches()[0]
REFUSED: list[tuple[list[Any], type[Exception], str]] = [
    ([], ConfigError, "an empty list, expected candles or record batches"),
    ([[1, 2, 3]], ConfigError, r"a list of list, expected candles with the attributes time"),
    ([CANDLE, object()], InvalidCandleData, r"row 1: <object .* has no 'timestamp'"),
    ([{"time": 1, "open": 1.0}], InvalidCandleData, "column 'high' is missing"),
    (
        [dataclasses.replace(CANDLE, timestamp=1_704_067_200)],
        InvalidCandleData,
        "'timestamp', row 0: given 1704067200, expected a datetime",
    ),
    (
        [CANDLE, dataclasses.replace(CANDLE, low="0.5")],
        InvalidCandleData,
        "column 'low', row 1: given '0.5', expected a number",
    ),
    ([CANDLE, dataclasses.replace(CANDLE, close=None)], InvalidCandleData, "column 'close', row 1"),
    ([CANDLE, CANDLE], InvalidCandleData, "column 'timestamp', row 1"),
    ([BATCH, BATCH.select(["open", "time"])], ConfigError, "batch 1 has the columns open, time"),
    (
        [BATCH, BATCH.set_column(1, "open", BATCH["open"].cast(pa.float32()))],
        InvalidCandleData,
        "column 'open': its batches have different types",
    ),
]


@pytest.mark.parametrize(("given", "kind", "message"), REFUSED)
def test_what_is_no_candle_is_refused_by_row(
    given: list[Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        omega.CandleStore(given)


@pytest.mark.parametrize("backend", BACKENDS)
def test_lists_run_in_the_one_call_and_in_both_engines(backend: str) -> None:
    expected = omega.run_backtest(WALK, on_bar, backend=backend)
    listed = omega.run_backtest(candles(WALK), on_bar, backend=backend)
    assert listed.trades.equals(expected.trades)
    assert len(listed.trades) > 50
    assert "bytes were copied into columns" in str(listed.notices)

    asks = candles(WALK)
    made = omega.EventEngine(
        candles(WALK),
        asks,
        EveryTen(),
        omega.ExecutionSimulator(),
        omega.Portfolio(),
        backend=backend,
    )
    made.run()
    assert made.result is not None
    assert made.result.trades.equals(expected.trades)

    portfolio = PlainPortfolio()
    executor = PlainExecutor(portfolio)
    data = {"SYMBOL": candles(WALK), "OTHER": WALK.to_dicts()}
    strategy = EveryTen(symbol="SYMBOL")
    omega.CrossSymbolEventEngine(data, strategy, executor, portfolio, backend=backend).run()
    prices = expected.trades.select("entry_price", "exit_price").rows()
    own = sorted(executor.trades, key=lambda trade: trade.trade_id)
    assert [(trade.entry_price, trade.exit_price) for trade in own] == prices
