"""Orders that the engine refused or cancelled, by reason."""

from __future__ import annotations

import polars as pl

from omega.remedies import remedies
from omega.report._labels import words
from omega.report._parts import hint, none, table
from omega.report._reported import Reported


def refused(result: Reported) -> pl.DataFrame:
    """Count orders without a fill by what became of them and why, the most first.

    Returns:
        ``status`` ("rejected", "cancelled" or "expired"), ``reason``, ``orders``, and the times of
        the ``first`` and the ``last`` of them.

    Example:
        >>> from omega.results.result import example_result
        >>> refused(example_result()).select("status", "reason", "orders").rows()
        [('rejected', 'size', 1)]
    """
    status = pl.col("status").cast(pl.String)
    return (
        result.orders.filter(status.is_in(["rejected", "cancelled", "expired"]))
        .group_by(status.alias("status"), pl.col("reject_reason").fill_null("-").alias("reason"))
        .agg(
            pl.len().alias("orders"),
            pl.col("submitted_time").min().alias("first"),
            pl.col("submitted_time").max().alias("last"),
        )
        .sort(["orders", "status", "reason"], descending=[True, False, False])
    )


def panel(result: Reported) -> str:
    """Refused and cancelled orders as a table."""
    found = refused(result)
    if not found.height:
        return none("No order was refused, cancelled or expired.")
    rows = [
        (
            words(reason) if reason != "-" else "no reason",
            [words(status), f"{count:,}", f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}"],
        )
        for status, reason, count, first, last in found.iter_rows()
    ]
    head = ["What became of them", "Orders", "First", "Last"]
    shown = table(head, rows, caption="Orders without a fill", first="Reason")
    named = dict.fromkeys(one for one in found["reason"] if f"reject-{one}" in remedies())
    return shown + (hint(f"What to do: omega explain {' '.join(named)}") if named else "")
