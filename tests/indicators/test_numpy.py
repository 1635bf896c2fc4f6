"""Statistics, channels and models of volatility against their definitions in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import omega
from tests.support import candles

Floats = npt.NDArray[np.float64]
BARS = 500
DATA = candles.walk(BARS, seed=5, chunks=3)
HIGH, LOW, CLOSE, OPEN = (
    DATA[f"bid_{name}"].to_numpy() for name in ("high", "low", "close", "open")
)


def outputs(declare: Callable[[Any], Any], backend: str) -> list[Floats]:
    """All values of all outputs that a strategy sees."""
    found: list[Floats] = []

    class Looking(omega.Strategy):
        def init(self) -> None:
            declared = declare(self)
            self.views = declared if isinstance(declared, tuple) else (declared,)

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == BARS - 2:
                found.extend(view.window(bar.index + 1) for view in self.views)

    omega.run_backtest(DATA, Looking, backend=backend)
    return found


def same(found: Floats, expected: Floats, **tolerance: float) -> None:
    wanted = expected[: len(found)]
    assert np.isnan(found).tolist() == np.isnan(wanted).tolist()
    assert np.allclose(found, wanted, equal_nan=True, **({"rtol": 1e-9, "atol": 0.0} | tolerance))


def rolled(n: int, of: Callable[..., Floats], *columns: Floats) -> Floats:
    """Apply a function to all windows, one a row; NaN before the first."""
    rows = [np.lib.stride_tricks.sliding_window_view(column, n) for column in columns]
    return np.concatenate([np.full(n - 1, np.nan), of(*rows)])


def std(values: Floats, n: int, ddof: int = 1) -> Floats:
    return rolled(n, lambda w: w.std(axis=1, ddof=ddof), values)


def mean(values: Floats, n: int) -> Floats:
    return rolled(n, lambda w: w.mean(axis=1), values)


def true_range() -> Floats:
    ranges = np.maximum(HIGH[1:], CLOSE[:-1]) - np.minimum(LOW[1:], CLOSE[:-1])
    return np.concatenate([[np.nan], ranges])


def smoothed(values: Floats, n: int, weight: float) -> Floats:
    """Exponential mean that starts with the plain mean of the first n."""
    first = int(np.flatnonzero(~np.isnan(values))[0]) + n - 1
    result = np.full(len(values), np.nan)
    result[first] = values[first + 1 - n : first + 1].mean()
    for k in range(first + 1, len(values)):
        result[k] = result[k - 1] + weight * (values[k] - result[k - 1])
    return result


CASES: dict[str, tuple[Callable[[Any], Any], Callable[[], Floats | list[Floats]]]] = {
    "population std": (lambda s: s.rolling_std(9, 0), lambda: std(CLOSE, 9, 0)),
    "mean": (lambda s: s.rolling_mean(9), lambda: mean(CLOSE, 9)),
    "min": (lambda s: s.rolling_min(9), lambda: rolled(9, lambda w: w.min(axis=1), CLOSE)),
    "max": (lambda s: s.rolling_max(9), lambda: rolled(9, lambda w: w.max(axis=1), CLOSE)),
    "median": (
        lambda s: s.rolling_median(10),
        lambda: rolled(10, lambda w: np.median(w, axis=1), CLOSE),
    ),
    "quantile": (
        lambda s: s.rolling_quantile(11, 0.83),
        lambda: rolled(11, lambda w: np.quantile(w, 0.83, axis=1), CLOSE),
    ),
    "choppiness": (
        lambda s: s.choppiness(14),
        lambda: (
            100
            * np.log10(
                rolled(14, lambda w: w.sum(axis=1), true_range())
                / rolled(14, lambda h, lo: h.max(axis=1) - lo.min(axis=1), HIGH, LOW)
            )
            / math.log10(14)
        ),
    ),
    "donchian": (
        lambda s: s.donchian(6),
        lambda: [
            rolled(6, lambda h: h.max(axis=1), HIGH),
            rolled(6, lambda h, lo: (h.max(axis=1) + lo.min(axis=1)) / 2, HIGH, LOW),
            rolled(6, lambda lo: lo.min(axis=1), LOW),
        ],
    ),
    "ichimoku": (lambda s: s.ichimoku(5, 8, 13, 4), lambda: ichimoku(5, 8, 13, 4)),
    "score of values": (
        lambda s: s.zscore(20),
        lambda: (CLOSE - mean(CLOSE, 20)) / std(CLOSE, 20),
    ),
    "score of residuals": (
        lambda s: s.zscore(20, residual_std=True),
        lambda: scored(CLOSE - mean(CLOSE, 20), 20),
    ),
    "score from an ema": (
        lambda s: s.zscore(20, "ema", 12),
        lambda: scored(CLOSE - smoothed(CLOSE, 12, 2 / 13), 20),
    ),
    "kalman mean": (lambda s: s.kalman_mean(0.5, 0.1), lambda: kalman(0.5, 0.1)),
    "kalman score": (
        lambda s: s.kalman_zscore(30, 0.5, 0.1),
        lambda: scored(CLOSE - kalman(0.5, 0.1), 30),
    ),
    "garch": (
        lambda s: s.garch_volatility(0.2, 0.7, min_periods=30),
        lambda: garch(CLOSE, 0.2, 0.7, None, 30),
    ),
    "garch of given level": (
        lambda s: s.garch_volatility(0.2, 0.7, 0.01, min_periods=30),
        lambda: garch(CLOSE, 0.2, 0.7, 0.01, 30),
    ),
    "garch of the last values": (
        lambda s: s.garch_volatility(0.2, 0.7, min_periods=30, lookback=50),
        lambda: np.array(
            [np.nan] * 49
            + [garch(CLOSE[i - 49 : i + 1], 0.2, 0.7, None, 30)[-1] for i in range(49, BARS)]
        ),
    ),
    "kalman garch score": (
        lambda s: s.kalman_garch_zscore(0.5, 0.1, alpha=0.2, beta=0.7, min_periods=30),
        lambda: (CLOSE - kalman(0.5, 0.1)) / (CLOSE * garch(CLOSE, 0.2, 0.7, None, 30)),
    ),
    "volatility rank": (
        lambda s: s.volatility_rank(25, 14),
        lambda: rolled(
            25,
            lambda w: np.where(
                np.isnan(w).any(axis=1), np.nan, (w[:, :-1] < w[:, -1:]).sum(axis=1) / 24 * 100
            ),
            smoothed(true_range(), 14, 1 / 14),
        ),
    ),
}


def scored(residuals: Floats, n: int) -> Floats:
    return residuals / std(residuals, n)


def ichimoku(conversion: int, base: int, span: int, shift: int) -> list[Floats]:
    lines = [
        rolled(n, lambda h, lo: (h.max(axis=1) + lo.min(axis=1)) / 2, HIGH, LOW)
        for n in (conversion, base, span)
    ]
    spans = [(lines[0] + lines[1]) / 2, lines[2]]
    return [*lines[:2], *(np.concatenate([[np.nan] * shift, span[:-shift]]) for span in spans)]


def kalman(measurement: float, process: float) -> Floats:
    level, variance, result = CLOSE[0], measurement, [CLOSE[0]]
    for value in CLOSE[1:]:
        gain = (variance + process) / (variance + process + measurement)
        level, variance = level + gain * (value - level), (1 - gain) * (variance + process)
        result.append(level)
    return np.array(result)


def garch(values: Floats, alpha: float, beta: float, omega_: float | None, least: int) -> Floats:
    returns = 100 * np.diff(np.log(values))
    shocks = returns - returns[:least].mean()
    variance = returns[:least].var(ddof=1)
    level = (1 - alpha - beta) * variance if omega_ is None else omega_
    result = np.full(len(values), np.nan)
    result[least] = math.sqrt(variance) / 100
    for k in range(least + 1, len(values)):
        variance = level + alpha * shocks[k - 2] ** 2 + beta * variance
        result[k] = math.sqrt(variance) / 100
    return result


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_the_definition(name: str, backend: str) -> None:
    ours, theirs = CASES[name]
    expected = theirs()
    several = expected if isinstance(expected, list) else [expected]
    found = outputs(ours, backend)
    assert len(found) == len(several)
    for values, wanted in zip(found, several, strict=True):
        score = "score" in name or "residuals" in name
        same(values, wanted, **({"rtol": 1e-6, "atol": 1e-8} if score else {}))


def test_slope_and_correlation_are_those_of_numpy(backend: str) -> None:
    places = np.arange(14.0)
    slopes = rolled(14, lambda w: np.array([np.polyfit(places, row, 1)[0] for row in w]), CLOSE)
    same(outputs(lambda s: s.slope(14), backend)[0], slopes, rtol=1e-6, atol=1e-12)
    found = outputs(lambda s: s.correlation(14, ("close", "open")), backend)[0]
    pairs = rolled(
        14,
        lambda a, b: np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]),
        CLOSE,
        OPEN,
    )
    same(found, pairs, rtol=1e-7, atol=1e-9)
    assert (np.abs(found[13:]) <= 1.0).all()


def test_clusters_are_those_of_lloyds_rounds(backend: str) -> None:
    feature = np.log(smoothed(true_range(), 14, 1 / 14))
    found = outputs(lambda s: s.volatility_cluster("atr", 60, 3), backend)[0]
    assert np.isnan(found[:73]).all()
    for index in range(73, BARS - 1, 7):
        window = feature[index - 59 : index + 1]
        centres = np.quantile(window, [1 / 6, 3 / 6, 5 / 6])
        for _ in range(30):
            nearest = np.abs(window[:, None] - centres).argmin(axis=1)
            moved = [window[nearest == j].mean() if (nearest == j).any() else c
                     for j, c in enumerate(centres)]  # fmt: skip
            if np.allclose(moved, centres, rtol=0, atol=0):
                break
            centres = np.array(moved)
        assert found[index] == np.abs(window[-1] - centres).argmin(), index


def test_a_window_means_the_same_wherever_it_stands(backend: str) -> None:
    """The value depends on the window alone, to the last bit (L5)."""
    several: tuple[Callable[[Any], Any], ...] = (
        lambda s: s.slope(15),
        lambda s: s.correlation(15, ("close", "ask_high")),
        lambda s: s.rolling_std(15),
        lambda s: s.bollinger(15).upper,
        lambda s: s.choppiness(14),
        lambda s: s.rolling_quantile(15, 0.3),
    )
    for declare in several:
        whole = outputs(declare, backend)[0]
        later = [0.0]

        class Later(omega.Strategy):
            def init(self) -> None:
                self.view = declare(self)  # noqa: B023 - run before the next one

            def on_bar(self, bar: omega.Bar) -> None:
                if bar.index == BARS - 202:
                    later[:] = self.view.window(bar.index + 1).tolist()  # noqa: B023 - as above

        omega.run_backtest(DATA[200:].rechunk(), Later, backend=backend)
        assert later[20:] == whole[220:].tolist()


def test_models_refuse_what_has_no_level_and_windows_that_are_too_short(backend: str) -> None:
    for declare, words in (
        (lambda s: s.garch_volatility(0.3, 0.7), r"alpha \+ beta: given 0.3 \+ 0.7, expected"),
        (lambda s: s.garch_volatility(lookback=20), "lookback: given 20, expected at least 51"),
        (lambda s: s.kalman_mean(0.0), "measurement_variance: given 0.0, expected a number"),
        (lambda s: s.rolling_quantile(5, 1.5), "quantile: given 1.5, expected"),
        (lambda s: s.rolling_std(5, 2), "ddof: given 2, expected 0 or 1"),
        (lambda s: s.volatility_cluster("atx"), "feature: given 'atx', expected one of"),
        (lambda s: s.correlation(5, "close"), "expected two columns"),
    ):  # fmt: skip
        with pytest.raises(omega.errors.ConfigError, match=words):
            outputs(declare, backend)
