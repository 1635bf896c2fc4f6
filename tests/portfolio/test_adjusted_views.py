"""Views and indicators as of now (rule A3), with numbers computed by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.dated_runs import days

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

EVENTS = omega.Events(splits=[{"date": "2024-01-04", "ratio": 2}])
CLOSES = [40.0, 44.0, 48.0, 26.0, 28.0, 30.0]
VOLUMES = [100.0, 100.0, 100.0, 300.0, 200.0, 200.0]
DATA = days(CLOSES, volume=VOLUMES)


def seen(
    backend: str,
    declare: Callable[[omega.Strategy], Any],
    look: Callable[[Any, Any], object],
    events: omega.Events = EVENTS,
    data: pl.DataFrame = DATA,
    **settings: Any,  # noqa: ANN401 - as run_backtest takes them
) -> list[Any]:
    """What a strategy sees on each bar."""
    found: list[Any] = []

    class Looks(omega.Strategy):
        def init(self) -> None:
            self.view = declare(self)

        def on_bar(self, bar: omega.Bar) -> None:
            found.append(look(bar, self.view))

    omega.run_backtest(data, Looks(), events=events, backend=backend, **settings)
    return found


def nothing(_: omega.Strategy) -> None:
    return None


def test_earlier_prices_are_shown_as_of_now(backend: str) -> None:
    """Before the split the closes are as they were traded, after it half of that."""
    windows = seen(backend, nothing, lambda bar, _: bar.close_window(bar.index + 1).tolist())
    assert windows == [
        [40.0],
        [40.0, 44.0],
        [40.0, 44.0, 48.0],
        [20.0, 22.0, 24.0, 26.0],
        [20.0, 22.0, 24.0, 26.0, 28.0],
    ]
    earlier = seen(backend, nothing, lambda bar, _: (bar.ago(bar.index).ask.low, bar.close))
    assert earlier == [(40.0, 40.0), (40.0, 44.0), (40.0, 48.0), (20.0, 26.0), (20.0, 28.0)]


def test_earlier_volumes_are_shown_as_of_now(backend: str) -> None:
    shown = seen(
        backend,
        nothing,
        lambda bar, _: (bar.ago(bar.index).volume, *bar.volume_window(1).tolist()),
    )
    assert shown == [(100, 100), (100, 100), (100, 100), (200, 300), (200, 200)]


def test_a_dividend_is_in_the_prices_before_it(backend: str) -> None:
    """100 and 1.25: a factor of 0.9875, and a return of 0.759494 % to a close of 99.50."""
    events = omega.Events(dividends=[{"date": "2024-01-03", "amount": 1.25}])
    data = days([100.0, 100.0, 99.5, 99.5])
    returns = seen(
        backend,
        nothing,
        lambda bar, _: bar.close / bar.ago(1).close - 1.0 if bar.index else 0.0,
        events,
        data,
    )
    assert returns[2] == pytest.approx(0.00759494, abs=5e-9)
    assert pytest.approx(100.0 * 0.9875) == 98.75


def test_indicators_run_on_the_forward_series(backend: str) -> None:
    """The mean of the last two closes, in the prices of now: also of those before."""
    means = seen(
        backend,
        lambda self: self.sma(2),
        lambda bar, mean: (mean[-1], mean.ago(1) if bar.index > 1 else None),
    )
    assert means == [(42.0, None), (46.0, 42.0), (25.0, 23.0), (27.0, 25.0)]
    windows = seen(
        backend, lambda self: self.sma(2), lambda bar, mean: mean.window(bar.index).tolist()
    )
    assert windows[2] == [21.0, 23.0, 25.0]


def test_indicators_of_indicators_run_on_it_too(backend: str) -> None:
    """Means of means of two: (42, 46, 50, 54) forward, so 48 and 52, in halves after the split."""
    nested = seen(backend, lambda self: self.sma(2, source=self.sma(2)), lambda bar, mean: mean[-1])
    assert nested == [24.0, 26.0]
    ratio = seen(
        backend, lambda self: self.sma(1) / self.sma(2), lambda bar, one: one.ago(min(bar.index, 1))
    )
    assert ratio[1:] == pytest.approx([44 / 42, 48 / 46, 26 / 25])
    volume = seen(backend, lambda self: self.sma(2, source="volume"), lambda bar, one: one[-1])
    assert volume == [100.0, 100.0, 250.0, 250.0]


def test_conditions_compare_the_prices_of_their_bar(backend: str) -> None:
    high = seen(backend, lambda self: self.sma(1), lambda bar, one: bar.index, when=None)
    assert high == [0, 1, 2, 3, 4]
    data, fired = DATA, []

    class Fires(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(1)

        @omega.when(lambda self: self.mean > 27.0)
        def on_high(self, bar: omega.Bar) -> None:
            fired.append(bar.index)

    omega.run_backtest(data, Fires(), events=EVENTS, backend=backend)
    assert fired == [0, 1, 2, 4]


def test_an_expression_sees_both(backend: str) -> None:
    forward = seen(
        backend,
        lambda self: self.column(pl.col("adjusted_close"), "forward"),
        lambda bar, one: one[-1],
    )
    assert forward == [40.0, 44.0, 48.0, 52.0, 56.0]
    raw = seen(backend, lambda self: self.column(pl.col("close")), lambda bar, one: one[-1])
    assert raw == CLOSES[:5]


def test_what_cannot_be_adjusted_is_refused(backend: str) -> None:
    with pytest.raises(ConfigError, match="kalman_mean"):
        seen(backend, lambda self: self.kalman_mean(), lambda bar, one: one[-1])
    with pytest.raises(ConfigError, match="Native"):
        omega.run_backtest(
            DATA, omega.native("sma_cross", fast=1, slow=2), events=EVENTS, backend=backend
        )


EPS = {
    "period": ["2023-09-30", "2023-12-31", "2023-09-30"],
    "known": ["2024-01-02", "2024-01-05", "2024-01-06"],
    "eps": [1.0, 1.5, 0.8],
}


def test_values_count_from_the_day_after_their_publication(backend: str) -> None:
    shown = seen(
        backend, lambda self: self.column(omega.asof(EPS)), lambda bar, one: one[-1], omega.Events()
    )
    assert str(shown) == str([float("nan"), float("nan"), 1.0, 1.0, 1.0])
    late = days([1.0] * 10)
    shown = seen(
        backend,
        lambda self: self.column(omega.asof(EPS)),
        lambda bar, one: one[-1],
        omega.Events(),
        late,
    )
    assert shown[5:] == [1.5] * 4  # a restatement of an older period changes nothing
    with pytest.raises(ConfigError, match="before its period"):
        omega.asof({"period": ["2024-01-02"], "known": ["2024-01-01"], "eps": [1.0]})


def test_a_point_in_time_table_looks_at_nothing_ahead(backend: str) -> None:
    class Reads(omega.Strategy):
        def init(self) -> None:
            self.eps = self.column(omega.asof(EPS))

        def on_bar(self, bar: omega.Bar) -> None:
            if self.eps[-1] > 1.0:
                self.buy(size=1)

    report = omega.check_lookahead(Reads(), days([1.0 + k for k in range(12)]), backend=backend)
    assert report.clean
