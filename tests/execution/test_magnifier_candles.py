"""Finer candles have to be those of the bars: the same prices, clock and span (rule I5).

Bars of an hour from 2024-01-01, each of four quarters; the price rises by 1 an hour from 100.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

import omega
from tests.support.backends import BACKENDS

FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 - without a zone it is UTC
HOURS = 40
PRICES = ("open", "high", "low", "close")


def quarters(hours: int = HOURS) -> pl.DataFrame:
    """Four bars an hour: 100, 100.25, 100.5, 100.75, then 101 and so on, each up by a quarter."""
    opens = [100.0 + k / 4 for k in range(4 * hours)]
    return pl.DataFrame({
        "time": [FIRST + timedelta(minutes=15 * k) for k in range(len(opens))],
        "open": opens,
        "high": [one + 0.5 for one in opens],
        "low": [one - 0.25 for one in opens],
        "close": [one + 0.25 for one in opens],
    })  # fmt: skip


def hours(count: int = HOURS) -> pl.DataFrame:
    """The bars that the quarters make, by hand: open 100, high 101.25, low 99.75, close 101."""
    opens = [100.0 + k for k in range(count)]
    return pl.DataFrame({
        "time": [FIRST + timedelta(hours=k) for k in range(count)],
        "open": opens,
        "high": [one + 1.25 for one in opens],
        "low": [one - 0.25 for one in opens],
        "close": [one + 1.0 for one in opens],
    })  # fmt: skip


def run(
    finer: pl.DataFrame, backend: str, data: pl.DataFrame | None = None, **settings: object
) -> omega.BacktestResult:
    """Buy on the first bar and hold."""
    return omega.run_backtest(
        hours() if data is None else data,
        lambda bar: omega.Signal("long") if bar.index == 0 else None,
        execution=omega.Execution(intrabar="magnifier", magnifier=finer),
        backend=backend,
        **settings,  # type: ignore[arg-type]  # of run_backtest
    )


def told(result: omega.BacktestResult) -> list[str]:
    return [f"{one.level}: {one}" for one in result.notices if one.kind == "magnifier"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_bars_own_quarters_are_taken_without_a_word(backend: str) -> None:
    assert told(run(quarters(), backend)) == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_prices_of_another_scale_are_refused(backend: str) -> None:
    scaled = quarters().with_columns(pl.col(PRICES) * 1e6)
    with pytest.raises(omega.ConfigError) as refused:
        run(scaled, backend)
    assert (
        "40 of 40 bars are not what their finer bars make: on 2024-01-01 00:00 the bid open is "
        "100, and 100000000 in 4 finer bars"
    ) in str(refused.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_coarser_candles_are_refused(backend: str) -> None:
    with pytest.raises(omega.ConfigError, match="4 times as far apart as the bars of the run"):
        run(hours(), backend, data=quarters())


@pytest.mark.parametrize("backend", BACKENDS)
def test_candles_of_another_time_are_refused(backend: str) -> None:
    before = quarters().with_columns(pl.col("time") - pl.duration(days=30))
    with pytest.raises(omega.ConfigError, match="from 2023-12-02 00:00 to 2023-12-03 15:45 and"):
        run(before, backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_candles_of_another_clock_are_refused(backend: str) -> None:
    """Three hours late, all bars but the first three have the quarters of other hours."""
    late = quarters().with_columns(pl.col("time") + pl.duration(hours=3))
    with pytest.raises(omega.ConfigError, match="37 of 37 bars are not"):
        run(late, backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_the_span_of_the_run_counts(backend: str) -> None:
    """The finer candles end before the start, though not before the candles begin."""
    with pytest.raises(omega.ConfigError, match="so that no bar has finer ones"):
        run(quarters(4), backend, start="2024-01-01 08:00")


@pytest.mark.parametrize("backend", BACKENDS)
def test_up_to_one_in_twenty_that_differ_is_a_notice_and_more_an_error(backend: str) -> None:
    """Of 40 bars two are a twentieth."""
    wrong = pl.int_range(pl.len()).is_in([5, 77])
    two = quarters().with_columns(high=pl.when(wrong).then(140.0).otherwise("high"))
    (notice,) = told(run(two, backend))
    assert notice == (
        "warning: SYMBOL: 2 of 40 bars are not what their finer bars make: on 2024-01-01 01:00 the "
        "bid high is 102.25, and 140 in 4 finer bars"
    )
    three = quarters().with_columns(
        high=pl.when(wrong | (pl.int_range(pl.len()) == 130)).then(140.0).otherwise("high")
    )
    with pytest.raises(omega.ConfigError, match="3 of 40 bars"):
        run(three, backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bars_without_finer_ones_are_counted(backend: str) -> None:
    (notice,) = told(run(quarters(30), backend))
    assert notice == (
        "info: SYMBOL: 10 of 40 bars have no finer ones, and what happened first in them is "
        "decided against the trader"
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_tick_is_allowed(backend: str) -> None:
    """By the instrument's tick, or the last decimal that prices are written with: 0.01 here."""
    near = quarters().with_columns(high=pl.col("high") + 0.01)
    assert told(run(near, backend)) == []
    far = quarters().with_columns(high=pl.col("high") + 0.02)
    with pytest.raises(omega.ConfigError, match="40 of 40"):
        run(far, backend)
    coarse = omega.Instrument(tick_size=0.05)
    assert told(run(far, backend, instruments=coarse)) == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_ask_counts_where_both_have_one(backend: str) -> None:
    def sided(frame: pl.DataFrame, spread: float) -> pl.DataFrame:
        asks = {f"ask_{price}": pl.col(price) + spread for price in PRICES}
        return frame.with_columns(**asks).rename({price: f"bid_{price}" for price in PRICES})

    assert told(run(sided(quarters(), 0.25), backend, data=sided(hours(), 0.25))) == []
    with pytest.raises(omega.ConfigError, match=r"the ask open is 100\.25, and 101"):
        run(sided(quarters(), 1.0), backend, data=sided(hours(), 0.25))
    assert told(run(sided(quarters(), 1.0), backend)) == []  # the bars have no ask of their own


@pytest.mark.parametrize("backend", BACKENDS)
def test_bars_of_uneven_length_reach_to_the_next_one(backend: str) -> None:
    """Of 1, 2 and 1 hours: for the run the second lasts one, but two hours make it."""
    uneven = hours(4).with_columns(
        high=pl.when(pl.int_range(pl.len()) == 1).then(103.25).otherwise("high"),
        close=pl.when(pl.int_range(pl.len()) == 1).then(103.0).otherwise("close"),
    )
    kept = uneven.filter(pl.int_range(pl.len()) != 2)
    assert told(run(quarters(4), backend, data=kept)) == []
