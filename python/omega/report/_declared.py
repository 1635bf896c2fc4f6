"""Indicators, conditions and volume for the chart: one value a bar, packed as coarse as need be."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.own_columns import beside
from omega.data.store import CandleStore, both_sides
from omega.errors import ConfigError
from omega.report import _codec
from omega.report._candles import moments
from omega.report._reported import Reported
from omega.strategy.conditions import Comparison, Condition
from omega.strategy.declared import Line
from omega.strategy.operands import AnyOperand, as_column, is_indicator

Numbers = NDArray[np.float64]

_MOST_GROUPS = 12
_SHOWN = 4
"""Groups that are on at first."""
_DIGITS = 4
_LETTERS = 40
"""Of an expression, whose text may be as long as a page."""
_BESIDE = ("rsi", "stochastic", "adx", "dmi", "mfi", "cci", "aroon", "zscore", "williams_r", "roc",
           "macd", "atr", "std", "variance", "volume", "percent_b", "adxr", "vortex", "cmo",
           "stochastic_rsi", "apo", "ppo", "trix", "tsi", "ao", "dpo", "ultimate_oscillator",
           "percent_rank", "natr", "obv", "ad", "adosc", "cmf", "force_index",
           "pattern")  # fmt: skip
"""Indicators whose values are no prices, however near to them they may be."""


@dataclasses.dataclass(frozen=True)
class Group:
    """What one switch of the chart shows.

    Attributes:
        name: How the switch calls it.
        lines: Names and values, one a bar; NaN where there is none. Of marks 1 where it holds.
        kind: "over" (on the candles), "pane", "volume" or "marks".
    """

    name: str
    lines: tuple[tuple[str, Numbers], ...]
    kind: str


def groups_of(result: Reported, store: CandleStore, symbol: str) -> list[Group]:
    """Return what is drawn beside the candles of a symbol: volume, indicators, conditions."""
    frame = both_sides(store)
    found = []
    if "volume" in frame.columns and frame["volume"].is_not_null().any():
        volume = frame["volume"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        found.append(Group("Volume", (("Volume", volume),), "volume"))
    named: dict[str, list[tuple[str, Numbers]]] = {}
    for line in result.declared.lines:
        if line.symbol == symbol and (values := _on_bars(line, frame, result)) is not None:
            own = named.setdefault(line.group, [])
            own.append((_called(line), values))
    only = symbol if len(result.symbols) == 1 else None
    conditions = {
        name: given
        for (of, name), given in result.declared.conditions.items()
        if (of or only) == symbol and (is_indicator(given) or not result.happened)
    }  # expressions of a run with splits are over other prices than these
    for given in conditions.values():
        frame = _with_own(frame, store, given)
        for expression in _expressions(given):
            for name, values in _of_expression(expression, frame):
                named.setdefault(name, [(name, values)])
    close = frame["close"].to_numpy()
    for group, lines in list(named.items())[:_MOST_GROUPS]:
        found += _scaled(group, lines, close)
    return found + _conditions(conditions, frame)


def _scaled(group: str, lines: Sequence[tuple[str, Numbers]], close: Numbers) -> list[Group]:
    """Group lines by where they lie: a stop and its direction are of two scales."""
    names = ", ".join(dict.fromkeys(name for name, _ in lines))
    title = names if len(lines) == 1 else f"{group}: {names.partition(')')[0]})"
    over = [line for line in lines if _is_price([line], close)]
    rest = [line for line in lines if not _is_price([line], close)]
    beside = title if not over else f"{title} {', '.join(_output(name) for name, _ in rest)}"
    found = [Group(title, tuple(over), "over")] if over else []
    return found + ([Group(beside, tuple(rest), "pane")] if rest else [])


def _called(line: Line) -> str:
    name = line.name.replace(", None", "")  # parameters that were left out
    return name if line.timeframe is None else f"{name} {line.timeframe}"


def _output(name: str) -> str:
    """Return which of the outputs of an indicator a line is."""
    return name.rpartition(").")[2]


def _on_bars(line: Line, frame: pl.DataFrame, result: Reported) -> Numbers | None:
    """The value known at each bar; of a higher timeframe the one of its last complete bar."""
    known = len(line.view)
    values = np.array(line.view.window(known) if known else [], dtype=np.float64)
    if line.timeframe is None:
        return values if known == frame.height else None
    begins = result.declared.begins.get((line.symbol, line.timeframe))
    if begins is None or not known:
        return None
    # A bar is complete, at the latest, when the next one begins.
    rows = np.searchsorted(begins[1:], moments(frame["time"]), side="right") - 1
    spread = values[np.clip(rows, 0, known - 1)]
    return np.where(rows >= 0, spread, np.nan)


def _is_price(lines: Sequence[tuple[str, Numbers]], close: Numbers) -> bool:
    """Whether the values lie among the prices, so that they belong on the candles."""
    if any(name.partition("(")[0] in _BESIDE for name, _ in lines):
        return False
    reach = float(np.nanmax(close) - np.nanmin(close)) if len(close) else 0.0
    off = [
        float(np.nanmedian(np.abs(values - close)))
        for _, values in lines
        if np.isfinite(values).any()
    ]
    return bool(off) and max(off) <= reach / 2


def _conditions(
    conditions: Mapping[str, Condition | AnyOperand], frame: pl.DataFrame
) -> list[Group]:
    found = []
    for name, condition in conditions.items():
        holds = _holds(condition, frame)
        if holds is not None:
            values = np.where(holds, 1.0, np.nan)
            found.append(Group(f"{name}: condition", ((name, values),), "marks"))
    return found


def _holds(condition: Condition | AnyOperand, frame: pl.DataFrame) -> NDArray[np.bool_] | None:
    """Where a condition holds, or a column is not 0; None where that cannot be said from here."""
    if isinstance(condition, Comparison):
        return _compared(condition, frame)
    if not isinstance(condition, Condition):
        values = _operand(condition, frame)
        return None if values is None else np.isfinite(values) & (values != 0.0)
    parts = [getattr(condition, side, None) for side in ("left", "right")]
    if all(isinstance(part, Condition) for part in parts):
        left, right = (_holds(part, frame) for part in parts)
        if left is None or right is None:
            return None
        return left & right if getattr(condition, "how", "") == "&" else left | right
    expression = getattr(condition, "expression", None)
    if expression is None:
        return None
    column = Comparison(getattr(condition, "how", ">"), expression, 0.0)
    return _compared(column, frame)


def _expressions(given: object) -> Iterator[pl.Expr]:
    """Yield the columns that a condition is made of, but indicators and numbers."""
    for side in ("left", "right", "expression"):
        part = getattr(given, side, None)
        if isinstance(part, (str, pl.Expr)):
            yield as_column(part)
        elif isinstance(part, Condition):
            yield from _expressions(part)


def _with_own(frame: pl.DataFrame, store: CandleStore, given: object) -> pl.DataFrame:
    """Add the columns of the user's own that a condition names."""
    for expression in _expressions(given):
        with contextlib.suppress(ConfigError):  # it names what only the run had
            frame = beside(frame, expression, next(iter(store.own.values()), None))
    return frame


