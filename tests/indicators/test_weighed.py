"""Prices weighed by volume since a period or an anchor, and levels, against Polars' groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

import omega
from tests.support import candles

Floats = npt.NDArray[np.float64]
BARS = 700
HOURS = pl.datetime_range(
    pl.datetime(2023, 11, 27), pl.datetime(2023, 11, 27) + pl.duration(hours=5) * (BARS - 1),
    interval="5h", eager=True,
)  # fmt: skip
DATA = candles.walk(BARS, seed=9, chunks=3).with_columns(
    time=HOURS.dt.cast_time_unit("us"), volume=np.arange(float(BARS)) % 7
)
TYPICAL = (pl.col("bid_high") + pl.col("bid_low") + pl.col("bid_close")) / 3


def outputs(
    declare: Callable[[Any], Any],
    backend: str,
    **settings: Any,  # noqa: ANN401 - of a run
) -> list[Floats]:
    found: list[Floats] = []

    class Looking(omega.Strategy):
        def init(self) -> None:
            declared = declare(self)
            self.views = declared if isinstance(declared, tuple) else (declared,)

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == BARS - 2:
                found.extend(view.window(bar.index + 1) for view in self.views)

    omega.run_backtest(DATA, Looking, backend=backend, **settings)
    return found


def same(found: Floats, expected: pl.Series) -> None:
    wanted = expected.fill_null(np.nan).to_numpy()[: len(found)]
    assert np.isnan(found).tolist() == np.isnan(wanted).tolist()
    assert np.allclose(found, wanted, rtol=1e-9, equal_nan=True)


def weighed(group: pl.Expr) -> pl.Series:
    money = (TYPICAL * pl.col("volume")).cum_sum().over(group)
    return DATA.select(money / pl.col("volume").cum_sum().over(group)).to_series()


PERIODS = {
    "day": pl.col("time").dt.date(),
    "week": pl.col("time").dt.truncate("1w"),
    "month": pl.col("time").dt.truncate("1mo"),
    "quarter": pl.col("time").dt.truncate("1q"),
    "year": pl.col("time").dt.year(),
}


@pytest.mark.parametrize("period", PERIODS)
def test_a_mean_begins_with_its_period(period: str, backend: str) -> None:
    found = outputs(lambda s: s.vwap(since=period), backend)
    same(found[0], weighed(PERIODS[period]))


def test_a_day_is_that_of_the_calendar(backend: str) -> None:
    """A day of New York begins at 17:00 there, 22:00 UTC in winter."""
    found = outputs(lambda s: s.vwap(), backend, calendar=omega.calendars.FX, start="2023-11-27")
    rows = DATA.with_columns(pl.col("time").dt.offset_by("2h"))["time"].dt.date()
    expected = weighed(pl.lit(rows))
    kept = int(DATA.select(pl.col("time").dt.date() < pl.date(2024, 3, 9)).sum().item())
    same(found[0][:kept], expected[:kept])


def test_a_mean_begins_with_each_anchor(backend: str) -> None:
    """An expression, a column of the data's own and an indicator are anchors."""
    anchors = pl.int_range(pl.len()) % 50 == 20
    group = (pl.int_range(pl.len()) - 20).floordiv(50)
    expected = DATA.select(
        pl.when(pl.int_range(pl.len()) >= 20).then(pl.lit(weighed(group)))
    ).to_series()
    for declare in (
        lambda s: s.anchored_vwap(anchors.cast(pl.Float64)),
        lambda s: s.anchored_vwap(DATA.select(anchors.cast(pl.Float64)).to_series()),
        lambda s: s.anchored_vwap(s.column(anchors.cast(pl.Float64)), s.typical_price()),
    ):
        same(outputs(declare, backend)[0], expected)


