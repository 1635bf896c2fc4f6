"""What a portfolio of several symbols held and earned: by symbol, and over time.

All of it is made of the result's tables, exposure of the candles as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.closes import closes_of, times_of
from omega.data.store import each_of
from omega.errors import ConfigError
from omega.report._multiplied import Change, Changes, factors

if TYPE_CHECKING:
    from omega.contract import EventRow, ResultTables
    from omega.data.store import CandleStore

Numbers: TypeAlias = NDArray[np.float64]

_YEAR = 365.25 * 86_400
"""Seconds."""
_PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


class Ran(Protocol):
    """A result, as far as a portfolio is read from it."""

    tables: ResultTables
    candles: CandleStore | None

    @property
    def happened(self) -> Sequence[EventRow]:
        """What happened by date."""

    @property
    def symbols(self) -> list[str]:
        """Names of the symbols."""

    @property
    def trades(self) -> pl.DataFrame:
        """Closed trades."""

    @property
    def orders(self) -> pl.DataFrame:
        """All orders."""

    @property
    def fills(self) -> pl.DataFrame:
        """All executions."""

    @property
    def equity(self) -> pl.DataFrame:
        """The equity curve."""

    @property
    def positions(self) -> pl.DataFrame:
        """Positions still open."""

    @property
    def ledger(self) -> pl.DataFrame:
        """Every change of the balance."""


class Portfolio:
    """What became of a portfolio: a base of `omega.BacktestResult`."""

    @cached_property
    def weights(self) -> pl.DataFrame:
        """What became of each target weight, in the order in which they were acted on.

        Example:
            >>> from omega.results.result import example_result
            >>> example_result().weights.columns
            ['time', 'symbol', 'target', 'realised', 'drift', 'reason']
        """
        return pl.DataFrame(cast("Ran", self).tables.weights())

    @cached_property
    def by_symbol(self) -> pl.DataFrame:
        """What each symbol came to: trades, profit, costs, and its part of the return.

        Example:
            >>> from omega.results.result import example_result
            >>> example_result().by_symbol.select("symbol", "trades", "net_pnl").row(0)
            ('EURUSD', 3, 150.0)
        """
        return by_symbol(cast("Ran", self))

    @cached_property
    def exposure(self) -> pl.DataFrame:
        """What was held long and short at each close, net and gross, as shares of the equity.

        Positions in another currency are converted at the rate of their symbol's newest fill.

        Raises:
            ConfigError: The result was loaded, and no longer knows its candles.

        Example:
            >>> held = omega.run_backtest(candles, omega.native("buy_and_hold")).exposure
            >>> held.columns
            ['time', 'long', 'short', 'net', 'gross']
        """
        return exposure(cast("Ran", self))


def by_symbol(result: Ran) -> pl.DataFrame:
    """Return what each symbol came to, in the order of the run."""
    text = pl.col("symbol").cast(pl.String)
    closed = result.trades.group_by(text).agg(
        trades=pl.len(),
        win_rate=(pl.col("net_pnl") > 0).mean(),
        gross_pnl=pl.col("gross_pnl").sum(),
        costs=(pl.col("fees") - pl.col("swap")).sum(),
        net_pnl=pl.col("net_pnl").sum(),
    )
    still = result.positions.group_by(text).agg(
        open_profit=(pl.col("open_profit") - pl.col("entry_fee") + pl.col("swap")).sum()
    )
    cash = result.ledger["amount"][0] if result.ledger.height else 0.0
    zeros = pl.col("trades", "gross_pnl", "costs", "net_pnl", "open_profit").fill_null(0)
    all_in_all = pl.col("net_pnl") + pl.col("open_profit")
    return (
        pl.DataFrame({"symbol": result.symbols}, schema={"symbol": pl.String})
        .join(closed, on="symbol", how="left", maintain_order="left")
        .join(still, on="symbol", how="left", maintain_order="left")
        .with_columns(zeros)
        .with_columns(contribution=all_in_all / cash if cash else pl.lit(None, pl.Float64))
    )


def exposure(result: Ran) -> pl.DataFrame:
    """Return what was held at the close of each bar, as shares of the equity.

    Raises:
        ConfigError: The result was loaded, and no longer knows its candles.
    """
    if result.candles is None:
        raise ConfigError(
            "exposure: given a result without its candles, expected one of a run; what was held is "
            "worth what the candles say"
        )
    times = result.equity["time"].to_physical().to_numpy()
    equity = result.equity["equity"].to_numpy()
    held = {1.0: np.zeros(len(times)), -1.0: np.zeros(len(times))}
    stores = {one.symbols[0]: one for one in each_of(result.candles)}
    sizes = dict(zip(result.tables.symbols, result.tables.contract_sizes, strict=True))
    for symbol, sign, lots, rates in _held(result, times):
        closes = _closes(stores[symbol], "bid" if sign > 0 else "ask", times)
        held[sign] += lots * np.where(lots > 0, closes, 0.0) * rates * sizes[symbol]
    with np.errstate(divide="ignore", invalid="ignore"):
        long, short = (np.where(equity > 0, held[sign] / equity, np.nan) for sign in (1.0, -1.0))
    columns = {"long": long, "short": short, "net": long - short, "gross": long + short}
    return result.equity.select("time").with_columns(
        pl.Series(name, values) for name, values in columns.items()
    )


def portfolio_metrics(result: Ran) -> dict[str, float | None]:
    """Return turnover and breadth of a portfolio.

    `turnover_per_year` is all that was bought and sold over the mean equity, a year;
    `average_names` is the mean number of symbols held at the closes.
    """
    times = result.equity["time"].to_physical().to_numpy()
    if not len(times):
        return {"turnover_per_year": None, "average_names": None}
    unit = result.equity.schema["time"].time_unit  # type: ignore[attr-defined]  # a time
    years = (times[-1] - times[0]) / _PER_SECOND[unit] / _YEAR
    mean = float(result.equity["equity"].to_numpy().mean())
    sizes = dict(zip(result.tables.symbols, result.tables.contract_sizes, strict=True))
    fills = _with_symbol(result)
    per_lot = fills["symbol"].replace_strict(sizes, return_dtype=pl.Float64)
    traded = float((fills["price"] * fills["lots"] * fills["rate"] * per_lot).abs().sum())
    names = np.zeros(len(times))
    of_symbol: dict[str, Numbers] = {}
    for symbol, _, lots, _ in _held(result, times):
        of_symbol[symbol] = of_symbol.get(symbol, np.zeros(len(times))) + (lots > 0)
    for one in of_symbol.values():
        names += one > 0
    return {
        "turnover_per_year": traded / mean / years if years > 0 and mean > 0 else None,
        "average_names": float(names.mean()),
    }


def _with_symbol(result: Ran) -> pl.DataFrame:
    orders = result.orders.select("order_id", pl.col("symbol").cast(pl.String))
    return result.fills.join(orders, on="order_id", how="left", maintain_order="left")


def _held(result: Ran, times: NDArray[np.int64]) -> Iterator[tuple[str, float, Numbers, Numbers]]:
    """Yield symbol, direction, lots and rate at each row of the equity, of all that was held."""
    kinds = [
        table.select("trade_id", is_long=pl.col("direction") == "long")
        for table in (result.trades, result.positions)
    ]
    # As what it was entered; afterwards a symbol may have become another one (A6).
    entered = result.orders.select(pl.col("symbol").cast(pl.String), trade_id="order_id")
    trades = pl.concat(kinds).unique("trade_id", keep="first", maintain_order=True)
    fills = (
        result.fills.select(
            "trade_id",
            pl.col("time").to_physical(),
            "lots",
            "rate",
            opens=pl.col("trade_id").is_first_distinct(),
        )
        .join(trades, on="trade_id", maintain_order="left")
        .join(entered, on="trade_id", maintain_order="left")
    )
    all_changes = Changes(result)
    for (symbol, is_long), own in fills.group_by(["symbol", "is_long"], maintain_order=True):
        rows = np.searchsorted(times, own["time"].to_numpy(), side="right") - 1
        rows = np.maximum(rows, 0)
        changes = all_changes.of(str(symbol))
        grown = factors(changes, times)
        signed = np.where(own["opens"].to_numpy(), 1.0, -1.0) * own["lots"].to_numpy()
        lots = np.zeros(len(times))
        np.add.at(lots, rows, signed / grown[rows])
        lots = np.cumsum(lots)
        lots[np.abs(lots) < 1e-9 * own["lots"].max()] = 0.0  # type: ignore[operator]  # numbers
        lots *= grown
        sign, rates = 1.0 if is_long else -1.0, _last_rates(rows, own, len(times))
        for name, part in _by_name(str(symbol), changes, lots, times):
            yield name, sign, part, rates


def _by_name(
    symbol: str, changes: Sequence[Change], lots: Numbers, times: NDArray[np.int64]
) -> Iterator[tuple[str, Numbers]]:
    """Yield the lots under each name that a symbol has over time."""
    renamed = [change for change in changes if change.symbol != symbol]
    names = [(int(times[0]) if len(times) else 0, symbol)]
    names += [(change.time, change.symbol) for change in renamed]
    for place, (begin, name) in enumerate(names):
        end = names[place + 1][0] if place + 1 < len(names) else np.iinfo(np.int64).max
        yield name, np.where((times >= begin) & (times < end), lots, 0.0)


def _last_rates(rows: NDArray[np.int64], own: pl.DataFrame, length: int) -> Numbers:
    """Return the rate of the newest fill at each row."""
    rates = own["rate"].to_numpy()
    places = np.searchsorted(rows, np.arange(length), side="right") - 1
    found: Numbers = rates[np.maximum(places, 0)]
    return found


def _closes(store: CandleStore, side: str, times: NDArray[np.int64]) -> Numbers:
    """Return the newest close of the only symbol of a store at each time; NaN before the first."""
    opens = times_of(store) * (1_000 if store.time_unit == "s" else 1)  # as Polars keeps them
    places = np.searchsorted(opens, times, side="right") - 1
    closes = closes_of(store, side)[np.maximum(places, 0)]
    found: Numbers = np.where(places >= 0, closes, np.nan)
    return found
