"""Objectives of a sweep: a metric, or an expression over metrics; and gates for rows."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from omega.config.values import nearest, plain, shown
from omega.errors import ConfigError
from omega.report._metrics import LESS_IS_BETTER
from omega.sweeps.expressions import Expression, is_expression

Gates: TypeAlias = Mapping[str, float] | None
"""The least, or the most, that a row has of a metric or expression."""


class Objective(NamedTuple):
    """What rows are ranked by.

    Attributes:
        name: As it was given.
        values: A number for each row; null where it is undefined.
        more: Whether more is better.
    """

    name: str
    values: pl.Series
    more: bool


def objective_of(
    table: pl.DataFrame,
    metrics: Sequence[str],
    given: object,
    maximize: object = None,
    *,
    of: str = "metric",
) -> Objective:
    """Return the values of a metric, or of an expression over numbers of the table.

    Expressions are maximised unless `maximize` is False.

    Raises:
        ConfigError: There is no such metric, or the expression is none that is allowed.

    Example:
        >>> table = pl.DataFrame({"sharpe": [1.0, 2.0], "max_drawdown": [0.1, 0.75]})
        >>> objective_of(table, table.columns, "sharpe - 2 * max_drawdown").values.to_list()
        [0.8, 0.5]
    """
    if not isinstance(given, str):
        kind = "a function" if isinstance(given, FunctionType) else shown(given)
        raise ConfigError(
            f"{of}: given {kind}, expected the name of one, such as {tuple(metrics[:1])}, or an "
            "expression: 'sharpe - 2 * max_drawdown'; rank by a function of your own over "
            "to_polars()"
        )
    if not (maximize is None or isinstance(maximize, bool)):
        raise ConfigError(f"maximize: given {maximize!r}, expected True, False or None")
    if not is_expression(given):
        name = given.strip()
        if name not in metrics:
            raise ConfigError(f"{of}: {name!r} is not in the table. {nearest(name, metrics)}")
        values = table[name].fill_nan(None) if table.schema[name].is_float() else table[name]
        return Objective(name, values, name not in LESS_IS_BETTER if maximize is None else maximize)
    known = list(dict.fromkeys([*metrics, *_numeric(table)]))
    asked = Expression(given, known=known, of=of)
    rows = table.select(asked.names).iter_rows(named=True) if asked.names else [{}] * table.height
    found = [_as_float(asked(row)) for row in rows]
    return Objective(
        given, pl.Series(given, found, dtype=pl.Float64), True if maximize is None else maximize
    )


def gated(
    table: pl.DataFrame,
    metrics: Sequence[str],
    minimum: Gates = None,
    maximum: Gates = None,
    where: str | None = None,
) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows that pass all gates, and how many of all rows each gate refuses.

    A value that is undefined passes no gate.

    Raises:
        ConfigError: A gate is over an unknown metric, or is no number.

    Example:
        >>> table = pl.DataFrame({"run": [0, 1], "trades": [5, 250]})
        >>> rows, refused = gated(table, ["trades"], minimum={"trades": 100})
        >>> rows["run"].to_list(), refused
        ([1], ['trades >= 100 by 1'])
    """
    passed = pl.Series([True] * table.height, dtype=pl.Boolean)
    refused = []

    def take(words: str, passes: pl.Series) -> None:
        nonlocal passed
        passes = passes.fill_null(False)  # noqa: FBT003 - the only argument that it has
        refused.append(f"{words} by {passes.len() - int(passes.sum())}")
        passed &= passes

    for sign, gates in ((">=", minimum), ("<=", maximum)):
        for name, limit in _gates("minimum" if sign == ">=" else "maximum", gates).items():
            values = objective_of(table, metrics, name, of="gate").values
            take(f"{name} {sign} {limit:g}", values >= limit if sign == ">=" else values <= limit)
    if where is not None:
        take(f"{where!r}", _truths(table, where))
    return table.filter(passed), refused


def _gates(parameter: str, given: object) -> dict[str, float]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        limits = {name: plain(limit) for name, limit in given.items()}
        if all(isinstance(name, str) and _is_number(limit) for name, limit in limits.items()):
            return {
                name: limit if isinstance(limit, (int, float)) else float(limit)
                for name, limit in limits.items()
            }
    raise ConfigError(
        f"{parameter}: given {given!r}, expected a number for each metric: {{'trades': 100}}"
    )


def _truths(table: pl.DataFrame, where: str) -> pl.Series:
    if not isinstance(where, str):
        raise ConfigError(f"where: given {where!r}, expected a text such as 'trades >= 100'")
    asked = Expression(where, known=_numeric(table), of="where")
    rows = table.select(asked.names).iter_rows(named=True) if asked.names else [{}] * table.height
    found = [asked(row) for row in rows]
    for one in found:
        if not (one is None or isinstance(one, bool)):
            raise ConfigError(f"where: given {where!r}, which is {one!r}, expected a comparison")
    return pl.Series(found, dtype=pl.Boolean)


def _numeric(table: pl.DataFrame) -> list[str]:
    """Return the columns that can be computed with."""
    return [n for n, kind in table.schema.items() if kind.is_numeric() or kind == pl.Boolean]


def _is_number(given: object) -> bool:
    is_real = isinstance(given, numbers.Real) and not isinstance(given, bool)
    return is_real and given == given  # noqa: PLR0124 - NaN is not


def _as_float(found: Any) -> float | None:  # noqa: ANN401 - what an expression gave
    if found is None:
        return None
    try:
        return float(found)
    except OverflowError:
        return math.inf if found > 0 else -math.inf
