"""Both backends give the same bits, and any library's numbers are taken."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega import ConfigError, statistics
from tests.statistics.cases import A, Anything, kernel, noise
from tests.support.backends import WITHOUT_CORE

needs_core = pytest.mark.skipif(WITHOUT_CORE, reason="there is one backend")


def bits(value: Anything) -> Anything:
    """What is compared: arrays and numbers by their bytes."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [bits(one) for one in value]
    return int(value) if isinstance(value, (int, np.integer)) else value


def matrices() -> list[np.ndarray]:
    rng = np.random.default_rng(11)
    ties = rng.integers(-3, 4, (21, 6)).astype(float)
    mixed = np.hstack([noise(40, 4, 1), np.zeros((40, 1)), np.full((40, 1), 0.3)])
    return [noise(33, 1, 2), noise(64, 5, 3), noise(9, 14, 4), ties, mixed, mixed * 1e-9 + 5.0]


diagonal = True
CALLS: dict[str, Callable[[Any, np.ndarray], Any]] = {
    "block_moments": lambda k, m: k.block_moments(m, 8),
    "overfitting": lambda k, m: k.overfitting(*k.block_moments(m, 8)),
    "overfitting, 6": lambda k, m: k.overfitting(*k.block_moments(m, 6)),
    "moments": lambda k, m: [k.moments(column.copy()) for column in m.T],
    "trial_moments": lambda k, m: [k.trial_moments(column.copy(), 4) for column in m.T],
    "participation": lambda k, m: k.effective_trials(m, "participation"),
    "entropy": lambda k, m: k.effective_trials(m, "entropy"),
    "average": lambda k, m: k.effective_trials(m, "average"),
    "block_lengths": lambda k, m: [k.block_lengths(column.copy()) for column in m.T],
    "deviations": lambda k, m: k.deviations(m, 3.7),
    "superior": lambda k, m: k.superior(m, k.draws(len(m), 2.5, 37, 5), k.deviations(m, 2.5)),
    "cpcv": lambda k, m: crossed(k, m, purge=1),
    "bca": lambda k, m: interval(k, m, "sharpe", "bca"),
    "percentile": lambda k, m: interval(k, m, "max_drawdown", "percentile"),
    "basic": lambda k, m: interval(k, m, "mean", "basic"),
    "paths": lambda k, m: k.paths(m[:, 0].copy(), k.orders(len(m), 20, 3), None),
    "money": lambda k, m: k.paths(m[:, 0].copy(), k.draws(len(m), 1.0, 20, 3), 50.0),
    "plateau": lambda k, m: k.plateau(m.ravel(), list(m.shape), None, 1, diagonal),
}


def crossed(kind: Anything, m: np.ndarray, purge: int) -> Anything:
    backend = "rust" if kind is kernel("rust") else "python"
    found = statistics.cpcv(m, 4, 2, purge=purge, backend=backend)
    return [found.chosen, found.in_sample, found.out_of_sample, found.returns, found.sharpe]


def interval(kind: Anything, m: np.ndarray, name: str, method: str) -> Anything:
    values = m[:, 0].copy()
    estimates = kind.resampled(values, kind.draws(len(values), 2.0, 60, 9), name)
    return estimates, kind.interval(values, estimates, name, method, 0.9)


@needs_core
@pytest.mark.parametrize("name", CALLS)
def test_arrays_have_the_same_bits(name: str) -> None:
    for matrix in matrices():
        rust, python = (CALLS[name](kernel(backend), matrix) for backend in ("rust", "python"))
        assert bits(rust) == bits(python)


@needs_core
def test_numbers_have_the_same_bits() -> None:
    rng = np.random.default_rng(12)
    rust, python = kernel("rust"), kernel("python")
    for z in rng.normal(0, 6, 500).tolist():
        assert bits(rust.cdf(z)) == bits(python.cdf(z))
    for p in (10.0 ** -rng.uniform(0, 300, 300)).tolist():
        assert bits(rust.ppf(p)) == bits(python.ppf(p))
    for _ in range(300):
        given = (rng.normal(0, 0.2), float(rng.integers(1, 900)), rng.normal(), rng.uniform(1, 20))
        way = (bool(rng.integers(2)), rng.uniform(-0.9, 0.9))
        variance, trials = rng.uniform(0, 0.01), float(rng.integers(1, 10**6))
        for call, arguments in {
            "sharpe_error": (given, 0.01, way),
            "probabilistic": (given, 0.01, way),
            "minimum_track_record": (given, 0.01, 0.95, way),
            "deflated": (given, trials, variance, way),
            "trials_to_doubt": (given, variance, 0.95),
            "annual_factor": (trials, way[1]),
            "expected_maximum": (trials,),
            "minimum_backtest_years": (trials, given[0]),
        }.items():
            assert bits(getattr(rust, call)(*arguments)) == bits(getattr(python, call)(*arguments))
    assert bits(rust.normal_maximum(45.0)) == bits(python.normal_maximum(45.0))
    assert bits(rust.every_draw(4)) == bits(python.every_draw(4))
    assert bits(rust.every_order(5)) == bits(python.every_order(5))


