"""Whether a strategy looks ahead: what it decides on a bar must not change with later bars."""

from omega.lookahead.check import LookaheadReport, check_lookahead

__all__ = ["LookaheadReport", "check_lookahead"]
