"""Draws of Hypothesis that stand for many: each draw costs, whatever is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st


def one_of_each(*options: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    """One item of each list, drawn as one number.

    Numbers below 2 ** 24 are drawn evenly.
    """
    ways = math.prod(map(len, options))
    assert ways < 2**24, ways

    def chosen(code: int) -> list[Any]:
        items = []
        for choices in options:
            code, place = divmod(code, len(choices))
            items.append(choices[place])
        return items

    return st.integers(0, ways - 1).map(chosen)


def fields(**options: Sequence[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The same as a dict."""
    return one_of_each(*options.values()).map(lambda items: dict(zip(options, items, strict=True)))


def rarely(usual: object, *others: object) -> list[Any]:
    """Mostly the first."""
    return [usual] * 4 + list(others)
