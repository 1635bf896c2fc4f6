"""The outputs of indicators that give several columns, by name: `bands.upper[-1]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from omega._core import Indicator


class Macd(NamedTuple):
    """Moving average convergence and divergence."""

    macd: Indicator
    """Fast average less slow average."""
    signal: Indicator
    """Average of `macd`."""
    histogram: Indicator
    """`macd` less `signal`."""


class Bands(NamedTuple):
    """Lines above and below a middle one."""

    upper: Indicator
    middle: Indicator
    lower: Indicator


class Supertrend(NamedTuple):
    """A stop that follows the trend."""

    line: Indicator
    """Below the price in an uptrend, above it in a downtrend."""
    direction: Indicator
    """1.0 up, -1.0 down."""


class Ichimoku(NamedTuple):
    """Middles of the extremes of several windows."""

    conversion: Indicator
    base: Indicator
    span_a: Indicator
    """Middle of conversion and base, `displacement` bars ago."""
    span_b: Indicator
    """Middle of the longest window, `displacement` bars ago."""


class Stochastic(NamedTuple):
    """Where the close stands in its range."""

    k: Indicator
    """Smoothed place of the close, in percent."""
    d: Indicator
    """Mean of `k`."""


class Dmi(NamedTuple):
    """Directional movement."""

    plus: Indicator
    """Upward movement in percent of the range."""
    minus: Indicator
    """Downward movement in percent of the range."""
    dx: Indicator
    """Their distance in percent of both."""
    adx: Indicator
    """Average of `dx`."""


class Aroon(NamedTuple):
    """How recent extremes are, in percent."""

    down: Indicator
    """Recency of the lowest low."""
    up: Indicator
    """Recency of the highest high."""
    oscillator: Indicator
    """`up` less `down`."""
