"""Bars of a higher timeframe as a frame, the same as those that a run makes (TF1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.calendar import CalendarLike
from omega.config.values import shown
from omega.contract import ArrowLike
from omega.data.closes import times_of
from omega.data.store import CandleStore, both_sides, each_of
from omega.data.timeframes import Grid, Timeframe
from omega.errors import ConfigError
from omega.libraries import arguments_of
from omega.run.adjusted import Floats
from omega.run.clock import RunClock
from omega.run.continuous import unrolled

PRICES = ("open", "high", "low", "close")


@dataclasses.dataclass(frozen=True)
class Stretches:
    """Where the bars of a higher timeframe lie in the candles below.

    Attributes:
        begins: The open time of each.
        firsts: Its first candle.
        counts: How many it has.
    """

    begins: NDArray[np.int64]
    firsts: NDArray[np.intp]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, times: NDArray[np.int64], grid: Grid) -> Stretches:
        """Find the stretches of a grid that have candles."""
        if isinstance(grid, tuple):
            step, offset = grid
            begins = (times - offset) // step * step + offset
        else:
            begins = grid[np.searchsorted(grid, times, side="right") - 1]
        firsts = np.flatnonzero(np.diff(begins, prepend=begins[:1] - 1))
        return cls(begins[firsts], firsts, np.diff(np.append(firsts, len(times))))

    @property
    def lasts(self) -> NDArray[np.intp]:
        """The last candle of each."""
        return self.firsts + self.counts - 1

    def side(self, prefix: str, prices: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return the prices of the bars out of those of the candles, of one side."""
        return {
            f"{prefix}open": prices["open"][self.firsts],
            f"{prefix}high": np.maximum.reduceat(prices["high"], self.firsts),
            f"{prefix}low": np.minimum.reduceat(prices["low"], self.firsts),
            f"{prefix}close": prices["close"][self.lasts],
        }

    def sums(self, values: Floats) -> Floats:
        """Return the sum over each, as of volumes."""
        return np.add.reduceat(values, self.firsts)


@arguments_of("resample")
def resample(
    data: ArrowLike,
    timeframe: str | Timeframe,
    *,
    calendar: CalendarLike = None,
    symbol: str | None = None,
) -> pl.DataFrame:
    """Make candles of a higher timeframe, the same as a run shows with `timeframes=` (rule TF1).

    To see a higher timeframe in a run, use `timeframes=`. Candles of this function are to trade on,
    to keep or to plot.

    Args:
        data: Candles in any form that `run_backtest` takes.
        timeframe: "M15", "H4", "D1", "W1", "MN1" and the like, or an `omega.Timeframe`.
        calendar: The calendar of the run: days, weeks and months begin when its days do. Days of
            UTC by default.
        symbol: The symbol to take of several; None takes all.

    Returns:
        `time`, the open of each bar; open, high, low and close of each side; the sum of `volume`
        where there is one; and `symbol` of several. Prices without a spread have one side, and keep
        their names. With a spread both sides are given, since the widest spread of an hour is not
        the spread at its high.

    Raises:
        ConfigError: The timeframe, the calendar or the symbol is unknown.
        InvalidCandleData: The data breaks a rule.

    Example:
        >>> import omega
        >>> minutes = omega.sample("EURUSD_M1")
        >>> hours = resample(minutes, "H1")
        >>> minutes.height, hours.height, hours.columns[:3]
        (93600, 1560, ['time', 'bid_open', 'bid_high'])
    """
    wanted = timeframe if isinstance(timeframe, Timeframe) else Timeframe(timeframe)
    store = data if isinstance(data, CandleStore) else CandleStore(unrolled(data, None)[0])
    if symbol is not None and symbol not in store.symbols:
        raise ConfigError(
            f"symbol: given {shown(symbol)}, expected one of {', '.join(store.symbols)}"
        )
    several = symbol is None and len(store.symbols) > 1
    chosen = [one for one in each_of(store) if symbol in (None, *one.symbols)]
    sides = {"bid_": "bid", "ask_": "ask"} if any(map(_has_spread, chosen)) else {"": "bid"}
    made = [_of_symbol(one, wanted, calendar, sides) for one in chosen]
    if not several:
        return made[0]
    named = zip(store.symbols, made, strict=True)
    return pl.concat(
        [frame.with_columns(symbol=pl.lit(name)) for name, frame in named], how="diagonal"
    )


def _of_symbol(
    store: CandleStore, wanted: Timeframe, calendar: CalendarLike, sides: Mapping[str, str]
) -> pl.DataFrame:
    times, frame = times_of(store), both_sides(store)
    if not len(times):
        raise ConfigError("data: given no candles, expected at least one")
    clock = RunClock.of([store], calendar, is_first=False)
    unit = store.time_unit
    grid = wanted.grid(int(times[0]), int(times[-1]), unit, clock.calendars[0])
    found = Stretches.of(times, grid)
    scale = 1_000 if unit == "s" else 1  # Polars has no seconds
    columns: dict[str, pl.Series | Floats] = {
        "time": pl.Series(found.begins * scale).cast(frame["time"].dtype)
    }
    for prefix, side in sides.items():
        prices = {price: frame[f"{side}_{price}"].to_numpy() for price in PRICES}
        columns |= found.side(prefix, prices)
    if "volume" in frame.columns:
        columns["volume"] = found.sums(frame["volume"].cast(pl.Float64).to_numpy())
    return pl.DataFrame(columns)


def _has_spread(store: CandleStore) -> bool:
    roles = [role for role, _ in store.native.columns(store.symbols[0])]
    is_wide = store.native.spread(store.symbols[0]) > 0.0
    return is_wide or any(role.startswith("ask") or role == "spread" for role in roles)
