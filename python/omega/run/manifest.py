"""The manifest of a run: what is needed to run it again.

Numbers and moments are kept as they are, everything else as text.
"""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from omega._native import core
from omega.config.values import plain
from omega.data.store import CandleStore

SEMANTICS_VERSION = 2
"""Grows with every change of a rule that can change a number."""

Manifest = dict[str, Any]


def manifest(store: CandleStore, configuration: Manifest) -> Manifest:
    """Return the manifest of a run over some candles."""
    return {
        "engine": "omega-backtest",
        "engine_version": core.VERSION,
        "semantics_version": configuration.get("semantics", SEMANTICS_VERSION),
        "time_zone_data": zone_data(),
        "data": store.describe(),
        "configuration": configuration,
    }


@functools.cache
def zone_data() -> str:
    """Return the version of the time-zone data that days are computed with (rule T4).

    The standard library reads that of the system before the package tzdata.

    Example:
        >>> len(zone_data()) > 4
        True
    """
    for folder in zoneinfo.TZPATH:
        for name in ("tzdata.zi", "+VERSION"):
            try:
                with (Path(folder) / name).open(encoding="utf-8") as file:
                    return file.readline().removeprefix("# version ").strip()
            except OSError:
                continue
    try:
        return str(import_module("tzdata").IANA_VERSION)
    except ImportError:
        return "unknown"


def of_each(symbols: Sequence[str], values: Sequence[object]) -> object:
    """Return the value of the only symbol, or all of them by symbol."""
    return values[0] if len(symbols) == 1 else dict(zip(symbols, values, strict=True))


def written_down(**settings: object) -> Manifest:
    """Return settings as the manifest keeps them.

    Example:
        >>> written_down(cash=1_000.0, align="union", costs=[1])
        {'cash': 1000.0, 'align': 'union', 'costs': '[1]'}
    """
    return {name: _plain(value) for name, value in settings.items()}


def _plain(value: object) -> object:
    value = plain(value)
    if isinstance(value, (str, int, float, bool, date, type(None))):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if hasattr(value, "__arrow_c_stream__"):
        return f"<{type(value).__name__}>"
    return str(getattr(value, "__qualname__", repr(value)))