def _of_expression(given: pl.Expr, frame: pl.DataFrame) -> Iterator[tuple[str, Numbers]]:
    """Yield what an expression compares, but columns of the candles and numbers."""
    try:
        is_truth = frame.lazy().select(given).collect_schema().dtypes() == [pl.Boolean]
    except pl.exceptions.PolarsError:
        return  # it reads what is not there without the run
    if is_truth:
        for part in reversed(given.meta.pop()):
            yield from _of_expression(part, frame)
    elif not (given.meta.is_column() or given.meta.is_literal()):
        values = _operand(given, frame)
        if values is not None:
            yield _written(given), values


def _written(given: pl.Expr) -> str:
    """Write an expression without the signs that Polars puts around columns and numbers."""
    text = re.sub(r'col\("(\w+)"\)|dyn \w+: ', r"\1", str(given))
    text = re.sub(r"\(([\w.]+)\)", r"\1", text).replace("[", "").replace("]", "")
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"


def _compared(condition: Comparison, frame: pl.DataFrame) -> NDArray[np.bool_] | None:
    left, right = (_operand(one, frame) for one in (condition.left, condition.right))
    if left is None or right is None:
        return None
    known = ~(np.isnan(left) | np.isnan(right))
    with np.errstate(invalid="ignore"):
        if condition.how in _NOW:
            now: NDArray[np.bool_] = _NOW[condition.how](left, right)
            return known & now
        up = condition.how.endswith("crossover")
        above = left > right if up else left < right
        crossed = np.concatenate([[False], above[1:] & ~above[:-1]])
    both = known & np.concatenate([[False], known[:-1]])
    holds: NDArray[np.bool_] = both & (~crossed if condition.how.startswith("no ") else crossed)
    return holds


