"""Notices of stops and targets that no price reaches, or any bar does."""

from __future__ import annotations

from typing import Any

import pytest

import omega
from omega.notices import Notice
from tests.support import candles
from tests.support.notices import long, run


@pytest.mark.parametrize(
    ("direction", "distance", "is_far"),
    [("long", 90, False), ("long", 100, True), ("short", 299, False), ("short", 300, True)],
)
def test_a_stop_that_no_price_reaches_is_a_warning(
    backend: str, direction: str, distance: float, is_far: bool
) -> None:
    """Entries are at 100: a long stop 100 away is at 0, a short one 300 away at 400."""
    plan = {0: omega.Signal(direction, size=2, stop_loss=omega.Distance(distance))}
    found = run(backend, plan)
    text = (
        "1 of 1 trade had a stop that no price reaches; distances are prices and not points: "
        "20 pips of EURUSD are 0.0020"
    )
    assert found == ({"far_stops": Notice("warning", "far_stops", text)} if is_far else {})
    assert run(backend, plan, instruments=omega.Instrument(allow_negative=True)) == {}


@pytest.mark.parametrize(
    ("direction", "levels", "is_far"),
    [
        ("long", {"stop_loss": 0.05}, True),
        ("long", {"stop_loss": 10.0}, False),
        ("long", {"take_profit": 1000.0}, False),
        ("long", {"take_profit": 1000.5}, True),
        ("short", {"take_profit": 9.5}, True),
        ("short", {"stop_loss": 399.0}, False),
    ],
)
def test_a_level_that_was_meant_as_a_share_is_a_warning(
    backend: str, direction: str, levels: dict[str, Any], is_far: bool
) -> None:
    found = run(backend, {0: omega.Signal(direction, size=2, **levels)})
    text = (
        "1 of 1 trade had a stop or target below a tenth of the entry price, or above ten times "
        "it; a level is a price: for 5 % write omega.Distance.percent(5)"
    )
    assert found == ({"far_stops": Notice("warning", "far_stops", text)} if is_far else {})


def test_a_trailing_stop_in_points_is_a_warning(backend: str) -> None:
    found = run(backend, {0: long(size=2, trailing_stop=200.0)})
    assert found.keys() == {"far_stops"}


WIDE = candles.quoted(*[(100, 102, 98, 100)] * 5, spread=0.5)


@pytest.mark.parametrize(
    ("direction", "levels", "is_near"),
    [
        ("long", {"trailing_stop": 0.0001}, True),
        ("short", {"trailing_stop": 0.7}, True),
        ("long", {"trailing_stop": 2.0}, False),  # it trails to the entry, and is no nearer for it
        ("long", {"stop_loss": omega.Distance(0.7)}, True),
        ("short", {"stop_loss": omega.Distance(0.9)}, False),  # a fifth of a bar is 0.8
        ("long", {"take_profit": omega.Distance(0.1)}, True),
        ("long", {"take_profit": omega.Distance(1.0)}, False),
        ("long", {"stop_loss": omega.Distance.percent(2)}, False),
    ],
)
def test_levels_in_the_noise_of_a_bar_are_a_warning(
    backend: str, direction: str, levels: dict[str, Any], is_near: bool
) -> None:
    found = run(backend, {0: omega.Signal(direction, size=2, **levels)}, WIDE)
    text = (
        "1 of 1 trade ended within a bar, by a stop or target nearer than the spread or a fifth "
        "of a usual bar; a distance is a price: for 2 % write omega.Distance.percent(2)"
    )
    assert found == ({"near_stops": Notice("warning", "near_stops", text)} if is_near else {})


def test_levels_within_the_spread_are_a_warning_where_most_trades_have_them(backend: str) -> None:
    data = candles.quoted(*[(100, 100.1, 99.9, 100)] * 8, spread=0.5)
    near = long(size=2, stop_loss=omega.Distance(0.45))
    plan = {0: near, 2: near, 4: long(size=2), 5: omega.Close()}
    assert run(backend, plan, data).keys() == {"near_stops"}
    plan = {2: near, 4: long(size=2), 5: omega.Close()}
    assert run(backend, plan, data) == {}  # half of them
