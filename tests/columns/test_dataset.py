"""Goal: files of candles are one value, which gives the rows that its settings name.

Method: seeded bars written in every kind of file; what is read must be those bars again.
"""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.data.columns import Candles
from omega.data.dataset import Dataset
from omega.data.store import CandleStore
from omega.errors import ConfigError, InvalidCandleData
from tests.support.backends import BACKENDS
from tests.support.frames import bars, shown, sided

FREE = omega.Account(leverage=math.inf)
FRAME = bars()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The bars as four Parquet files whose order of writing is not that of their names."""
    for name, first in (("c", 500), ("a", 0), ("d", 750), ("b", 250)):
        FRAME[first : first + 250].write_parquet(tmp_path / f"{name}.parquet", row_group_size=70)
    return tmp_path


def written(path: Path, frame: pl.DataFrame = FRAME) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_ipc(path, compression="uncompressed")
    return path


def test_files_of_a_pattern_follow_each_other_by_name(folder: Path) -> None:
    data = Dataset(folder / "*.parquet")
    assert shown(CandleStore(data)).equals(FRAME)
    assert (len(data), data.schema) == (1_000, FRAME.schema)
    assert [Path(str(one.path)).stem for one in data.files] == ["a", "b", "c", "d"]
    assert [len(one) for one in data.files] == [250] * 4
    listed = Dataset([folder / "b.parquet", str(folder / "a.parquet")])
    assert listed.scan().collect().equals(pl.concat([FRAME[250:500], FRAME[:250]]))
    mixed = Dataset([folder / "a.parquet", written(folder / "b.arrow", FRAME[250:500])])
    assert mixed.scan().collect().equals(FRAME[:500])


def test_a_run_takes_it_wherever_a_path_goes(folder: Path) -> None:
    path = written(folder / "bars.arrow")

    def trades(data: object, symbol: str | None = None) -> pl.DataFrame:
        rose = pl.col("close") > pl.col("close").rolling_mean(20)
        strategy = omega.Signals(entry=rose, exit=~rose)
        return omega.run_backtest(
            data, strategy, symbol=symbol, account=FREE, backend=BACKENDS[0]
        ).trades

    expected = trades(FRAME, symbol="EURUSD")
    assert expected.height > 0
    for given in (path, folder / "?.parquet"):
        assert trades(Dataset(given, symbol="EURUSD")).equals(expected)
        assert trades({"EURUSD": Dataset(given)}).equals(expected)


def test_a_filter_leaves_rows_out(folder: Path) -> None:
    keep = pl.col("volume") > 50
    for given in (folder / "*.parquet", written(folder / "bars.arrow")):
        data = Dataset(given, filter=keep)
        assert shown(CandleStore(data)).equals(FRAME.filter(keep))
        assert len(data) == FRAME.filter(keep).height == sum(map(len, data.files))


def test_own_columns_stay_beside_the_candles(folder: Path) -> None:
    frame = FRAME.with_columns(go=pl.int_range(pl.len()) % 100 == 7)
    for kind in ("arrow", "parquet"):
        data = Dataset(
            written(folder / f"go.{kind}", frame),
            filter=None if kind == "arrow" else pl.col("volume") > 50,
        )
        table = data.scan().collect()
        given = CandleStore(data).own["SYMBOL"].series(["go"])[0]
        assert given.equals(table["go"])
        signals = omega.Signals(entry="go", exit=~pl.col("go"))
        result = omega.run_backtest(data, signals, backend=BACKENDS[0])
        assert result.trades.height == table["go"].sum()


def test_one_symbol_is_taken_of_a_symbol_column(tmp_path: Path) -> None:
    other = bars(300, seed=1)
    frame = pl.concat([other.with_columns(Pair=pl.lit("B")), FRAME.with_columns(Pair=pl.lit("A"))])
    for kind in ("arrow", "parquet"):
        file = written(tmp_path / f"long.{kind}", frame)
        data = Dataset(file, columns={"symbol": "Pair"}, symbol="A")
        store = CandleStore(data)
        assert (store.symbols, store.copied_bytes, len(data)) == (["A"], 0, 1_000)
        assert shown(store).equals(FRAME)
        assert CandleStore({"EURUSD": data}).symbols == ["EURUSD"]
        assert len(CandleStore(Candles(bid=data, spread=0.1))) == 1_000
        assert CandleStore(Dataset(file, columns={"symbol": "Pair"})).symbols == ["B", "A"]
        with pytest.raises(ConfigError, match="'C' is not in column 'Pair'"):
            CandleStore(Dataset(file, columns={"symbol": "Pair"}, symbol="C"))


def test_each_of_two_sides_has_names_of_its_own(tmp_path: Path) -> None:
    bid = Dataset(
        written(tmp_path / "bid.arrow", FRAME.rename({"close": "last"})),
        columns={"close": "last"},
        symbol="EURUSD",
    )
    ask = Dataset(written(tmp_path / "ask.parquet", FRAME))
    store = CandleStore(Candles(bid=bid, ask=ask))
    assert (store.symbols, len(store)) == (["EURUSD"], 1_000)
    assert store.buffers("bid.last") == store.buffers("bid_close")


def test_times_without_a_zone_become_utc(tmp_path: Path) -> None:
    file = written(tmp_path / "bars.parquet", FRAME)
    store = CandleStore(Dataset(file, time_zone="Europe/Berlin"))
    assert store.time_range()[0].isoformat() == "2023-12-31T23:00:00+00:00"
    assert shown(CandleStore(Dataset(file))).equals(FRAME)
    zoned = written(tmp_path / "zoned.arrow", bars(zone="UTC"))
    assert Dataset(zoned, time_zone="Asia/Tokyo").scan().collect().equals(bars(zone="UTC"))


def test_times_that_a_clock_shows_twice_or_never_are_refused(tmp_path: Path) -> None:
    for day in (pl.datetime(2024, 10, 27, 2, 30), pl.datetime(2024, 3, 31, 2, 30)):
        frame = FRAME[:1].with_columns(time=day)
        data = Dataset(written(tmp_path / "bars.parquet", frame), time_zone="Europe/Berlin")
        with pytest.raises(InvalidCandleData, match="'Europe/Berlin'"):
            CandleStore(data)
        with pytest.raises(InvalidCandleData, match="'Europe/Berlin'"):
            _ = data.fingerprint
        with pytest.raises(InvalidCandleData, match="'Europe/Berlin'"):
            data.to_arrow(tmp_path / "bars.arrow")


def test_it_is_a_small_value(folder: Path) -> None:
    def make(volume: float = 50) -> Dataset:
        return Dataset(
            str(folder / "*.parquet"),
            columns={"time": "time"},
            filter=pl.col("volume") > volume,
            symbol="EURUSD",
            time_zone="Europe/Berlin",
        )

    data = make()
    before = data.fingerprint
    packed = pickle.dumps(data)
    again = pickle.loads(packed)  # noqa: S301 - packed above
    assert len(packed) < 2_000
    assert (again, hash(again), again.fingerprint) == (data, hash(data), before)
    assert data == make()
    assert data != make(51)
    assert data != Dataset(str(folder / "*.parquet"))
    assert Dataset(folder / "a.parquet") == Dataset(str(folder / "a.parquet"))
    assert repr(Dataset(folder / "a.parquet")) == f"Dataset({str(folder / 'a.parquet')!r})"
    assert "symbol='EURUSD'" in repr(data)
    assert 'filter=[(col("volume")) > ' in repr(data)
    with pytest.raises(AttributeError):
        data.symbol = "GBPUSD"  # type: ignore[misc]  # that it is frozen is the point


ODD = FRAME.with_columns(
    symbol=pl.lit("EUR"),
    kind=pl.Series(["a", None, "bé", ""] * 250, dtype=pl.Categorical),
    flag=pl.int_range(pl.len()) % 3 == 0,
    size=pl.when(pl.int_range(pl.len()) % 7 > 0).then(pl.int_range(pl.len())),
    parts=pl.concat_list("open", "close"),
    day=pl.col("time").dt.date(),
)


def test_the_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    whole = Dataset(written(tmp_path / "whole.arrow", ODD)).fingerprint
    ODD.write_parquet(tmp_path / "cut.parquet", row_group_size=77)
    ODD.write_ipc(tmp_path / "small.arrow", compression="lz4", record_batch_size=33)
    for first in (0, 300):
        part = ODD[first : first + 300] if first == 0 else ODD[first:]
        part.write_parquet(tmp_path / f"part{first}.parquet")
    for same in ("cut.parquet", "small.arrow", "part*.parquet"):
        assert Dataset(tmp_path / same).fingerprint == whole
    bare = written(tmp_path / "bare.parquet", bars(10))
    assert Dataset(bare).fingerprint == (
        "1dcaab6f5fb88e533f0685b3dedcc104ad5f188ed7a7214adf15b7544fb55ed9"
    )


@pytest.mark.parametrize(
    "change",
    [
        pl.when(pl.int_range(pl.len()) == 999).then(1.5).otherwise("close").alias("close"),
        pl.when(pl.int_range(pl.len()) != 3).then("size").alias("size"),
        pl.col("size").fill_null(0),
        pl.col("kind").cast(pl.String).fill_null(""),
        pl.col("kind").cast(pl.String).replace({"bé": "b", "": "é"}),
        pl.col("parts").list.reverse(),
        pl.col("size").cast(pl.Int32),
        pl.col("time").cast(pl.Datetime("ms")),
    ],
)
def test_the_fingerprint_tells_a_change(change: pl.Expr, tmp_path: Path) -> None:
    one = Dataset(written(tmp_path / "one.parquet", ODD))
    other = Dataset(written(tmp_path / "other.parquet", ODD.with_columns(change)))
    assert one.fingerprint != other.fingerprint


def test_an_arrow_file_of_it_is_mapped(folder: Path) -> None:
    narrow = sided().cast({"bid_open": pl.Float32, "volume": pl.Int64})
    file = written(folder / "narrow.parquet", narrow)
    data = Dataset(file, symbol="EURUSD", filter=pl.col("volume") > 10, time_zone="Europe/Berlin")
    mapped = data.to_arrow(folder / "mapped.arrow")
    assert mapped == Dataset(folder / "mapped.arrow", symbol="EURUSD")
    store = CandleStore(mapped)
    assert (store.symbols, store.copied_bytes, len(store)) == (["EURUSD"], 0, len(data))
    expected = data.scan().with_columns(pl.col("bid_open", "volume").cast(pl.Float64)).collect()
    assert pl.DataFrame(store).equals(expected)
    assert max(one.name for one in folder.iterdir()) == "narrow.parquet"
    days = written(folder / "days.parquet", FRAME.with_columns(pl.col("time").dt.date())[:1])
    assert CandleStore(Dataset(days).to_arrow(folder / "days.arrow")).time_range()[0].hour == 0


def test_an_arrow_file_may_replace_its_own(folder: Path) -> None:
    data = Dataset(written(folder / "bars.arrow"), filter=pl.col("volume") > 50)
    rows = len(data)
    assert len(data.to_arrow(folder / "bars.arrow")) == rows < 1_000


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"path": "no/*.parquet"}, r"no file matches 'no/\*.parquet'; looked in .*/no', which"),
        ({"path": "none.arrow"}, r"no file 'none.arrow'; looked in '/"),
        ({"path": "."}, r"is a folder; give a pattern of its files, such as '\*\.parquet'"),
        ({"path": "bars.csv"}, "omega.read_candles"),
        ({"path": []}, "a list of paths"),
        ({"path": 7}, "a list of paths"),
        ({"columns": {"clse": "c"}}, "Did you mean 'close'"),
        ({"columns": ["close"]}, "role: name"),
        ({"filter": "volume > 3"}, "a Polars expression"),
        ({"symbol": ""}, "a text that is not empty"),
        ({"time_zone": "Berlin"}, "'Europe/Berlin'"),
        ({"colums": {}}, "Did you mean 'columns'"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], match: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=match):
        Dataset(**{"path": folder / "a.parquet", **settings})


def test_files_that_do_not_fit_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"no column 'last'"):
        CandleStore(Dataset(folder / "a.parquet", columns={"close": "last"}))
    written(folder / "e.parquet", FRAME.drop("volume"))
    with pytest.raises(ConfigError, match=r"'e\.parquet' has the columns .* of 'a\.parquet'"):
        len(Dataset(folder / "*.parquet"))
    timeless = written(folder / "f.parquet", FRAME.drop("time"))
    with pytest.raises(ConfigError, match="Name it"):
        len(Dataset(timeless, time_zone="UTC"))
    numbers = written(folder / "g.parquet", FRAME.with_columns(pl.col("time").cast(pl.Int64)))
    with pytest.raises(ConfigError, match="is Int64, expected"):
        len(Dataset(numbers, time_zone="UTC"))
    for target in ("out.parquet", "no/out.arrow"):
        with pytest.raises(ConfigError, match="to_arrow"):
            Dataset(folder / "a.parquet").to_arrow(folder / target)
    vanished = Dataset(timeless)
    timeless.unlink()
    with pytest.raises(ConfigError, match=r"no file 'f\.parquet'"):
        len(vanished)
