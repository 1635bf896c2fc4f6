"""Where a native module built before the packages looks for `omega.config.times`."""

from omega.config.times import to_units

__all__ = ["to_units"]
