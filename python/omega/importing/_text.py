"""Separated values as a frame: text columns for times, float columns for prices.

A value that is no number is refused with its place. Files without a header are joined as bytes and
parsed in one go, which is what makes thousands of small ones quick.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from omega.errors import InvalidCandleData
from omega.importing._files import Part

IGNORED = "-"
TEXT = frozenset({"time", "date", "clock", "symbol"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How lines are cut.

    Attributes:
        separator: What stands between values.
        columns: The role of each column from the left; ``"-"`` for those that are not read.
        header: Whether the first line names the columns.
        decimal_comma: Whether a comma stands before the decimals.
        lead: Lines before the first, such as comments.
    """

    separator: str
    columns: Sequence[str]
    header: bool = False
    decimal_comma: bool = False
    lead: int = 0


def read(parts: Sequence[Part], layout: Layout) -> tuple[pl.DataFrame, list[tuple[str, int]]]:
    """Read all parts.

    Returns:
        The rows, and each file with its number of rows.

    Raises:
        InvalidCandleData: A value is no number, or a line has other columns; place and value are
            named.
    """
    if layout.header or len(parts) == 1:
        frames = [_frame(part, part.text(), layout) for part in parts]
        counts = [(part.name, frame.height) for part, frame in zip(parts, frames, strict=True)]
        return pl.concat(frames), counts
    contents = [_ended(part.text()) for part in parts]
    frame = _frame(parts[0], b"".join(contents), layout, parts, contents)
    counts = [
        (part.name, content.count(b"\n")) for part, content in zip(parts, contents, strict=True)
    ]
    if sum(rows for _, rows in counts) != frame.height:  # there are empty lines
        frames = [_frame(part, part.text(), layout) for part in parts]
        return pl.concat(frames), [
            (part.name, one.height) for part, one in zip(parts, frames, strict=True)
        ]
    return frame, counts


def _frame(
    part: Part,
    content: bytes,
    layout: Layout,
    parts: Sequence[Part] = (),
    contents: Sequence[bytes] = (),
) -> pl.DataFrame:
    names = [f"{role}#{k}" if role == IGNORED else role for k, role in enumerate(layout.columns)]
    schema: dict[str, type[pl.DataType]] = {
        name: pl.String if name in TEXT or name.startswith(IGNORED) else pl.Float64
        for name in names
    }
    kept = [name for name in names if not name.startswith(IGNORED)]
    if not content.strip():
        return pl.DataFrame(schema=schema).select(kept)
    try:
        return _parse(content, layout, schema, kept)
    except pl.exceptions.PolarsError as error:
        for one, text in zip(parts or [part], contents or [content], strict=True):
            _find_fault(one, text, layout, schema)
        message = f"{part.name}: the lines cannot be read ({error})"
        raise InvalidCandleData(message, rule="file") from None


def _parse(
    content: bytes, layout: Layout, schema: Mapping[str, type[pl.DataType]], kept: Sequence[str]
) -> pl.DataFrame:
    # A schema of its own makes Polars take the columns from the left, whatever their names are.
    frame = pl.read_csv(
        io.BytesIO(content),
        has_header=False,
        separator=layout.separator,
        schema=dict(schema),
        skip_lines=layout.lead + layout.header,
        columns=[list(schema).index(name) for name in kept],
        decimal_comma=layout.decimal_comma,
        null_values=["null"],
        truncate_ragged_lines=False,
    )
    frame = frame.select(kept)
    if frame.height and frame.to_series(0).null_count():
        # An empty line is no row.
        frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    return frame


def _find_fault(
    part: Part, content: bytes, layout: Layout, schema: Mapping[str, type[pl.DataType]]
) -> None:
    """Raise for the first line that has too many values, or one that is no number."""
    lines = content.decode("utf-8", errors="replace").splitlines()
    first = layout.lead + layout.header
    for number, line in enumerate(lines[first:], first + 1):
        values = line.split(layout.separator)
        cut_short = number == first + 1 and len(values) < len(schema)
        if line.strip() and (cut_short or len(values) > len(schema)):
            raise InvalidCandleData(
                f"{part.name}, line {number}: {len(values)} values, expected {len(schema)}: "
                f"{line[:80]!r}. Remove or complete the line",
                rule="columns",
            )
        for (name, kind), value in zip(schema.items(), values, strict=False):
            if kind == pl.Float64 and not _is_number(value, decimal_comma=layout.decimal_comma):
                raise InvalidCandleData(
                    f"{part.name}, line {number}: {value!r} in column {name!r} is no number. "
                    "Correct the line or remove it",
                    column=name,
                    row=number - first - 1,
                    value=value,
                    rule="number",
                )


def _is_number(text: str, *, decimal_comma: bool) -> bool:
    plain = text.strip().strip('"')
    try:
        float(plain.replace(",", ".") if decimal_comma else plain)
    except ValueError:
        return plain in {"", "null"}
    return True


def _ended(content: bytes) -> bytes:
    return content if not content or content.endswith(b"\n") else content + b"\n"
