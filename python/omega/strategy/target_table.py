"""Tables of target weights: long or wide, as columns for a backend, checked (rules W3 and W11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.times import from_units, to_units
from omega.config.values import nearest
from omega.contract import ArrowLike
from omega.errors import ConfigError

_TIMES = ("time", "timestamp", "datetime", "date", "ts")
_MOST = 1.0 + 1e-9
"""The largest sum of weights that a cash account holds (rule W11)."""
_PER_UNIT = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


@dataclass(frozen=True)
class Targets:
    """Sets of target weights, one after the other in columns.

    Attributes:
        times: When each set is dated, ascending, in the unit of the run.
        offsets: How many rows come before each set, and in all.
        symbols: By row, the place of its symbol in the run.
        weights: By row, the weight; NaN leaves the symbol alone.
        unit: The unit of the times.
    """

    times: NDArray[np.int64]
    offsets: NDArray[np.int64]
    symbols: NDArray[np.uint32]
    weights: NDArray[np.float64]
    unit: str

    def require_cash(self) -> None:
        """Refuse what a cash account cannot hold.

        Raises:
            ConfigError: A weight is below 0, or those of one time are more than 1.
        """
        known = np.nan_to_num(self.weights)
        starts = self.offsets[:-1]
        if not len(starts):
            return
        if (known < 0).any():
            row = int((known < 0).argmax())
            place = int(np.searchsorted(self.offsets, row, side="right")) - 1
            raise ConfigError(
                f"Weights.targets: given {known[row]:g} at {self._shown(place)}, expected weights "
                "of 0 or more in a cash account, which holds no shorts. Use account='margin'"
            )
        sums = np.add.reduceat(np.append(known, 0.0), starts)
        sums[self.offsets[1:] == starts] = 0.0
        if (sums > _MOST).any():
            place = int((sums > _MOST).argmax())
            raise ConfigError(
                f"Weights.targets: given weights of {sums[place]:.12g} in all at "
                f"{self._shown(place)}, expected at most 1 in a cash account. Scale them, or use "
                "account='margin'"
            )

    def _shown(self, place: int) -> str:
        return str(from_units(int(self.times[place]), self.unit, None))


def targets_of(given: ArrowLike, symbols: Sequence[str], unit: str) -> Targets:
    """Read a table of target weights.

    Raises:
        ConfigError: A column is missing, a symbol unknown, a time given twice, or a weight is no
            finite number.
    """
    frame = _long(_frame(given))
    _refuse_numbers(frame)
    times = _in_unit(frame["time"], unit)
    places = _places(frame["symbol"], symbols)
    order = np.lexsort((places, times))
    times, places = times[order], places[order]
    weights = frame["weight"].cast(pl.Float64).fill_null(np.nan).to_numpy()[order]
    twice = (np.diff(times) == 0) & (np.diff(places.astype(np.int64)) == 0)
    if twice.any():
        row = int(twice.argmax())
        raise ConfigError(
            f"Weights.targets: given two rows for {symbols[int(places[row])]} at "
            f"{from_units(int(times[row]), unit, None)}, expected one"
        )
    is_first = np.append(True, np.diff(times) != 0) if len(times) else np.empty(0, dtype=bool)
    starts = np.flatnonzero(is_first)
    return Targets(
        times=times[starts],
        offsets=np.append(starts, len(times)).astype(np.int64),
        symbols=places.astype(np.uint32),
        weights=weights,
        unit=unit,
    )


def table_until(given: ArrowLike, last: int, unit: str) -> pl.DataFrame:
    """Return the rows of a table of target weights that are dated by a time."""
    frame = _long(_frame(given))
    return frame.filter(pl.Series(_in_unit(frame["time"], unit) <= last))


def _frame(given: ArrowLike) -> pl.DataFrame:
    """Read any table; NaN of pandas is null."""
    if isinstance(given, pl.DataFrame):
        return given
    if isinstance(given, pl.LazyFrame):
        return given.collect()
    try:
        if type(given).__module__.startswith("pandas"):
            has_times = given.index.name in _TIMES or given.index.dtype.kind == "M"
            return pl.from_pandas(given.rename_axis("time").reset_index() if has_times else given)
        if isinstance(given, Mapping) or hasattr(given, "__arrow_c_stream__"):
            return pl.DataFrame(given)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"Weights.targets: {error}") from error
    raise ConfigError(
        f"Weights.targets: given {type(given).__name__}, expected a table with time, symbol and "
        "weight, one with a time and a column for each symbol, or a function"
    )


def _long(frame: pl.DataFrame) -> pl.DataFrame:
    """Bring a table into the columns time, symbol and weight."""
    named = {name.lower(): name for name in frame.columns}
    time = next((named[name] for name in _TIMES if name in named), None)
    if time is None:
        raise ConfigError(
            f"Weights.targets: given columns {frame.columns}, expected a time: one of "
            f"{', '.join(_TIMES)}. Is it the index of a pandas frame, as texts? Make times of "
            "them: weights.index = pd.to_datetime(weights.index)"
        )
    if {"symbol", "weight"} <= named.keys():
        columns = {time: "time", named["symbol"]: "symbol", named["weight"]: "weight"}
        return frame.select(*columns).rename(columns)
    return frame.unpivot(index=time, variable_name="symbol", value_name="weight").rename(
        {} if time == "time" else {time: "time"}
    )


def _refuse_numbers(frame: pl.DataFrame) -> None:
    weights = frame["weight"]
    if not (weights.dtype.is_numeric() or weights.dtype == pl.Null):
        raise ConfigError(
            f"Weights.targets: given weights of type {weights.dtype}, expected numbers"
        )
    numbers = weights.cast(pl.Float64)
    bad = (~numbers.is_finite()).fill_null(value=False)
    row = bad.arg_max() if bad.any() else None
    if row is not None:
        shown = frame.row(row)
        raise ConfigError(
            f"Weights.targets: given {numbers[row]} for {shown[1]} at {shown[0]} (row {row}), "
            "expected a finite number, or null to leave the symbol alone"
        )


def _places(names: pl.Series, symbols: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each symbol in the run."""
    known = {name: place for place, name in enumerate(symbols)}
    texts = names.cast(pl.String)
    distinct = texts.unique().to_list()
    for name in distinct:
        if name not in known:
            raise ConfigError(
                f"Weights.targets: {name!r} is no symbol of this run. {nearest(str(name), symbols)}"
            )
    found = texts.replace_strict(known, return_dtype=pl.Int64) if distinct else pl.Series([])
    places: NDArray[np.int64] = found.cast(pl.Int64).to_numpy()
    return places


def _in_unit(times: pl.Series, unit: str) -> NDArray[np.int64]:
    """Return times as integers of a unit; what is finer is cut to it."""
    if times.null_count():
        raise ConfigError("Weights.targets: given a time of null, expected one in each row")
    if times.dtype.is_integer():
        plain: NDArray[np.int64] = times.cast(pl.Int64).to_numpy()
        return plain
    if times.dtype == pl.String:
        read: list[Any] = [to_units(text, unit, "Weights.targets") for text in times.to_list()]
        return np.array(read, dtype=np.int64)
    if times.dtype == pl.Date:
        times = times.cast(pl.Datetime("us"))
    if not isinstance(times.dtype, pl.Datetime):
        raise ConfigError(
            f"Weights.targets: given times of type {times.dtype}, expected datetimes, dates, texts "
            "or integers"
        )
    own = times.dtype.time_unit
    numbers: NDArray[np.int64] = times.to_physical().to_numpy()
    has, wanted = _PER_UNIT[own], {"s": 1, **_PER_UNIT}[unit]
    if wanted >= has:
        return numbers * (wanted // has)
    return numbers // (has // wanted)
