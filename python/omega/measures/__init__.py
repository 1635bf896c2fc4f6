"""Metrics of anything: a series of the user's own, beside a benchmark, or several runs joined.

The formulas are those of a run's metrics: the core's where they are whole, and those of the
reference where a risk-free rate or a number of periods a year takes part.
"""

from __future__ import annotations

from omega.measures.benchmark import Benchmark
from omega.measures.combining import Combined, combine
from omega.measures.measuring import Measured, metrics

__all__ = ["Benchmark", "Combined", "Measured", "combine", "metrics"]
