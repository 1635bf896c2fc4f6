"""Candles as NumPy columns, without native code (rules T1 to T3).

What goes in: a table, a path, or a `CandleStore`. What comes out: `Columns`: times, both sides and
the volume of one symbol, checked row by row with plain Polars expressions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega import _roles
from omega.errors import ConfigError, InvalidCandleData
from omega.reference.matching import Candle, Ohlc

if TYPE_CHECKING:
    from omega.store import CandleStore

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
PRICES = ("open", "high", "low", "close")
_HINTS = {
    "null": "Drop or fill the rows without a value before the run",
    "nan": "Drop or fill the rows before the run",
    "time_order": "Sort by time and drop duplicate times before the run",
    "price": "Drop the row, or set allow_negative for an instrument that may trade below zero",
    "high": "Repair or drop the row; validate='report' lists all such rows",
    "low": "Repair or drop the row; validate='report' lists all such rows",
    "crossed": (
        "Drop the row, or pass validate={'crossed': 'allow'} to trade each side as it stands"
    ),
    "volume": "Drop or repair the row, or leave the volume column out",
}


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The candles of one symbol.

    Attributes:
        symbol: The symbol's name.
        unit: Unit of the times: "s", "ms", "us" or "ns".
        timezone: The zone that times are shown in; None for naive times.
        time: Open times.
        volume: Volumes, where the data has them.

    Example:
        >>> from datetime import datetime
        >>> frame = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
        >>> Columns.read(frame).candle(0).ask.close
        1.1
    """

    symbol: str
    unit: str
    timezone: str | None
    time: Times
    bid_open: Floats
    bid_high: Floats
    bid_low: Floats
    bid_close: Floats
    ask_open: Floats
    ask_high: Floats
    ask_low: Floats
    ask_close: Floats
    volume: Floats | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def units_per_day(self) -> int:
        """How many units of time make a day."""
        return 86_400 * PER_SECOND[self.unit]

    def candle(self, index: int) -> Candle:
        """Both sides of one bar, as Python's own numbers."""
        bid, ask = (
            Ohlc(*(float(getattr(self, f"{side}_{price}")[index]) for price in PRICES))
            for side in ("bid", "ask")
        )
        return Candle(int(self.time[index]), bid, ask)

    def first_at_or_after(self, time: int) -> int:
        """The first bar that opens at or after a time; the length where there is none."""
        return int(np.searchsorted(self.time, _within_64_bits(time), side="left"))

    def newest_at(self, time: int) -> int:
        """The newest bar that opens at or before a time; -1 where there is none."""
        return int(np.searchsorted(self.time, _within_64_bits(time), side="right")) - 1

    def frame(self) -> pl.DataFrame:
        """All columns by name, plain names standing for the bid side."""
        per_milli = 1_000 if self.unit == "s" else 1
        unit: Any = "ms" if self.unit == "s" else self.unit
        time = pl.Series("time", self.time * per_milli).cast(pl.Datetime(unit, self.timezone))
        columns = {f"{s}_{p}": getattr(self, f"{s}_{p}") for s in ("bid", "ask") for p in PRICES}
        columns |= {price: columns[f"bid_{price}"] for price in PRICES}
        if self.volume is not None:
            columns["volume"] = self.volume
        return pl.DataFrame({"time": time, **columns})

    @classmethod
    def from_store(cls, store: CandleStore, symbol: str | None = None) -> Columns:
        """Take the columns of one symbol of a store."""
        name = symbol or store.symbols[0]
        one = store.symbol(name)
        _, _, unit, zone = one.native.time_range(name)
        frame = pl.DataFrame(one)
        return cls._of(name, frame, unit, zone, one.native.spread(name))

    @classmethod
    def read(
        cls,
        data: Any,  # noqa: ANN401 - a frame, a path, a pyarrow table, Candles, {symbol: data}
        *,
        symbol: str | None = None,
        columns: Mapping[str, str] | None = None,
        validate: str | Mapping[str, str] = "error",
        allow_negative: Collection[str] = (),
    ) -> Columns:
        """Read the candles of one symbol and check every row (T3).

        Args:
            data: A Polars frame, a pyarrow table, a path to a Parquet or Arrow IPC file,
                `Candles` of two such frames, or a dict of one symbol.
            symbol: The symbol's name; "SYMBOL" where none is given.
            columns: Names of columns that are not found by themselves, by role.
            validate: "error", "off", or single rules as {"crossed": "allow"}.
            allow_negative: Symbols whose prices may be zero or below.

        Raises:
            ConfigError: A name is unknown, or the data is of a kind that is not taken.
            InvalidCandleData: The data breaks a rule; column, row and value are named.
        """
        if isinstance(data, Mapping):
            if len(data) != 1:
                raise ConfigError(f"data: given {len(data)} symbols, expected one")
            [(symbol, data)] = data.items()
        frame, names, spread = _by_role(data, symbol, dict(columns or {}))
        name = symbol or (frame["symbol"][0] if "symbol" in names else "SYMBOL")
        levels = dict(validate) if isinstance(validate, Mapping) else {}
        if name in allow_negative:
            levels["price"] = "allow"
        zone = _check_types(frame, names, name)
        if validate != "off":
            _check_rows(frame, names, name, levels)
        unit: str = frame["time"].dtype.time_unit  # type: ignore[attr-defined]  # checked above
        return cls._of(name, frame, unit, zone, spread)

    @classmethod
    def _of(
        cls, symbol: str, frame: pl.DataFrame, unit: str, zone: str | None, spread: float
    ) -> Columns:
        def values(name: str) -> Floats:
            return frame[name].to_numpy()

        bid = [values("bid" if "bid" in frame.columns else f"bid_{p}") for p in PRICES]
        if "ask" in frame.columns:
            ask = [values("ask")] * 4
        elif "ask_open" in frame.columns:
            ask = [values(f"ask_{p}") for p in PRICES]
        else:  # the bid plus a distance (T2)
            distance = values("spread") if "spread" in frame.columns else spread
            ask = [price + distance for price in bid]
        times = frame["time"].cast(pl.Int64).to_numpy()
        if unit == "s":  # Polars has no seconds, it holds them as milliseconds
            times = times // 1_000
        volume = values("volume") if "volume" in frame.columns else None
        (o, h, low, c), (ao, ah, al, ac) = bid, ask
        return cls(symbol, unit, zone, times, o, h, low, c, ao, ah, al, ac, volume)


