"""What a page describes: strategy, parameters, settings and data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from omega.data.content import data_of
from omega.report._labels import listed, words
from omega.report._parts import none, table
from omega.report._reported import Reported

_MOST_SYMBOLS = 200
_OWN = "its own name"
_TABLE = re.compile(r"shape: \(([\d_]+), \d+\)\s*┌.*?┘", re.DOTALL)
"""How Polars prints a table."""
_DEFAULTS = {
    "Account()": "none: positions are paid in full",
    "Costs()": "none",
    "Execution()": "the defaults",
    "Limits()": "none",
    "None": "none",
    "": "none",
    "FixedLots(1.0)": "one lot",
}
"""How settings that nobody gave are shown."""


def strategy(result: Reported) -> str:
    """The strategy and its parameters."""
    ran = result.strategy
    names = getattr(type(ran), "parameters", None)
    named = getattr(ran, "parameters", None)
    rows = [("strategy", [_name(result)])]
    if callable(names) and ran is not None:
        rows += [(name, [_text(getattr(ran, name))]) for name in ran.parameters()]
    elif isinstance(named, (tuple, list)):
        rows += [(str(name), [_text(value)]) for name, value in named]
    return table([], rows, caption="Strategy and parameters", kind="texts")


def _name(result: Reported) -> str:
    return _text(result.config.get("strategy", type(result.strategy).__name__))


def _text(value: object) -> str:
    """Write a setting: numbers in groups of three, and of a table its rows alone."""
    if isinstance(value, float):
        return f"{value:,.15g}"
    return _TABLE.sub(lambda found: f"a table of {int(found[1]):,} rows", str(value))


def settings(result: Reported) -> str:
    """The settings of the run, and what names it."""
    pairs = [*_pairs(result.config), *_pairs(dict(result.manifest), ("configuration", "data"))]
    rows = [(words(name), [value]) for name, value in [*pairs, ("backend", result.backend)]]
    return (
        table([], rows, caption="Settings", kind="texts")
        + f'<p class="print"><span>Fingerprint</span> <code>{escape(result.fingerprint)}</code></p>'
    )


def data(result: Reported) -> str:
    """The candles of the run: rows, first and last time, and the hash of their content."""
    sources: Mapping[str, Any] = result.manifest.get("data") or {}
    hashes = {} if result.candles is None else data_of(result.candles)
    if not sources and not hashes:
        return none("This result does not know its candles.")
    rows = []
    for symbol in list(sources or hashes)[:_MOST_SYMBOLS]:
        one = sources.get(symbol, {})
        count, digest = hashes.get(symbol, (one.get("rows", 0), "-"))
        first, last = (_moment(one.get(name)) for name in ("first", "last"))
        rows.append((symbol, [f"{count:,}", first, last, digest]))
    head = ["Rows", "First", "Last", "SHA-256 of the rows"]
    return table(head, rows, caption="Data", first="Symbol", kind="tall")


def _moment(given: object) -> str:
    """Write a time of the manifest as the tables of the page have theirs."""
    try:
        return f"{datetime.fromisoformat(str(given)):%Y-%m-%d %H:%M}"
    except ValueError:
        return "-" if given is None else str(given)


def _pairs(values: Mapping[str, Any], without: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    found = []
    for name, value in values.items():
        if name in without:
            continue
        if isinstance(value, Mapping):
            several = _alike(_pairs(value))
            found += [(f"{name}: {inner}", text) for inner, text in several if text != _OWN]
        else:
            found.append((str(name), _DEFAULTS.get(str(value), _text(value))))
    return found


def _alike(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join symbols whose texts are the same but for their own name."""
    by_text: dict[str, list[str]] = {}
    for name, text in pairs:
        own = _OWN if text == name else text.replace(repr(name), _OWN)
        by_text.setdefault(own, []).append(name)
    texts = dict(pairs)
    return [
        (listed(names), texts[names[0]] if len(names) == 1 else own)
        for own, names in by_text.items()
    ]
