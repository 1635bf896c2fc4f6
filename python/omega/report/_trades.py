"""Trades as packed columns, for the table and the charts of the page."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report import _codec
from omega.report._candles import moments
from omega.report._codec import Column

_NS = 1e9
_R_DECIMALS = 3
_MONEY = {"net": "net_pnl", "mae": "mae", "mfe": "mfe", "fees": "fees", "swap": "swap"}
_PRICES = {
    "entry": "entry_price", "exit": "exit_price", "stop": "stop_loss", "target": "take_profit",
}  # fmt: skip


def pack_trades(trades: pl.DataFrame, symbols: list[str]) -> tuple[dict[str, Any], str]:
    """Pack the columns that the page shows.

    Example:
        >>> from omega.results.result import example_result
        >>> about, text = pack_trades(example_result().trades, ["EURUSD"])
        >>> about["rows"], about["reasons"]
        (3, ['end_of_data', 'stop_loss', 'take_profit'])
    """
    reasons = sorted(set(trades["exit_reason"].cast(pl.String).to_list()))
    amounts = {name: _floats(trades, column) for name, column in _MONEY.items()}
    decimals = _codec.money_decimals(np.concatenate(list(amounts.values())))
    lots = _floats(trades, "lots")
    lot_decimals, _ = _codec.decimals_of(lots, coarse=4)
    prices, price_decimals = _prices(trades)
    r = _codec.scaled(_floats(trades, "r_multiple"), _R_DECIMALS)
    has_r = trades["r_multiple"].is_not_null().to_numpy()
    columns = [
        *_times(trades),
        Column("id", _integers(trades, "trade_id"), base="sum"),
        Column("bars", _integers(trades, "bars_held"), "unsigned"),
        Column("short", _codes(["long", "short"], trades["direction"]), "unsigned"),
        Column("ambiguous", _integers(trades, "ambiguous"), "unsigned"),
        Column("reason", _codes(reasons, trades["exit_reason"]), "unsigned"),
        Column("symbol", _codes(symbols, trades["symbol"]), "unsigned"),
        Column("lots", _codec.scaled(lots, lot_decimals), base="sum", scale=10.0**-lot_decimals),
        *prices,
        *(
            Column(
                name,
                _codec.scaled(values, decimals),
                base="sum" if name in ("fees", "swap") else "",
                scale=10.0**-decimals,
            )
            for name, values in amounts.items()
        ),
        Column("r", r, "nullable", has_r, scale=10.0**-_R_DECIMALS),
    ]
    about, text = _codec.table(columns)
    more = {"priceDecimals": price_decimals, "moneyDecimals": decimals}
    return about | more | {"reasons": reasons, "symbols": symbols}, text


def _times(trades: pl.DataFrame) -> list[Column]:
    entries, exits = moments(trades["entry_time"]), moments(trades["exit_time"])
    first = int(entries[0]) if len(entries) else 0
    unit = max(int(np.gcd.reduce(np.concatenate([entries - first, exits - first]))), 1)
    return [
        Column(name, (times - first) // unit, "signed", None, base, unit / _NS, first / _NS)
        for name, times, base in (
            ("entryTime", entries, "sum"),
            ("exitTime", exits, "entryTime"),
        )
    ]


def _prices(trades: pl.DataFrame) -> tuple[list[Column], int]:
    """Entry, and exit, stop and target beside it."""
    values = {name: _floats(trades, column) for name, column in _PRICES.items()}
    every = np.concatenate(list(values.values()))
    largest = float(np.max(np.abs(every[np.isfinite(every)]), initial=0.0)) or 1.0
    decimals, _ = _codec.decimals_of(every, coarse=_codec.coarse_decimals(largest, 7))
    return [
        Column(
            name,
            _codec.scaled(column, decimals),
            "nullable" if name in ("stop", "target") else "signed",
            trades[_PRICES[name]].is_not_null().to_numpy(),
            base="sum" if name == "entry" else "entry",
            scale=10.0**-decimals,
        )
        for name, column in values.items()
    ], decimals


def _floats(trades: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return trades[name].cast(pl.Float64).fill_null(0.0).to_numpy()


def _integers(trades: pl.DataFrame, name: str) -> NDArray[np.int64]:
    return trades[name].to_numpy().astype(np.int64)


def _codes(known: list[str], values: pl.Series) -> NDArray[np.int64]:
    places = {name: place for place, name in enumerate(known)}
    return np.array([places[value] for value in values.cast(pl.String)], dtype=np.int64)
