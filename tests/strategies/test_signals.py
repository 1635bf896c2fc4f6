"""Signal columns: what they may be, both directions, and several symbols (E3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support import candles
from tests.support.signal_columns import walk

NAN = math.nan
SIDES: list[float | None] = [1.0, 0.0, -1.0, NAN, None, 2.0]
"""Long, none, short, none, none, long: one a bar."""


def entered(
    signals: omega.Signals,
    backend: str,
    data: Any = None,  # noqa: ANN401 - whatever a run takes
    **settings: Any,  # noqa: ANN401 - of a run
) -> list[tuple[str, str, int]]:
    """Symbol, direction and bar of each trade's decision, in order of entry."""
    data = candles.rising(8) if data is None else data
    trades = omega.run_backtest(data, signals, backend=backend, **settings).trades
    columns = trades.select("symbol", "direction", "entry_index").rows()
    return [(symbol, direction, index - 1) for symbol, direction, index in columns]


def of_bars(values: list[float | None]) -> pl.Series:
    """A column of eight bars, null after its values."""
    return pl.Series([*values, *[None] * (8 - len(values))], dtype=pl.Float64)


EACH = {"entry": True, "exit": True, "accumulate": True}
"""An entry on every bar, closed on the next."""


@pytest.mark.parametrize(
    "form",
    ["d", pl.col("d"), of_bars(SIDES), of_bars(SIDES).to_numpy(), lambda s: pl.col("d")],
    ids=["name", "expression", "series", "array", "function"],
)
def test_a_direction_is_whatever_an_entry_is(
    backend: str,
    form: Any,  # noqa: ANN401 - forms
) -> None:
    """E3: above 0 long, below 0 short; 0, NaN and null no entry."""
    data = candles.rising(8).with_columns(d=of_bars(SIDES))
    expected = [("SYMBOL", "long", 0), ("SYMBOL", "short", 2), ("SYMBOL", "long", 5)]
    assert entered(omega.Signals(**EACH, direction=form), backend, data) == expected
    # The same column is an entry with directions of its own.
    signs = omega.Signals(entry=form, exit=True, accumulate=True)
    assert entered(signs, backend, data) == expected


def test_a_direction_of_an_indicator_is_its_sign(backend: str) -> None:
    """E3, and the entry of a comparison with ==."""
    data = walk(2_000)
    trend: Callable[[Any], Any] = lambda s: s.supertrend(3).direction  # noqa: E731 - as users write
    both = omega.Signals(entry=True, direction=trend, reverse=True)
    turns = omega.Signals(
        long_entry=lambda s: trend(s) == 1, short_entry=lambda s: trend(s) == -1, reverse=True
    )
    above = omega.Signals(
        long_entry=lambda s: trend(s) > 0, short_entry=lambda s: trend(s) < 0, reverse=True
    )
    found = [entered(one, backend, data, start=10) for one in (both, turns, above)]
    assert len(found[0]) > 10
    assert found[0] == found[1] == found[2]


def test_long_and_short_have_columns_of_their_own(backend: str) -> None:
    """E3: a long exit leaves what is short; where both entries meet, none is taken."""
    data = candles.rising(9)
    signals = omega.Signals(
        long_entry=pl.Series([1, 1, 0, 0, 0, 1, 0, 0, 0]),
        short_entry=pl.Series([0, 1, 1, 0, 0, 1, 1, 0, 0]),
        long_exit=pl.Series([0, 0, 1, 0, 1, 0, 0, 0, 0]),
        short_exit=pl.Series([0, 0, 0, 1, 1, 0, 0, 0, 0]),
    )
    result = omega.run_backtest(data, signals, backend=backend)
    rows = result.trades.select("direction", "entry_index", "exit_index").rows()
    # Bar 0 buys, bar 1 has both and is held; bar 2 leaves and sells; bar 3 leaves; bar 6 sells.
    assert rows == [("long", 1, 3), ("short", 3, 4), ("short", 7, 8)]


