"""Where windows lie: in bars, and by the calendar (WF2, T4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.forward.layout import Layout
from omega.forward.timeline import Timeline

moment = datetime.fromisoformat


def timeline(frame: pl.DataFrame, calendar: str | None = None) -> Timeline:
    return Timeline.of(omega.CandleStore(frame), calendar, "union", 2)


def flat(times: pl.Series) -> pl.DataFrame:
    price = pl.lit(1.0)
    return pl.DataFrame({"time": times}).with_columns(
        open=price, high=price, low=price, close=price
    )


def bars(count: int) -> Timeline:
    first = moment("2026-01-01")
    last = first + timedelta(hours=count - 1)
    return timeline(flat(pl.datetime_range(first, last, "1h", eager=True)))


def laid(count: int, **lengths: object) -> list[tuple[int, int, int, int]]:
    given: dict[str, Any] = {"step": None, "purge": 0, "gap": 0, "anchored": False, **lengths}
    windows = Layout.of(**given).windows(bars(count), 0)
    return [(*one.train, *one.test) for one in windows if one.test[0] < one.test[1]]


def test_a_thousand_bars_hold_six_windows() -> None:
    found = laid(1_000, train=400, test=100)
    assert found == [(k, 400 + k, 400 + k, 500 + k) for k in range(0, 600, 100)]


def test_six_rows_of_two_and_one() -> None:
    # skfolio 0.16, docstring of WalkForward(train_size=2, test_size=1).
    assert laid(6, train=2, test=1) == [(0, 2, 2, 3), (1, 3, 3, 4), (2, 4, 4, 5), (3, 5, 5, 6)]


def test_a_purge_lies_between_the_two() -> None:
    # The same with purged_size=1: tests are rows 3, 4 and 5.
    assert laid(6, train=2, test=1, purge=1) == [(0, 2, 3, 4), (1, 3, 4, 5), (2, 4, 5, 6)]
    assert laid(6, train=2, test=1, gap=1) == [(0, 2, 3, 4), (1, 3, 4, 5), (2, 4, 5, 6)]


def test_a_short_last_test_is_kept_or_not() -> None:
    assert laid(8, train=3, test=2) == [(0, 3, 3, 5), (2, 5, 5, 7), (4, 7, 7, 8)]
    assert laid(8, train=3, test=2, partial=False) == [(0, 3, 3, 5), (2, 5, 5, 7)]


def test_anchored_stretches_begin_with_the_first() -> None:
    found = laid(8, train=3, test=2, anchored=True)
    assert found == [(0, 3, 3, 5), (0, 5, 5, 7), (0, 7, 7, 8)]


def test_a_longer_step_leaves_a_hole() -> None:
    assert laid(9, train=2, test=2, step=3) == [(0, 2, 2, 4), (3, 5, 5, 7), (6, 8, 8, 9)]


def test_the_newest_train_stretch_is_for_tomorrow() -> None:
    windows = Layout.of(train=400, test=100, step=None, purge=0, gap=0, anchored=False).windows(
        bars(1_000), 0
    )
    assert (windows[-1].train, windows[-1].test) == ((600, 1_000), (1_000, 1_000))


def test_months_are_those_of_the_calendar() -> None:
    days = pl.datetime_range(moment("2024-01-31"), moment("2024-12-31"), "1d", eager=True)
    line = timeline(flat(days))
    layout = Layout.of(train="1mo", test="1mo", step=None, purge=0, gap=0, anchored=False)
    shown = [line.shown(one.test[0]).date().isoformat() for one in layout.windows(line, 0)[:4]]
    # A month without a 31st ends with its last day, and the next one is not drawn along.
    assert shown == ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]


@pytest.mark.parametrize(
    ("calendar", "first"), [(None, moment("2024-03-06")), ("FX", moment("2024-03-05 22:00"))]
)
def test_days_begin_where_those_of_the_run_do(calendar: str | None, first: datetime) -> None:
    hours = pl.datetime_range(moment("2024-03-04 03:00"), moment("2024-03-20"), "1h", eager=True)
    line = timeline(flat(hours), calendar)
    layout = Layout.of(train="2d", test="1w", step=None, purge=0, gap=0, anchored=False)
    assert line.shown(layout.windows(line, 0)[0].test[0]) == first


def test_days_of_new_york_have_23_hours_in_march() -> None:
    hours = pl.datetime_range(moment("2024-03-04 22:00"), moment("2024-03-20"), "1h", eager=True)
    line = timeline(flat(hours), "FX")
    layout = Layout.of(train="6d", test="1d", step=None, purge=0, gap=0, anchored=False)
    begins = [line.shown(one.test[0]) for one in layout.windows(line, 0)[:2]]
    assert begins == [moment("2024-03-10 21:00"), moment("2024-03-11 21:00")]


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ({"train": 0, "test": 5}, "train: given 0"),
        ({"train": "soon", "test": 5}, "train: given 'soon'"),
        ({"train": 5, "test": True}, "test: given True"),
        ({"train": 5, "test": 5, "step": 4}, "one account trades one window"),
        ({"train": "1mo", "test": "1mo", "step": "2w"}, "one account trades one window"),
        ({"train": 5, "test": 5, "step": "1mo"}, "both in bars or both durations"),
        ({"train": 5, "test": 5, "purge": -1}, "purge: given -1"),
        ({"train": 90, "test": 20}, "too few"),
    ],
)
def test_what_is_no_length_is_refused(lengths: dict[str, Any], words: str) -> None:
    with pytest.raises(omega.ConfigError, match=words):
        laid(80, **lengths)
