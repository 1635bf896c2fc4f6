"""Separated text with named columns, as people and programs write it.

A table has its first line of names, what stands between values, and what stands before decimals;
each is seen in the first lines of the file, or asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _delimited, _encodings, _numbers
from omega.importing._files import Part
from omega.importing._generic import in_prices, normal, one_symbol, roles_of, shaped
from omega.importing._source import PRICES, Options, Parsed, Source, short

_SEPARATORS = ("\t", ";", ",", "|")
_SHOWN = 80
_FIELD = ("price", "attributes", "")
_TICKER = ("ticker", "tickers", "symbol", "symbols")
_LEAST_WORDS = 4
_SPACES = re.compile(rb"(?<=\S)[ \t]+(?=\S)")
_DATE = re.compile(r"\d{8}|\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp][Mm])?|\d{3,6}")
_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d.,]*[kKmMbBtT%]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """How the lines of a file are cut, and what their columns are named.

    Attributes:
        separator: What stands between values.
        names: The columns; empty for those without a name.
        header: Whether a line names them.
        lead: Lines before that one.
        rows: Some rows, cut.
        symbol: The symbol that the header states.
        notes: What was found out, as sentences.
    """

    separator: str
    names: list[str]
    header: bool
    lead: int
    rows: list[list[str]]
    symbol: str | None = None
    notes: tuple[str, ...] = ()


def separator_of(line: str) -> str:
    """Return the separator that a line is cut by."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_SEPARATORS, key=bare.count)


def _read(parts: Sequence[Part], options: Options) -> Parsed:
    parts = _tabbed(parts)
    first = parts[0]
    table = _table(first, options)
    roles = roles_of(table.names, options.columns, first.name)
    _refuse_twice(first, table.names, roles)
    by_name = {name: role for role, name in roles.items()}
    columns = [by_name.get(name, _delimited.IGNORED) for name in table.names]
    layout = _delimited.Layout(
        separator=table.separator,
        columns=columns,
        header=table.header,
        mark=_mark(table, columns, options, first.name),
        lead=table.lead,
    )
    for part in parts[1:]:
        _same_header(table, part, first, options)
    frame, counts = _delimited.read(parts, layout)
    frame, counts, symbol = one_symbol(frame, counts, options)
    frame, notes = in_prices(frame, first.name, options)
    parsed = shaped(frame, counts, options, place=first.name, names=roles)
    notes = [*parsed.notes, *_encoded(parts), *table.notes, *_nameless(table, roles), *notes]
    return replace(parsed, symbol=symbol or table.symbol or parsed.symbol, notes=notes)


def _tabbed(parts: Sequence[Part]) -> Sequence[Part]:
    """Put tabs where nothing but spaces stands between values."""
    first = next(iter(table_lines(parts[0])), "")
    if any(mark in first for mark in _SEPARATORS) or len(first.split()) < _LEAST_WORDS:
        return parts
    return [_with_tabs(part) for part in parts]


def _with_tabs(part: Part) -> Part:
    return replace(
        part,
        load=lambda: _SPACES.sub(b"\t", part.text()),
        peek=lambda: _SPACES.sub(b"\t", _encodings.as_utf8(part.peek())),
    )


def _encoded(parts: Sequence[Part]) -> list[str]:
    if all(part.encoding != _encodings.WINDOWS for part in parts):
        return []
    return ["the text is no UTF-8, and was read as Windows-1252"]


def _nameless(table: _Table, roles: dict[str, str]) -> list[str]:
    """Return a note on what became of a column without a name."""
    if not table.header or "" not in table.names[:1]:
        return []
    role = next((role for role, name in roles.items() if name == ""), None)
    return [
        f"the first column has no name; it was {f'taken as the {role}' if role else 'left out'}"
    ]


def _table(part: Part, options: Options) -> _Table:
    """See how a file is cut."""
    lines = table_lines(part)
    if not lines:
        raise InvalidCandleData(f"{part.name}: the file has no lines. Fetch it again", rule="file")
    lead = part.all_lines().index(lines[0])
    separator = separator_of(lines[0])
    cut = [
        [cell.strip().strip('"') for cell in _delimited.cells_of(line, separator)] for line in lines
    ]
    names, rows = cut[0], cut[1:]
    if _is_two_headers(cut):
        return _of_two_headers(part, cut, separator, lead, options)
    header = not any(_NUMBER.fullmatch(cell) for cell in names)
    if not header and options.columns is None:
        raise ConfigError(
            f"{part.name}: the first line is {lines[0][:_SHOWN]!r}, without names, and no format "
            f"with such lines is known. Name the columns from the left: columns={_likely(names)}, "
            "if they are these, with '-' for others"
        )
    if not header:
        names, rows = [str(k) for k in range(len(names))], cut
    return _with_ends(_Table(separator=separator, names=names, header=header, lead=lead, rows=rows))


