"""What newcomers write first, and the message that leads them on."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import omega
from omega.config.calendar import calendar_of
from omega.errors import ConfigError, InvalidCandleData
from omega.remedies import SITE, remedies
from omega.samplers import Between, Grid, LatinHypercube, Random

SHARE = omega.sample("SHARE").head(60)
ROOT = Path(__file__).parents[2]


class Takes(omega.Strategy):
    """A column that a function makes."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def init(self) -> None:
        self.own = self.column(self.function, warmup=3)

    def on_bar(self, bar: omega.Bar) -> None:
        self.last = self.own[-1]


@pytest.mark.parametrize(
    "function",
    [
        lambda frame: frame["close"].rolling(3).mean(),
        lambda close: close.rolling(3).mean(),
        lambda frame: frame.loc[:, "close"],
    ],
)
def test_a_function_over_a_frame_is_told_what_it_gets(function: Callable[..., object]) -> None:
    with pytest.raises(ConfigError, match=r"column: the function <lambda> raised .* NumPy array"):
        omega.run_backtest(SHARE, Takes(function))


def test_a_function_over_an_array_may_return_a_series() -> None:
    made = Takes(lambda close: pd.Series(close).rolling(3).mean())
    ran = omega.run_backtest(SHARE, made).strategy
    assert isinstance(ran, Takes)
    assert ran.last == pytest.approx(SHARE["close"][-4:-1].mean())


@pytest.mark.parametrize("wide", [SHARE.select("time", A="close", B="close"), None])
def test_a_table_of_closes_is_told_where_to_read_on(wide: pl.DataFrame | None) -> None:
    frame = pd.DataFrame({"A": [1.0, 2.0]}, pd.to_datetime(["2024-01-01", "2024-01-02"]))
    data = frame if wide is None else wide
    with pytest.raises(InvalidCandleData, match="'From a table of closes' in the guide") as found:
        omega.run_backtest(data, omega.native("buy_and_hold"))
    assert "column 'open' is missing" in str(found.value)


def test_closes_alone_are_told_to_stand_for_all_prices() -> None:
    frame = pd.DataFrame({"close": [1.0, 2.0]}, pd.to_datetime(["2024-01-01", "2024-01-02"]))
    hint = "take the close for all four prices: frame.assign"
    for series in (frame["close"], SHARE["close"]):
        with pytest.raises(ConfigError, match=f"given a Series of .*{hint}"):
            omega.run_backtest(series, omega.native("buy_and_hold"))
    for table in (frame, SHARE.select("time", "close")):
        with pytest.raises(InvalidCandleData, match=f"column 'open' is missing.*{hint}"):
            omega.run_backtest(table, omega.native("buy_and_hold"))
    close = frame["close"]
    whole = frame.assign(Open=close, High=close, Low=close)
    assert omega.run_backtest(whole, omega.native("buy_and_hold")).equity.height == 2


def test_weights_with_texts_as_their_index_are_told_to_make_times_of_them() -> None:
    weights = pd.DataFrame({"SHARE": [0.5]}, ["2014-01-02"])
    with pytest.raises(ConfigError, match=r"pd.to_datetime\(weights.index\)"):
        omega.run_backtest(SHARE, omega.Weights(weights), symbol="SHARE")
    weights.index = pd.to_datetime(weights.index)
    assert omega.run_backtest(SHARE, omega.Weights(weights), symbol="SHARE").weights.height == 1


def test_a_range_is_no_pair_of_values() -> None:
    with pytest.raises(ConfigError, match=r"for a range write Between\(low=5, high=100\)"):
        Random({"fast": (5, 100)}, runs=3)
    for kind in (Random, LatinHypercube):
        with pytest.raises(ConfigError, match=rf"{kind.__name__} has no 'seed'; omega.sweep has"):
            kind({"fast": Between(5, 100)}, runs=3, seed=1)  # type: ignore[call-arg]  # a slip
    with pytest.raises(ConfigError, match=r"Write Between\(5, 50, step=5\), or a list"):
        Grid({"fast": "5:50:5"})
    with pytest.raises(ConfigError, match=r"Write Between\(0.1, 0.5\), or a list"):
        Grid({"fast": "0.1:0.5"})


@pytest.mark.parametrize(
    ("server", "days"),
    [
        ("America/New_York+7", "America/New_York 17:00"),
        ("America/New_York-3", "America/New_York 03:00"),
        ("Europe/Berlin+0", "Europe/Berlin"),
    ],
)
def test_the_clock_of_an_import_is_a_calendar(server: str, days: str) -> None:
    assert calendar_of(server) == calendar_of(days)


def test_what_is_explained_names_a_page_of_the_site() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"]["Documentation"] == SITE
    assert f"page    {SITE}/page/guides/troubleshooting.html#reject-margin" in str(
        remedies()["reject-margin"]
    )


def test_a_file_of_metatrader_4_has_no_spread(tmp_path: Path) -> None:
    file = tmp_path / "EURUSD60.csv"
    lines = [f"2024.01.02,{hour:02}:00,1.1,1.2,1.0,1.1,10" for hour in range(5)]
    file.write_text("\n".join(lines))
    bars = omega.read_candles(file, time_zone="UTC")
    assert bars.source == "metatrader4"
    assert any(note.startswith("no spread in the file") for note in bars.notes)


@pytest.mark.parametrize("kind", ["polars", "timed", "pandas"])
def test_a_frame_of_signals_has_a_column_for_each_symbol(kind: str) -> None:
    rows = range(SHARE.height)
    enter = pl.DataFrame({"A": [k % 10 == 0 for k in rows], "B": [k % 10 == 5 for k in rows]})
    leave = enter.select(A="B", B="A")
    data = {"A": SHARE, "B": SHARE}
    each = omega.Signals(long_entry=enter.to_dict(), long_exit=leave.to_dict())
    expected = omega.run_backtest(data, each)
    assert expected.trades.height == 12
    if kind == "timed":
        enter, leave = (one.insert_column(0, SHARE["time"]) for one in (enter, leave))
    tables = [one.to_pandas() if kind == "pandas" else one for one in (enter, leave)]
    found = omega.run_backtest(data, omega.Signals(long_entry=tables[0], long_exit=tables[1]))
    assert found.fingerprint == expected.fingerprint