_NOW = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


def _operand(given: AnyOperand, frame: pl.DataFrame) -> Numbers | None:
    if is_indicator(given):
        known = len(given)
        return np.array(given.window(known)) if known == frame.height else None
    if isinstance(given, (int, float)):
        return np.full(frame.height, float(given))
    try:
        values = frame.select(as_column(given)).to_series().cast(pl.Float64)
    except pl.exceptions.PolarsError:
        return None  # it reads what is not there without the run
    return values.fill_null(float("nan")).to_numpy() if values.len() == frame.height else None


def pack_groups(
    groups: Sequence[Group], room: float | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Pack groups into so many characters; None packs every bar.

    Returns:
        What describes each group, with the numbers of its lines' blocks, and the blocks.

    Example:
        >>> about, blocks = pack_groups([Group("a", (("a", np.ones(3)),), "over")], None)
        >>> about[0]["lines"][0]["factor"], len(blocks)
        (1, 1)
    """
    described: list[dict[str, Any]] = []
    blocks: list[str] = []
    count = sum(len(group.lines) for group in groups)
    on = 0
    for group in groups:
        lines = []
        on += group.kind != "volume"
        for name, values in group.lines:
            share = None if room is None else max(room, 0) / max(count, 1)
            packed = _packed(values, group.kind, share)
            count -= 1
            if packed is None:
                continue
            about, text = packed
            lines.append(about | {"name": name, "block": len(blocks)})
            blocks.append(text)
            room = None if room is None else room - len(text)
        if lines:
            shown = on <= _SHOWN
            described.append(
                {"name": group.name, "kind": group.kind, "lines": lines, "shown": shown}
            )
    return described, blocks


_FEWEST = 200


def _packed(values: Numbers, kind: str, room: float | None) -> tuple[dict[str, Any], str] | None:
    """The finest of a line that fits: the last value of every so many bars, or their sum."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    factor = 1
    while True:
        coarse = joined(values, kind, factor)
        there = np.isfinite(coarse)
        decimals = _decimals(finite, kind)
        scaled = _codec.scaled(_filled(coarse, there), decimals)
        column = _codec.Column("value", scaled, "nullable", there, "sum", 10.0**-decimals)
        about, text = _codec.table([column])
        if room is None or len(text) <= room:
            return about | {"factor": factor, "decimals": decimals}, text
        if len(coarse) <= _FEWEST:
            return None
        factor *= 4 if len(text) > 4 * room else 2


def joined(values: Numbers, kind: str, factor: int) -> Numbers:
    """Return one value for every so many: the last, the sum of volumes, or whether any holds.

    Example:
        >>> joined(np.arange(4.0), "over", 2).tolist(), joined(np.arange(4.0), "volume", 2).tolist()
        ([1.0, 3.0], [1.0, 5.0])
    """
    if factor == 1:
        return values
    starts = np.arange(0, len(values), factor)
    if kind == "volume":
        total: Numbers = np.add.reduceat(np.nan_to_num(values), starts)
        return total
    if kind == "marks":
        return np.where(np.add.reduceat(np.nan_to_num(values), starts) > 0, 1.0, np.nan)
    lasts: Numbers = values[np.minimum(starts + factor, len(values)) - 1]
    return lasts


def _filled(values: Numbers, there: NDArray[np.bool_]) -> Numbers:
    """Carry the last value over what is missing, so that differences stay small."""
    rows = np.maximum.accumulate(np.where(there, np.arange(len(values)), -1))
    return np.where(rows >= 0, values[np.maximum(rows, 0)], 0.0)


def _decimals(finite: Numbers, kind: str) -> int:
    if kind == "marks":
        return 0
    decimals, exact = _codec.decimals_of(finite, coarse=_DIGITS)
    spread = float(finite.max() - finite.min()) or abs(float(finite.max())) or 1.0
    coarse = _codec.coarse_decimals(spread, _DIGITS + 1)
    return min(decimals, coarse) if exact else min(coarse, decimals if kind == "volume" else coarse)