@pytest.mark.parametrize("given", [
    A,
    [tuple(row) for row in A],
    np.array(A),
    np.array(A, dtype=np.float32),
    np.asfortranarray(np.array(A, dtype=float)),
    pl.DataFrame(A, orient="row", schema=["a", "b", "c", "d"]),
    pl.DataFrame(A, orient="row", schema=["a", "b", "c", "d"]).lazy().collect(),
], ids=str)  # fmt: skip
def test_any_table_of_numbers_is_taken(given: Anything) -> None:
    assert statistics.pbo(given, blocks=4).pbo == 1 / 3


def test_arrow_and_series_are_taken() -> None:
    class Stream:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            frame = pl.DataFrame(A, orient="row", schema=["a", "b", "c", "d"])
            return frame.__arrow_c_stream__(requested_schema)

    assert statistics.pbo(Stream(), blocks=4).pbo == 1 / 3
    values = [0.1, -0.2, 0.3, 0.1, 0.0]
    expected = statistics.block_length(values)
    for given in (pl.Series(values), np.array(values), [[value] for value in values]):
        assert statistics.block_length(given) == expected


@pytest.mark.parametrize(("given", "said"), [
    ([[1.0, float("nan")]], "nan in row 0, column 1"),
    ([[1.0], [float("inf")]], "inf in row 1"),
    (pl.DataFrame({"a": [1.0, None]}), "nan in row 1"),
    ([["1", "2"]], "expected numbers"),
    ("returns", "expected numbers"),
    (None, "expected numbers"),
    ([[1.0], [1.0, 2.0]], "expected numbers"),
    ([[True], [False]], "expected numbers"),
    ([], "shape"),
    (np.zeros((2, 2, 2)), "shape"),
    (pl.DataFrame({"a": ["x"]}), "expected numbers"),
    (pl.DataFrame({"time": [datetime(2026, 1, 1, tzinfo=UTC)], "a": [1.0]}), "column 'time' has"),
    (pl.DataFrame({"day": [date(2026, 1, 1)], "a": [1.0]}).to_arrow(), "column 'day' has values"),
    (pl.Series("age", [timedelta(days=1)]), "column 'age' has values of Duration"),
    (np.ma.masked_array([[1.0, 2.0]], [[False, True]]), "nan in row 0, column 1"),
])  # fmt: skip
def test_what_is_no_table_of_numbers_is_refused(given: Anything, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        statistics.pbo(given)


ODD: tuple[object, ...] = (
    None, True, -1, 0, 5, 2**70, 1.5, float("nan"), float("inf"), "", "x", b"x", [], [1], [None],
    {}, object(), np.float64("nan"), np.array([1.0, 2.0]), pl.DataFrame(), pl.col("x"), 1 + 2j,
)  # fmt: skip
USUAL: dict[str, Any] = {
    "sr": 0.1, "n": 100, "skewness": 0.0, "kurtosis": 3.0, "trials": 5, "variance": 0.01,
    "periods": 12, "returns": [[0.1], [0.2], [-0.1], [0.1]] * 4, "values": [1.0, 2.0],
    "replicates": 3, "block": 2.0, "rows": 16,
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in statistics.__all__ if name[0].islower()])
def test_an_odd_argument_is_taken_or_refused(name: str) -> None:
    call = getattr(statistics, name)
    names = list(inspect.signature(call).parameters)
    usual = {key: value for key, value in USUAL.items() if key in names}
    call(**usual)
    for parameter in names:
        for odd in ODD:
            with contextlib.suppress(omega.OmegaError):
                call(**{**usual, parameter: odd})
