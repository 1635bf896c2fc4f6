"""Columns, conditions and signal columns for two backends, as trees that can be read.

Some divide by 0, hold NaN, or mix the bars of two symbols, which both backends must refuse alike.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import polars as pl
from hypothesis import strategies as st

import omega

Tree = tuple[Any, ...]
OTHER = "B"
"""A symbol that not every run has."""

_LINES = st.sampled_from(
    [
        ("sma", 2),
        ("ema", 3),
        ("momentum", 1),
        ("span",),
        ("holes",),
        ("nested",),
        *[("sma", 2)] * 4,
        ("elsewhere",),
    ]
)
_NUMBERS = st.sampled_from([0.0, 1.0, -0.5, 3.0])
_NAMES = st.sampled_from(["close", "open", "ask_low"])
_OPERATORS = ["+", "-", "*", "/", "minimum", "maximum"]


def _over(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    operators, beside = st.sampled_from(_OPERATORS), inner | _NUMBERS | _NAMES
    return (
        st.tuples(operators, inner, beside)
        | st.tuples(operators, beside, inner)
        | st.tuples(st.sampled_from(["abs", "neg"]), inner)
    )


COLUMNS: st.SearchStrategy[Tree] = st.recursive(_LINES, _over, max_leaves=4)
"""Trees of arithmetic."""
_COMPARISONS = st.tuples(
    st.sampled_from([">", ">=", "<", "<=", "==", "!=", "crossover", "crossunder"]),
    COLUMNS,
    COLUMNS | _NUMBERS | _NAMES,
)
CONDITIONS: st.SearchStrategy[Tree] = st.recursive(
    _COMPARISONS,
    lambda inner: st.tuples(st.just("~"), inner) | st.tuples(st.sampled_from("&|"), inner, inner),
    max_leaves=4,
)
"""Trees of Kleene's logic over them."""


def column(tree: Any, s: Any) -> Any:  # noqa: ANN401 - a tree, a number or a name
    """Declare the column of a tree."""
    if not isinstance(tree, tuple):
        return tree
    how, *rest = tree
    if how in _OWN:
        return _OWN[how](s)
    if isinstance(rest[0], int):
        return s.indicator(how, rest[0])
    parts = [column(part, s) for part in rest]
    if how in ("minimum", "maximum"):
        return getattr(omega, how)(*parts)
    return getattr(operator, _ARITHMETIC[how])(*parts)


_HOLES = pl.when(pl.int_range(pl.len()) % 3 != 1).then(pl.col("close"))
_CHANGE = pl.col("close") - pl.col("open").shift(1).fill_null(0.0)
_OWN = {
    "span": lambda s: s.column(pl.col("high") - pl.col("ask_low"), "span"),
    "holes": lambda s: s.column(_HOLES, "holes"),  # null on every third bar
    "nested": lambda s: s.sma(2, source=_CHANGE),
    "elsewhere": lambda s: s.sma(2, symbol=OTHER),
}
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "abs": "abs", "neg": "neg"}


def condition(tree: Tree, s: Any) -> Any:  # noqa: ANN401 - what declares, and a condition
    """Declare the condition of a tree."""
    if tree[0] == "~":
        return ~condition(tree[1], s)
    if tree[0] in ("&", "|"):
        left, right = condition(tree[1], s), condition(tree[2], s)
        return left & right if tree[0] == "&" else left | right
    how, first, second = tree[0], column(tree[1], s), column(tree[2], s)
    if how in ("crossover", "crossunder"):
        return getattr(omega, how)(first, second)
    return getattr(operator, _COMPARES[how])(first, second)


_COMPARES = {">": "gt", ">=": "ge", "<": "lt", "<=": "le", "==": "eq", "!=": "ne"}

# --- signal columns ------------------------------------------------------------------------------


@st.composite
def signals(draw: st.DrawFn, symbols: tuple[str, ...], tick: float) -> omega.Signals:
    """Signal columns of symbols; a truth is a condition, or a column whose sign counts."""
    truths = CONDITIONS.map(lambda tree: lambda s: condition(tree, s)) | COLUMNS.map(
        lambda tree: lambda s: column(tree, s)
    )
    trades = truths | st.dictionaries(st.sampled_from(symbols), truths, min_size=1)
    names = draw(
        st.sampled_from(
            [
                ("entry",),
                ("entry", "direction"),
                ("long_entry",),
                ("long_entry", "short_entry"),
                ("long_entry", "short_entry"),
            ]
        )
    )
    exits = draw(st.lists(st.sampled_from(["exit", "long_exit", "short_exit"]), unique=True))
    columns: dict[str, Any] = {name: draw(trades) for name in (*names, *exits)}
    if "direction" in names:
        columns["direction"] = draw(
            st.sampled_from(["long", "short"]) | COLUMNS.map(lambda tree: lambda s: column(tree, s))
        )
    distance = st.sampled_from([None, omega.Distance(3 * tick), pl.col("close") - 4 * tick])
    return omega.Signals(
        **columns,
        stop_loss=draw(distance),
        take_profit=draw(st.sampled_from([None, omega.Distance(2 * tick)])),
        size=draw(st.sampled_from([None, None, 2.0, math.nan])),
        reverse=draw(st.booleans()),
        accumulate=draw(st.booleans()),
        warmup=draw(st.sampled_from([None, 3])),
    )
