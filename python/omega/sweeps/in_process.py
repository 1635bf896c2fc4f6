"""Runs in this process, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from omega.sweeps.core import Numbered
from omega.sweeps.spec import Row, SweepSpec, TrialRunner


class InProcess:
    """Makes runs where it is."""

    def __init__(self, spec: SweepSpec) -> None:
        self.runner = TrialRunner(spec)

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come in the order of the trials."""
        yield from map(self.run, trials)

    def run(self, trial: Numbered) -> Row:
        """Make one run."""
        return self.runner.run(*trial)
