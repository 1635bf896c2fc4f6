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


class Vortex(NamedTuple):
    """Ways up and down, over the true ranges."""

    plus: Indicator
    """Ways from the low of a bar to the high of the next."""
    minus: Indicator
    """Ways from the high of a bar to the low of the next."""


class LinearRegression(NamedTuple):
    """The line through a window by least squares."""

    value: Indicator
    """Where it stands at the newest value."""
    slope: Indicator
    """Its rise a bar."""
    intercept: Indicator
    """Where it stands at the oldest value."""
    forecast: Indicator
    """Where it stands one bar ahead."""
    angle: Indicator
    """The angle of its slope, in degrees."""


class HeikinAshi(NamedTuple):
    """Candles drawn from means."""

    open: Indicator
    """Middle of the last drawn body."""
    high: Indicator
    low: Indicator
    close: Indicator
    """Mean of the bar's four prices."""


class Fractals(NamedTuple):
    """Swing highs and lows, once they are known."""

    high: Indicator
    """The last swing high."""
    low: Indicator
    """The last swing low."""
    new_high: Indicator
    """1.0 at the bar where a swing high becomes known, else 0.0."""
    new_low: Indicator
    """1.0 at the bar where a swing low becomes known, else 0.0."""


class Pivots(NamedTuple):
    """Levels made of the period before."""

    pivot: Indicator
    r1: Indicator
    """Resistances, from the nearest on."""
    r2: Indicator
    r3: Indicator
    s1: Indicator
    """Supports, from the nearest on."""
    s2: Indicator
    s3: Indicator
