"""The metrics of series of one's own: a run's to the last bit, and by other packages."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.candles import walk

CANDLES = walk(9_000)
COMPARED = (
    "benchmark_return", "alpha", "beta", "correlation", "tracking_error", "information_ratio",
    "up_capture", "down_capture",
)  # fmt: skip


def draws() -> tuple[list[float], list[float]]:
    """Give 250 returns and those of a benchmark, from a generator that anyone can write."""
    state, uniform = 5, []
    for _ in range(500):
        state = (1103515245 * state + 12345) % 2**31
        uniform.append(state / 2**31)
    benchmark = [(u - 0.49) * 0.04 for u in uniform[:250]]
    own = [
        0.0002 + 0.7 * b + (u - 0.5) * 0.02 for b, u in zip(benchmark, uniform[250:], strict=True)
    ]
    return own, benchmark


OWN, OTHER = draws()
# empyrical-reloaded 0.7.1, with its 252 days; alpha is (mean - beta * mean of the benchmark) * 252
# of pandas 3.1.1, where empyrical compounds it, and the tracking error that of pandas.
EMPYRICAL = {
    "sharpe": 2.478663640622224,
    "sortino": 3.9639437287761017,
    "volatility": 0.16140059974226975,
    "max_drawdown": 0.06630405846377084,
    "cagr": 0.47226166345457243,
    "calmar": 7.122666008636871,
    "omega_ratio": 1.4636207810388018,
    "tail_ratio": 1.1814588212320811,
    "value_at_risk": -0.015271552990451454,
    "total_return": 0.467748986726227,
    "beta": 0.7126005634257285,
    "correlation": 0.8163875986148049,
    "tracking_error": 0.10729462554176704,
    "alpha": 0.38025737509243274,
}
SHARPE_ABOVE_3_PERCENT = 2.2955135412205827
SKEWNESS, KURTOSIS = -0.08453644764292442, -0.593064145849964  # ffn 1.4.1


def test_they_are_those_of_empyrical_and_ffn() -> None:
    found = omega.metrics(OWN, benchmark=pl.Series("returns", OTHER), periods=252, kind="returns")
    for name, value in EMPYRICAL.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name
    assert found["skewness"] == pytest.approx(SKEWNESS, rel=1e-9)
    assert found["kurtosis"] == pytest.approx(KURTOSIS, rel=1e-9)
    above = omega.metrics(OWN, risk_free=0.03, periods=252, kind="returns")
    assert above["sharpe"] == pytest.approx(SHARPE_ABOVE_3_PERCENT, rel=1e-9)
    assert above["volatility"] == found["volatility"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_result_has_the_same_bits(backend: str) -> None:
    result = omega.run_backtest(
        CANDLES, omega.native("sma_cross"), backend=backend, sizer=omega.EquityPercent(100)
    )
    for found in (omega.metrics(result), omega.metrics(result.equity, initial=10_000.0)):
        assert found.kind == "equity"
        assert len(found) > 30
        for name, value in found.items():
            assert value == result.metrics[name], name


def test_a_calendar_of_a_run_is_that_of_its_curve() -> None:
    result = omega.run_backtest(
        CANDLES, omega.native("sma_cross"), calendar="FX", sizer=omega.EquityPercent(100)
    )
    own = omega.metrics(result)
    assert own["sharpe"] == result.metrics["sharpe"]
    named = omega.metrics(result.equity, initial=10_000.0, calendar="FX")
    assert named["sharpe"] == result.metrics["sharpe"]
    assert omega.metrics(result.equity, initial=10_000.0)["sharpe"] != result.metrics["sharpe"]


def test_by_hand() -> None:
    days = [date(2024, 1, day) for day in (1, 2, 3, 5)]
    found = omega.metrics(pl.DataFrame({"time": days, "equity": [100.0, 150.0, 75.0, 150.0]}))
    assert found["total_return"] == 0.5
    assert found["max_drawdown"] == 0.5
    assert found["days"] == 3
    assert found.returns["returns"].to_list() == [0.5, -0.5, 1.0]
    assert found.returns["day"].to_list() == days[1:]
    assert found["years"] == 4 / 365.25  # from the 2nd to the 5th
    mean, squares = 1 / 3, (1 / 6) ** 2 + (5 / 6) ** 2 + (2 / 3) ** 2
    expected = mean / math.sqrt(squares / 2) * math.sqrt(3 / (4 / 365.25))
    assert found["sharpe"] == pytest.approx(expected, rel=1e-12)


def test_without_times_or_periods_nothing_is_annual() -> None:
    found = omega.metrics([100.0, 110.0, 99.0])
    annual = ("sharpe", "sortino", "volatility", "cagr", "calmar", "years", "periods_per_year")
    moments = ("start", "end", "max_drawdown_days", "longest_drawdown_days")
    assert all(found[name] is None for name in (*annual, *moments))
    assert found["total_return"] == pytest.approx(-0.01)
    assert found["bars"] == 2
    with pytest.raises(ConfigError, match="periods="):
        omega.metrics([100.0, 110.0, 99.0], risk_free=0.03)


START = datetime(2024, 1, 1, tzinfo=UTC)
TIMES = [START + timedelta(days=k) for k in range(5)]
EQUITY = [100.0, 101.0, 99.0, 103.0, 104.0]
RETURNS = [0.01, -0.02, 0.03, 0.0, 0.01]


def test_all_forms_give_the_same() -> None:
    expected = dict(omega.metrics(pl.DataFrame({"time": TIMES, "equity": EQUITY})))
    frames: list[Any] = [
        pl.DataFrame({"Date": TIMES, "Close": EQUITY}),
        pl.DataFrame({"ts": TIMES, "x": EQUITY}),
        pl.DataFrame({"time": TIMES, "balance": RETURNS, "equity": EQUITY}),
        pl.DataFrame({"time": TIMES, "equity": EQUITY}).lazy(),
        pl.DataFrame({"time": TIMES, "equity": EQUITY}).to_arrow(),
    ]
    for frame in frames:
        assert dict(omega.metrics(frame)) == expected
    plain = dict(omega.metrics(EQUITY))
    for series in (np.array(EQUITY), pl.Series(EQUITY), tuple(EQUITY), np.array(EQUITY)[::1]):
        assert dict(omega.metrics(series)) == plain


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="not a dependency")
    expected = dict(omega.metrics(pl.DataFrame({"time": TIMES, "equity": EQUITY})))
    index = pandas.DatetimeIndex(TIMES)
    for given in (
        pandas.Series(EQUITY, index),
        pandas.DataFrame({"equity": EQUITY}, index),
        pandas.DataFrame({"equity": EQUITY, "note": ["x"] * 5}, index),
    ):
        assert dict(omega.metrics(given)) == expected
    plain = pandas.Series(EQUITY)
    assert dict(omega.metrics(plain)) == dict(omega.metrics(EQUITY))


def test_dates_of_pandas_that_are_objects_or_periods_are_times() -> None:
    pandas = pytest.importorskip("pandas", reason="not a dependency")
    returns = [0.01, -0.02, 0.015, 0.002, -0.004]
    moments = pandas.date_range("2026-01-05", periods=5)
    days = [one.date() for one in moments]
    expected = omega.metrics(pandas.Series(returns, moments))
    assert expected["sharpe"] is not None
    for index in (days, moments.to_period("D"), pandas.Index(moments, dtype=object)):
        assert omega.metrics(pandas.Series(returns, index))["sharpe"] == expected["sharpe"]
    frame = pandas.DataFrame({"date": days, "returns": returns, "note": ["x", 1, None, "y", 2.0]})
    assert omega.metrics(frame)["sharpe"] == expected["sharpe"]


def test_times_that_are_texts_are_refused() -> None:
    """They would be left out in silence, and every yearly number with them."""
    pandas = pytest.importorskip("pandas", reason="not a dependency")
    days, returns = ["2026-01-05", "2026-01-06"], [0.01, -0.02]
    with pytest.raises(ConfigError, match="given an index of String, expected dates"):
        omega.metrics(pandas.Series(returns, days))
    for frame in (pl.DataFrame, pandas.DataFrame):
        with pytest.raises(ConfigError, match="column 'date' has values of String"):
            omega.metrics(frame({"date": days, "returns": returns}))


def test_the_kind_is_told_by_name_by_value_or_not_at_all() -> None:
    assert omega.metrics(EQUITY).kind == "equity"
    assert omega.metrics(RETURNS).kind == "returns"
    assert omega.metrics(pl.Series("returns", [0.5, 0.25])).kind == "returns"
    assert omega.metrics(pl.Series("equity", [0.5, 0.25])).kind == "equity"
    assert omega.metrics([1.0, 1.1, 0.9], kind="equity").kind == "equity"
    for unclear in ([1.0, 1.1, 0.9], [0.01, 0.02], [-1.0, 2.0], [0.0, 0.0]):
        with pytest.raises(ConfigError, match="kind='equity' or kind='returns'"):
            omega.metrics(unclear)


@pytest.mark.parametrize(("given", "words"), [
    ([], "no values"),
    ([100.0], "two or more"),
    ([100.0, math.nan], "row 1"),
    ([100.0, math.inf], "row 1"),
    (pl.Series([100.0, None]), "row 1"),
    (["a", "b"], "no number"),
    ("equity", "given str"),
    (5, "given int"),
    (None, "given NoneType"),
    (np.zeros((2, 2)), "one dimension"),
    (pl.DataFrame(), "without columns"),
    (pl.DataFrame({"a": [1.0], "b": [2.0]}), "a, b"),
    (pl.DataFrame({"equity": [100.0] * 5, "returns": RETURNS}), "equity, returns"),
    (pl.DataFrame({"time": TIMES[::-1], "equity": EQUITY}), "row 1"),
    (pl.DataFrame({"time": [TIMES[0]] * 5, "equity": EQUITY}), "row 1"),
    (pl.DataFrame({"time": [None, *TIMES[1:]], "equity": EQUITY}), "no time"),
])  # fmt: skip
def test_what_is_no_series_is_refused(given: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        omega.metrics(given)


@pytest.mark.parametrize("settings", [
    {"periods": 0}, {"periods": "day"}, {"periods": True}, {"kind": "money"}, {"kind": 5},
    {"initial": 0}, {"initial": "x"}, {"risk_free": "x"}, {"risk_free": 4}, {"risk_free": None},
    {"risk_free": [0.1]}, {"risk_free": {"x": 0.1}}, {"risk_free": {date(2024, 1, 1): "x"}},
    {"risk_free": {date(2024, 1, 9): 0.04}}, {"benchmark": [1.0]}, {"benchmark": 5},
])  # fmt: skip
def test_what_is_of_no_use_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        omega.metrics(pl.DataFrame({"time": TIMES, "equity": EQUITY}), **settings)


def test_a_dated_rate_holds_until_the_next() -> None:
    frame = pl.DataFrame({"time": TIMES, "equity": EQUITY})
    rates = {TIMES[0].date(): 0.02, "2024-01-04": 0.06}
    found = omega.metrics(frame, risk_free=rates, periods=252)
    low, high = 1.02 ** (1 / 252) - 1, 1.06 ** (1 / 252) - 1
    returns = found.returns["returns"].to_list()
    excess = [r - rate for r, rate in zip(returns, [low, low, high, high], strict=True)]
    mean = sum(excess) / 4
    deviation = math.sqrt(sum((x - mean) ** 2 for x in excess) / 3)
    assert found["sharpe"] == pytest.approx(mean / deviation * math.sqrt(252), rel=1e-12)
    as_frame = pl.DataFrame({"time": [TIMES[0], TIMES[3]], "rate": [0.02, 0.06]})
    assert omega.metrics(frame, risk_free=as_frame, periods=252)["sharpe"] == found["sharpe"]


def test_a_benchmark_is_compared_on_the_days_that_both_have() -> None:
    own = pl.DataFrame({"time": TIMES, "equity": EQUITY})
    other = pl.DataFrame({"time": [TIMES[0], TIMES[2], TIMES[4]], "close": [10.0, 11.0, 12.1]})
    found = omega.metrics(own, benchmark=other)
    assert found.returns["returns"].to_list() == [99.0 / 100.0 - 1.0, 104.0 / 99.0 - 1.0]
    assert found.returns["benchmark"].to_list() == [11.0 / 10.0 - 1.0, 12.1 / 11.0 - 1.0]
    assert found["benchmark_return"] == pytest.approx(0.21)
    assert found["down_capture"] is None
    alone = omega.metrics(own, benchmark=own)
    assert (alone["beta"], alone["alpha"], alone["tracking_error"]) == (1.0, 0.0, 0.0)
    assert alone["information_ratio"] is None
    assert alone["up_capture"] == alone["down_capture"] == 1.0
    flat = other.with_columns(close=pl.lit(10.0))
    found = omega.metrics(own, benchmark=flat)
    assert found["beta"] is None
    assert found["correlation"] is None
    far = other.with_columns(pl.col("time").dt.offset_by("9y"))
    assert all(omega.metrics(own, benchmark=far)[name] is None for name in COMPARED)
    with pytest.raises(ConfigError, match="times"):
        omega.metrics(own, benchmark=EQUITY)
    with pytest.raises(ConfigError, match="as many"):
        omega.metrics(EQUITY, benchmark=EQUITY[1:])


def test_rows_without_times_are_compared_whatever_their_kind() -> None:
    benchmark = [b / a - 1.0 for a, b in pairwise(EQUITY)]
    found = omega.metrics(EQUITY, benchmark=pl.Series("returns", benchmark), periods=252)
    assert found["beta"] == pytest.approx(1.0)
    assert found["correlation"] == pytest.approx(1.0)


def test_a_debt_leaves_ratios_undefined() -> None:
    found = omega.metrics([100.0, -5.0, -4.0], periods=252, kind="equity")
    assert found["sharpe"] is None
    assert found["lowest_equity"] == -5.0


def test_numbers_of_any_kind_are_numbers() -> None:
    known = omega.metrics([0.5, -0.25, 0.25], initial=5, periods=252, risk_free=0.25)
    given: Any = [Fraction(1, 2), np.float32(-0.25), np.float64(0.25)]
    own: dict[str, Any] = {"initial": np.int64(5), "risk_free": Fraction(1, 4)}
    assert dict(omega.metrics(given, periods=252, **own)) == dict(known)
    with pytest.raises(ConfigError, match=r"^initial: given inf, expected a number above 0"):
        omega.metrics([0.5, -0.25], initial=math.inf)
    with pytest.raises(ConfigError, match="no number, expected a number below 1e308"):
        omega.metrics([10**400, 1], kind="equity")
