"""Market impact of fills: the square-root law, from candles and volumes (M13)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.costs import Costs
from omega.contract import Settings, SymbolFields
from omega.data.closes import closes_of
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.run.adjusted import Growth

if TYPE_CHECKING:
    from omega._core import Run

Floats = NDArray[np.float64]


def with_impact(
    fields: Sequence[SymbolFields],
    costs: Sequence[Costs],
    stores: Sequence[CandleStore],
    growth: Mapping[str, Growth],
    semantics: str,
) -> list[SymbolFields]:
    """Return what is traded with how far a fill of one unit moves the price in each bar.

    Raises:
        ConfigError: A symbol has no volume or too few bars, or version 1 of the rules is run.
    """
    found = []
    for own, charged, store in zip(fields, costs, stores, strict=True):
        if charged.impact == 0.0:
            found.append(own)
            continue
        if semantics == "1":
            raise ConfigError(
                f"Costs.impact: given {charged.impact:g} with semantics=1, expected 0: the rules "
                "of the first release have no impact"
            )
        name = store.symbols[0]
        impact = _impact(charged, store, growth.get(name))
        if not np.isfinite(impact).any():
            raise ConfigError(
                f"Costs.impact: given {charged.impact:g}, and {name} has no "
                f"{charged.impact_window + 1} bars with a volume; give more bars, or a shorter "
                "impact_window"
            )
        found.append({**own, "impact": impact})
    return found


def declare_impact(run: Run, settings: Settings, symbols: Sequence[str]) -> None:
    """Request the bars before the first from which on an impact is known."""
    for symbol, fields in zip(symbols, settings["symbols"], strict=True):
        impact = fields["impact"]
        if impact is not None:
            run.declare_warmup(int(np.isfinite(impact).argmax()), symbol)


def _impact(costs: Costs, store: CandleStore, growth: Growth | None) -> Floats:
    """Return impact x volatility / sqrt(volume) of each bar, from the bars before it."""
    name = store.symbols[0]
    frame = pl.DataFrame(store)
    if "volume" not in frame.columns:
        raise ConfigError(
            f"Costs.impact: given {costs.impact:g}, and {name} has no volume; add a column of "
            "volumes, or leave it out"
        )
    closes = closes_of(store)
    volumes = frame["volume"].cast(pl.Float64).fill_null(0.0).to_numpy()
    scale = np.ones(len(closes)) if growth is None else growth.volumes
    traded = volumes > 0.0
    at = np.flatnonzero(traded)
    returns = pl.Series(_returns(closes, at, growth))
    size = costs.impact_window
    volatility = returns.rolling_std(size).to_numpy()
    volume = pl.Series((volumes * scale)[at[1:]]).rolling_mean(size).to_numpy()
    # Of the newest traded bar before each: its own volume is not known at its open.
    before = np.cumsum(traded, dtype=np.int64) - traded.astype(np.int64) - 2
    known = before >= 0
    impact = np.full(len(closes), math.nan)
    rows = before[known]
    per_unit = costs.impact * volatility[rows]
    impact[known] = per_unit / np.sqrt(volume[rows] / scale[known])
    return impact


def _returns(closes: Floats, at: NDArray[np.int64], growth: Growth | None) -> Floats:
    """Return the returns between bars, in the prices of the later one of two."""
    now, before = at[1:], at[:-1]
    earlier = closes[before]
    if growth is not None and growth.shifts is not None:
        earlier = earlier + growth.shifts[before] - growth.shifts[now]
    elif growth is not None:
        earlier = earlier * growth.prices[before] / growth.prices[now]
    return np.asarray(closes[now] / earlier - 1.0)
