"""Higher timeframes: made from the candles or given, and seen when they are complete (TF1, TF2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega.data.timeframes import Timeframe, timeframe_jobs
from omega.errors import ConfigError
from tests.support import candles

START = candles.START
NEW_YORK = {"anchor": "17:00", "zone": "America/New_York"}


def seen(
    backend: str,
    data: Any,  # noqa: ANN401 - as of the run
    timeframes: Any,  # noqa: ANN401 - as of the run
    name: str,
    **settings: Any,  # noqa: ANN401 - as of the run
) -> dict[datetime, int]:
    """Give how many bars of a timeframe are complete, by the time of the step."""
    counts: list[int] = []

    def on_bar(bar: omega.Bar) -> None:
        try:
            counts.append(bar.tf(name).index + 1)
        except IndexError:
            counts.append(0)

    run = omega.run_backtest(data, on_bar, timeframes=timeframes, backend=backend, **settings)
    times = run.equity["time"].filter(run.equity["time"] >= run.metrics["first_decision"])
    return dict(zip(times, counts, strict=True))


def made(
    backend: str,
    data: Any,  # noqa: ANN401 - as of the run
    timeframes: Any,  # noqa: ANN401 - as of the run
    name: str,
) -> pl.DataFrame:
    """Give all complete bars of a timeframe as a strategy sees them."""
    bars: list[dict[str, Any]] = []

    def on_bar(bar: omega.Bar) -> None:
        try:
            one = bar.tf(name)
        except IndexError:
            return
        if len(bars) <= one.index:
            sides = {"bid": one.bid, "ask": one.ask}
            prices = {
                f"{side}_{price}": getattr(view, price)
                for side, view in sides.items()
                for price in ("open", "high", "low", "close")
            }
            bars.append({"time": one.time, **prices, "volume": one.volume, "fresh": one.fresh})

    omega.run_backtest(data, on_bar, timeframes=timeframes, backend=backend)
    return pl.DataFrame(bars)


def by_polars(data: pl.DataFrame, every: str, offset: str = "0m") -> pl.DataFrame:
    """Give what Polars makes of candles."""
    firsts = [pl.col(f"{side}_open").first() for side in ("bid", "ask")]
    highs = [pl.col(f"{side}_high").max() for side in ("bid", "ask")]
    lows = [pl.col(f"{side}_low").min() for side in ("bid", "ask")]
    lasts = [pl.col(f"{side}_close").last() for side in ("bid", "ask")]
    grouped = data.group_by_dynamic("time", every=every, offset=offset, start_by="window")
    return grouped.agg(*firsts, *highs, *lows, *lasts, pl.col("volume").sum())


def walk(bars: int, step: timedelta, seed: int = 3) -> pl.DataFrame:
    """Give a market that pauses: its steps are mostly one bar long, at times more, once days."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([1, 1, 1, 1, 2, 7, 45], bars)
    steps[bars // 2] = 3_000
    times = [START.replace(year=2023) + step * int(total) for total in np.cumsum(steps)]
    return candles.walk(bars, seed=seed).with_columns(
        time=pl.Series(times).cast(pl.Datetime("us", "UTC")),
        volume=pl.Series(rng.integers(1, 50, bars).astype(float)),
    )


@pytest.mark.parametrize(
    ("name", "every", "step"),
    [
        ("M5", "5m", timedelta(minutes=1)),
        ("M7", "7m", timedelta(minutes=1)),
        ("H1", "1h", timedelta(minutes=1)),
        ("H6", "6h", timedelta(minutes=5)),
        ("D1", "1d", timedelta(minutes=30)),
        ("D3", "3d", timedelta(minutes=30)),
        ("W1", "1w", timedelta(hours=1)),
    ],
)
def test_bars_are_those_that_polars_makes(
    backend: str, name: str, every: str, step: timedelta
) -> None:
    data = walk(2_000, step)
    found = made(backend, data, [name], name)
    expected = by_polars(data, every)[: found.height]
    assert found.height > 2
    assert found.drop("fresh").equals(expected.select(found.drop("fresh").columns))
    assert found["fresh"].all()


def test_a_bar_is_seen_when_its_end_is_reached_and_not_before(backend: str) -> None:
    """A gap hides the end of the second bar: it is seen with the next step."""
    minutes = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 16]
    data = candles.rising(len(minutes)).with_columns(
        time=pl.Series([START + timedelta(minutes=minute) for minute in minutes])
    )
    counts = seen(backend, data, "M5", "M5")
    at = {time.minute: count for time, count in counts.items()}
    assert at == {1: 0, 2: 0, 3: 0, 4: 0, 5: 1, 6: 1, 7: 1, 13: 2, 14: 2, 15: 3, 16: 3}


