"""A summary of findings: the worst first, frequent ones once with their count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import polars as pl

_BY_COUNT = frozenset({"gap", "locked", "flat", "flat_filler", "repeated_time", "unmatched"})
"""Kinds of which single rows say little."""
_SINGLE = 5
"""Rows of any other kind that are shown on their own."""
COLUMNS = ("kind", "of", "done", "rows", "file", "row", "time", "value", "note")


def counted(table: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Return each kind and what was done, with the number of rows, the worst kind first."""
    groups = table.group_by("kind", "done", maintain_order=True).len()
    return [(str(kind), str(done), int(rows)) for kind, done, rows in groups.iter_rows()]


def overview(table: pl.DataFrame) -> pl.DataFrame:
    """Return the worst findings on their own, and each kind that comes often as one line.

    Returns:
        `kind`, `of`, `done`, `rows` that the line stands for, and of the worst of these rows the
        name of its `file`, `row`, `time`, `value` and `note`.
    """
    lines = []
    for _, group in table.group_by("kind", "of", "done", maintain_order=True):
        kind = group["kind"][0]
        single = 0 if kind in _BY_COUNT else _SINGLE
        if group.height <= max(single, 1):
            single = group.height
        lines += [_line(group.slice(k, 1)) for k in range(single)]
        rest = group.slice(single)
        lines += [_line(rest)] if rest.height else []
    whole = pl.concat(lines) if lines else _line(table)
    return whole.select(COLUMNS)


def summary_lines(table: pl.DataFrame) -> list[str]:
    """Return a line of text for each kind, the worst first, with its worst row."""
    mixed = table["of"].n_unique() > 1
    lines = []
    for _, group in table.group_by("kind", "of", "done", maintain_order=True):
        worst = group.row(0, named=True)
        whose = f" of {worst['of']}" if mixed else ""
        shown = _shown(group, worst)
        found = f"found: {group.height:,} {worst['kind']} ({worst['done']}){whose}"
        lines.append(f"{found}: {shown}" if shown else found)
    return lines


def _shown(group: pl.DataFrame, worst: Mapping[str, Any]) -> str:
    """Return a line on the worst row of a kind: its size, its place and its note."""
    is_sized = worst["kind"] not in _BY_COUNT or worst["kind"] == "gap"
    size = sized(worst["kind"], worst["value"]) if is_sized else ""
    where = "" if worst["row"] is None else f"row {worst['row']:,} of {_base(worst['file'])}"
    word = "" if group.height == 1 else "worst " if size else "first "
    weekends = _weekends(group)
    note = f" ({worst['note']})" if worst["note"] and not weekends else ""
    place = ", ".join(part for part in (size, where) if part)
    return f"{word if place else ''}{place}{note}{f'; {weekends}' if weekends else ''}".strip()


def sized(kind: str, value: float | None) -> str:
    """Return the value of a finding in words: days and hours of a gap, else a number.

    Example:
        >>> sized("gap", 172_920.0)
        '2 days, 0:02:00'
    """
    if value is None:
        return ""
    if kind in ("gap", "unsorted"):
        return str(timedelta(seconds=abs(value))).removesuffix(", 0:00:00")
    return f"{value:,.6g}"


def _line(group: pl.DataFrame) -> pl.DataFrame:
    worst = group.head(1).with_columns(
        pl.lit(group.height, pl.Int64).alias("rows"),
        pl.col("file").map_elements(_base, return_dtype=pl.String),
    )
    weekends = _weekends(group) if group.height > 1 else None
    return worst if weekends is None else worst.with_columns(note=pl.lit(weekends))


def _weekends(group: pl.DataFrame) -> str | None:
    over = int((group["note"] == "over a weekend").sum())
    return f"{over:,} of them over a weekend" if over and group.height > 1 else None


def _base(file: str | None) -> str:
    return PurePosixPath(str(file or "").replace("\\", "/")).name
