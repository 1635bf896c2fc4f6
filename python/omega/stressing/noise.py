"""Noise on candles: prices moved a little, and valid candles still."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.store import CandleStore
from omega.lookahead.market import Market
from omega.stressing.draws import seed_of, uniforms

_PRICES = ("open", "high", "low", "close")
_SIDES = ("bid", "ask")
_LEAST = 0.5
"""No price falls below this share of itself."""


def with_noise(store: CandleStore, share: float, seed: int) -> CandleStore:
    """Move each price by up to a share of its bar's range, to either side.

    Both sides move alike, so that the ask stays at or above the bid, and highs and lows follow
    opens and closes. Of quotes the range is the step from the one before.

    Args:
        store: The candles.
        share: Of the range; 0.1 is a tenth.
        seed: Of the draws, which depend on symbol, price and row alone.
    """
    market = Market(store)
    frames = {
        name: _moved(frame, share, seed_of(seed, place))
        for place, (name, frame) in enumerate(market.frames.items())
    }
    return market.store_of(frames)


def _moved(frame: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    if "bid" in frame.columns:
        bid = frame["bid"].to_numpy()
        steps = np.abs(np.diff(bid, prepend=bid[:1]))
        by = (2.0 * uniforms(seed, len(bid)) - 1.0) * steps * share
        sides = [side for side in _SIDES if side in frame.columns]
        return frame.with_columns(
            pl.Series(side, _not_below(frame[side].to_numpy(), by)) for side in sides
        )
    sides = [side for side in _SIDES if f"{side}_open" in frame.columns]
    reach = (frame["bid_high"] - frame["bid_low"]).to_numpy() * share
    by_price = {
        price: (2.0 * uniforms(seed_of(seed, place), len(reach)) - 1.0) * reach
        for place, price in enumerate(_PRICES)
    }
    columns: list[pl.Series] = []
    for side in sides:
        moved = {
            price: _not_below(frame[f"{side}_{price}"].to_numpy(), by_price[price])
            for price in _PRICES
        }
        moved["high"] = np.maximum.reduce([moved[one] for one in ("high", "open", "close")])
        moved["low"] = np.minimum.reduce([moved[one] for one in ("low", "open", "close")])
        columns += [pl.Series(f"{side}_{price}", values) for price, values in moved.items()]
    return frame.with_columns(columns)


def _not_below(prices: NDArray[Any], by: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move prices, those above 0 to no less than half of themselves."""
    moved = prices + by
    return np.where(prices > 0.0, np.maximum(moved, prices * _LEAST), moved)
