"""Settings as a manifest keeps them: numbers and moments as they are, else in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from omega.data.timeframes import TimeframeJob


def of_each(symbols: Sequence[str], values: Sequence[object]) -> object:
    """Give the value of the only symbol, or all of them by symbol."""
    return values[0] if len(symbols) == 1 else dict(zip(symbols, values, strict=True))


def listed(timeframes: Sequence[TimeframeJob]) -> str:
    """Name the timeframes of a run."""
    return ", ".join(job.name for job in timeframes)


def written_down(**settings: object) -> dict[str, Any]:
    """Give settings as the manifest keeps them: numbers and moments as they are, else in words."""
    return {name: _in_words(value) for name, value in settings.items()}


def _in_words(value: object) -> object:
    if isinstance(value, (str, int, float, bool, date, type(None))):
        return value
    if isinstance(value, Mapping):
        return {str(name): _in_words(part) for name, part in value.items()}
    if hasattr(value, "__arrow_c_stream__"):
        return f"<{type(value).__name__}>"
    return str(getattr(value, "__qualname__", repr(value)))
