"""Series of pandas that have dates: their rows are those of the candles, not merely as many."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from omega.contract import ArrowLike
from omega.errors import ConfigError


def require_times(given: object, name: str, candles: ArrowLike) -> None:
    """Refuse a series of pandas whose dates are not the times of the candles.

    What has no dates as its index goes by position. A series that is longer or shorter and equal
    as far as both go is refused elsewhere, by its length.

    Raises:
        ConfigError: A date differs.
    """
    index: Any = getattr(given, "index", None)
    kind = getattr(getattr(index, "dtype", None), "kind", None)
    if not type(given).__module__.startswith("pandas") or kind != "M":
        return
    plain = index if index.tz is None else index.tz_convert(None)
    dates = pl.Series(np.asarray(plain.to_numpy())).dt.epoch("us")
    opens = pl.DataFrame(candles)["time"]
    times = opens.dt.epoch("us")
    rows = min(len(dates), len(times))
    differs = dates.head(rows).ne_missing(times.head(rows))
    if differs.any():
        row = int(differs.arg_max() or 0)
        raise ConfigError(
            f"{name}: given a series of pandas whose row {row} is dated {index[row]}, and bar "
            f"{row} of the candles opens at {opens[row]}, expected the times of the "
            "candles as its index. Use .reindex(...), or .to_numpy() to take it by position"
        )
