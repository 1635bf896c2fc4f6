"""The core and the reference give the same bits, for every indicator and every parameter."""

from __future__ import annotations

import inspect
import math
import statistics
import struct
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import omega
from omega.indicators import catalog
from omega.indicators.catalog import Reads
from tests.support import candles
from tests.support.draws import one_of_each

Numbers = list[float]


def bits(values: Any) -> list[bytes]:  # noqa: ANN401 - an array of either backend
    """Every bit of each value; one NaN is as good as another."""
    return [b"nan" if math.isnan(value) else struct.pack("d", value) for value in values]


def declared(
    data: pl.DataFrame,
    backend: str,
    name: str,
    parameters: list[object],
    **where: Any,  # noqa: ANN401 - sources or a side
) -> list[list[bytes]]:
    """All values of all outputs of an indicator, one run over all bars but the last."""
    seen: list[list[bytes]] = []

    class Looking(omega.Strategy):
        def init(self) -> None:
            found = self.indicator(name, *parameters, **self.sources())
            self.views = list(found) if isinstance(found, tuple) else [found]

        def sources(self) -> dict[str, Any]:
            if "column" not in where:
                return where
            columns = [self.column(pl.lit(pl.Series(each)), "x") for each in where["column"]]
            return {"source": tuple(columns) if len(columns) > 1 else columns[0]}

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == data.height - 2:
                seen.extend(bits(view.window(bar.index + 1)) for view in self.views)

    try:
        omega.run_backtest(data, Looking, backend=backend)
    except omega.errors.WarmupIndexNotFound as nothing:  # no value at any bar
        return [[str(nothing).encode()]]
    return seen


PRICES = st.integers(0, 40).map(lambda ticks: 1.0 + ticks / 7)
WILD = st.sampled_from([0.0, -0.0, 1e-300, 1e300, 5e-324, -3.7, 1 / 3, 1e15, 0.1])
CALM = [1.0 + (k * 7 % 11) / 8 for k in range(40)]
"""Numbers at the end, so that every indicator has a value at last and there is a run."""

COLUMNS = st.lists(st.one_of(PRICES, PRICES, PRICES, WILD, st.just(math.nan)), max_size=40).map(
    lambda drawn: drawn + CALM
)


CHOICES: dict[str, tuple[object, ...]] = {"alpha": (0.0, 0.25, 0.4), "beta": (0.0, 0.25, 0.5)}
"""Values of parameters that must be small together."""


@st.composite
def parameters_of(draw: st.DrawFn, definition: catalog.Definition) -> list[object]:
    """Any parameters that the catalog takes."""
    chosen: list[object] = []
    if definition.name == "pattern":  # most have no penetration, and would be rejected
        return [draw(st.sampled_from(definition.parameters[0].words)), None]
    for parameter in definition.parameters:
        options: list[object] = [*parameter.words]
        if not options:
            tried = CHOICES.get(parameter.name, (1, 2, 3, 5, 0.25, 1.5, None, True, False))
            options = [value for value in tried if takes(parameter, value)]
        chosen.append(draw(st.sampled_from(options)))
    try:
        catalog.resolve(definition.name, chosen, {})
    except omega.errors.ConfigError:
        reject()
    return chosen


def takes(parameter: catalog.Parameter, value: object) -> bool:
    """Whether a parameter may have this value."""
    try:
        parameter.check(value)
    except Exception:  # noqa: BLE001 - whatever a check raises, it refuses
        return False
    return True


def named(reads: Reads) -> list[str]:
    return [name for name, row in sorted(catalog.CATALOG.items()) if row.reads is reads]


SHAPES = one_of_each(*[[0, 0, 1, 2, 5]] * 4, [0, 1, 3, 1000])


@st.composite
def bars(draw: st.DrawFn) -> pl.DataFrame:
    """Bars with ties and flat stretches, over several days."""
    count = draw(st.integers(0, 40))
    calm = [[1, 1, k % 5, k % 3, 3] for k in range(40)]  # there is a value at last
    rows = draw(st.lists(SHAPES, min_size=count, max_size=count)) + calm
    close, table = 400, []
    for up, down, gap, body, volume in rows:
        opened = close + gap - 2
        close = opened + body - 1
        prices = (opened, max(opened, close) + up, min(opened, close) - down, close)
        table.append((*[price / 7 for price in prices], volume * 1.1))
    times = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 1) + pl.duration(hours=7) * (len(rows) - 1),
        interval="7h", eager=True,
    )  # fmt: skip
    frame = pl.DataFrame(table, ["open", "high", "low", "close", "volume"], orient="row")
    return frame.insert_column(0, times.alias("time")).with_columns(spread=pl.lit(0.3))


@pytest.mark.parametrize("name", named(Reads.SOURCE))
@given(data=st.data(), column=COLUMNS)
def test_indicators_of_one_column(name: str, data: st.DataObject, column: Numbers) -> None:
    given_ = data.draw(parameters_of(catalog.CATALOG[name]))
    frame = candles.rising(len(column))
    first, second = (
        declared(frame, backend, name, given_, column=[column]) for backend in ("rust", "python")
    )
    assert first == second


@pytest.mark.parametrize("name", named(Reads.PAIR))
@given(data=st.data(), column=COLUMNS)
def test_indicators_of_two_columns(name: str, data: st.DataObject, column: Numbers) -> None:
    given_ = data.draw(parameters_of(catalog.CATALOG[name]))
    other = [*data.draw(st.permutations(column[:-40])), *reversed(CALM)]
    frame = candles.rising(len(column))
    first, second = (
        declared(frame, backend, name, given_, column=[column, other])
        for backend in ("rust", "python")
    )
    assert first == second


