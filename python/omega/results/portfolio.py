"""What a portfolio of several symbols held and earned: by symbol, and over time.

All of it is made of the result's tables, exposure of the candles as well.
"""

from __future__ import annotations

from functools import cached_property
from typing import TypeAlias, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.store import each_of
from omega.errors import ConfigError
from omega.report._reported import Reported
from omega.report._symbol_values import lots_held, values_held

Numbers: TypeAlias = NDArray[np.float64]

_YEAR = 365.25 * 86_400
"""Seconds."""
_CARRY = ("swap", "borrow", "funding")
_DIVIDENDS = ("dividend", "tax")
_ROUNDING = 1e-9
"""Sums in another order differ by so much of them."""
_PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


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
        return pl.DataFrame(cast("Reported", self).tables.weights())

    @cached_property
    def by_symbol(self) -> pl.DataFrame:
        """What each symbol came to: trades, profit, costs, and its part of the return.

        `carry` (swap, borrowing and funding, negative where paid) and `dividends` (after tax) are
        those of closed and open positions alike. `costs` are the fees less `carry`. What belongs to
        no position, such as interest, is in a last row, `cash`; contributions add up to the return.

        Example:
            >>> from omega.results.result import example_result
            >>> example_result().by_symbol.select("symbol", "trades", "net_pnl").row(0)
            ('EURUSD', 3, 150.0)
        """
        return by_symbol(cast("Reported", self))

    @cached_property
    def exposure(self) -> pl.DataFrame:
        """What was held long and short at each close, net and gross, as shares of the equity.

        Positions in another currency are converted at the rate of their symbol's newest fill.
        `stale` counts the symbols held that have no bar at that step, as in a halt (rule A8): what
        they are worth is an earlier close.

        Raises:
            ConfigError: The result was loaded, and no longer knows its candles.

        Example:
            >>> held = omega.run_backtest(candles, omega.native("buy_and_hold")).exposure
            >>> held.columns
            ['time', 'long', 'short', 'net', 'gross', 'stale']
        """
        return exposure(cast("Reported", self))


def by_symbol(result: Reported) -> pl.DataFrame:
    """Return what each symbol came to, in the order of the run, and then what cash came to."""
    text = pl.col("symbol").cast(pl.String)
    closed = closed_by_symbol(result.trades)
    still = result.positions.group_by(text).agg(
        open_profit=(pl.col("open_profit") - pl.col("entry_fee") + pl.col("swap")).sum(),
        open_fees=pl.col("entry_fee").sum(),
    )
    fees = result.trades.group_by(text).agg(fees=pl.col("fees").sum())
    cash = result.ledger["amount"][0] if result.ledger.height else 0.0
    table = pl.DataFrame({"symbol": result.symbols}, schema={"symbol": pl.String})
    for part in (closed.drop("costs"), still, fees, _booked(result)):
        table = table.join(part, on="symbol", how="left", maintain_order="left")
    table = table.with_columns(pl.col(pl.Float64, pl.UInt32).exclude("win_rate").fill_null(0))
    table = table.select(
        "symbol",
        "trades",
        "win_rate",
        "gross_pnl",
        pl.col("fees") + pl.col("open_fees") - pl.col("carry"),
        "carry",
        "dividends",
        "net_pnl",
        "open_profit",
    ).rename({"fees": "costs"})
    own = _of_cash(result, cash, table)
    if own is not None:
        table = pl.concat([table, table.clear().vstack(own)])
    everything = pl.col("net_pnl") + pl.col("open_profit")
    return table.with_columns(contribution=everything / cash if cash else pl.lit(None, pl.Float64))


def _booked(result: Reported) -> pl.DataFrame:
    """What the ledger has of holding each symbol, of closed and open positions alike."""
    columns = ["trade_id", pl.col("symbol").cast(pl.String)]
    named = pl.concat([result.trades.select(columns), result.positions.select(columns)])
    lines = result.ledger.join(named.unique("trade_id"), on="trade_id")
    kind = pl.col("kind").cast(pl.String)
    sums = {"carry": _CARRY, "dividends": _DIVIDENDS}
    return lines.group_by("symbol").agg(
        **{name: pl.col("amount").filter(kind.is_in(kinds)).sum() for name, kinds in sums.items()}
    )


