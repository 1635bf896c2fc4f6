"""Compares what a strategy requested with and without later bars.

The orders table shows what came of a request: a `Distance` as the price that the fill made of it, a
stop order that follows the market where it stood last, a changed order as it is by then. All of
these depend on bars that come after the decision, as they may.
"""

from __future__ import annotations

import bisect
import dataclasses
import sys
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

import polars as pl

from omega.config.distances import Distance
from omega.strategy.actions import Action, Signal
from omega.strategy.requests import Request

_WORDS = {"entry_price": "price", "limit_price": "limit", "size": "lots"}
"""What the orders table calls the fields of a signal."""
_NOT_COMPARED = ("meta", "reason", "tags")


class Difference(NamedTuple):
    """The first request that is another one without later bars."""

    number: int
    name: str
    symbol: str | None
    values: tuple[str, str]


def first_changed(
    whole: Sequence[Request], part: Sequence[Request], surely: pl.Series, later: pl.Series
) -> Difference | None:
    """Find the first request that differs, or that only one of two runs has.

    Args:
        whole: What was requested in the run over all bars.
        part: The same of the run over the first of them.
        surely: Numbers of the orders of the whole run up to the last step of the other.
        later: Numbers of those after it. Changes between the two have no row with their time.
    """
    numbers = [one.number for one in whole]
    least = bisect.bisect_right(numbers, _number(surely.max(), -1))
    most = bisect.bisect_left(numbers, _number(later.min(), sys.maxsize))
    until = max(least, min(len(part), most))
    for here, there in zip_longest(whole[:until], part):
        values = _words(here), _words(there)
        first = here or there
        if first is not None and values[0] != values[1]:
            symbol = getattr(first.action, "symbol", None)
            return Difference(first.number, _name(first.action), symbol, values)
    return None


def _name(action: Action) -> str:
    if isinstance(action, Signal):
        return f"{action.type} {'buy' if action.direction == 'long' else 'sell'}"
    return type(action).__name__.lower()


def _words(request: Request | None) -> str:
    """Write down what was requested."""
    if request is None:
        return "nothing"
    action = request.action
    parts = [_name(action)]
    compared = _compared_fields(type(action))  # type: ignore[arg-type]  # a class can be hashed
    for field, name, default in compared:
        value = getattr(action, field)
        if value != default:
            parts.append(f"{name} {_written(value)}")
    return ", ".join(parts)


@cache
def _compared_fields(kind: type[Action]) -> list[tuple[str, str, object]]:
    """Return the fields of a kind of request that are compared: name, word and default."""
    return [
        (field.name, _WORDS.get(field.name, field.name), field.default)
        for field in dataclasses.fields(kind)
        if field.name not in ("direction", "type", *_NOT_COMPARED)
    ]


def _number(given: object, otherwise: int) -> int:
    return given if isinstance(given, int) else otherwise


def _written(value: object) -> str:
    if isinstance(value, Distance):
        return repr(dataclasses.replace(value, given=float(f"{value.given:.10g}")))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