def test_the_session_follows_the_clocks_of_its_zone(backend: str) -> None:
    """New York moved its clocks on Sunday, 10 March 2024: that day had 23 hours."""
    times = [datetime(2024, 3, 7, 12, tzinfo=UTC) + timedelta(hours=k) for k in range(160)]
    data = candles.rising(len(times)).with_columns(time=pl.Series(times))
    found = made(backend, data, {"session": Timeframe("D1", **NEW_YORK)}, "session")
    begins = [time.isoformat(sep=" ", timespec="hours")[5:13] for time in found["time"]]
    assert begins == [
        "03-06 22", "03-07 22", "03-08 22", "03-09 22", "03-10 21", "03-11 21", "03-12 21",
    ]  # fmt: skip
    assert found["volume"].to_list()[3] == sum(range(10 + 48, 10 + 48 + 23))
    four = made(backend, data, [Timeframe("H4", **NEW_YORK)], "H4")
    assert [time.hour for time in four["time"]][10:25] == [
        2, 6, 10, 14, 18, 22, 2, 6, 10, 14, 18, 21, 1, 5, 9,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("timeframe", "begins"),
    [
        (Timeframe("W1"), ["2024-03-04 00", "2024-03-11 00", "2024-03-18 00"]),
        (Timeframe("W1", anchor="17:00"), ["2024-03-03 17", "2024-03-10 17", "2024-03-17 17"]),
        (Timeframe("W1", **NEW_YORK), ["2024-03-03 22", "2024-03-10 21", "2024-03-17 21"]),
        (Timeframe("D2", **NEW_YORK), ["2024-03-04 22", "2024-03-06 22", "2024-03-08 22"]),
        (Timeframe("W1", zone="Asia/Tokyo"), ["2024-03-03 15", "2024-03-10 15", "2024-03-17 15"]),
    ],
    ids=repr,
)
def test_weeks_begin_with_the_day_that_holds_mondays_first_moment(
    backend: str, timeframe: Timeframe, begins: list[str]
) -> None:
    times = [datetime(2024, 3, 5, tzinfo=UTC) + timedelta(hours=6 * k) for k in range(100)]
    data = candles.rising(len(times)).with_columns(time=pl.Series(times))
    found = made(backend, data, [timeframe], timeframe.name)["time"][:3]
    assert [time.isoformat(sep=" ", timespec="hours")[:13] for time in found] == begins


def test_a_table_is_seen_when_its_bars_have_lasted(backend: str) -> None:
    table = pl.DataFrame(
        {
            "time": [START + timedelta(minutes=minute) for minute in (-30, 0, 3, 10)],
            **{price: [1.0, 2.0, 3.0, 4.0] for price in ("open", "high", "low", "close")},
        }
    )
    counts = seen(backend, candles.rising(12), {"M5": table}, "M5")
    at = {time.minute: count for time, count in counts.items()}
    # The third bar opens before five minutes are over, and ends the second.
    assert at == {1: 1, 2: 1, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 3, 9: 3, 10: 3, 11: 3}


def test_a_timeframe_below_the_bars_shows_none_early(backend: str) -> None:
    """The half hour from 02:00 has one hourly bar, which is not over when A steps at 02:30."""
    hours = [START + timedelta(hours=k) for k in range(5)]
    data = {
        "A": candles.rising(4).with_columns(
            time=pl.Series([hours[0], hours[2], hours[2] + timedelta(minutes=30), hours[3]])
        ),
        "B": candles.rising(4).with_columns(time=pl.Series(hours[:4])),
    }
    counts: dict[int, int] = {}

    def on_bar(bar: omega.Bar) -> None:
        counts[len(counts)] = bar["B"].tf("M30").index

    omega.run_backtest(data, on_bar, timeframes=["M30"], start=hours[2], backend=backend)
    assert counts == {0: 1, 1: 1, 2: 2}


class Trend(omega.Strategy):
    """Looks at an average of a higher timeframe, of another symbol, and over it."""

    def init(self) -> None:
        self.hourly = self.sma(2, timeframe="M10", symbol="B")
        self.over = self.ema(2, source=self.hourly)
        self.range = self.column(pl.col("high") - pl.col("low"), timeframe="M10", symbol="B")
        self.lengths: list[int] = []

    def on_bar(self, bar: omega.Bar) -> None:
        higher = bar["B"].tf("M10")
        assert higher.index + 1 == len(self.hourly) == len(self.over) == len(self.range)
        assert self.hourly[-1] == (higher.close + higher.ago(1).close) / 2
        assert self.range[-1] == higher.high - higher.low
        assert repr(bar.tf("M10")["B"]) == repr(higher)
        self.lengths.append(len(self.hourly))


def test_an_indicator_lives_at_the_length_of_its_timeframe(backend: str) -> None:
    data = {"A": candles.rising(60), "B": candles.rising(60)}
    strategy = Trend()
    result = omega.run_backtest(data, strategy, timeframes=["M10"], backend=backend)
    first = result.metrics["first_decision"]
    assert first == START + timedelta(minutes=40), "two bars for each (L2)"
    assert result.equity["time"][0] == START
    assert result.strategy.lengths == [4] * 10 + [5] * 10


