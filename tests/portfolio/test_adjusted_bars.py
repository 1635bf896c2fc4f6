"""Higher timeframes of symbols with events (A3, TF1): in prices of their end, as of now."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.dated_runs import days

each_backend = pytest.mark.parametrize("backend", BACKENDS)

# Two weeks from Monday to Sunday and a bit; 2:1 on the second Thursday and on the third.
CLOSES = [30.0 + k for k in range(10)] + [20.0 + k for k in range(7)] + [13.0 + k for k in range(6)]
DATA = days(CLOSES, volume=[100.0] * len(CLOSES))
SPLITS = omega.Events(
    splits=[{"date": "2024-01-11", "ratio": 2}, {"date": "2024-01-18", "ratio": 2}]
)


def seen(
    strategy: omega.Strategy | omega.Signals,
    backend: str,
    data: Any = DATA,  # noqa: ANN401 - as run_backtest takes it
    **given: Any,  # noqa: ANN401 - as run_backtest takes them
) -> Any:  # noqa: ANN401 - a result whose strategy has notes
    """Run over weeks and splits."""
    own: dict[str, Any] = {"timeframes": ("W1",), "events": SPLITS, "backend": backend} | given
    return omega.run_backtest(data, strategy, **own)


class Weekly(omega.Strategy):
    """Notes the newest week by the number of the bar."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[int, Any] = {}

    def init(self) -> None:
        self.mean = self.sma(1, timeframe="W1")
        self.strength = self.roc(1, timeframe="W1")
        self.own = self.column(pl.col("adjusted_close"), "own", timeframe="W1")

    def on_bar(self, bar: omega.Bar) -> None:
        week = bar.tf("W1")
        self.notes[bar.index] = (
            (week.open, week.high, week.low, week.close, week.volume),
            week.close_window(week.index + 1).tolist(),
            (self.mean[-1], self.mean.ago(0), self.mean.window(1).tolist()),
            (self.strength[-1], self.own[-1]),
        )


@each_backend
def test_a_week_is_in_prices_of_its_end_and_shown_as_of_now(backend: str) -> None:
    strategy = Weekly()
    ran = seen(strategy, backend).strategy
    # The second week went from 37 to 39, and after the split from 20 to 23: in its last prices from
    # 18.5 to 19.5, and from 20 to 23. 3 days of 200 new shares and 4 of 100. The first one closed
    # at 36, which is 18.
    assert ran.notes[13] == (
        (18.5, 23.0, 18.5, 23.0, 1000.0),
        [18.0, 23.0],
        (23.0, 23.0, [23.0]),
        (pytest.approx(500 / 18), 46.0),
    )
    # From the split of the third Thursday on it is halved, though that week is not over.
    assert ran.notes[16][0] == ran.notes[13][0]
    assert ran.notes[17][:3] == (
        (9.25, 11.5, 9.25, 11.5, 2000.0),
        [9.0, 11.5],
        (11.5, 11.5, [11.5]),
    )
    assert ran.notes[20][1] == [9.0, 11.5, 16.0]


@each_backend
def test_dividends_and_rolls(backend: str) -> None:
    class Looks(omega.Strategy):
        def init(self) -> None:
            self.notes: list[Any] = []
            self.sma(1, timeframe="W1")

        def on_bar(self, bar: omega.Bar) -> None:
            self.notes.append((bar.index, bar.tf("W1").open, bar.tf("W1").close))

    closes = [40.0] * 10 + [38.0] * 11
    paid = omega.Events(dividends=[{"date": "2024-01-11", "amount": 2.0}])
    ran = seen(Looks(), backend, days(closes), events=paid).strategy
    # The week before: 40 and 40, until the dividend of 2, which makes 38 of them.
    assert ran.notes[0] == (6, 40.0, 40.0)
    assert ran.notes[3] == (9, 40.0, 40.0)
    assert ran.notes[4] == (10, pytest.approx(38.0), pytest.approx(38.0))
    assert ran.notes[7] == (13, pytest.approx(38.0), pytest.approx(38.0))
    for adjust in ("difference", "ratio"):
        rolls = [{"time": "2024-01-11", "bid": 40.0, "adjust": adjust}]
        ran = seen(Looks(), backend, days(closes), events=omega.Events(rolls=rolls)).strategy
        for note, price in ((3, 40.0), (4, 38.0), (7, 38.0)):
            assert ran.notes[note][1:] == (pytest.approx(price), pytest.approx(price))


@each_backend
def test_times_in_seconds_are_those_of_the_candles(backend: str) -> None:
    """A frame of Polars has no seconds, which Arrow has."""

    class Looks(omega.Strategy):
        def init(self) -> None:
            self.notes: list[Any] = []
            self.mean = self.sma(1, timeframe="W1")

        def on_bar(self, bar: omega.Bar) -> None:
            week = bar.tf("W1")
            self.notes.append((bar.time, week.time, week.close, self.mean[-1]))

    table = DATA.to_arrow()
    kind = pa.timestamp("s", getattr(DATA.schema["time"], "time_zone", None))
    table = table.set_column(0, "time", table["time"].cast(kind))
    notes = seen(Looks(), backend, table).strategy.notes
    assert notes == seen(Looks(), backend).strategy.notes
    assert notes[-1][1].year == 2024


