"""What a page is of: the strategy with its parameters, the settings, and the data."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from omega.data.content import data_of
from omega.report._labels import words
from omega.report._parts import none, table
from omega.report._reported import Reported

_MOST_SYMBOLS = 200


def strategy(result: Reported) -> str:
    """The strategy and its parameters."""
    ran = result.strategy
    names = getattr(type(ran), "parameters", None)
    named = getattr(ran, "parameters", None)
    rows = [("strategy", [_name(result)])]
    if callable(names) and ran is not None:
        rows += [(name, [str(getattr(ran, name))]) for name in ran.parameters()]
    elif isinstance(named, (tuple, list)):
        rows += [(str(name), [str(value)]) for name, value in named]
    return table([], rows, caption="Strategy and parameters", kind="texts")


def _name(result: Reported) -> str:
    return str(result.config.get("strategy", type(result.strategy).__name__))


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
    told: Mapping[str, Any] = result.manifest.get("data") or {}
    hashes = {} if result.candles is None else data_of(result.candles)
    if not told and not hashes:
        return none("This result does not know its candles.")
    rows = []
    for symbol in list(told or hashes)[:_MOST_SYMBOLS]:
        one = told.get(symbol, {})
        count, digest = hashes.get(symbol, (one.get("rows", 0), "-"))
        rows.append(
            (symbol, [f"{count:,}", str(one.get("first", "-")), str(one.get("last", "-")), digest])
        )
    head = ["Rows", "First", "Last", "SHA-256 of the rows"]
    return table(head, rows, caption="Data", first="Symbol", kind="tall texts")


def _pairs(values: Mapping[str, Any], without: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    found = []
    for name, value in values.items():
        if name in without:
            continue
        if isinstance(value, Mapping):
            found += [(f"{name}: {inner}", text) for inner, text in _pairs(value)]
        else:
            found.append((str(name), str(value)))
    return found
