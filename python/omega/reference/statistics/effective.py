"""The effective number of independent trials among correlated ones."""

from __future__ import annotations

import math

import numpy as np

from omega.reference.statistics.moments import Numbers, means_of, total

_SWEEPS = 60
_NO_SHARE, _NO_ENTRY = 1e-14, 1e-18

Rows = list[list[float]]


def effective_trials(returns: Numbers, estimator: str) -> float | None:
    """The number of independent trials; those that never vary do not count."""
    scaled = _standardised(returns)
    if not scaled:
        return None
    n = float(len(scaled))
    if estimator == "average":
        every = total(c for row in _products(scaled) for c in row)
        mean = (every - n) / (n * (n - 1.0)) if len(scaled) > 1 else 0.0
        return mean + (1.0 - mean) * n
    rows = scaled
    if len(scaled) > returns.shape[0]:
        rows = [list(row) for row in zip(*scaled, strict=True)]
    if estimator == "participation":
        return n * n / total(c * c for row in _products(rows) for c in row)
    shares = [value / n for value in _eigenvalues(_products(rows))]
    return math.exp(0.0 - total(p * math.log(p) for p in shares if p > _NO_SHARE))


def _standardised(returns: Numbers) -> Rows:
    """The columns that vary, about their means and of length 1."""
    found = []
    for values, mean in zip(returns.T.tolist(), means_of(returns).tolist(), strict=True):
        apart = [value - mean for value in values]
        length = math.sqrt(total(a * a for a in apart))
        if length > 0.0 and any(value != values[0] for value in values):
            found.append([a / length for a in apart])
    return found


def _products(rows: Rows) -> Rows:
    """The products of all rows with each other, each added up from the first value to the last."""
    found = np.zeros((len(rows), len(rows)))
    for column in np.array(rows).T:
        found += np.multiply.outer(column, column)
    return found.tolist()


def _eigenvalues(a: Rows) -> list[float]:
    """By Jacobi's rotations, in the order of the diagonal."""
    n = len(a)
    for _ in range(_SWEEPS):
        rotated = False
        for p in range(n):
            for q in range(p + 1, n):
                rotated |= _rotate(a, p, q)
        if not rotated:
            break
    return [a[k][k] for k in range(n)]


def _rotate(a: Rows, p: int, q: int) -> bool:
    apart = a[p][q]
    if abs(apart) <= _NO_ENTRY:
        return False
    theta = (a[q][q] - a[p][p]) / (2.0 * apart)
    size = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
    t = 0.0 - size if theta < 0.0 else size
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    for row in a:
        row[p], row[q] = c * row[p] - s * row[q], s * row[p] + c * row[q]
    first, second = a[p], a[q]
    a[p] = [c * x - s * y for x, y in zip(first, second, strict=True)]
    a[q] = [s * x + c * y for x, y in zip(first, second, strict=True)]
    return True