@each_backend
def test_what_is_in_prices_of_a_longer_bar_is_no_condition(backend: str) -> None:
    def of(**given: Any) -> omega.Signals:  # noqa: ANN401 - as Signals takes them
        return omega.Signals(direction="long", **given)

    with pytest.raises(ConfigError, match="Compare them in on_bar"):
        seen(of(entry=lambda own: own.sma(1, timeframe="W1") > own.sma(1)), backend)
    with pytest.raises(ConfigError, match="Compare them in on_bar"):
        seen(of(entry=lambda own: own.sma(1, timeframe="W1") > 20), backend)
    levels = {"entry": True, "stop_loss": lambda own: own.sma(1, timeframe="W1")}
    with pytest.raises(ConfigError, match="Compare them in on_bar"):
        seen(of(**levels), backend)
    found = [
        seen(of(entry=lambda own: own.roc(1, timeframe="W1") > 0), backend),
        seen(
            of(entry=lambda own: own.sma(1, timeframe="W1") > own.sma(2, timeframe="W1")), backend
        ),
    ]
    assert all(one.trades.height for one in found)


@each_backend
def test_a_table_of_longer_bars_is_refused(backend: str) -> None:
    weeks = {"W1": DATA.gather_every(7)}
    with pytest.raises(ConfigError, match="given a table for SYMBOL, which has splits"):
        seen(Weekly(), backend, timeframes=weeks)


class Everything(omega.Strategy):
    """Notes all bars of all symbols on both timeframes, and buys and sells."""

    def init(self) -> None:
        self.notes: list[Any] = []
        self.means = {name: self.sma(2, timeframe="D3", symbol=name) for name in ("A", "B")}
        self.ranges = {name: self.atr(1, timeframe="D3", symbol=name) for name in ("A", "B")}

    def on_bar(self, bar: omega.Bar) -> None:
        for name in bar.symbols:
            own, longer = bar[name], bar[name].tf("D3")
            until = longer.index + 1
            windows = [
                getattr(longer, f"{price}_window")(until).tolist()
                for price in ("open", "high", "low", "close", "volume")
            ]
            base = [
                getattr(own, f"{price}_window")(own.index + 1).tolist()
                for price in ("open", "high", "low", "close", "volume")
            ]
            shown = self.means[name][-1], self.ranges[name].window(1).tolist()
            self.notes.append((bar.index, name, windows, base, shown, longer.ask.close))
        if bar.index % 5 == 0:
            self.buy(symbol=bar.symbols[bar.index % len(bar.symbols)], size=1)


PRICE = st.integers(80, 240).map(lambda eighths: eighths / 8)
EVENT = st.tuples(
    st.sampled_from(["A", "B"]),
    st.sampled_from(["split", "dividend"]),
    st.integers(2, 23),
    st.sampled_from([2.0, 0.5, 1.5, 3.0]),
)


@settings(deadline=None)
@given(
    closes=st.tuples(*[st.lists(PRICE, min_size=24, max_size=24)] * 2),
    events=st.lists(EVENT, max_size=5, unique_by=lambda one: one[:3]),
    missing=st.sets(st.integers(0, 23), max_size=8),
)
def test_longer_bars_are_made_of_the_bars_below_as_of_now(
    closes: tuple[list[float], list[float]], events: list[Any], missing: set[int]
) -> None:
    """On both backends alike, and what is seen over a part of the data is what is seen over all."""
    first = days(closes[0], volume=[8.0 * k for k in range(1, 25)])
    second = days(closes[1], volume=[4.0] * 24)
    data = {"A": first, "B": second.filter(~pl.int_range(pl.len()).is_in(list(missing)))}
    if data["B"].height < 10:
        return
    dates = first["time"].dt.date()
    own = omega.Events(
        splits=[
            {"symbol": name, "date": dates[at], "ratio": ratio}
            for name, kind, at, ratio in events
            if kind == "split"
        ],
        dividends=[
            {"symbol": name, "date": dates[at], "amount": ratio / 4}
            for name, kind, at, ratio in events
            if kind == "dividend"
        ],
    )
    words: dict[str, Any] = {"timeframes": ("D3",), "events": own, "data": data}
    ran = [seen(Everything(), backend, **words) for backend in BACKENDS]
    assert len({one.fingerprint for one in ran}) == 1
    notes = [one.strategy.notes for one in ran]
    assert all(repr(one) == repr(notes[0]) for one in notes)
    cut = {name: frame.filter(pl.col("time") < first["time"][20]) for name, frame in data.items()}
    part = seen(Everything(), BACKENDS[0], **{**words, "data": cut}).strategy.notes
    assert repr(notes[0][: len(part)]) == repr(part)
    for _, name, windows, base, *_ in notes[0]:
        times = data[name]["time"].dt.date().to_physical()
        groups = [
            [k for k in range(len(base[0])) if times[k] // 3 == d]
            for d in dict.fromkeys(times // 3)
        ]
        for place, rows in enumerate(groups[: len(windows[0])]):
            below = [[column[k] for k in rows] for column in base]
            made = (below[0][0], max(below[1]), min(below[2]), below[3][-1], sum(below[4]))
            assert [column[place] for column in windows] == pytest.approx(made, rel=1e-12)


def test_a_strategy_that_looks_at_weeks_passes_the_check_for_looking_ahead() -> None:
    class Buys(omega.Strategy):
        def init(self) -> None:
            self.sma(1, timeframe="W1")

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.close > bar.tf("W1").close:
                self.buy(size=1)

    report = omega.check_lookahead(Buys(), DATA, events=SPLITS, timeframes=("W1",), exhaustive=True)
    assert report.clean
