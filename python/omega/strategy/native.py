"""Strategies of the core, by name; a run of one never leaves the core.

The Python backend has a twin of each, with the same result.
"""

from __future__ import annotations

import dataclasses

from omega.config.values import as_float, shown, taken
from omega.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Native:
    """A strategy of the core by name; `omega.native` makes one."""

    name: str
    parameters: tuple[tuple[str, float], ...]

    def __repr__(self) -> str:
        given = "".join(f", {name}={number:g}" for name, number in self.parameters)
        return f"native({self.name!r}{given})"


def native(name: str, **parameters: float) -> Native:
    """Name a strategy of the core.

    There are `sma_cross(fast=20, slow=50)`, `zscore_reversion(window=100, threshold=2.5,
    atr_window=14, stop_atrs=4, target_atrs=3, bars_at_most=30)`, `donchian_breakout(entry=20,
    exit=10)`, `rsi_reversion(window=14, low=30, high=70, middle=50)` and `buy_and_hold()`. The
    class of the same name in ``omega.examples`` shows what each does; both give the same result.

    Args:
        name: Which strategy.
        parameters: Its parameters, where they are not the defaults.

    Raises:
        ConfigError: A parameter is no number. An unknown name is refused when the run begins.

    Example:
        >>> native("sma_cross", fast=10)
        native('sma_cross', fast=10)
    """
    if not isinstance(name, str):
        raise ConfigError(
            f"native: given {shown(name)}, expected the name of a strategy, such as 'sma_cross'"
        )
    numbers = {key: taken(f"native: {key}", given, as_float) for key, given in parameters.items()}
    return Native(name, tuple(numbers.items()))
