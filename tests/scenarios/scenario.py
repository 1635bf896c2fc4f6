"""Reads a scenario: a few bars, the orders after each, and the expected result.

Scenarios are Markdown that a trader can read (`tests/scenarios/README.md` has the format). The
cells of a `Scenario` are still text; `_` means "not checked".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import omega

FOLDER = Path(__file__).parent
EXPECTED = ("order", "fill", "trade", "equity_at_bar", "equity_at", "ledger", "position")
"""First words of the tables that say what must come out."""

_MIRRORED_WORDS = {"buy": "sell", "sell": "buy", "long": "short", "short": "long"}
_PRICES = {"price", "stop_loss", "take_profit", "entry_price", "exit_price", "limit", "stop"}
_PRICES |= {"limit_price", "touch"}


@dataclass(frozen=True)
class Table:
    """A Markdown table: names of its columns, and rows of text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def records(self) -> Iterator[dict[str, str]]:
        """Give each row by the names of its columns."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


@dataclass(frozen=True)
class Scenario:
    """One section of a scenario file."""

    file: str
    title: str
    settings: Mapping[str, object] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    mirror: float | None = None
    mirrored: bool = False

    def __str__(self) -> str:
        """Name the scenario as pytest shows it."""
        return f"{self.file}: {self.title}" + (" (mirrored)" if self.mirrored else "")


def all_scenarios() -> list[Scenario]:
    """Read every scenario of this folder, each followed by its mirror image where it has one."""
    found = []
    for path in sorted(FOLDER.glob("*.md")):
        if path.name != "README.md":
            for scenario in read(path.stem, path.read_text()):
                found.append(scenario)
                if scenario.mirror is not None:
                    found.append(mirror_image(scenario, scenario.mirror))
    return found


def read(file: str, content: str) -> Iterator[Scenario]:
    """Give the scenarios of a file: one for each second-level heading."""
    for section in re.split(r"^## ", content, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        tables = {table.columns[0]: table for table in _tables(body)}
        unknown = set(tables) - {"bar", "finer_bar", "after_bar", "at", *EXPECTED}
        if unknown or "bar" not in tables:
            message = f"{file}, {title!r}: no table of bars, or unknown tables {sorted(unknown)}"
            raise ValueError(message)
        mirror = re.search(r"[Mm]irrored at ([\d.]+)", body)
        yield Scenario(
            file,
            title.strip(),
            settings=_settings(body),
            tables=tables,
            mirror=float(mirror[1].rstrip(".")) if mirror else None,
        )


def _tables(body: str) -> Iterator[Table]:
    for block in re.findall(r"(?:^\|.*\n?)+", body, flags=re.MULTILINE):
        lines = [line.strip().strip("|").split("|") for line in block.strip().splitlines()]
        head, _, *rows = [tuple(cell.strip() for cell in line) for line in lines]
        yield Table(tuple(re.sub(r"\W+", "_", name.lower()) for name in head), tuple(rows))


def _settings(body: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for paragraph in re.findall(r"^Settings: ((?:.+\n?)+)", body, flags=re.MULTILINE):
        for assignment in re.findall(r"`([^`]+)`", paragraph):
            name, _, expression = assignment.partition("=")
            found[name.strip()] = value_of(expression.strip())
    return found


def value_of(expression: str) -> object:
    """Evaluate a setting: a literal, a bare word, or a value of Omega such as `FixedLots(2)`."""
    return _evaluated(ast.parse(expression, mode="eval").body)


def _evaluated(node: ast.expr) -> object:
    match node:
        case ast.Name(id=word):
            return word
        case ast.List(elts=items):
            return [_evaluated(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_evaluated(item) for item in items)
        case ast.Dict(keys=names, values=items):
            pairs = zip(names, items, strict=True)
            return {ast.literal_eval(name): _evaluated(item) for name, item in pairs if name}
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            given = {str(word.arg): _evaluated(word.value) for word in keywords}
            return getattr(omega, name)(*[_evaluated(item) for item in arguments], **given)
        case _:
            return ast.literal_eval(node)


def mirror_image(scenario: Scenario, at: float) -> Scenario:
    """Reflect all prices at a price, so that buying becomes selling and bid becomes ask."""
    tables = {
        name: (_mirrored_bars if name in ("bar", "finer_bar") else _mirrored_table)(table, at)
        for name, table in scenario.tables.items()
    }
    settings = dict(scenario.settings)
    swaps = {"swap_long": settings.get("swap_short", 0), "swap_short": settings.get("swap_long", 0)}
    settings |= {name: rate for name, rate in swaps.items() if "swap_" in str(scenario.settings)}
    return replace(scenario, tables=tables, settings=settings, mirrored=True)


def _mirrored_bars(table: Table, at: float) -> Table:
    prices = ("open", "low", "high", "close")
    columns = [name for name in table.columns if name in ("bar", "finer_bar", "symbol", "time")]
    shown = [*columns, *(f"{side}_{price}" for side in ("bid", "ask") for price in prices)]
    rows = []
    for row in table.records():
        bid, ask = sides(row)
        mirrored = [repr(at - side[price]) for side in (ask, bid) for price in _exchanged(prices)]
        rows.append((*(row[name] for name in columns), *mirrored))
    return Table(tuple(shown), tuple(rows))


def _exchanged(prices: tuple[str, ...]) -> list[str]:
    return [{"low": "high", "high": "low"}.get(price, price) for price in prices]


def _mirrored_table(table: Table, at: float) -> Table:
    rows = []
    for row in table.records():
        cells = []
        for name, cell in row.items():
            if name == "action":
                cells.append(_mirrored_action(cell, at))
            elif name in _PRICES:
                cells.append(_mirrored_price(cell, at))
            else:
                cells.append(_MIRRORED_WORDS.get(cell, cell))
        rows.append(tuple(cells))
    return Table(table.columns, tuple(rows))


def _mirrored_action(action: str, at: float) -> str:
    words = []
    for word in action.split():
        name, separator, given = word.partition("=")
        mirrored = _mirrored_price(given, at) if name in _PRICES else given
        words.append(_MIRRORED_WORDS.get(name, name) + separator + mirrored)
    return " ".join(words)


def _mirrored_price(cell: str, at: float) -> str:
    try:
        return repr(at - float(cell))
    except ValueError:
        return cell


def sides(row: Mapping[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    """Give bid and ask of a row of bars; the ask is the bid plus a spread where it isn't shown."""
    spread = float(row.get("spread", "0"))
    bid, ask = {}, {}
    for price in ("open", "high", "low", "close"):
        shown = row.get(f"bid_{price}", row.get(price, ""))
        bid[price] = float(shown)
        ask[price] = float(row.get(f"ask_{price}", float(shown) + spread))
    return bid, ask
