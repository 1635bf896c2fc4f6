"""Drawdown periods: from a peak to its recovery."""

from __future__ import annotations

import numpy as np
import polars as pl

from omega.config.values import counted
from omega.report._metrics import start_of
from omega.report._numbers import money, percent
from omega.report._parts import hint, none, table
from omega.report._reported import Reported

_WORST = 5
_DAY = 86_400.0


def drawdowns(result: Reported) -> pl.DataFrame:
    """Return every fall of the equity, the deepest first.

    A fall is a stretch of rows below the peak so far, which begins at the initial equity.

    Returns:
        ``peak`` and ``trough`` (times), ``recovered`` (the first time back at the peak; null where
        it was not reached again), ``depth`` (a share of the peak), ``money`` (below the peak) and
        ``bars`` (from the peak to recovery or the last row).

    Example:
        >>> from omega.results.result import example_result
        >>> drawdowns(example_result()).select("depth", "money", "bars").row(0)
        (0.00980392156862745, 100.0, 3)
    """
    equity = result.equity["equity"].to_numpy()
    times = result.equity["time"]
    level = np.concatenate([[start_of(result)], equity])
    peak = np.maximum.accumulate(level)
    # In front of the rows stands the initial equity, and behind them the end of the last fall.
    below = np.concatenate([[False], equity < peak[1:], [False]])
    changes = np.diff(below.astype(np.int8))
    begins, ends = np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
    tops = peak[begins]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(peak[1:] > 0, (peak[1:] - equity) / peak[1:], 0.0)
    troughs = [
        int(begin + np.argmax(shares[begin:end])) for begin, end in zip(begins, ends, strict=True)
    ]
    back = ends < len(equity)
    rows = np.maximum(begins - 1, 0)
    last = np.minimum(ends, max(len(equity) - 1, 0))
    found = pl.DataFrame(
        {
            "peak": times.gather(rows),
            "trough": times.gather(troughs),
            "recovered": times.gather(last).set(pl.Series(~back, dtype=pl.Boolean), None),
            "depth": shares[troughs] if troughs else np.empty(0),
            "money": tops - equity[troughs] if troughs else np.empty(0),
            "bars": last - rows,
        }
    )
    return found.sort("depth", descending=True, maintain_order=True)


def worst(result: Reported) -> str:
    """The five deepest falls as a table."""
    found = drawdowns(result)
    if not found.height:
        return none("The equity never fell below its peak.")
    end = result.equity["time"][-1]
    spans = [
        ((one["recovered"] or end) - one["peak"]).total_seconds() / _DAY
        for one in found.head(_WORST).iter_rows(named=True)
    ]
    digits = 0 if all(span.is_integer() for span in spans) else 1
    rows = []
    for span, one in zip(spans, found.head(_WORST).iter_rows(named=True), strict=True):
        back = one["recovered"]
        rows.append(
            (
                percent(-one["depth"]),
                [
                    money(-one["money"]), _moment(one["peak"]), _moment(one["trough"]),
                    "not yet" if back is None else _moment(back), f"{span:,.{digits}f}",
                    f"{one['bars']:,}",
                ],
            )
        )  # fmt: skip
    head = ["Amount", "Peak", "Trough", "Recovered", "Days", "Bars"]
    left = found.height - len(rows)
    note = f"{counted(left, 'smaller drawdown')} not shown." if left else ""
    return table(head, rows, caption="Deepest drawdowns", first="Depth") + hint(note)


def _moment(time: object) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
