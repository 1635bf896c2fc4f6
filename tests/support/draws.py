"""Draws of Hypothesis that stand for many: each draw costs, whatever is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

Options = Sequence[Sequence[Any]]


def chosen(code: int, options: Options) -> list[Any]:
    """One item of each list, the first of each where the number is 0."""
    items = []
    for choices in options:
        code, place = divmod(code, len(choices))
        items.append(choices[place])
    return items


def one_of_each(*options: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    """One item of each list, drawn as one number.

    Numbers below 2 ** 24 are drawn evenly.
    """
    ways = math.prod(map(len, options))
    assert ways < 2**24, ways
    return st.integers(0, ways - 1).map(lambda code: chosen(code, options))


def one_of_all(*options: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    """The same of more ways, drawn as one string of bytes, whose numbers are even.

    There are four bits more than it takes to number the ways, so that none is much likelier than
    another.
    """
    count = (math.prod(map(len, options)).bit_length() + 11) // 8
    drawn = st.binary(min_size=count, max_size=count)
    return drawn.map(lambda code: chosen(int.from_bytes(code, "big"), options))


def fields(**options: Sequence[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The same as a dict."""
    return one_of_each(*options.values()).map(lambda items: dict(zip(options, items, strict=True)))


def rarely(usual: object, *others: object) -> list[Any]:
    """Mostly the first."""
    return [usual] * 4 + list(others)
