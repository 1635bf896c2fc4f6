"""Windows, choices and runs that a walk-forward result is made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from omega.forward.choice import Chooser, Chosen
from omega.forward.layout import Window
from omega.forward.runs import Runs
from omega.sweeps.result import SweepResult


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What a walk-forward was made of."""

    windows: Sequence[Window]
    choices: Sequence[Chosen]
    sweeps: Sequence[SweepResult]
    chooser: Chooser
    runs: Runs

    @property
    def tested(self) -> list[int]:
        """The windows that were traded; the last one may be for tomorrow alone."""
        return [k for k, one in enumerate(self.windows) if one.test[0] < one.test[1]]

    def parameters(self, place: int) -> dict[str, Any] | None:
        """The parameters that a window chose."""
        run = self.choices[place].run
        return None if run is None else dict(self.runs.sets.labels[run])
