"""Indicators: what a strategy may declare, and crossings of their values in a callback."""

from omega.indicators.crossings import crossover, crossunder

__all__ = ["crossover", "crossunder"]