def test_one_direction_of_both_is_closed(backend: str) -> None:
    """E3: with both directions open, each by its own exit, as orders of their own."""
    signals = omega.Signals(
        long_entry=pl.Series([1, 1, 0, 0, 0, 0]),
        short_entry=pl.Series([0, 0, 1, 0, 0, 0]),
        long_exit=pl.Series([0, 0, 0, 1, 0, 0]),
        accumulate=True,
    )
    result = omega.run_backtest(candles.rising(6), signals, backend=backend)
    rows = result.trades.select("direction", "entry_index", "exit_index", "exit_reason").rows()
    assert rows == [
        ("long", 1, 4, "signal"),
        ("long", 2, 4, "signal"),
        ("short", 3, 5, "end_of_data"),
    ]
    assert result.orders["side"].to_list() == ["buy", "buy", "sell", "sell", "sell"]


def two(bars: int = 12) -> dict[str, pl.DataFrame]:
    """Two symbols, of which the second has every other minute; both begin to signal at minute 4."""
    signs = [0.0] * 4 + [1.0, 0.0, -1.0, 0.0] * (bars // 4 - 1)
    first = candles.rising(bars).with_columns(d=pl.Series(signs))
    return {"A": first, "B": first.gather_every(2).with_columns(pl.col("d") * -1)}


def test_every_symbol_is_traded_by_its_own_columns(backend: str) -> None:
    """E3, X2: each bar is acted on once, when it is complete; B's last one never is."""
    signals = omega.Signals(entry="d", exit=True, accumulate=True)
    found = entered(signals, backend, two())
    of_a = [("A", "long", 4), ("A", "short", 6), ("A", "long", 8), ("A", "short", 10)]
    assert [one for one in found if one[0] == "A"] == of_a
    of_b = [("B", "short", 2), ("B", "long", 3), ("B", "short", 4)]
    assert [one for one in found if one[0] == "B"] == of_b


def test_symbols_in_one_table_have_their_rows(backend: str) -> None:
    """E3: a column beside `symbol` is each symbol's own."""
    table = pl.concat([frame.with_columns(symbol=pl.lit(name)) for name, frame in two().items()])
    signals = omega.Signals(entry="d", exit=True, accumulate=True)
    assert entered(signals, backend, table) == entered(signals, backend, two())


def test_columns_by_symbol_trade_those_that_are_named(backend: str) -> None:
    """E3: series, conditions and functions; a symbol without an entry is not traded."""
    sides = {"B": pl.Series([0, 0, 1, 0, -1, 0])}
    expected = [("B", "long", 2), ("B", "short", 4)]
    assert entered(omega.Signals(entry=sides, exit={"B": True}), backend, two()) == expected
    function = omega.Signals(
        long_entry={"B": lambda s: s.sma(1, source="d") > 0},
        short_entry=lambda s: s.sma(1, source="d") < 0,
        exit=True,
        accumulate=True,
    )
    names = {
        symbol for symbol, direction, _ in entered(function, backend, two()) if direction == "long"
    }
    assert names == {"B"}


def test_levels_and_sizes_are_of_the_symbol(backend: str) -> None:
    """E3: B closes at 100.5, 102.5 … and its stop stands 10 below."""
    signals = omega.Signals(
        entry={"B": pl.Series([0, 1, 0, 0, 0, 0])},
        direction="long",
        stop_loss=pl.col("close") - 10,
        take_profit=omega.Distance(20.0),
        size={"B": 3.0},
    )
    trades = omega.run_backtest(two(), signals, cash=1e6, backend=backend).trades
    (row,) = trades.select("symbol", "stop_loss", "take_profit", "lots").rows()
    assert row == ("B", 92.5, 122.5, 3.0)


def test_an_indicator_of_another_symbol_or_timeframe_may_decide(backend: str) -> None:
    """E3: what a column of other bars shows when the symbol's own bar is complete."""
    signals = omega.Signals(
        entry={"A": lambda s: s.sma(1, symbol="B", source="d")},
        exit=True,
        accumulate=True,
    )
    found = entered(signals, backend, two())
    assert [(direction, bar) for _, direction, bar in found[:3]] == [
        ("short", 5),
        ("short", 6),
        ("long", 7),
    ]
    slower = omega.Signals(
        entry=lambda s: s.sma(1, timeframe="M5") - 104,
        stop_loss=lambda s: s.sma(1, timeframe="M5") - 1,
    )
    found = entered(slower, backend, candles.rising(12), timeframes=("M5",))
    assert found == [("SYMBOL", "long", 4)]


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({}, "none of them"),
        ({"entry": True, "long_entry": True}, "both"),
        ({"long_entry": True, "direction": "long"}, "direction"),
        ({"entry": True, "direction": lambda s: s.sma(1) > 3}, "a condition"),
        ({"entry": {"C": True}}, "'C' is no symbol"),
        ({"entry": pl.Series([1.0] * 8)}, "Series in a run of 2 symbols"),
        ({"entry": np.ones(8)}, "ndarray in a run of 2 symbols"),
        ({"entry": object()}, "Signals.entry: given <object"),
        ({"entry": "up"}, "'up': neither"),
        (
            {"entry": {"A": np.array(["2024-01-01"] * 8, "datetime64[s]")}},
            r"array of datetime64\[s\]",
        ),
    ],
)
def test_what_is_no_column_is_refused(backend: str, columns: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        omega.run_backtest(two(), omega.Signals(**columns), backend=backend)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_a_series_of_pandas_has_the_times_of_the_candles(backend: str, zone: str | None) -> None:
    data = candles.rising(8, zone=zone).to_pandas()
    entry = pd.Series([False, True] * 4, index=pd.DatetimeIndex(data["time"]))
    places = pd.Series(entry.to_numpy())

    def made(given: Any) -> omega.BacktestResult:  # noqa: ANN401 - any column
        return omega.run_backtest(data, omega.Signals(long_entry=given), backend=backend)

    assert made(entry).fingerprint == made(places).fingerprint
    for other in (entry[::-1], entry.shift(freq="365D")):
        first = other.index[0].strftime("%Y-%m-%d %H:%M")
        match = rf"Signals.long_entry: given a series of pandas whose row 0 is dated {first}"
        with pytest.raises(ConfigError, match=match):
            made(other)
        with pytest.raises(ConfigError, match="row 0 is dated"):
            made(lambda s, other=other: s.column(other) > 0)
        with pytest.raises(ConfigError, match="row 0 is dated"):
            made(lambda s, other=other: s.sma(2) > other.astype(float))
        assert made(other.to_numpy()).orders.height


def test_each_symbol_has_the_times_of_its_candles() -> None:
    data = two()
    index = {name: pd.DatetimeIndex(one["time"].to_pandas()) for name, one in data.items()}
    columns = {name: pd.Series(data[name]["d"].to_list(), index=one) for name, one in index.items()}
    assert entered(omega.Signals(entry=columns), "rust", data)
    columns["B"] = pd.Series(data["B"]["d"].to_list(), index=index["A"][: len(index["B"])])
    with pytest.raises(ConfigError, match=r"row 1 is dated .*00:01.*bar 1 .*00:02"):
        entered(omega.Signals(entry=columns), "rust", data)


@pytest.mark.parametrize("percent", [2, pl.lit(2.0), np.full(8, 2.0), lambda _: 2.0])
def test_percents_are_of_the_close_of_the_bar(
    backend: str,
    percent: Any,  # noqa: ANN401 - any column
) -> None:
    levels: dict[str, Any] = {"stop_loss": omega.Distance.percent(percent)}
    close = pl.col("close")
    same: dict[str, Any] = {"stop_loss": omega.Distance(close * 0.02)}
    data = candles.rising(8)
    first, second = (
        omega.run_backtest(data, omega.Signals(entry=True, **one), backend=backend)
        for one in (levels, same)
    )
    assert first.fingerprint == second.fingerprint
    assert first.trades["stop_loss"][0] == pytest.approx(100.5 * 0.98)


def test_percents_of_an_indicator_are_refused() -> None:
    signals = omega.Signals(entry=True, stop_loss=omega.Distance.percent(lambda s: s.sma(2)))
    with pytest.raises(ConfigError, match="expected a number or a column as percents"):
        omega.run_backtest(candles.rising(8), signals)


def test_several_symbols_can_be_swept() -> None:
    """One row a length, each that of a run alone."""

    def of(length: int) -> omega.Signals:
        return omega.Signals(
            long_entry=lambda s: s.sma(length, source="d") > 0, exit=True, warmup=length
        )

    swept = omega.sweep(two(40), of, {"length": [1, 3]}, fingerprint=True, progress=False)
    alone = [omega.run_backtest(two(40), of(length)).fingerprint for length in (1, 3)]
    assert swept.to_polars()["fingerprint"].to_list() == alone
