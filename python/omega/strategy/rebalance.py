"""A request to bring positions to targets, as `rebalance` and `order_target` queue it (rule W2)."""

from __future__ import annotations

import dataclasses
from typing import Literal

from omega.contract import RuleFields

Kind = Literal["weight", "value", "units", "keep"]
"""What the number of a target is: a share of the equity, money, units, or nothing."""


PLAIN: RuleFields = {
    "size_at": "decision",
    "min_trade": 0.0,
    "band": 0.0,
    "max_turnover": None,
    "cash_buffer": 0.0,
}
"""Sized at the last closes; everything is traded."""


@dataclasses.dataclass(frozen=True)
class Rebalance:
    """Bring positions to targets at the next open, once all other orders of the step are done.

    Attributes:
        targets: Symbol, kind and number of each.
        missing: What happens to symbols without a target (rules W3 and U1): "sell", "hold" of which
            those that have left the universe are sold, or "untouched".
        rules: How sizes follow from targets.
        reduces: Whether what reduces a position is traded; a robustness test holds it back.
        increases: Whether what increases one is.
        lost: Symbols of which nothing increases.
    """

    targets: tuple[tuple[str, Kind, float], ...]
    missing: str = "hold"
    rules: RuleFields = dataclasses.field(default_factory=lambda: PLAIN)
    reduces: bool = True
    increases: bool = True
    lost: frozenset[str] = frozenset()

    def has(self, *, reduces: bool) -> bool:
        """Return whether a phase is traded at all; the engine's part."""
        return self.reduces if reduces else self.increases