def _within_64_bits(time: int) -> int:
    return min(max(time, -(2**63)), 2**63 - 1)


def _by_role(
    data: Any,  # noqa: ANN401 - as Columns.read
    symbol: str | None,
    mapping: dict[str, str],
) -> tuple[pl.DataFrame, dict[str, str], float]:
    """A frame whose columns are named by role, the user's names for them, and the spread."""
    if type(data).__name__ == "Candles":
        return _two_sides(data, mapping)
    frame = _frame(data)
    roles = _roles.find(frame.columns, mapping)
    if "symbol" in roles and symbol is not None:
        frame = frame.filter(pl.col(roles["symbol"]) == symbol)
    taken = frame.select(pl.col(name).alias(_sided(role)) for role, name in roles.items())
    return taken, {_sided(role): name for role, name in roles.items()}, 0.0


def _sided(role: str) -> str:
    return f"bid_{role}" if role in PRICES else role


def _two_sides(
    candles: Any,  # noqa: ANN401 - omega.Candles, which cannot be imported without native code
    mapping: dict[str, str],
) -> tuple[pl.DataFrame, dict[str, str], float]:
    bid = _frame(candles.bid)
    roles = _roles.find_side(bid.columns, _roles.BID, mapping)
    frame = bid.select(pl.col(name).alias(role) for role, name in roles.items())
    if candles.ask is None:
        return frame, roles, candles.spread or 0.0
    ask = _frame(candles.ask)
    found = _roles.find_side(ask.columns, _roles.ASK, mapping)
    if not bid[roles["time"]].equals(ask[found["time"]]):
        raise InvalidCandleData(
            "Candles: the times of the ask side are not those of the bid side. Join the two "
            "frames on time first, so that both sides have the same rows",
            column=f"ask.{found['time']}",
            rule="same_times",
        )
    prices = {role: name for role, name in found.items() if role in _roles.ASK}
    frame = frame.drop("spread", strict=False).hstack(
        ask.select(pl.col(name).alias(role) for role, name in prices.items())
    )
    names = {role: f"bid.{name}" for role, name in roles.items() if role != "spread"}
    return frame, names | {role: f"ask.{name}" for role, name in prices.items()}, 0.0


