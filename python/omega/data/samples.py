"""Candles to try things with, made from integers alone, so that each machine makes the same.

They are invented. Prices are a random walk: no rule earns anything in them but by luck, and a
result shows how a strategy trades, not whether it is any good.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from omega.config.values import nearest
from omega.errors import ConfigError

_Integers = npt.NDArray[np.int64]

_FIRST, _LAST = date(2021, 1, 3), date(2023, 12, 29)
"""The Sunday on which the first week of currencies begins, and the last day of everything."""
_MINUTES = datetime(2023, 10, 1, tzinfo=UTC)
"""From here on the minutes of currencies are there, too."""
_NEW_YORK = ZoneInfo("America/New_York")
_WEEK = 5 * 24 * 60
_BUSY = (4, 4, 4, 4, 4, 5, 7, 9, 9, 8, 7, 7, 9, 11, 12, 11, 10, 8, 6, 5, 5, 4, 3, 3)
"""How far a minute goes, by the hour in UTC: most while London and New York are open."""
_QUIET_HOUR = 22


class _Pair(NamedTuple):
    seed: int
    first: int
    """The first price, in points."""
    own: int
    shared: int
    """Parts of each step that are the pair's own, and those that both pairs have."""
    spread: int


_PAIRS = {"EURUSD": _Pair(1, 122_500, 5, 3, 6), "GBPUSD": _Pair(2, 136_500, 6, 4, 9)}
_SHARED_SEED = 3
_SHARE, _FUTURE = 4, 3_000
_HALF_A_YEAR, _A_WEEK = 182, 8
"""Days before the last one of a contract."""


def sample(name: str = "EURUSD") -> pl.DataFrame:
    """Make candles to try things with: invented ones, the same on every machine.

    Args:
        name: What they look like:

            * "EURUSD" and "GBPUSD": bid and ask, an hour each, 2021 to 2023, from Sunday 17:00 to
              Friday 17:00 in New York; the two move together in part;
            * "EURUSD_M1" and "GBPUSD_M1": the minutes of their last three months;
            * "SHARE": a share in dollars, a day each, 2014 to 2023, without Saturdays and Sundays;
            * "SHARES": twenty of them, "S01" to "S20", with a column `symbol`;
            * "FUTURE": the contracts of a future by quarter, "2020H" to "2024H", a day each, which
              are traded in the half year before their last day; with a column `symbol`.

    Returns:
        A frame with `time` (when a bar opens, in UTC), prices and `volume`: eight columns of prices
        where there are bid and ask, else four.

    Raises:
        ConfigError: There is no sample of that name.

    Example:
        >>> import omega
        >>> frame = omega.sample("EURUSD")
        >>> frame.height, frame["time"].min().year, frame["time"].max().year
        (18720, 2021, 2023)
        >>> frame.columns[:5]
        ['time', 'bid_open', 'bid_high', 'bid_low', 'bid_close']
    """
    if str(name) not in _MAKES:
        raise ConfigError(f"sample: no sample {name!r}. {nearest(str(name), list(_MAKES))}")
    # A clone shares the columns, and what changes it in place leaves the others alone.
    return _made(str(name)).clone()


@cache
def _made(name: str) -> pl.DataFrame:
    """Make a sample once: an hour of currencies takes all minutes of three years."""
    return _MAKES[name]()


