"""Slices show the candles up to now, and nothing after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk

every_backend = pytest.mark.parametrize("backend", BACKENDS)


def watched(look: Any, data: Any, *, backend: str, **more: Any) -> omega.EventEngine:
    """Run a strategy that does nothing but look."""
    strategy = type("Looks", (), {"evaluate": lambda _self, i, s: look(i, s)})()
    components = (omega.ExecutionSimulator(), omega.Portfolio())
    if isinstance(data, dict):
        made: omega.EventEngine = omega.CrossSymbolEventEngine(
            data, strategy, *components, backend=backend, **more
        )
    else:
        made = omega.EventEngine(data, None, strategy, *components, backend=backend, **more)
    made.run()
    return made


@every_backend
def test_candles_columns_and_histories_end_at_now(backend: str) -> None:
    data = walk(200, chunks=3)
    closes, asks = data["bid_close"].to_numpy(), data["ask_high"].to_numpy()

    def look(index: int, slices: Any) -> None:
        own = slices["SYMBOL"]
        assert own.index == index
        assert own.latest(None, "bid").close == closes[index]
        assert own.latest(side="ask").high == asks[index]
        assert own.latest().timestamp == own.latest(None, "bid").timestamp
        series = own.series(None, "bid")
        assert len(series) == index + 1
        assert np.array_equal(series.close, closes[: index + 1])
        assert series[-1].close == closes[index]
        assert series[0].close == closes[0]
        history = own.history(None, "ask", 5)
        assert [candle.high for candle in history] == list(asks[max(index - 4, 0) : index + 1])
        assert np.array_equal(history.high, asks[max(index - 4, 0) : index + 1])
        assert len(history[1:]) == len(history) - 1
        for future in (index + 1, -index - 2):
            with pytest.raises(IndexError, match="the future is not there"):
                series[future]
        with pytest.raises(IndexError, match="the future is not there"):
            own.set_index(index + 1)

    watched(look, data, backend=backend)


@every_backend
def test_a_slice_that_was_set_back_shows_what_was_known_then(backend: str) -> None:
    shown: dict[int, tuple[Any, ...]] = {}

    def what(own: Any) -> tuple[Any, ...]:
        try:
            higher = own.latest("M5", "bid").close
        except IndexError:
            higher = None
        return own.index, own.latest(None, "ask").close, higher, len(own.series("M5"))

    def look(index: int, slices: Any) -> None:
        own = slices["SYMBOL"]
        shown[index], newest = what(own), own.latest().time
        time = own.series()[max(index - 3, 0)].timestamp
        assert shown[index][0] == index  # set back the step before, and at now again
        for back in (index, index - 1, index - 7, 0):
            if back >= 0:
                own.set_index(back)
                assert what(own) == shown[back]
        slices.set_timestamp(time)
        if index > 3:
            assert what(own) == shown[index - 4]  # at its open a bar is not complete
        with pytest.raises(IndexError, match="the future is not there"):
            slices.set_timestamp(newest + timedelta(days=2))

    watched(look, walk(60), backend=backend, multi_candle_data=("M5",))


@every_backend
def test_higher_timeframes_are_given_by_side_and_named_by_the_strategy(backend: str) -> None:
    data = rising(40)
    hours = data[::10].with_columns(close=pl.col("close") + 0.25)
    sides = {"bid": hours, "ask": hours}

    class Looks:
        seen: list[tuple[int, float]] = []  # noqa: RUF012 - of one test

        def get_primary_timeframe(self) -> str:
            return "M1"

        def evaluate(self, index: int, slices: Any) -> None:
            own = slices["SYMBOL"]
            assert own.latest("M1", "bid").close == own.latest().close
            assert own["M1"]["ask"][-1].close == own["M1"].latest("ask").close
            if len(own.series("M10")):
                self.seen.append((index, own["M10"].latest("bid").close))
            with pytest.raises(KeyError, match="H7: SYMBOL has the timeframes M10, M1"):
                own.latest("H7")

    omega.EventEngine(
        data, None, Looks(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend,
        multi_candle_data={"M10": sides, "M1": {"bid": data, "ask": data}},
    ).run()  # fmt: skip
    assert Looks.seen[0] == (9, 100.75)
    assert Looks.seen[10] == (19, 110.75)
    Looks.seen.clear()


@every_backend
def test_slices_of_several_symbols_have_their_own_clocks(backend: str) -> None:
    data = {"AAA": rising(40), "BBB": rising(40)[::4]}
    shown: list[tuple[int, int]] = []

    def look(index: int, slices: Any) -> None:
        assert list(slices) == list(slices.keys()) == ["AAA", "BBB"]
        assert len(slices) == 2
        assert slices.slices["AAA"] is slices["AAA"]
        shown.append((slices["AAA"].index, slices["BBB"].index))
        late = slices.get("BBB", "bid")
        assert (late is None) == (slices["BBB"].index < 0)
        with pytest.raises(KeyError, match="CCC: no symbol of this run"):
            slices["CCC"]

    watched(look, data, backend=backend)
    # The hand's count: a bar of four minutes is over when the next one opens.
    assert shown == [(k, (k + 1) // 4 - 1) for k in range(39)]


@every_backend
def test_a_time_gone_back_to_shows_what_its_step_showed(backend: str) -> None:
    gaps = [0, 5, 10, 15, 30, 35, 50, 52, 60, 70]
    data = {"AAA": rising(75)[3::2], "BBB": rising(75)[gaps]}
    shown: dict[int, tuple[int, ...]] = {}

    def what(slices: Any) -> tuple[int, ...]:
        lengths = [len(own.series(name)) for own in slices.values() for name in (None, "M10")]
        return (*lengths, *(own.index for own in slices.values()))

    def look(_index: int, slices: Any) -> None:
        now = slices["AAA"]._base.now  # noqa: SLF001 - a test may see the clock
        shown[now] = what(slices)
        for time, seen in shown.items():
            slices.set_timestamp(time)
            assert what(slices) == seen

    watched(look, data, backend=backend, timeframes=("M10",))
    assert len(shown) > 35


@every_backend
def test_indicators_of_a_slice_are_those_of_its_symbol(backend: str) -> None:
    data = {"AAA": walk(80, seed=3), "BBB": walk(80, seed=4)}
    means = data["BBB"]["bid_close"].rolling_mean(10).to_list()
    seen = 0

    def look(_index: int, slices: Any) -> None:
        nonlocal seen
        own = slices["BBB"]
        value = own.indicators.sma(10)[-1]
        smooth = own.indicators.ema(3, source=own.indicators.sma(10))
        assert smooth is own.indicators.ema(3, source=own.indicators.sma(10))
        if own.index >= 9:
            assert value == pytest.approx(means[own.index], rel=1e-12)
            seen += 1
        else:
            assert np.isnan(value)

    watched(look, data, backend=backend)
    assert seen == 70


@every_backend
def test_the_calls_of_older_slices_are_there_by_name_and_by_place(backend: str) -> None:
    data = {"AAA": rising(20), "BBB": rising(20).with_columns(close=pl.col("close") + 0.25)}
    times = rising(20)["time"]

    class Older:
        seen = 0

        def get_primary_timeframe(self) -> str:
            return "M1"

        def evaluate(self, index: int, slices: Any) -> None:
            assert list(slices) == list(slices.keys()) == [*slices.slices] == ["AAA", "BBB"]
            assert len(slices) == 2
            assert slices.get("BBB", "ask").close == 100.75 + index
            own = slices["BBB"]
            for latest in (own.latest("M1", "bid"), own["M1"].latest("bid"), own["M1"]["bid"][-1]):
                assert (latest.open, latest.close) == (100.0 + index, 100.75 + index)
            closes = [100.75 + k for k in range(index + 1)]
            assert [candle.close for candle in own.history("M1", "bid", 3)] == closes[-3:]
            assert own.series("M1", "ask").close.tolist() == closes
            assert own.indicators.sma(1)[-1] == closes[-1]
            if index > 4:
                own.set_index(2)
                assert (own.index, own.latest("M1", "bid").close) == (2, 102.75)
                slices.set_timestamp(times[4])
                assert own.index == slices["AAA"].index == 3
            self.seen += 1

    strategy = Older()
    omega.CrossSymbolEventEngine(
        data, strategy, omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    ).run()
    assert strategy.seen == 19


@every_backend
def test_times_of_components_are_integers_and_the_engine_knows_the_moment(backend: str) -> None:
    seen: list[Any] = []

    class Keeps(omega.Portfolio):
        def attach_engine(self, engine: Any) -> None:
            super().attach_engine(engine)
            self.engine = engine

        def update(self, time: int) -> None:
            newest = self.engine.slices["SYMBOL"].latest(None, "bid")
            moments = (newest.time, self.engine.moment(time))
            seen.append((time, newest.timestamp, *moments))
            super().update(time)

    for zone in ("UTC", "America/New_York", None):
        data = rising(6, zone=zone)
        seen.clear()
        omega.EventEngine(
            data, None, Plain(), omega.ExecutionSimulator(), Keeps(), backend=backend
        ).run()
        assert len(seen) == 5
        for (time, stamp, shown, moment), unit, opened in zip(
            seen, data["time"].to_physical()[1:], data["time"][1:], strict=True
        ):
            assert time == stamp == unit
            assert shown.replace(tzinfo=None) == opened.replace(tzinfo=None)
            assert moment.utcoffset() == (shown.utcoffset() if zone else timedelta(0))
            assert moment.replace(tzinfo=None) == opened.replace(tzinfo=None)


class Plain:
    def evaluate(self, index: int, slices: Any) -> None:
        return None


@every_backend
def test_words_that_name_nothing_are_refused(backend: str) -> None:
    def look(_index: int, slices: Any) -> None:
        own = slices["SYMBOL"]
        with pytest.raises(omega.ConfigError, match="side: given 'mid'"):
            own.latest(None, "mid")
        with pytest.raises(omega.ConfigError, match="history: given length 0"):
            own.history(None, "bid", 0)
        with pytest.raises(KeyError, match="H1: SYMBOL has no timeframes"):
            own["H1"]
        with pytest.raises(IndexError, match="a slice of step 2"):
            own.series()[::2]

    watched(look, walk(5), backend=backend)


@every_backend
def test_candles_say_where_they_are(backend: str) -> None:
    data = walk(9)

    def look(index: int, slices: Any) -> None:
        candle = slices["SYMBOL"].latest(None, "bid")
        assert (candle.index, candle.symbol) == (index, "SYMBOL")
        assert candle.time == data["time"][index]
        assert candle.timestamp == data["time"].to_physical()[index]
        assert candle.volume == data["volume"][index]

    watched(look, data, backend=backend)
