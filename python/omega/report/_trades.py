"""Trades and the equity curve as packed columns, for the table and the charts of the page."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report import _codec
from omega.report._candles import moments
from omega.report._numbers import marks

_NS = 1e9
_R_DECIMALS = 3


def pack_trades(trades: pl.DataFrame, symbols: list[str]) -> tuple[dict[str, Any], str]:
    """Pack the columns that the page shows.

    Example:
        >>> from omega.results.result import example_result
        >>> about, text = pack_trades(example_result().trades, ["EURUSD"])
        >>> about["rows"], about["reasons"]
        (3, ['end_of_data', 'stop_loss', 'take_profit'])
    """
    reasons = sorted(set(trades["exit_reason"].cast(pl.String).to_list()))
    names = {
        "symbol": (symbols, trades["symbol"].cast(pl.String)),
        "reason": (reasons, trades["exit_reason"].cast(pl.String)),
    }
    codes = {name: _codes(known, values) for name, (known, values) in names.items()}
    prices, price_decimals = _prices(trades)
    amounts = {name: _floats(trades, name) for name in ("net_pnl", "mae", "mfe", "fees", "swap")}
    decimals = _codec.money_decimals(np.concatenate(list(amounts.values())))
    money = {name: _codec.scaled(values, decimals) for name, values in amounts.items()}
    times, unit, first = _times(trades)
    lots, lot_decimals = _lots(_floats(trades, "lots"))
    multiples = trades["r_multiple"]
    flags = (
        (trades["direction"].cast(pl.String) == "short").to_numpy().astype(np.int64)
        + 2 * trades["ambiguous"].to_numpy().astype(np.int64)
        + 4 * codes["reason"]
    )
    parts = [
        *times,
        _codec.signed(_codec.differences(trades["trade_id"].to_numpy().astype(np.int64))),
        _codec.unsigned(trades["bars_held"].to_numpy().astype(np.int64)),
        _codec.unsigned(flags),
        _codec.unsigned(codes["symbol"]),
        _codec.signed(_codec.differences(lots)),
        *prices,
        *(_codec.signed(money[name]) for name in ("net_pnl", "mae", "mfe")),
        *(_codec.signed(_codec.differences(money[name])) for name in ("fees", "swap")),
        _codec.nullable(
            _codec.scaled(multiples.fill_null(0.0).to_numpy(), _R_DECIMALS),
            multiples.is_not_null().to_numpy(),
        ),
    ]
    about = {
        "rows": trades.height,
        "reasons": reasons,
        "symbols": symbols,
        "first": first,
        "unit": unit,
        "priceDecimals": price_decimals,
        "moneyDecimals": decimals,
        "lotDecimals": lot_decimals,
        "rDecimals": _R_DECIMALS,
    }
    return about, _codec.packed(parts)


def excursion_axes(trades: pl.DataFrame) -> dict[str, Any]:
    """Give the ends and marks of the two axes of the scatter of excursions.

    All but the most extreme half of a hundredth lies between the ends; the rest is drawn at them.

    Example:
        >>> from omega.results.result import example_result
        >>> excursion_axes(example_result().trades)["x"]["marks"][0]
        [0.0, '0']
    """
    found = {}
    for axis, name in (("x", "mae"), ("y", "mfe")):
        sizes = np.abs(_floats(trades, name))
        limit = float(np.quantile(sizes, 0.995)) * 1.05 if len(sizes) else 0.0
        end = limit if limit > 0 and np.isfinite(limit) else 1.0
        found[axis] = {"end": end, "marks": [list(one) for one in marks(0.0, end, 5)]}
    return found


def _times(trades: pl.DataFrame) -> tuple[list[bytes], float, float]:
    entries, exits = moments(trades["entry_time"]), moments(trades["exit_time"])
    if not len(entries):
        return [b"", b""], 1.0, 0.0
    first = int(entries[0])
    unit = max(int(np.gcd.reduce(np.concatenate([entries - first, exits - first]))), 1)
    steps = _codec.differences((entries - first) // unit)
    parts = [_codec.signed(steps), _codec.signed((exits - entries) // unit)]
    return parts, unit / _NS, first / _NS


def _prices(trades: pl.DataFrame) -> tuple[list[bytes], int]:
    """Entry, exit, stop and target, each beside the price that it is mostly near."""
    names = ("entry_price", "exit_price", "stop_loss", "take_profit")
    values = {name: trades[name].cast(pl.Float64).fill_null(0.0).to_numpy() for name in names}
    every = np.concatenate(list(values.values()))
    largest = float(np.max(np.abs(every[np.isfinite(every)]), initial=0.0)) or 1.0
    decimals, _ = _codec.decimals_of(every, coarse=_codec.coarse_decimals(largest, 7))
    ticks = {name: _codec.scaled(column, decimals) for name, column in values.items()}
    entry, leave = ticks["entry_price"], ticks["exit_price"]
    before = np.concatenate([[0], leave[:-1]]) if len(leave) else leave
    levels = [
        _codec.nullable(ticks[name] - entry, trades[name].is_not_null().to_numpy())
        for name in ("stop_loss", "take_profit")
    ]
    return [_codec.signed(entry - before), _codec.signed(leave - entry), *levels], decimals


def _lots(lots: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    decimals, _ = _codec.decimals_of(lots, coarse=4)
    return _codec.scaled(lots, decimals), decimals


def _floats(trades: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return trades[name].cast(pl.Float64).fill_null(0.0).to_numpy()


def _codes(known: list[str], values: pl.Series) -> NDArray[np.int64]:
    places = {name: place for place, name in enumerate(known)}
    return np.array([places[value] for value in values], dtype=np.int64)
