"""Conditions and arithmetic over whole columns: by hand, and against Kleene's logic (E1, E2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import omega
from omega.errors import ConfigError, NeedsOneBar, OmegaError
from tests.support import candles
from tests.support.backends import BACKENDS

NAN = math.nan


def bars_on_which(
    condition: Callable[[Any], object], backend: str, **columns: list[float | None]
) -> list[int]:
    """The bars on which a strategy is called under a condition over columns of the data."""
    (length,) = {len(values) for values in columns.values()}
    own = {name: pl.Series(values, dtype=pl.Float64) for name, values in columns.items()}
    data = candles.rising(length + 2).head(length + 1)
    seen: list[int] = []

    class Called(omega.Strategy):
        def init(self) -> None:
            for name, values in own.items():
                padded = pl.concat([values, pl.Series([None], dtype=pl.Float64)])
                setattr(self, name, self.column(padded, name))

        @omega.when(condition)
        def on_bar(self, bar: omega.Bar) -> None:
            seen.append(bar.index)

    omega.run_backtest(data, Called(), backend=backend)
    return seen


COLUMN: dict[str, list[float | None]] = {"z": [0.0, 2.0, NAN, None, 1.0]}
"""By bar: known and below 1, known and above, NaN, null, known and equal."""


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (lambda s: s.z > 1, [1]),
        (lambda s: ~(s.z > 1), [0, 4]),
        (lambda s: s.z == 1, [4]),
        (lambda s: s.z != 1, [0, 1]),
        (lambda s: ~(s.z == 1), [0, 1]),
        (lambda s: ~(s.z != 1), [4]),
        (lambda s: 1 == s.z, [4]),  # noqa: SIM300 - the number first
        (lambda s: (s.z > 1) | ~(s.z > 1), [0, 1, 4]),  # undefined twice
        (lambda s: (s.z > 1) | (s.z * 0 != s.z * 0) | (s.index >= 0), [0, 1, 2, 3, 4]),
        (lambda s: ~((s.z > 1) & (s.index < 0)), [0, 1, 2, 3, 4]),  # a false one settles `&`
        (lambda s: ~((s.z > 1) & (s.index >= 0)), [0, 4]),
        (lambda s: ~~(s.z > 1), [1]),
    ],
)
def test_what_is_undefined_does_not_trigger_and_neither_does_its_negation(
    backend: str, condition: Callable[[Any], object], expected: list[int]
) -> None:
    """E1."""
    index: list[float | None] = [0.0, 1.0, 2.0, 3.0, 4.0]
    assert bars_on_which(condition, backend, **COLUMN, index=index) == expected


def test_a_crossing_is_undefined_where_one_of_its_four_values_is(backend: str) -> None:
    """E1: at bar 1 it crosses over, at bar 4 under; bars 0, 2 and 3 have no two known values."""
    columns: dict[str, list[float | None]] = {"a": [1.0, 3.0, NAN, 3.0, 1.0, 0.5]}
    for crosses, bars, others in (
        (omega.crossover, [1], [4, 5]),
        (omega.crossunder, [4], [1, 5]),
    ):

        def crossing(s: Any, crosses: Any = crosses) -> Any:  # noqa: ANN401 - what declares
            return crosses(s.a, 2)

        assert bars_on_which(crossing, backend, **columns) == bars
        assert bars_on_which(lambda s: ~crossing(s), backend, **columns) == others


def test_a_null_of_a_truth_column_is_undefined(backend: str) -> None:
    """E1: of an expression and of a series."""
    truths = pl.Series([True, False, None, True])
    data = candles.rising(4).with_columns(truth=truths)
    for given_, expected in (
        ("truth", [0]),
        (pl.col("truth"), [0]),
        (truths, [0]),
        (lambda s: ~((s.sma(1) < 0) | pl.col("truth")), [1]),
        (lambda s: (s.sma(1) < 0) | pl.Series([False, True, None, False]), [1]),
    ):
        seen: list[int] = []

        def on_bar(bar: omega.Bar, seen: list[int] = seen) -> None:
            seen.append(bar.index)

        omega.run_backtest(data, on_bar, when=given_, backend=backend)
        assert seen == expected, given_


# --- Kleene's logic, tree by tree ----------------------------------------------------------------

Truth = bool | None
_LEAVES = st.tuples(
    st.sampled_from([">", ">=", "<", "<=", "==", "!=", "over", "under"]),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["b", 1.0, 2.0]),
)
_TREES: st.SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.tuples(st.just("~"), inner) | st.tuples(st.sampled_from("&|"), inner, inner),
    max_leaves=5,
)
_VALUES = st.sampled_from([NAN, 1.0, 2.0, 3.0])
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}


def built(tree: Any, s: Any) -> Any:  # noqa: ANN401 - a tree of tuples, and what declares
    """The condition of a tree."""
    if tree[0] == "~":
        return ~built(tree[1], s)
    if tree[0] in ("&", "|"):
        left, right = built(tree[1], s), built(tree[2], s)
        return left & right if tree[0] == "&" else left | right
    how, first, second = tree
    x, y = getattr(s, first), getattr(s, second) if isinstance(second, str) else second
    if how in ("over", "under"):
        return (omega.crossover if how == "over" else omega.crossunder)(x, y)
    return _OPERATORS[how](x, y)


def truth(tree: Any, columns: dict[str, list[float]], bar: int) -> Truth:  # noqa: ANN401 - as above
    """Kleene's value of a tree on a bar, by its definition."""
    if tree[0] == "~":
        inner = truth(tree[1], columns, bar)
        return None if inner is None else not inner
    if tree[0] in ("&", "|"):
        both = [truth(one, columns, bar) for one in tree[1:]]
        settles = tree[0] == "|"
        return settles if settles in both else None if None in both else not settles
    how, first, second = tree

    def value(one: str | float, ago: int) -> float:
        at = bar - ago
        return one if isinstance(one, float) else columns[one][at] if at >= 0 else NAN

    looks_back = how in ("over", "under")
    pairs = [(value(first, ago), value(second, ago)) for ago in range(1 + looks_back)]
    if any(math.isnan(one) for pair in pairs for one in pair):
        return None
    if not looks_back:
        return bool(_OPERATORS[how](*pairs[0]))
    (x, y), (a, b) = pairs
    return x > y and a <= b if how == "over" else x < y and a >= b


