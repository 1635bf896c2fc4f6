"""Profit of trades by symbol, direction, exit reason, tag and holding time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from omega.report._labels import words
from omega.report._numbers import money, percent
from omega.report._parts import none, table
from omega.report._reported import Reported

_LADDER = (
    (60, "under a minute"), (300, "1 to 5 minutes"), (900, "5 to 15 minutes"),
    (3_600, "15 to 60 minutes"), (14_400, "1 to 4 hours"), (43_200, "4 to 12 hours"),
    (86_400, "12 to 24 hours"), (259_200, "1 to 3 days"), (604_800, "3 to 7 days"),
    (2_592_000, "7 to 30 days"), (7_776_000, "30 to 90 days"), (31_536_000, "90 to 365 days"),
)  # fmt: skip
"""Seconds up to which a holding time has a name, without the end."""
_LONGEST = "over a year"
_ONE_BAR = "within one bar"
_WITHOUT = "without a tag"
HEAD = ("Net profit", "Per trade", "Trades", "Share", "Won")


def profit_by(trades: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add trades up by something, the largest profit first; holding times by length.

    Args:
        trades: Those of a result.
        name: "symbol", "direction", "exit reason", "tag" or "holding time".

    Returns:
        ``group``, ``trades``, ``won`` (a share), ``net`` and ``each``. A trade with several tags
        counts for each of them.

    Example:
        >>> from omega.results.result import example_result
        >>> profit_by(example_result().trades, "direction").select("group", "trades", "net").rows()
        [('long', 2, 250.0), ('short', 1, -100.0)]
    """
    grouped = (
        _KINDS[name](trades)
        .group_by("group", "order")
        .agg(
            pl.len().alias("trades"),
            (pl.col("net_pnl") > 0).mean().alias("won"),
            pl.col("net_pnl").sum().alias("net"),
            pl.col("net_pnl").mean().alias("each"),
        )
    )
    return grouped.sort(["order", "net", "group"], descending=[False, True, False]).drop("order")


def panel(result: Reported, name: str) -> str:
    """The profit by something as a table with bars."""
    trades = result.trades
    if not trades.height:
        return none("There are no closed trades.")
    grouped = profit_by(trades, name)
    rows = [
        (
            words(group),
            [
                money(net), money(each), f"{count:,}", percent(count / trades.height, 1),
                percent(won, 1),
            ],
        )
        for group, count, won, net, each in grouped.iter_rows()
    ]  # fmt: skip
    return table(
        HEAD, rows, caption=f"By {name}", first=name.capitalize(), kind="tall",
        sizes=grouped["net"].to_list() if grouped.height > 1 else (),
    )  # fmt: skip


def has_tags(result: Reported) -> bool:
    """Whether any trade has a tag."""
    return bool(result.trades.height and (result.trades["tags"].list.len() > 0).any())


def _named(column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def group(trades: pl.DataFrame) -> pl.DataFrame:
        own = pl.col(column).cast(pl.String).alias("group")
        return trades.select(own, pl.lit(0).alias("order"), "net_pnl")

    return group


def _tagged(trades: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit(pl.Series([[_WITHOUT]], dtype=pl.List(pl.String)))
    tags = pl.when(pl.col("tags").list.len() > 0).then("tags").otherwise(none)
    return trades.select(tags.alias("group"), pl.lit(0).alias("order"), "net_pnl").explode("group")


def _held(trades: pl.DataFrame) -> pl.DataFrame:
    seconds = (trades["exit_time"] - trades["entry_time"]).dt.total_seconds().to_numpy()
    places = np.searchsorted([end for end, _ in _LADDER], seconds, side="right") + 1
    places[seconds == 0] = 0  # moments within a bar are not known
    names = [_ONE_BAR, *(name for _, name in _LADDER), _LONGEST]
    return trades.select("net_pnl").with_columns(
        pl.Series("order", places), pl.Series("group", [names[place] for place in places])
    )


_KINDS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "symbol": _named("symbol"),
    "direction": _named("direction"),
    "exit reason": _named("exit_reason"),
    "tag": _tagged,
    "holding time": _held,
}
