"""A bar costs no Python object, and neither does a look at the bar before (what it must show)."""

from __future__ import annotations

import gc
import sys
from array import array
from collections.abc import Callable

import pytest

import omega
from tests.support import candles

pytestmark = pytest.mark.alone  # pytest-xdist allocates as well, in a thread of its own

BARS = 20_000


def blocks_gained(look: Callable[[omega.Bar], object]) -> int:
    """Count the memory blocks that Python holds more after 18,000 further bars."""
    counts = array("q", bytes(8 * BARS))

    def on_bar(bar: omega.Bar) -> None:
        look(bar)
        counts[bar.index] = sys.getallocatedblocks()

    data = candles.walk(BARS)
    gc.collect()
    gc.disable()
    try:
        omega.run_backtest(data, on_bar, backend="rust")
    finally:
        gc.enable()
    return max(counts[19_000:19_998]) - min(counts[1_000:1_998])


@pytest.mark.parametrize(
    "look",
    [
        lambda bar: None,
        lambda bar: bar.close,
        lambda bar: bar.ago(1).close if bar.index else 0,
        lambda bar: bar.ask.close - bar.ago(1).bid.low if bar.index else 0,
        lambda bar: bar.close_window(20) if bar.index > 20 else 0,
        lambda bar: bar.ago(1).ask.close_window(20)[-1] if bar.index > 20 else 0,
    ],
    ids=["nothing", "close", "bar before", "sides", "window", "window of a side before"],
)
def test_nothing_is_left_behind_by_a_bar(look: Callable[[omega.Bar], object]) -> None:
    assert abs(blocks_gained(look)) < 50


def test_a_look_at_a_bar_allocates_nothing_but_its_number() -> None:
    gained = []

    def on_bar(bar: omega.Bar) -> None:
        if bar.index < 100:
            return
        bar.ago(1).close  # noqa: B018 - the first look makes the view that is then used again
        before = sys.getallocatedblocks()
        earlier = bar.ago(1)
        after = sys.getallocatedblocks()
        del earlier
        gained.append(after - before)

    omega.run_backtest(candles.walk(2_000), on_bar, backend="rust")
    assert set(gained) <= {0, 1}, "an integer for the count itself, and no view"