@given(_TREES, st.lists(st.tuples(_VALUES, _VALUES), min_size=3, max_size=8))
def test_conditions_are_those_of_kleene(
    tree: Any,  # noqa: ANN401 - a tree of tuples
    rows: list[tuple[float, float]],
) -> None:
    """E1: against the definition, on both backends."""
    rows = [(1.0, 2.0), *rows]  # known at first, as a column is waited for until it is
    columns: dict[str, Any] = {"a": [a for a, _ in rows], "b": [b for _, b in rows]}
    expected = [bar for bar in range(len(rows)) if truth(tree, columns, bar)]
    for backend in BACKENDS:
        assert bars_on_which(lambda s: built(tree, s), backend, **columns) == expected


# --- arithmetic ----------------------------------------------------------------------------------


def values_of(
    declare: Callable[[Any], Any], backend: str, data: pl.DataFrame
) -> NDArray[np.float64]:
    """All values of an indicator, once its run is over."""

    class Declares(omega.Strategy):
        def init(self) -> None:
            self.line = declare(self)

        def on_bar(self, bar: omega.Bar) -> None:
            pass

    line = omega.run_backtest(data, Declares(), backend=backend).strategy.line
    values: NDArray[np.float64] = line.window(len(line))
    return values


@pytest.mark.parametrize(
    ("declare", "expected"),
    [
        (lambda s: s.a + s.b, [3.0, NAN, 1.0, -1.0]),
        (lambda s: s.a - s.b, [-1.0, NAN, -1.0, -3.0]),
        (lambda s: s.a * s.b, [2.0, NAN, 0.0, -2.0]),
        (lambda s: s.a / s.b, [0.5, NAN, 0.0, -2.0]),
        (lambda s: s.b / s.a, [2.0, NAN, math.inf, -0.5]),
        (lambda s: s.a / s.a, [1.0, NAN, NAN, 1.0]),
        (lambda s: 2 + s.a, [3.0, NAN, 2.0, 0.0]),
        (lambda s: 2 - s.a, [1.0, NAN, 2.0, 4.0]),
        (lambda s: s.a * np.float64(3), [3.0, NAN, 0.0, -6.0]),
        (lambda s: np.float64(3) * s.a, [3.0, NAN, 0.0, -6.0]),
        (lambda s: 1 / s.a, [1.0, NAN, math.inf, -0.5]),
        (lambda s: s.a / 4, [0.25, NAN, 0.0, -0.5]),
        (lambda s: -s.a, [-1.0, NAN, -0.0, 2.0]),
        (lambda s: abs(s.a), [1.0, NAN, 0.0, 2.0]),
        (lambda s: omega.minimum(s.a, s.b), [1.0, NAN, 0.0, -2.0]),
        (lambda s: omega.maximum(s.a, s.b, 0), [2.0, NAN, 1.0, 1.0]),
        (lambda s: omega.maximum(s.b, s.a), [2.0, NAN, 1.0, 1.0]),
        (lambda s: s.a - "close", [-99.5, NAN, -102.5, -105.5]),
        (lambda s: "close" - s.a, [99.5, NAN, 102.5, 105.5]),
        (lambda s: s.a + pl.Series([1.0, 1.0, None, 1.0]), [2.0, NAN, NAN, -1.0]),
    ],
)
def test_arithmetic_is_done_bar_by_bar(
    backend: str, declare: Callable[[Any], Any], expected: list[float]
) -> None:
    """E2: `a` is 1, NaN, 0, -2, and `b` is 2, 5, 1, 1."""

    def declared(s: Any) -> Any:  # noqa: ANN401 - what declares
        s.a = s.column(pl.Series([1.0, None, 0.0, -2.0]), "a")
        s.b = s.column(pl.Series([2.0, 5.0, 1.0, 1.0]), "b")
        return declare(s)

    found = values_of(declared, backend, candles.rising(4))
    # To the bit, so that the sign of 0 and the one NaN count as well.
    assert found.tobytes() == np.array(expected).tobytes()


