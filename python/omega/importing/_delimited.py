"""Delimited text as a frame: text columns for times, float columns for prices.

A value that is no number is refused with its place. Files without a header are joined as bytes and
parsed in one go, which is what makes thousands of small ones quick. Bare numbers are parsed by
Polars; where one is dressed, such as ``"1,262.25"``, the column is read as text first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from omega.errors import InvalidCandleData
from omega.importing import _numbers
from omega.importing._files import Part

IGNORED = "-"
TEXT = frozenset({"time", "date", "clock", "symbol", "split"})
_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How lines are cut.

    Attributes:
        separator: What stands between values.
        columns: The role of each column from the left; ``"-"`` for those that are not read.
        header: Whether the first line names the columns.
        mark: What stands before the decimals.
        lead: Lines before the first, such as comments.
    """

    separator: str
    columns: Sequence[str]
    header: bool = False
    mark: str = _numbers.POINT
    lead: int = 0

    @property
    def first(self) -> int:
        """How many lines come before the first row."""
        return self.lead + self.header


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


def cells_of(line: str, separator: str) -> list[str]:
    """Cut a line; a separator in quotes is none."""
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator), [""])
    except csv.Error:
        return line.split(separator)


def _frame(
    part: Part,
    content: bytes,
    layout: Layout,
    parts: Sequence[Part] = (),
    contents: Sequence[bytes] = (),
) -> pl.DataFrame:
    if layout.header and not layout.lead:  # empty lines above the names
        blank = content[: len(content) - len(content.lstrip())].count(b"\n")
        layout = replace(layout, lead=blank)
    names = [f"{role}#{k}" if role == IGNORED else role for k, role in enumerate(layout.columns)]
    schema: dict[str, type[pl.DataType]] = {
        name: pl.String if name in TEXT or name.startswith(IGNORED) else pl.Float64
        for name in names
    }
    if not content or content.isspace():
        kept = [name for name in names if not name.startswith(IGNORED)]
        return pl.DataFrame(schema=schema).select(kept)
    try:
        if layout.mark == _numbers.POINT:
            return _parsed(content, layout, schema)
    except pl.exceptions.PolarsError:
        pass  # some number is dressed, or the fault is found below
    try:
        return _undressed(content, layout, schema)
    except (pl.exceptions.PolarsError, _NoNumber) as error:
        for one, text in zip(parts or [part], contents or [content], strict=True):
            _find_fault(one, text, layout, schema)
        short = str(error).partition("\n")[0]
        message = f"{part.name}: the lines cannot be read ({short}). Correct the file"
        raise InvalidCandleData(message, rule="file") from None


def _parsed(
    content: bytes, layout: Layout, schema: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    kept = [name for name in schema if not name.startswith(IGNORED)]
    start = _first_row(content, layout.first)
    if content[start : start + 1] in (b"\n", b"\r"):  # an empty line would be taken for a column
        content, layout = content[start:].lstrip(b"\r\n"), replace(layout, lead=0, header=False)
    # A schema of its own makes Polars take the columns from the left, whatever their names are.
    frame = pl.read_csv(
        io.BytesIO(content),
        has_header=False,
        separator=layout.separator,
        schema=dict(schema),
        skip_lines=layout.first,
        columns=[list(schema).index(name) for name in kept],
        null_values=["null"],
        truncate_ragged_lines=False,
    )
    frame = frame.select(kept)
    if frame.height and frame.to_series(0).null_count():
        # An empty line is no row.
        frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    return frame


def _first_row(content: bytes, skipped: int) -> int:
    """Return where the line after some others begins."""
    at = 0
    for _ in range(skipped):
        at = content.find(b"\n", at) + 1
        if not at:
            return len(content)
    return at


class _NoNumber(Exception):
    """A cell is no number however it is dressed; where, is looked for."""


def _undressed(
    content: bytes, layout: Layout, schema: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    """Read numbers that are more than digits and a point."""
    frame = _parsed(content, layout, dict.fromkeys(schema, pl.String))
    made = []
    for name in frame.columns:
        if schema[name] == pl.String:
            continue
        numbers = _numbers.read(frame[name], layout.mark)
        if (numbers.is_null() & ~_numbers.is_missing(frame[name])).any():
            raise _NoNumber(f"a value of {name} is no number")
        made.append(numbers)
    return frame.with_columns(made)


def _find_fault(
    part: Part, content: bytes, layout: Layout, schema: Mapping[str, type[pl.DataType]]
) -> None:
    """Raise for the first line that has too many values, or one that is no number."""
    lines = content.decode("utf-8", errors="replace").splitlines()
    row = -1
    for number, line in enumerate(lines[layout.first :], layout.first + 1):
        if not line.strip():
            continue
        row += 1
        values = cells_of(line, layout.separator)
        if len(values) > len(schema) or (row == 0 and len(values) < len(schema)):
            raise InvalidCandleData(
                f"{part.name}, line {number}: {len(values)} values, expected {len(schema)}: "
                f"{line[:_LONGEST]!r}. Remove or complete the line",
                rule="columns",
            )
        for name, value in _words(values, layout, schema):
            raise InvalidCandleData(
                f"{part.name}, line {number}: {value[:_LONGEST]!r} in column {name!r} is no "
                f"number{_reading(value, layout.mark)}. Correct the line or remove it",
                column=name,
                row=row,
                value=value,
                rule="number",
            )


def _words(
    values: Sequence[str], layout: Layout, schema: Mapping[str, type[pl.DataType]]
) -> Iterator[tuple[str, str]]:
    """Yield the values that should be numbers and are none, with their columns."""
    for (name, kind), value in zip(schema.items(), values, strict=False):
        if kind == pl.Float64 and not _numbers.is_number(value, layout.mark):
            yield name, value


def _reading(value: str, mark: str) -> str:
    """Return how decimals are read, where a number has another mark."""
    other = _numbers.POINT if mark == _numbers.COMMA else _numbers.COMMA
    return f", as decimals stand after {mark!r} here" if other in value else ""


def _ended(content: bytes) -> bytes:
    return content if not content or content.endswith(b"\n") else content + b"\n"
