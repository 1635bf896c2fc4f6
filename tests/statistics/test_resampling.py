"""Bootstraps, intervals, orders of trades and plateaus."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from omega import ConfigError, statistics
from tests.statistics.cases import KERNELS, Anything, autoregressive, noise
from tests.support.backends import BACKENDS

X = [0.02, -0.01, 0.03, 0.0]
TRADES = [10, -5, 3, -8]


@pytest.mark.parametrize("backend", BACKENDS)
def test_block_lengths(backend: str) -> None:
    """As arch 8.0.0; a port of Patton's own code gives 10.407211 and 11.913282."""
    found = statistics.block_length(autoregressive(), backend=backend)
    assert found.stationary == pytest.approx(10.367419, abs=1e-6)
    assert found.circular == pytest.approx(11.867733, abs=1e-6)
    assert found.stationary == pytest.approx(10.407211, rel=5e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_short_and_constant_series_have_blocks_too(backend: str) -> None:
    assert statistics.block_length([1.0, 1.0, 1.0], backend=backend) == (1.0, 1.0)
    assert statistics.block_length([1.0], backend=backend) == (1.0, 1.0)
    for n in range(2, 30):
        found = statistics.block_length(noise(n, 1, seed=n), backend=backend)
        assert 1.0 <= found.stationary <= math.ceil(min(3 * math.sqrt(n), n / 3))


@pytest.mark.parametrize("kind", KERNELS)
def test_draws_go_on_and_begin_anew(kind: Anything) -> None:
    drawn = kind.draws(50, 5.0, 400, 3).reshape(400, 50).astype(int)
    assert (drawn.min(), drawn.max()) == (0, 49)
    follows = (drawn[:, 1:] - drawn[:, :-1]) % 50 == 1
    # A new start is the next row once in fifty times.
    assert follows.mean() == pytest.approx(0.8 + 0.2 / 50, abs=0.01)
    assert np.bincount(drawn.ravel(), minlength=50) == pytest.approx(400, abs=130)
    single = kind.draws(50, 1.0, 400, 3).reshape(400, 50).astype(int)
    assert ((single[:, 1:] - single[:, :-1]) % 50 == 1).mean() < 0.04


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_resamples_of_four_values(backend: str) -> None:
    found = statistics.confidence_interval(X, "mean", 0.9, block=1, backend=backend)
    assert (found.exact, len(found.estimates)) == (True, 256)
    assert found.estimates.mean() == pytest.approx(0.01)
    assert found.estimates.var() == pytest.approx(6.25e-5)
    assert [found.lower, found.upper] == pytest.approx([-0.0025, 0.0225])
    assert (found.estimates <= 0).mean() == 0.140625
    basic = statistics.confidence_interval(X, "mean", 0.9, method="basic", block=1, backend=backend)
    assert [basic.lower, basic.upper] == pytest.approx([-0.0025, 0.0225])


@pytest.mark.parametrize("backend", BACKENDS)
def test_bca_bends_towards_the_longer_tail(backend: str) -> None:
    """Without skewness it is the percentile interval; with it both ends move."""
    draws: dict[str, Any] = {"replicates": 2_000, "block": 1, "backend": backend}
    skewed = np.array([0.01] * 18 + [-0.12, 0.02])
    plain = statistics.confidence_interval(skewed, "mean", method="percentile", **draws)
    bent = statistics.confidence_interval(skewed, "mean", method="bca", **draws)
    assert bent.lower is not None
    assert plain.lower is not None
    assert bent.lower < plain.lower
    constant = statistics.confidence_interval([0.01] * 12, "mean", method="bca", **draws)
    assert (constant.lower, constant.upper) == (None, None)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bca_of_full_confidence_is_undefined(backend: str) -> None:
    """Its ends would be at infinite deviates, which the correction does not reach."""
    given = noise(25, 1, seed=4).ravel()
    words: Anything = {"method": "bca", "block": 1, "replicates": 50, "backend": backend}
    found = statistics.confidence_interval(given, "sharpe", 1.0, **words)
    assert (found.lower, found.upper) == (None, None)


@pytest.mark.parametrize("backend", BACKENDS)
def test_drawdowns_compound(backend: str) -> None:
    found = statistics.confidence_interval(
        [0.1, -0.5, 0.2, -0.5], "max_drawdown", 0.5, block=1, backend=backend
    )
    assert found.estimate == pytest.approx(1 - 0.5 * 1.2 * 0.5)
    assert 0.0 <= found.estimates.min() <= found.estimates.max() <= 1 - 0.5**4


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_orders_of_four_trades(backend: str) -> None:
    found = statistics.trade_order(TRADES, initial=100, backend=backend)
    values, counts = np.unique(found.falls, return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {13: 12, 10: 4, 8: 8}
    assert found.falls.mean() == pytest.approx(10.833333, abs=1e-6)
    assert found.drawdowns.mean() == pytest.approx(0.102786, abs=1e-6)
    assert found.quantile(0.95) == pytest.approx(0.13)
    assert [found.money, found.drawdown] == pytest.approx([10.0, 0.0909091], abs=1e-7)
    assert (found.exact, found.probability_of_loss) == (True, 0.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_resamples_of_four_trades(backend: str) -> None:
    found = statistics.trade_order(TRADES, initial=100, method="resample", backend=backend)
    assert len(found.falls) == 256
    assert found.falls.mean() == pytest.approx(11.507813, abs=1e-6)
    assert np.quantile(found.falls, 0.95) == 24.0
    assert found.probability_of_loss == 0.453125


@pytest.mark.parametrize("backend", BACKENDS)
def test_returns_compound_and_never_fall_below_nothing(backend: str) -> None:
    found = statistics.trade_order([0.5, -0.2, 0.1], backend=backend)
    assert found.finals == pytest.approx(1.5 * 0.8 * 1.1)
    ruined = statistics.trade_order([0.5, -1.5, 0.5], backend=backend)
    assert ruined.finals.tolist() == [0.0] * 6
    assert ruined.drawdowns.tolist() == [1.0] * 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_trades_are_drawn(backend: str) -> None:
    trades = noise(30, 1, seed=6)
    found = statistics.trade_order(trades, replicates=300, seed=4, backend=backend)
    assert (found.exact, len(found.finals)) == (False, 300)
    assert found.finals == pytest.approx(float(np.prod(1 + trades)))
    assert len(set(found.drawdowns.tolist())) > 100


@pytest.mark.parametrize("kind", KERNELS)
def test_all_orders_are_equally_likely(kind: Anything) -> None:
    drawn = kind.orders(3, 6_000, 1).reshape(-1, 3)
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert counts == pytest.approx([1_000] * 6, abs=120)
    assert kind.every_order(3).reshape(-1, 3).tolist() == [
        [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0],
    ]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
def test_plateaus(backend: str) -> None:
    grid = [[0.2, 0.4, 0.3], [0.5, 2.0, 0.4], [0.3, 0.4, 0.2]]
    found = statistics.plateau(grid, backend=backend)
    assert found is not None
    assert (found.point, found.neighbours) == ((1, 1), 8)
    assert [found.ratio, found.worst] == pytest.approx([0.168750, 0.1])
    assert found.median == 0.4
    four = statistics.plateau(grid, diagonal=False, backend=backend)
    assert four is not None
    assert [four.ratio, four.neighbours] == pytest.approx([0.2125, 4])
    corner = statistics.plateau(grid, (0, 0), backend=backend)
    assert corner is not None
    assert [corner.neighbours, corner.worst] == pytest.approx([3, 2.0])
    below = statistics.plateau([[-1.0, -2.0]], backend=backend)
    assert below is not None
    assert (below.ratio, below.worst, below.median) == (None, None, -1.5)
    assert statistics.plateau([math.nan, math.nan], backend=backend) is None
    gap = statistics.plateau([1.0, math.nan, 0.5], backend=backend)
    assert gap is not None
    assert (gap.point, gap.neighbours, gap.ratio) == ((0,), 0, None)
    wide = statistics.plateau([1.0, 3.0, 0.5, 2.0], steps=2, backend=backend)
    assert wide is not None
    assert (wide.point, wide.neighbours) == ((1,), 3)


@pytest.mark.parametrize("point", [(3, 0), (0,), "x", (True, 0), (0.0, 1)])
def test_points_outside_a_grid_are_refused(point: Anything) -> None:
    with pytest.raises(ConfigError, match="point"):
        statistics.plateau([[1.0, 2.0]], point)