def _likely(cells: list[str]) -> list[str]:
    """Return roles that a line without names may have, to be changed and stated by the user."""
    roles = ["symbol"] if re.match(r"[A-Za-z]", cells[0]) else []
    times = cells[len(roles) : len(roles) + 2]
    if len(times) > 1 and _DATE.fullmatch(times[0]) and _CLOCK.fullmatch(times[1]):
        roles += ["date", "clock"]
    else:
        roles += ["time"]
    left = len(cells) - len(roles)
    values = ["open", "high", "low", "close", "volume"]
    roles += values[:left] if left >= len(PRICES) else ["price", "volume"][:left]
    return roles + ["-"] * (len(cells) - len(roles))


def _with_ends(table: _Table) -> _Table:
    """Add or take away a name at the end, where each row has a separator more or less there."""
    width = len(table.names)
    widths = {len(row) for row in table.rows}
    if len(widths) != 1:
        return table
    (wide,) = widths
    if wide == width + 1 and not any(row[-1] for row in table.rows):
        note = "each line ends with a separator, after which nothing comes"
        return replace(table, names=[*table.names, ""], notes=(*table.notes, note))
    if wide == width + 1 and table.header and _is_count([row[0] for row in table.rows]):
        note = "the first line has a name less than the rows have values; their first has none"
        return replace(table, names=["", *table.names], notes=(*table.notes, note))
    if wide == width - 1 and table.names[-1] == "":
        return replace(table, names=table.names[:-1])
    return table


def _is_count(cells: list[str]) -> bool:
    """Return whether cells count the rows, as the index of a frame does."""
    start = 1 if cells[0] == "1" else 0
    return cells == [str(start + k) for k in range(len(cells))]


def _is_two_headers(cut: list[list[str]]) -> bool:
    return len(cut) > len(cut[:2]) and normal(cut[0][0]) in _FIELD and normal(cut[1][0]) in _TICKER


def _of_two_headers(
    part: Part, cut: list[list[str]], separator: str, lead: int, options: Options
) -> _Table:
    """Take the columns of one symbol: yfinance writes fields, symbols and the time's name."""
    fields, tickers, third = cut[0], cut[1], cut[2]
    known = list(dict.fromkeys(ticker for ticker in tickers[1:] if ticker))
    wanted = options.symbol if options.symbol in known else None
    if len(known) > 1 and wanted is None:
        raise ConfigError(
            f"{part.name}: the file holds the symbols {', '.join(map(short, known[:6]))}. "
            f"Choose one: symbol={short(known[0])}"
        )
    symbol = wanted or (known[0] if known else None)
    has_third = not any(third[1:])
    names = [
        (third[0] if has_third else "") or "Date",
        *(field if ticker == symbol else f"{field} {ticker}"
          for field, ticker in zip(fields[1:], tickers[1:], strict=False)),
    ]  # fmt: skip
    rows = cut[2 + has_third :]
    note = "the columns have two names, of the field and of the symbol, as yfinance writes them"
    return _Table(
        separator=separator, names=names, header=True, lead=lead + 1 + has_third, rows=rows,
        symbol=symbol, notes=(note,),
    )  # fmt: skip


def _mark(table: _Table, columns: Sequence[str], options: Options, place: str) -> str:
    """Return what stands before the decimals in the columns of numbers."""
    at = [
        k
        for k, role in enumerate(columns)
        if role != _delimited.IGNORED and role not in _delimited.TEXT
    ]
    cells = [row[k] for row in table.rows for k in at if k < len(row)]
    return _numbers.decimal_mark(cells, table.separator, options.decimal, place)


def _refuse_twice(part: Part, names: Sequence[str], roles: dict[str, str]) -> None:
    """Refuse a name that two columns have, where it is needed."""
    for name in roles.values():
        if names.count(name) > 1:
            raise InvalidCandleData(
                f"{part.name}: {names.count(name)} columns are named {short(name)}, and it is "
                "unclear which is meant. Rename all but one in the first line",
                column=name,
                rule="columns",
            )


def table_lines(part: Part) -> list[str]:
    """Leave out comments, and a first line that is a title or an address."""
    # A program of spreadsheets writes sep=; above the names.
    lines = [line for line in part.lines() if not line.startswith(("#", "sep="))]
    cuts = [line.count(separator_of(line)) for line in lines[:2]]
    return lines[1:] if len(cuts) > 1 and cuts[0] == 0 < cuts[1] else lines


def _same_header(table: _Table, other: Part, first: Part, options: Options) -> None:
    """Require the columns of the first file."""
    if not table_lines(other):
        return
    found = _table(other, options)
    if (found.names, found.header) != (table.names, table.header):
        raise InvalidCandleData(
            f"{other.name}: the columns are {', '.join(found.names)[:_SHOWN]!r}, but {first.name} "
            f"has {', '.join(table.names)[:_SHOWN]!r}. Read files of one kind at a time",
            rule="columns",
        )


SOURCES = (
    Source(
        "csv",
        "any separated text with named columns",
        "offsets in the text or a column named so; asked for otherwise",
        "asked",
        lambda head: bool(head.lines),
        _read,
    ),
)