def test_an_indicator_reads_what_is_derived(backend: str) -> None:
    """E2: closes of 100.5, 101.5 … less a sma(2) half a point below are 0.5, doubled 1."""
    found = values_of(
        lambda s: s.sma(3, source=("close" - s.sma(2)) * 2), backend, candles.rising(9)
    )
    assert found[3:].tolist() == [1.0] * 6


def test_the_names_of_what_is_put_together_say_how() -> None:
    names: list[str] = []

    def declare(s: Any) -> Any:  # noqa: ANN401 - what declares
        a = s.sma(2)
        made = [a - s.sma(3), 2 * a, -a, abs(a), omega.minimum(a, "low"), a / pl.col("close")]
        names.extend(one.name for one in made)
        return made[0]

    values_of(declare, BACKENDS[0], candles.rising(9))
    assert names == [
        "(sma(2) - sma(3))",
        "(2 * sma(2))",
        "-sma(2)",
        "abs(sma(2))",
        "minimum(sma(2), low)",
        "(sma(2) / column)",
    ]


def test_what_is_derived_waits_for_the_longest_of_its_operands(backend: str) -> None:
    """L2: sma(2) and sma(5) need 5 bars, and a further sma(3) over both 3 more."""

    class Waits(omega.Strategy):
        nested: bool = False

        def init(self) -> None:
            self.first: int | None = None
            self.gap = self.sma(2) - self.sma(5)
            if self.nested:
                self.smooth = self.sma(3, source=self.gap)

        def on_bar(self, bar: omega.Bar) -> None:
            self.first = bar.index if self.first is None else self.first

    for nested, first in ((False, 4), (True, 7)):
        result = omega.run_backtest(candles.rising(20), Waits(nested=nested), backend=backend)
        assert result.strategy.first == first