@pytest.mark.parametrize("name", named(Reads.THREE))
@given(data=st.data(), column=COLUMNS)
def test_indicators_of_three_columns(name: str, data: st.DataObject, column: Numbers) -> None:
    shuffled = [*data.draw(st.permutations(column[:-40])), *CALM]
    anchors = data.draw(st.lists(st.sampled_from([0.0, 1.0, math.nan]), max_size=40))
    anchors = [*anchors, *([0.0] * len(column)), 1.0][-len(column) :]
    frame = candles.rising(len(column))
    first, second = (
        declared(frame, backend, name, [], column=[column, shuffled, anchors])
        for backend in ("rust", "python")
    )
    assert first == second


@pytest.mark.parametrize("name", named(Reads.CANDLES))
@given(data=st.data())
def test_indicators_of_candles(name: str, data: st.DataObject) -> None:
    given_ = data.draw(parameters_of(catalog.CATALOG[name]))
    frame = data.draw(bars())
    side = data.draw(st.sampled_from(["bid", "ask"]))
    first, second = (
        declared(frame, backend, name, given_, side=side) for backend in ("rust", "python")
    )
    assert first == second


ANY = st.one_of(PRICES, WILD, st.floats(-1e150, 1e150))
SUMS = ("sma", "wma", "slope", "rolling_std", "correlation")


@given(before=st.lists(ANY), window=st.lists(ANY, min_size=2, max_size=9), after=st.lists(ANY))
def test_no_window_knows_what_stands_before_or_behind_it(
    before: Numbers, window: Numbers, after: Numbers
) -> None:
    n = len(window)
    for name in SUMS:
        found = set()
        for start, column in ((0, window + CALM), (len(before), before + window + after + CALM)):
            columns = [column, [*column[1:], 1.0]] if name == "correlation" else [column]
            if name == "correlation":  # what enters it from behind is no part of the window
                columns[1][start + n - 1] = 1.0
            for backend in ("rust", "python"):
                seen = declared(candles.rising(len(column)), backend, name, [n], column=columns)
                found.add(seen[0][start + n - 1])
        assert len(found) == 1, name


@given(window=st.lists(ANY, min_size=2, max_size=9))
def test_values_are_cut_off_so_far_below_the_largest_alone(window: Numbers) -> None:
    """The bound of docs/decisions/exact-sums.md, and a rounding or, of a deviation, a few."""
    n = len(window)
    values = [Fraction(value) for value in window]
    cut = max(map(abs, values)) / 2 ** (125 - 2 * n.bit_length())
    rising = sum(k * value for k, value in enumerate(values, 1)) / (n * (n + 1) // 2)
    expected = {"sma": (sum(values) / n, 0.5), "wma": (rising, 0.5)}
    spread = Fraction(statistics.stdev(values))
    if spread == 0 or 2**-500 < spread < 2**500:  # n² times its square is a normal float
        expected["rolling_std"] = (spread, 4)
    for name, (exact, roundings) in expected.items():
        column = [window + CALM]
        seen = declared(candles.rising(len(column[0])), "rust", name, [n], column=column)
        found = struct.unpack("d", seen[0][n - 1])[0]
        most = 2 * cut + Fraction(roundings) * Fraction(math.ulp(found))
        assert abs(Fraction(found) - exact) <= most, name


SMALL: dict[str, object] = {
    "alpha": 0.1, "beta": 0.8, "omega": None, "min_periods": 5, "lookback": 9, "quantile": 0.3,
    "name": "hikkake", "penetration": None, "since": "day",
}  # fmt: skip
"""Parameters that must fit each other, or have no default."""


@pytest.mark.parametrize("name", sorted(catalog.CATALOG))
def test_streaming_and_chunks_change_no_bit(name: str) -> None:
    """The value at a bar is that of the bars up to it alone, however they lie in memory."""
    definition = catalog.CATALOG[name]
    whole = candles.walk(120, chunks=1).with_columns(volume=np.arange(120.0) % 7)
    given_ = [SMALL.get(row.name, 3 + k) for k, row in enumerate(definition.parameters)]
    parameters = [
        value if takes(parameter, value) else parameter.default
        for parameter, value in zip(definition.parameters, given_, strict=True)
    ]
    sources = {Reads.PAIR: ("close", "open"), Reads.THREE: ("close", "volume", "volume")}
    where = {"source": sources[definition.reads]} if definition.reads in sources else {}
    expected = declared(whole, "rust", name, parameters, **where)
    pieces = pl.concat([whole[:1], whole[1:50], whole[50:]], rechunk=False)
    assert declared(pieces, "rust", name, parameters, **where) == expected
    for length in (40, 77, 100):
        found = declared(whole[:length], "rust", name, parameters, **where)
        assert found == [column[: length - 1] for column in expected], length


@pytest.mark.parametrize("name", sorted(catalog.CATALOG))
def test_every_indicator_has_a_documented_method_with_its_parameters(name: str) -> None:
    method = getattr(omega.Strategy, name)
    signature = list(inspect.signature(method).parameters.values())[1:]
    rows = catalog.CATALOG[name].parameters
    assert [each.name for each in signature[: len(rows)]] == [row.name for row in rows]
    defaults = [each.default for each in signature[: len(rows)]]
    assert defaults == [
        inspect.Parameter.empty if row.default is catalog.REQUIRED else row.default for row in rows
    ]
    assert method.__doc__.startswith("Declare ")
