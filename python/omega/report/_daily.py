"""Daily returns, rolling statistics, and profit by weekday and hour."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report import _svg
from omega.report._candles import moments
from omega.report._curves import Curve
from omega.report._days import dates
from omega.report._metrics import number_of, start_of
from omega.report._numbers import money, percent
from omega.report._parts import hint, none, table
from omega.report._reported import Reported

Numbers = NDArray[np.float64]

_WINDOWS = (63, 21, 5)
"""Days of a rolling figure: a quarter, a month or a week of trading, the longest that fits."""
_FITS = 3
"""How many windows the days must hold."""
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = 86_400 * 10**9


def daily(result: Reported) -> pl.DataFrame:
    """Return the last equity of each day that has a bar, its last time, and the day's return.

    Example:
        >>> from omega.results.result import example_result
        >>> daily(example_result())["change"].round(4).to_list()
        [0.0, 0.02, -0.0049, -0.0049, 0.005]
    """
    frame = result.equity.with_columns(day=dates(result.equity["time"], result.tables))
    last = frame.group_by("day", maintain_order=True).agg(pl.col("time", "equity").last())
    before = pl.col("equity").shift(1, fill_value=start_of(result))
    return last.with_columns(
        change=pl.when(before > 0).then(pl.col("equity") / before - 1.0).otherwise(None)
    )


def at_ends_of_days(result: Reported, values: Numbers) -> Numbers:
    """Return the last of some values, one for each row of the equity, of each day.

    Example:
        >>> from omega.results.result import example_result
        >>> at_ends_of_days(example_result(), np.arange(5.0)).tolist()
        [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    days = dates(result.equity["time"], result.tables).to_physical().to_numpy()
    rows = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
    last: Numbers = values[rows]
    return last


def window_of(days: int) -> int | None:
    """Choose the days of a rolling figure; None where there are too few.

    Example:
        >>> window_of(250), window_of(70), window_of(4)
        (63, 21, None)
    """
    return next((window for window in _WINDOWS if days >= _FITS * window), None)


def rolling(result: Reported, benchmark: Numbers | None = None) -> tuple[pl.Series, list[Curve]]:
    """Return Sharpe ratio and volatility over the last days, and beta where there is a benchmark.

    They are those of the metrics, with the returns of so many days in place of all: of a year,
    without a risk-free rate, and with the sample's deviation.

    Args:
        result: The run.
        benchmark: The benchmark's equity at the end of each day.
    """
    frame = daily(result)
    window, per_year = window_of(frame.height), number_of(result, "periods_per_year")
    if window is None or not per_year:
        return frame["time"], []
    change = frame["change"].fill_null(float("nan")).to_numpy()
    mean, deviation = moments_over(change, window)
    with np.errstate(divide="ignore", invalid="ignore"):
        sharpe = np.where(deviation > 0, mean / deviation * np.sqrt(per_year), np.nan)
    curves = [
        Curve("Sharpe", sharpe),
        Curve("Volatility", deviation * np.sqrt(per_year), unit="percent", pane=1, colour="loss"),
    ]
    if benchmark is not None:
        beta = _beta(change, benchmark, window)
        curves.append(Curve("Beta", beta, pane=2, colour="run-2"))
    return frame["time"], curves


def rolling_hint(result: Reported) -> str:
    """Return over how many days the figures are."""
    window = window_of(daily(result).height)
    return hint(f"Over the last {window} days each, per year." if window else "")


def moments_over(change: Numbers, window: int) -> tuple[Numbers, Numbers]:
    """Return mean and sample deviation of the last values; NaN before there are so many.

    Example:
        >>> [one.tolist() for one in moments_over(np.array([1.0, 3.0]), 2)]
        [[nan, 2.0], [nan, 1.4142135623730951]]
    """
    views = np.lib.stride_tricks.sliding_window_view(change, window)
    empty = np.full(window - 1, np.nan)
    return (
        np.concatenate([empty, views.mean(axis=1)]),
        np.concatenate([empty, views.std(axis=1, ddof=1)]),
    )


def _beta(change: Numbers, benchmark: Numbers, window: int) -> Numbers:
    """The slope of the returns on those of the benchmark."""
    with np.errstate(divide="ignore", invalid="ignore"):
        other = np.concatenate([[np.nan], benchmark[1:] / benchmark[:-1] - 1.0])
    pairs = [np.lib.stride_tricks.sliding_window_view(one, window) for one in (change, other)]
    off = [one - one.mean(axis=1, keepdims=True) for one in pairs]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (off[0] * off[1]).sum(axis=1) / (off[1] * off[1]).sum(axis=1)
    return np.concatenate([np.full(window - 1, np.nan), slope])


def by_weekday(result: Reported) -> str:
    """What each day of the week brought; together that is the net profit."""
    if not result.equity.height:
        return none("The run walked no bar.")
    frame = daily(result)
    gain = pl.col("equity") - pl.col("equity").shift(1, fill_value=start_of(result))
    grouped = (
        frame.with_columns(gain=gain, weekday=pl.col("day").dt.weekday())
        .group_by("weekday")
        .agg(
            pl.len().alias("days"),
            pl.col("gain").sum(),
            pl.col("change").mean(),
            (pl.col("gain") > 0).mean().alias("up"),
        )
        .sort("weekday")
    )
    rows = [
        (
            _WEEKDAYS[weekday - 1],
            [
                money(total), "-" if mean is None else percent(mean, 3), percent(up, 1),
                f"{days:,}",
            ],
        )
        for weekday, days, total, mean, up in grouped.iter_rows()
    ]  # fmt: skip
    head = ["Net profit", "Mean return", "Days up", "Days"]
    sizes = grouped["gain"].to_list()
    return table(head, rows, caption="By weekday", first="Weekday", sizes=sizes)


def by_hour(result: Reported) -> str:
    """What the bars of each hour brought, where bars are shorter than a day and any did."""
    times = result.equity["time"]
    if times.len() < 2:  # noqa: PLR2004 - a distance has two ends
        return ""
    if float(np.median(np.diff(moments(times)))) >= _DAY:
        return ""
    gain = pl.col("equity") - pl.col("equity").shift(1, fill_value=start_of(result))
    grouped = (
        result.equity.select(gain.alias("gain"), pl.col("time").dt.hour().alias("hour"))
        .group_by("hour")
        .agg(pl.col("gain").sum())
        .sort("hour")
    )
    bars = [(f"{hour:02}", total, money(total)) for hour, total in grouped.iter_rows()]
    if not any(total for _, total, _ in bars):
        return ""
    return _svg.columns(bars, "Change of the equity by hour of the day") + hint(
        "Changes of the equity in bars that open in that hour, in the time of the data; together "
        "they are the net profit."
    )
