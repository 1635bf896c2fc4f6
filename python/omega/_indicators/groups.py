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
