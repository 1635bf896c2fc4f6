"""Where a native module built before the packages looks for `omega.strategy.conditions`."""

from omega.strategy.conditions import Comparison

__all__ = ["Comparison"]
