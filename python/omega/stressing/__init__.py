"""Robustness: one strategy run again and again with something against it."""

from omega.stressing.call import stress
from omega.stressing.result import StressResult

__all__ = ["StressResult", "stress"]
