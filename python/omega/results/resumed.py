"""A resumed run: its new rows, and a check that the earlier ones are the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl

from omega.config.values import counted
from omega.data.hashing import content_hash
from omega.errors import ConfigError
from omega.report._reported import Reported


@dataclasses.dataclass(frozen=True)
class Resumed:
    """What a run has beyond the one that it goes on from.

    Attributes:
        at: Last bar of the earlier run; what is after it is new.
        fingerprint: That of the earlier run.
        trades: Trades closed since, and those of its last bar that it did not have.
        orders: Orders sent since.
        fills: Fills since.
        equity: The curve since.
        ledger: Bookings since.
        reopened: Trades that the earlier run closed because its data ended; here they went on.

    Example:
        >>> import omega
        >>> candles = omega.sample("SHARE")
        >>> native = omega.native("sma_cross", fast=5, slow=20)
        >>> first = omega.run_backtest(candles.head(200), native)
        >>> later = omega.run_backtest(candles.head(260), native, resume=first)
        >>> later.resumed.equity.height, later.resumed.fingerprint == first.fingerprint
        (60, True)
    """

    at: datetime
    fingerprint: str
    trades: pl.DataFrame
    orders: pl.DataFrame
    fills: pl.DataFrame
    equity: pl.DataFrame
    ledger: pl.DataFrame
    reopened: pl.DataFrame

    def __repr__(self) -> str:
        return (
            f"Resumed(at {self.at:%Y-%m-%d %H:%M}: {counted(self.equity.height, 'new bar')}, "
            f"{counted(self.trades.height, 'trade')}, "
            f"{counted(self.fills.height, 'fill')})"
        )


def resumed(result: Reported, earlier: Reported) -> Resumed:
    """Return what a run has beyond an earlier one, once their common rows are known to be equal.

    Raises:
        ConfigError: A row before the last bar of the earlier run is another one.
    """
    at = earlier.equity["time"][-1]
    for name, column in (("equity", "time"), ("fills", "time"), ("ledger", "time")):
        _require_same(name, _before(result, name, column, at), _before(earlier, name, column, at))
    for name, column in (("trades", "exit_time"), ("orders", "submitted_time")):
        _require_same(name, _before(result, name, column, at), _before(earlier, name, column, at))
    was = earlier.trades.select("trade_id", "exit_index", "exit_reason").cast(
        {"exit_reason": pl.String}
    )
    own = result.trades.with_columns(pl.col("exit_reason").cast(pl.String).alias("was"))
    key = ["trade_id", "exit_index"]
    fresh = own.join(
        was, left_on=[*key, "was"], right_on=[*key, "exit_reason"], how="anti",
        maintain_order="left",
    )  # fmt: skip
    ended = earlier.trades.filter(pl.col("exit_reason").cast(pl.String) == "end_of_data")
    there = own.filter(pl.col("was") == "end_of_data")
    return Resumed(
        at,
        earlier.fingerprint,
        fresh.drop("was"),
        result.orders.filter(pl.col("submitted_time") > at),
        result.fills.filter(pl.col("time") > at),
        result.equity.filter(pl.col("time") > at),
        result.ledger.filter(pl.col("time") > at),
        ended.join(there, on=key, how="anti", maintain_order="left"),
    )


def _before(result: Reported, name: str, column: str, at: datetime) -> pl.DataFrame:
    """The rows before a bar; of orders those that ended by then, since others go on."""
    frame: pl.DataFrame = getattr(result, name)
    if name == "orders":
        # What became of an order is known where it ended before the bar, and that has no column.
        frame = frame.drop("status", "reject_reason", "note")
    return frame.filter(pl.col(column) < at)


def _require_same(name: str, now: pl.DataFrame, before: pl.DataFrame) -> None:
    if content_hash(now.lazy()) == content_hash(before.lazy()):
        return
    row = next(
        (k for k in range(min(now.height, before.height)) if now.row(k) != before.row(k)),
        min(now.height, before.height),
    )
    given = now.row(row, named=True) if row < now.height else "nothing"
    was = before.row(row, named=True) if row < before.height else "nothing"
    raise ConfigError(
        f"resume: row {row} of {name} is not that of the earlier run ({given} instead of {was}), "
        "so this run does not go on from it. Run without resume, or with the strategy, settings "
        "and data of that run"
    )


Identity = Callable[["tuple[int, str] | None"], dict[str, Any]]
"""Returns what a run depends on beside its candles, as `omega.keys.key_of` gives it.

It is called with the last time of the run and its unit; None for a run without any."""