def test_a_timeframe_goes_with_its_own(backend: str) -> None:
    """E2, TF2: a name beside an indicator is a column of the indicator's bars."""
    seen: list[float] = []

    class Higher(omega.Strategy):
        def init(self) -> None:
            mean = self.sma(2, timeframe="M5")
            self.above = "close" - mean

        @omega.when(lambda self: self.above == 2.5)
        def on_bar(self, bar: omega.Bar) -> None:
            seen.append(self.above[-1])

    omega.run_backtest(candles.rising(20), Higher(), timeframes=("M5",), backend=backend)
    assert seen == [2.5] * 10, "closes 104.5, 109.5, 114.5: known from the tenth bar on"


def test_bars_of_two_kinds_cannot_be_put_together(backend: str) -> None:
    def declare(s: Any) -> Any:  # noqa: ANN401 - what declares
        return s.sma(2) - s.sma(2, timeframe="M5")

    class Mixed(omega.Strategy):
        def init(self) -> None:
            declare(self)

    with pytest.raises(ConfigError, match="of another symbol or timeframe"):
        omega.run_backtest(candles.rising(20), Mixed(), timeframes=("M5",), backend=backend)


@pytest.mark.parametrize(
    ("made", "match"),
    [
        (lambda s: s.a + math.inf, "finite"),
        (lambda s: s.a < NAN, "NaN is never known"),
        (lambda s: s.a + 10**400, "finite"),
        (lambda s: omega.minimum(s.a, None), "given None"),
        (lambda s: omega.maximum(1, 2), "numbers alone"),
        (lambda s: s.a == object(), "expected an indicator"),
        (lambda s: s.a - "clsoe", "clsoe"),
        (lambda s: bool(s.a < 3), r"\[-1\]"),
        (lambda s: min(s.a, s.b), "omega.minimum"),
        (lambda s: (s.a < 3) == True, "equals nothing"),  # noqa: E712 - what is refused
    ],
)
def test_what_makes_no_column_is_refused(
    backend: str, made: Callable[[Any], Any], match: str
) -> None:
    """E2."""

    class Refused(omega.Strategy):
        def init(self) -> None:
            self.a, self.b = self.sma(2), self.sma(3)

        @omega.when(made)
        def on_bar(self, bar: omega.Bar) -> None:
            pass

    with pytest.raises(OmegaError, match=match):
        omega.run_backtest(candles.rising(9), Refused(), backend=backend)


@pytest.mark.parametrize("other", [None, "text"])
def test_an_operator_that_makes_no_sense_is_pythons_own_error(backend: str, other: object) -> None:
    class Refused(omega.Strategy):
        def init(self) -> None:
            if other is None:
                self.made = self.sma(2) + other
            else:
                self.made = self.sma(2) ** 2  # type: ignore[operator]  # what is refused

    with pytest.raises(TypeError, match="unsupported operand"):
        omega.run_backtest(candles.rising(9), Refused(), backend=backend)


# --- in callbacks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asks",
    [
        lambda s: s.rsi_ < 30,
        lambda s: s.trend.direction == 1,
        lambda s: s.trend.direction != 1,
        lambda s: 1 if s.rsi_ > 70 else 0,
        lambda s: s.rsi_ - 50,
        lambda s: -s.rsi_,
        lambda s: abs(s.rsi_),
        lambda s: omega.minimum(s.rsi_, 50),
        lambda s: 1 if s.condition else 0,
    ],
)
def test_whole_columns_are_refused_in_a_callback(
    backend: str, asks: Callable[[Any], object]
) -> None:
    """E2: an error that names the newest value, never a silent truth."""

    class Asks(omega.Strategy):
        def init(self) -> None:
            self.rsi_, self.trend = self.rsi(3), self.supertrend(3)
            self.condition = self.rsi_ < 30

        def on_bar(self, bar: omega.Bar) -> None:
            asks(self)

    with pytest.raises(NeedsOneBar, match=r"\[-1\]") as caught:
        omega.run_backtest(candles.walk(40), Asks(), backend=backend)
    assert isinstance(caught.value, TypeError)