def test_names_that_are_not_there_are_told(backend: str) -> None:
    def look(bar: omega.Bar) -> None:
        with pytest.raises(KeyError, match="H1: this run has the timeframes M5, M10"):
            bar.tf("H1")
        if bar.index < 4:
            with pytest.raises(IndexError, match="no M5 bar of SYMBOL is complete yet"):
                bar.tf("M5")
        else:
            assert repr(bar.tf("M5")).startswith("<M5 bar ")
            assert repr(bar.tf("M5").ask).startswith("<ask of M5 bar ")
            assert bar.tf("M5").close_window(1).tolist() == [bar.tf("M5").close]

    data = candles.rising(12)
    omega.run_backtest(data, look, timeframes=("M5", "m10"), backend=backend)

    def bare(bar: omega.Bar) -> None:
        with pytest.raises(KeyError, match="H1: this run has no timeframes"):
            bar.tf("H1")

    omega.run_backtest(data, bare, backend=backend)


class Misplaced(omega.Strategy):
    """Declares an indicator where there is nothing."""

    wrong: str = ""

    def init(self) -> None:
        if self.wrong == "timeframe":
            self.sma(2, timeframe="H1")
        elif self.wrong == "symbol":
            self.sma(2, symbol="B")
        elif self.wrong == "both":
            self.sma(2, source=self.sma(2, timeframe="M5"), timeframe="M5")
        else:
            self.correlation(3, (self.sma(2), self.sma(2, timeframe="M5")))

    def on_bar(self, bar: omega.Bar) -> None:
        """Never called."""


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ("timeframe", "timeframe: given H1, expected one of M5"),
        ("symbol", "symbol: given B, expected one of SYMBOL"),
        ("both", "another indicator as its source, and a symbol or timeframe"),
        ("pair", r"source: given sma\(2\) of another symbol or timeframe"),
    ],
)
def test_an_indicator_needs_a_place(backend: str, wrong: str, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        omega.run_backtest(
            candles.rising(9), Misplaced(wrong=wrong), timeframes="M5", backend=backend
        )


@pytest.mark.parametrize(
    ("timeframes", "match"),
    [
        (["X1"], "Timeframe.name: given 'X1', expected M, H, D, W or MN and a whole number"),
        (["M0"], "given 'M0'"),
        ([5], "given 5"),
        (5, "timeframes: given 5, expected names"),
        (["H1", "h1"], "'H1' is given twice"),
        ({"H1": {"EURUSD": candles.rising(3)}}, "no table for SYMBOL; given EURUSD"),
        (
            {"H1": candles.rising(3).cast({"time": pl.Datetime("ms", "UTC")})},
            "of SYMBOL: its times are in ms",
        ),
    ],
)
def test_a_timeframe_that_cannot_be_is_refused(timeframes: object, match: str) -> None:
    given: Any = timeframes
    with pytest.raises(ConfigError, match=match):
        omega.run_backtest(candles.rising(9), lambda bar: None, timeframes=given)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ({"anchor": "25:00"}, "anchor: given '25:00', expected a time of day"),
        ({"zone": "Mars"}, "zone: given 'Mars', expected the name of a time zone"),
        ({"zone": ""}, "zone: given ''"),
        ({"zones": "UTC"}, "has no 'zones'. Did you mean 'zone'"),
        ({"name": "H36", "zone": "Asia/Tokyo"}, "given 'H36' with a zone"),
    ],
)
def test_a_session_that_cannot_be_is_refused(words: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        Timeframe(**{"name": "D1", **words})


def test_a_zone_that_left_out_a_day_has_no_bar_for_it() -> None:
    """Samoa skipped 30 December 2011."""
    first = int(datetime(2011, 12, 29, 12, tzinfo=UTC).timestamp())
    grid = Timeframe("D1", zone="Pacific/Apia").grid(first, first + 2 * 86_400, "s")
    assert not isinstance(grid, tuple)
    hours = (np.diff(grid) // 3_600).tolist()
    assert hours == [24] * len(hours)


def test_times_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected times from the year 2"):
        Timeframe("D1", zone="Asia/Tokyo").grid(-(2**62), 0, "s")


def test_mixed_timeframes_keep_their_order() -> None:
    store = omega.CandleStore(candles.rising(9))
    jobs = timeframe_jobs({"H1": None, "day": Timeframe("D1", **NEW_YORK), "M5": store}, [store])
    assert [job.name for job in jobs] == ["H1", "day", "M5"]
    assert [job.given is None for job in jobs] == [True, True, False]
    assert jobs[2].ends is not None
    assert jobs[2].ends[0][-1] == store.time_range()[1].timestamp() * 1e6 + 300 * 1_000_000