def _bits(seed: int, values: int) -> npt.NDArray[np.uint64]:
    """Return so many random numbers of 64 bits; each depends on the seed and its place alone.

    SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    mixed = np.arange(1, values + 1, dtype=np.uint64) + np.uint64(seed << 32)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _bell(seed: int, values: int) -> _Integers:
    """Return whole numbers around 0 that are spread like a bell, one in three beyond 1,000."""
    quarters = _bits(seed, values).view(np.uint16).reshape(-1, 4)
    whole = quarters[:, 0].astype(np.int64)
    for k in range(1, 4):
        whole += quarters[:, k]
    # Four numbers below 65,536: their sum has a mean of 131,070 and a deviation of 37,837.
    return (whole - 131_070) * 1_000 // 37_837


def _even(seed: int, values: int, below: int) -> _Integers:
    """Return whole numbers from 0 to below, each as likely."""
    return (_bits(seed, values) >> np.uint64(33)).astype(np.int64) % below


def _opening_minutes() -> _Integers:
    """Return the minutes since 1970 at which currencies trade, week by week."""
    weeks = []
    for week in range((_LAST - _FIRST).days // 7 + 1):
        sunday = _FIRST + timedelta(weeks=week)
        opening = datetime(sunday.year, sunday.month, sunday.day, 17, tzinfo=_NEW_YORK)
        # Summer time begins and ends while they rest, so that each week is as long.
        weeks.append(int(opening.timestamp()) // 60 + np.arange(_WEEK, dtype=np.int64))
    return np.concatenate(weeks)


def _minutes(pair: str) -> dict[str, _Integers]:
    """Return the minutes of a pair, in points, by the names of columns."""
    chosen, minutes = _PAIRS[pair], _opening_minutes()
    length = len(minutes)
    # A day is as lively as its number decides, an hour as the hour of the day is.
    hour, day = minutes // 60 % 24, (minutes // 1_440 - minutes[0] // 1_440).astype(np.int64)
    lively = (4 + _even(chosen.seed + 10, int(day[-1]) + 1, 9))[day] * np.asarray(_BUSY)[hour]
    steps = chosen.own * _bell(chosen.seed, length) + chosen.shared * _bell(_SHARED_SEED, length)
    # Rounded after they are added up: a step rounded down by itself would be a drift.
    close = chosen.first + np.cumsum(steps * lively) // 30_000
    open_ = np.concatenate([[chosen.first], close[:-1]])
    reach = 1 + lively // 16
    high = np.maximum(open_, close) + _even(chosen.seed + 20, length, 1_000) * reach // 1_000
    low = np.minimum(open_, close) - _even(chosen.seed + 30, length, 1_000) * reach // 1_000
    # In the hour after the banks of New York have closed nobody makes a narrow price.
    spread = chosen.spread + _even(chosen.seed + 40, length, 5) + 12 * (hour == _QUIET_HOUR)
    prices = {"open": open_, "high": high, "low": low, "close": close}
    return {
        "time": minutes * 60_000_000,
        **{f"bid_{name}": values for name, values in prices.items()},
        **{f"ask_{name}": values + spread for name, values in prices.items()},
        "volume": 1 + _even(chosen.seed + 50, length, 40) * lively // 16,
    }


_OF_AN_HOUR: dict[str, Callable[[_Integers], _Integers]] = {
    "time": lambda minutes: minutes[:, 0],
    "open": lambda minutes: minutes[:, 0],
    "high": lambda minutes: minutes.max(axis=1),
    "low": lambda minutes: minutes.min(axis=1),
    "close": lambda minutes: minutes[:, -1],
    "volume": lambda minutes: minutes.sum(axis=1),
}


def _hours(pair: str) -> pl.DataFrame:
    """Return the hours of a pair, made of its minutes; weeks begin and end on the hour."""
    return _timed(
        {
            name: _OF_AN_HOUR[name.removeprefix("bid_").removeprefix("ask_")](
                values.reshape(-1, 60)
            )
            for name, values in _minutes(pair).items()
        }
    )


def _last_minutes(pair: str) -> pl.DataFrame:
    minutes = _minutes(pair)
    first = int(np.searchsorted(minutes["time"], int(_MINUTES.timestamp()) * 1_000_000))
    return _timed({name: values[first:] for name, values in minutes.items()})


def _timed(columns: dict[str, _Integers]) -> pl.DataFrame:
    frame = pl.DataFrame(columns)
    return _in_dollars(frame.with_columns(pl.col("time").cast(pl.Datetime("us", "UTC"))), 100_000)


def _weekdays(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]  # noqa: PLR2004 - Monday to Friday


def _shares() -> pl.DataFrame:
    """Return the days of twenty shares."""
    each = [
        _share(1_000 + 100 * number, 20_000 + 3_000 * number).select(
            "time", pl.lit(f"S{number:02}").alias("symbol"), pl.exclude("time")
        )
        for number in range(1, 21)
    ]
    return pl.concat(each)


def _future() -> pl.DataFrame:
    """Return the contracts of a future: the cash price with what it costs to carry it."""
    cash = _days_of_share(_FUTURE, 400_000)
    time = cash["time"].dt.date()
    each = []
    for year, month in [(y, m) for y in range(2020, 2025) for m in (3, 6, 9, 12)][:17]:
        last = _third_friday(year, month)
        left = pl.Series((pl.Series([last] * len(time)) - time).dt.total_days())
        is_traded = (left >= 0) & (left < _HALF_A_YEAR)
        # 4 % a year; most of the volume moves into the next contract a week before the last day.
        carry = 1_000_000 + left * 110
        prices = [(cash[name] * carry // 1_000_000).alias(name) for name in cash.columns[1:5]]
        is_front = (left > _A_WEEK) & (left <= _A_WEEK + 91)
        volume = cash["volume"] // pl.select(pl.when(is_front).then(2).otherwise(30)).to_series()
        name = pl.lit(f"{year}{'HMUZ'[month // 3 - 1]}").alias("symbol")
        rows = pl.DataFrame([cash["time"], *prices, volume.alias("volume")]).filter(is_traded)
        each.append(_in_dollars(rows, 100).select("time", name, pl.exclude("time")))
    return pl.concat(each)


def _third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def _share(seed: int = _SHARE, first: int = 4_000) -> pl.DataFrame:
    """Return the days of a share."""
    return _in_dollars(_days_of_share(seed, first), 100)


def _days_of_share(seed: int, first: int) -> pl.DataFrame:
    """Return the days of a share in cents, which begins at a price."""
    days = _weekdays(date(2014, 1, 1), _LAST)
    length = len(days)
    gaps, moves = _bell(seed, length), _bell(seed + 10, length)
    above, below = _even(seed + 20, length, 9_000), _even(seed + 30, length, 9_000)
    rows, close = [], first
    for gap, move, up, down in zip(*(x.tolist() for x in (gaps, moves, above, below)), strict=True):
        # In cents: 0.4 % over night and 1.1 % a day on average, with a drift of 0.03 %.
        open_ = max(1, close + close * (4 * gap + 300) // 1_000_000)
        close = max(1, open_ + open_ * (11 * move) // 1_000_000)
        high = max(open_, close) + open_ * up // 1_000_000
        low = max(1, min(open_, close) - open_ * down // 1_000_000)
        rows.append((open_, high, low, close))
    prices = pl.DataFrame(rows, schema=["open", "high", "low", "close"], orient="row")
    time = pl.Series("time", days).cast(pl.Datetime("us", "UTC"))
    volume = pl.Series("volume", 100_000 + _even(seed + 40, length, 400_000))
    return prices.insert_column(0, time).with_columns(volume)


def _in_dollars(frame: pl.DataFrame, points: int) -> pl.DataFrame:
    """Return prices of whole points in dollars."""
    # NumPy divides, so that each price is the double nearest to its decimals; Polars multiplies a
    # column by one over the number, which rounds twice.
    return frame.select(
        "time",
        *(
            pl.Series(name, frame[name].to_numpy() / points)
            for name in frame.columns
            if name not in ("time", "volume")
        ),
        pl.col("volume").cast(pl.Float64),
    )


_MAKES: dict[str, Callable[[], pl.DataFrame]] = {
    **{pair: partial(_hours, pair) for pair in _PAIRS},
    **{f"{pair}_M1": partial(_last_minutes, pair) for pair in _PAIRS},
    "SHARE": _share,
    "SHARES": _shares,
    "FUTURE": _future,
}
