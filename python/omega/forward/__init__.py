"""Walk-forward: parameters chosen on a stretch of data, traded on the next; and all paths."""

from omega.forward.call import walk_forward
from omega.forward.combinatorial import CrossValidated, cross_validate
from omega.forward.measures import efficiency
from omega.forward.result import WalkForward

__all__ = ["CrossValidated", "WalkForward", "cross_validate", "efficiency", "walk_forward"]