def test_indicators_are_told_apart_by_identity(backend: str) -> None:
    """E2: in sets and as keys, also in a callback; None is no column."""

    class Keeps(omega.Strategy):
        def init(self) -> None:
            self.a, self.b = self.sma(2), self.sma(2)
            self.names = {self.a: "a", self.b: "b"}

        def on_bar(self, bar: omega.Bar) -> None:
            assert [self.names[one] for one in (self.a, self.b)] == ["a", "b"]
            assert len({self.a, self.b, self.a}) == 2
            asked: list[Any] = [self.a == None, self.a != None]  # noqa: E711 - what is asked
            assert [type(one) for one in asked] == [bool, bool]

    omega.run_backtest(candles.rising(9), Keeps(), backend=backend)


def test_an_indicator_of_another_run_is_refused(backend: str) -> None:
    data = candles.rising(9)

    class Keeps(omega.Strategy):
        def init(self) -> None:
            self.a = self.sma(2)

        def on_bar(self, bar: omega.Bar) -> None:
            pass

    old = omega.run_backtest(data, Keeps(), backend=backend).strategy.a
    for when in (lambda s: old < 3, lambda s: old + 1 > 2, lambda s: s.sma(2, source=old) > 2):
        with pytest.raises(ConfigError, match="of another run"):
            omega.run_backtest(data, lambda bar: None, when=when, backend=backend)


def test_crossover_is_a_truth_about_the_newest_bar_in_a_callback(backend: str) -> None:
    """One name: bars on which the callback finds it are those of the condition."""
    data = candles.walk(300)
    said: dict[str, list[int]] = {"callback": [], "condition": []}

    class Both(omega.Strategy):
        def init(self) -> None:
            self.a, self.b = self.sma(3), self.sma(7)

        def on_bar(self, bar: omega.Bar) -> None:
            if omega.crossover(self.a, self.b):
                said["callback"].append(bar.index)

        @omega.when(lambda self: omega.crossover(self.a, self.b))
        def on_crossing(self, bar: omega.Bar) -> None:
            said["condition"].append(bar.index)

    omega.run_backtest(data, Both(), backend=backend)
    # The first decision is at bar 6, at which the average of seven has no value before.
    assert said["callback"] == said["condition"] != []


def test_an_indicator_is_asked_how_long_ago(backend: str) -> None:
    """E4."""

    class Looks(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(2)

        def on_bar(self, bar: omega.Bar) -> None:
            window = self.mean.window(bar.index)
            for ago in range(bar.index):
                assert self.mean.ago(ago) == self.mean[-1 - ago] == window[-1 - ago]
            for ago in (-1, bar.index + 1, 10**9):
                with pytest.raises(IndexError, match=rf"ago\({ago}\)"):
                    self.mean.ago(ago)

    omega.run_backtest(candles.rising(9), Looks(), backend=backend)


@pytest.mark.parametrize(
    "source",
    [pl.col("close").log(), pl.Series(np.arange(9.0)), np.arange(9.0), "level", "close"],
)
def test_an_indicator_reads_any_column(
    backend: str,
    source: Any,  # noqa: ANN401 - a column
) -> None:
    data = candles.rising(9).with_columns(level=pl.col("close") * 2)
    expression = source if isinstance(source, pl.Expr) else None
    if isinstance(source, str):
        expression = pl.col(source)
    values = data.select(expression).to_series() if expression is not None else pl.Series(source)
    found = values_of(lambda s: s.sma(3, source=source), backend, data)
    expected = [sum(values[k - 2 : k + 1]) / 3 for k in range(2, 9)]
    assert found[2:].tolist() == pytest.approx(expected, rel=1e-14)