def _of_cash(result: Reported, cash: float, table: pl.DataFrame) -> pl.DataFrame | None:
    """The row of what belongs to no position, such as interest; None where there is none."""
    if not result.equity.height:
        return None
    others = float(table["net_pnl"].sum()) + float(table["open_profit"].sum())
    rest = float(result.equity["equity"][-1]) - cash - others
    lines = result.ledger["trade_id"].null_count()
    is_small = abs(rest) <= _ROUNDING * max(abs(cash), abs(others))
    if lines == 1 and is_small:  # the deposit alone
        return None
    zeros = dict.fromkeys(("gross_pnl", "costs", "carry", "dividends", "open_profit"), 0.0)
    row = {"symbol": "cash", "trades": 0, "win_rate": None, **zeros, "net_pnl": rest}
    return pl.DataFrame([row], schema=table.schema)


def closed_by_symbol(trades: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Return what the closed trades of each symbol came to; of each value of further columns too.

    Example:
        >>> from omega.results.result import example_result
        >>> closed_by_symbol(example_result().trades).select("symbol", "trades").rows()
        [('EURUSD', 3)]
    """
    named = [*(pl.col(key) for key in keys), pl.col("symbol").cast(pl.String)]
    return (
        trades.group_by(named)
        .agg(
            trades=pl.len(),
            win_rate=(pl.col("net_pnl") > 0).mean(),
            gross_pnl=pl.col("gross_pnl").sum(),
            costs=(pl.col("fees") - pl.col("swap")).sum(),
            net_pnl=pl.col("net_pnl").sum(),
        )
        .sort(*keys, "symbol")
    )


def exposure(result: Reported) -> pl.DataFrame:
    """Return what was held at the close of each bar, as shares of the equity.

    Raises:
        ConfigError: The result was loaded, and no longer knows its candles.
    """
    if result.candles is None:
        raise ConfigError(
            "exposure: given a result without its candles, expected one of a run: candles give the "
            "worth of what was held"
        )
    equity = result.equity["equity"].to_numpy()
    held = {1.0: np.zeros(len(equity)), -1.0: np.zeros(len(equity))}
    without_bar: dict[str, NDArray[np.bool_]] = {}
    stores = {one.symbols[0]: one for one in each_of(result.candles)}
    for one in values_held(result, stores.__getitem__):
        held[one.sign] += one.worth
        is_old = without_bar.get(one.symbol, one.is_old)
        without_bar[one.symbol] = is_old | one.is_old
    with np.errstate(divide="ignore", invalid="ignore"):
        long, short = (np.where(equity > 0, held[sign] / equity, np.nan) for sign in (1.0, -1.0))
    columns = {"long": long, "short": short, "net": long - short, "gross": long + short}
    stale = np.sum([*without_bar.values()], axis=0, dtype=np.uint32)
    return result.equity.select("time").with_columns(
        *(pl.Series(name, values) for name, values in columns.items()),
        stale=pl.Series(np.broadcast_to(stale, equity.shape), dtype=pl.UInt32),
    )


def portfolio_metrics(result: Reported) -> dict[str, float | None]:
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
    for _, symbol, _, lots, _ in lots_held(result, times):
        of_symbol[symbol] = of_symbol.get(symbol, np.zeros(len(times))) + (lots > 0)
    for one in of_symbol.values():
        names += one > 0
    return {
        "turnover_per_year": traded / mean / years if years > 0 and mean > 0 else None,
        "average_names": float(names.mean()),
    }


def _with_symbol(result: Reported) -> pl.DataFrame:
    orders = result.orders.select("order_id", pl.col("symbol").cast(pl.String))
    return result.fills.join(orders, on="order_id", how="left", maintain_order="left")
