"""Tables made from the package itself, in place of comments such as `<!-- defaults: Costs -->`.

Nothing of them is written down twice: defaults come from the signatures, their meaning from the
docstrings, columns of results from the schema, what a column means from `columns.toml`, and what to
do about a refusal from where `omega explain` has it.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import omega
from omega.reference.results import SCHEMAS
from omega.remedies import remedies as entries

MADE = re.compile(r"<!-- (defaults|columns|presets|metrics|remedies)(?:: ([\w.]+))? -->")
HEADS = {
    "reject": "reason",
    "notice": "kind",
    "error": "error",
    "finding": "kind",
    "weight": "reason",
}
COLUMNS = Path(__file__).parent / "columns.toml"
KINDS = {
    "f64": "float",
    "u32": "integer",
    "cat": "category",
    "str": "text",
    "bool": "true or false",
    "time": "time",
    "list[str]": "list of texts",
}


def made(text: str) -> str:
    """Return the text of a page with its tables in place."""
    names = ", ".join(name for family in families().values() for name in family)
    text = text.replace("<!-- names of indicators -->", names)
    return MADE.sub(_table, text.replace("<!-- indicators -->", methods()))


def families() -> dict[str, list[str]]:
    """Return the methods that declare indicators, by the name of their family."""
    classes = [one for one in omega.Strategy.__mro__ if one.__module__.startswith("omega.indic")]
    named = {one.__name__: [name for name in vars(one) if name[0] != "_"] for one in classes}
    return {family: names for family, names in named.items() if names}


def methods() -> str:
    """Write the entries of these methods, a heading for each family."""
    return "\n\n".join(
        f"## {family}\n\n```{{eval-rst}}\n"
        + "\n".join(f".. automethod:: omega.Strategy.{name}" for name in names)
        + "\n```"
        for family, names in families().items()
    )


def _table(found: re.Match[str]) -> str:
    kind, name = found[1], found[2]
    if kind == "defaults":
        return table(("setting", "default", "meaning"), defaults(name))
    if kind == "columns":
        return table(("column", "type", "meaning"), columns(name))
    if kind == "remedies":
        return table((HEADS[name], "what it means", "what to do"), remedies(name))
    return table(
        ("symbols", "units a lot", "tick", "pip", "sizes from, in steps of", "usual margin rate"),
        presets(),
    )


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Write a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def defaults(name: str) -> Iterator[tuple[str, ...]]:
    """Yield each argument of a class or function, with its default and its meaning."""
    found = getattr(omega, name)
    meanings = documented(found)
    for argument in inspect.signature(found).parameters.values():
        if argument.name == "self":
            continue
        given = argument.default
        default = "required" if given is inspect.Parameter.empty else f"`{given!r}`"
        yield f"`{argument.name}`", default, meanings[argument.name]


def documented(found: object) -> dict[str, str]:
    """Read the text of each argument or attribute in a docstring."""
    doc = inspect.getdoc(found) or ""
    section = re.search(r"^(?:Args|Attributes):\n((?:    .*\n|\n)*)", f"{doc}\n", re.MULTILINE)
    meanings: dict[str, str] = {}
    name = ""
    for line in section[1].splitlines() if section else ():
        begin = re.match(r"    (\w+): (.*)", line)
        if begin:
            name, meanings[begin[1]] = begin[1], begin[2]
        elif name and line.strip():
            meanings[name] += f" {line.strip()}"
    return {name: text.replace("|", r"\|") for name, text in meanings.items()}


def columns(name: str) -> Iterator[tuple[str, ...]]:
    """Yield each column of a result table."""
    meanings = tomllib.loads(COLUMNS.read_text(encoding="utf-8"))
    for column, kind in SCHEMAS[name].items():
        missing = ", may be missing" if kind.endswith("?") else ""
        yield f"`{column}`", KINDS[kind.rstrip("?")] + missing, meanings[name][column]


def remedies(kind: str) -> Iterator[tuple[str, ...]]:
    """Yield each entry of a kind, with its anchor."""
    for one in entries().values():
        if one.kind == kind:
            yield f"[`{one.name}`]{{#{one.anchor}}}", one.what, one.do


def presets() -> Iterator[tuple[str, ...]]:
    """Yield the presets, those that are alike in one row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for symbol in omega.instruments.names():
        one = omega.instruments.get(symbol)
        sizes = f"{one.volume_min:g}, {one.volume_step:g}"
        margin = f"{one.usual_margin_rate:.2%}"
        row = (f"{one.contract_size:,g}", f"{one.tick_size:g}", f"{one.pip_size:g}", sizes, margin)
        alike.setdefault(row, []).append(symbol)
    for shared, symbols in alike.items():
        yield ", ".join(symbols), *shared
