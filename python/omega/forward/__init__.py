"""Walk-forward: parameters chosen on a stretch of data, traded on the next, on one account."""

from omega.forward.call import walk_forward
from omega.forward.measures import efficiency
from omega.forward.result import WalkForward

__all__ = ["WalkForward", "efficiency", "walk_forward"]
