"""The outputs of indicators that give several columns, by name: `bands.upper[-1]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from omega._core import Indicator


class Group(Protocol):
    """A frozen group of outputs, which can be unpacked in their order."""

    _fields: tuple[str, ...]

    def __init__(self, *outputs: Any) -> None: ...  # noqa: ANN401 - one indicator for each field


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
