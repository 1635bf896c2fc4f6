"""Candles from ticks: one for each stretch of the timeframe with a quote or trade in it."""

from __future__ import annotations

import re

import polars as pl

from omega.config.values import shown
from omega.errors import ConfigError, InvalidCandleData
from omega.importing._source import PRICES, ROW
from omega.libraries import arguments_of

_UNITS = {"S": ("s", 1), "M": ("m", 60), "H": ("h", 3600), "D": ("d", 86_400), "W": ("w", 604_800)}
_MICROS = 1_000_000
_MONTH = (28, 31)


@arguments_of("ticks_to_candles")
def ticks_to_candles(frame: pl.DataFrame, timeframe: str) -> pl.DataFrame:
    """Make candles of ticks; stretches without a tick give none.

    Args:
        frame: `time` and `bid` and `ask`, or `price`, in the order of time; volumes where there
            are any. Without volumes, the volume of a candle is its number of ticks.
        timeframe: ``"S10"``, ``"M1"``, ``"H1"``, ``"D1"`` and the like; candles begin at whole
            ones of them in UTC.

    Raises:
        ConfigError: The timeframe is unknown, or a column is missing.
        InvalidCandleData: The ticks are not in order.

    Example:
        >>> from datetime import datetime
        >>> ticks = pl.DataFrame({
        ...     "time": [datetime(2024, 1, 1, 0, 0, second) for second in (1, 2, 59)],
        ...     "bid": [1.0, 1.2, 1.1], "ask": [1.1, 1.3, 1.2],
        ... })
        >>> ticks_to_candles(ticks, "M1").select("bid_open", "bid_high", "ask_low", "volume").row(0)
        (1.0, 1.2, 1.1, 3.0)
    """
    unit = step(timeframe)
    quotes = {"bid", "ask"} <= {*frame.columns}
    if "time" not in frame.columns or not (quotes or "price" in frame.columns):
        raise ConfigError(
            f"ticks: given the columns {', '.join(frame.columns)}, expected time with bid and ask, "
            "or time with price"
        )
    if not frame["time"].is_sorted():
        row = int((frame["time"].diff().dt.total_microseconds() < 0).arg_true()[0])
        raise InvalidCandleData(
            f"ticks, row {row}: its time is before that of the row above. Sort first: "
            "frame.sort('time'), or read with sort=True",
            column="time",
            row=row,
            rule="time_order",
        )
    prices = {"bid": "bid_", "ask": "ask_"} if quotes else {"price": ""}
    candles = [
        made.alias(f"{side}{price}")
        for name, side in prices.items()
        for price, made in zip(
            PRICES,
            (
                pl.col(name).first(),
                pl.col(name).max(),
                pl.col(name).min(),
                pl.col(name).last(),
            ),
            strict=True,
        )
    ]
    volumes = [name for name in ("bid_volume", "ask_volume", "volume") if name in frame.columns]
    known = bool(volumes) and any(bool((frame[name] > 0).any()) for name in volumes)
    volume = pl.sum_horizontal(pl.col(name).sum() for name in volumes) if known else pl.len()
    numbers = [pl.col(ROW).first()] if ROW in frame.columns else []
    return (
        frame.set_sorted("time")
        .group_by_dynamic("time", every=f"{unit // _MICROS}s", start_by="window")
        .agg(*candles, volume.cast(pl.Float64).alias("volume"), *numbers)
    )


def step(timeframe: str) -> int:
    """Return the length of a timeframe in microseconds.

    Raises:
        ConfigError: There is no such timeframe.
    """
    given: object = timeframe
    text = given.upper() if isinstance(given, str) else ""
    found = re.fullmatch(r"([SMHDW])([1-9]\d*)", text)
    if found is None:
        raise ConfigError(
            f"timeframe: given {shown(timeframe)}, expected S, M, H, D or W with a number, such as "
            "'M1'"
        )
    return _UNITS[found[1]][1] * int(found[2]) * _MICROS


def named(length: int) -> str:
    """Return the timeframe of a length in microseconds; months have no one length."""
    if _MONTH[0] <= length // (_UNITS["D"][1] * _MICROS) <= _MONTH[1]:
        return "MN1"
    for letter in ("W", "D", "H", "M", "S"):
        whole = _UNITS[letter][1] * _MICROS
        if length % whole == 0:
            return f"{letter}{length // whole}"
    return f"{length / _MICROS:g}s"