def _frame(data: Any) -> pl.DataFrame:  # noqa: ANN401 - as Columns.read
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, (str, Path)):
        kind = Path(data).suffix.lower()
        return pl.read_parquet(data) if kind == ".parquet" else pl.read_ipc(data)
    if isinstance(data, pl.DataFrame):
        return data
    if not hasattr(data, "__arrow_c_stream__"):
        kind = f"{type(data).__module__}.{type(data).__qualname__}"
        raise ConfigError(
            f"data: given {kind}, expected a Polars frame, a table with __arrow_c_stream__, a path "
            "to a .parquet or .arrow file, Candles(bid=..., ask=...) or {symbol: any of these}"
        )
    return pl.DataFrame(data)


def _check_types(frame: pl.DataFrame, names: Mapping[str, str], symbol: str) -> str | None:
    """Refuse columns of other types; give the time zone."""
    for role, name in names.items():
        dtype = frame.schema[role]
        fits = dtype == pl.Float64 or role == "symbol"
        if role == "time":
            fits = isinstance(dtype, pl.Datetime)
        if not fits:
            expected = "timestamp" if role == "time" else "float64"
            raise InvalidCandleData(
                f"symbol '{symbol}', column '{name}': the type is {dtype}, but '{role}' needs "
                f"{expected}. Cast it before",
                column=name,
                rule="column",
                symbol=symbol,
            )
    if frame.is_empty():
        raise InvalidCandleData(
            f"symbol '{symbol}', column '{names['time']}': there are no rows. "
            "Give at least one bar",
            column=names["time"],
            rule="column",
            symbol=symbol,
        )
    return frame["time"].dtype.time_zone  # type: ignore[attr-defined, no-any-return]  # a Datetime


def _check_rows(
    frame: pl.DataFrame, names: Mapping[str, str], symbol: str, levels: Mapping[str, str]
) -> None:
    """Raise the first finding, by row, then rule, then column (T3)."""
    first: tuple[int, int, str, str, str] | None = None
    for place, (rule, role, broken, problem) in enumerate(_rules(frame.columns)):
        if levels.get(rule, "error") != "error":
            continue
        row = frame.select((broken).fill_null(value=False).arg_true().first()).item()
        if row is not None and (first is None or (row, place) < first[:2]):
            first = (row, place, rule, role, problem)
    if first is None:
        return
    row, _, rule, role, problem = first
    value = frame[role][row]
    raise InvalidCandleData(
        f"symbol '{symbol}', column '{names[role]}', row {row}: {problem}; the value is "
        f"{'null' if value is None else value} (rule '{rule}'). {_HINTS[rule]}",
        column=names[role],
        row=row,
        value=value if role != "time" or value is None else str(value),
        rule=rule,
        symbol=symbol,
    )


def _rules(roles: Collection[str]) -> Iterator[tuple[str, str, pl.Expr, str]]:
    """Every rule: its name, the column at fault, where it is broken, and what is wrong."""
    col = pl.col
    numbers = [role for role in roles if role not in ("time", "symbol")]
    prices = [role for role in numbers if role not in ("spread", "volume")]
    for role in ("time", *numbers):
        yield "null", role, col(role).is_null(), "a value is missing"
    for role in numbers:
        yield "nan", role, ~col(role).is_finite(), "a value is NaN or infinite"
    step = col("time").diff().cast(pl.Int64)
    late = step < 0 if "bid" in roles else step <= 0
    yield "time_order", "time", late, "the time does not come after the row before"
    for role in prices:
        yield "price", role, col(role) <= 0.0, "the price is not above zero"
    sides = [side for side in ("bid", "ask") if f"{side}_open" in roles]
    for side in sides:
        top = pl.max_horizontal(f"{side}_open", f"{side}_close")
        yield "high", f"{side}_high", col(f"{side}_high") < top, "the high is below open or close"
    for side in sides:
        end = pl.min_horizontal(f"{side}_open", f"{side}_close")
        yield "low", f"{side}_low", col(f"{side}_low") > end, "the low is above open or close"
    for role in prices:
        if role.startswith("ask"):
            bid = col(role.replace("ask", "bid"))
            yield "crossed", role, col(role) < bid, "the ask is below the bid"
    if "spread" in roles:
        yield "crossed", "spread", col("spread") < 0.0, "the spread is negative"
    if "volume" in roles:
        yield "volume", "volume", col("volume") < 0.0, "the volume is negative"