@pytest.mark.parametrize("kind", ["classic", "fibonacci", "camarilla", "woodie", "demark"])
@pytest.mark.parametrize("period", ["day", "month"])
def test_levels_are_those_of_the_period_before(kind: str, period: str, backend: str) -> None:
    found = outputs(lambda s: s.pivots(kind, period), backend)
    of = DATA.group_by(PERIODS[period].alias("group"), maintain_order=True).agg(
        o=pl.col("bid_open").first(), h=pl.col("bid_high").max(), l=pl.col("bid_low").min(),
        c=pl.col("bid_close").last(),
    )  # fmt: skip
    o, h, low, c = (pl.col(name) for name in "ohlc")
    twice = pl.when(c < o).then(low).when(c > o).then(h).otherwise(c)
    pivot = {
        "woodie": (h + low + 2 * o.shift(-1)) / 4,  # of the period that is to come
        "demark": (h + low + c + twice) / 4,
    }.get(kind, (h + low + c) / 3)
    span, none = h - low, pl.lit(None, pl.Float64)
    classic = [
        2 * pivot - low, pivot + span, h + 2 * (pivot - low),
        2 * pivot - h, pivot - span, low - 2 * (h - pivot),
    ]  # fmt: skip
    levels = {
        "classic": classic,
        "woodie": classic,
        "demark": [classic[0], none, none, classic[3], none, none],
        "fibonacci": [pivot + step * span for step in (0.382, 0.618, 1, -0.382, -0.618, -1)],
        "camarilla": [c + span * 1.1 / step for step in (12, 6, 4, -12, -6, -4)],
    }[kind]  # fmt: skip
    before = of.select("group", *(
        level.shift(1).alias(f"{place}") for place, level in enumerate([pivot, *levels])
    ))  # fmt: skip
    joined = DATA.select(PERIODS[period].alias("group")).join(
        before, on="group", how="left", maintain_order="left"
    )
    for place, values in enumerate(found):
        same(values, joined[f"{place}"])


@pytest.mark.parametrize(("kind", "opened", "expected"), [
    ("classic", 10.0, (10.5, 12.0, 9.0)),
    ("woodie", 10.0, (10.75, 12.5, 9.5)),  # (12 + 9 + 2 * 11) / 4, by the second day's open
    ("demark", 10.0, (10.875, 12.75, 9.75)),  # 2 * 12 + 9 + 10.5 = 43.5, closed above its open
    ("demark", 11.0, (10.125, 11.25, 8.25)),  # 12 + 2 * 9 + 10.5 = 40.5, below
    ("demark", 10.5, (10.5, 12.0, 9.0)),  # 12 + 9 + 2 * 10.5 = 42, at it
])  # fmt: skip
def test_levels_are_those_worked_out_by_hand(
    kind: str, opened: float, expected: tuple[float, ...], backend: str
) -> None:
    hours = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 3), "12h", closed="left", eager=True
    )
    data = pl.DataFrame(
        {
            "time": hours,
            "open": [opened, 11.5, 11.0, 11.2],
            "high": [12.0, 11.8, 11.5, 11.5],
            "low": [9.5, 9.0, 10.8, 11.0],
            "close": [11.5, 10.5, 11.2, 11.3],
        }
    )
    seen: list[tuple[float, ...]] = []

    class Looking(omega.Strategy):
        def init(self) -> None:
            self.levels = self.pivots(kind)

        def on_bar(self, bar: omega.Bar) -> None:
            seen.append(tuple(line[-1] for line in self.levels))

    omega.run_backtest(data, Looking, backend=backend)
    assert (seen[-1][0], seen[-1][1], seen[-1][4]) == expected
    rest = [seen[-1][place] for place in (2, 3, 5, 6)]
    assert all(np.isnan(rest) if kind == "demark" else np.isfinite(rest))


def test_a_window_and_a_period_are_one_too_many(backend: str) -> None:
    with pytest.raises(omega.ConfigError, match="vwap: given window 5 and since 'week'"):
        outputs(lambda s: s.vwap(5, "week"), backend)
    with pytest.raises(omega.ConfigError, match="expected three columns or indicators"):
        outputs(lambda s: s.indicator("anchored_vwap"), backend)
