"""Where a native module built before the packages looks for `omega.strategy.actions`."""

from omega.strategy.actions import Cancel, Close, Modify, Signal

__all__ = ["Cancel", "Close", "Modify", "Signal"]
