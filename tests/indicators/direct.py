"""Both backends' indicators over plain columns, without a run: what the tests of kernels ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import omega

Floats = npt.NDArray[np.float64]


class _Declaring(omega.Strategy):
    """Declares one indicator and writes down all of its values at the last bar but one."""

    def __init__(self, name: str, parameters: Sequence[object], named: Mapping[str, Any]) -> None:
        super().__init__()
        self.asked = (name, parameters, named)
        self.seen: list[Floats] = []

    def init(self) -> None:
        name, parameters, named = self.asked
        views = self.indicator(name, *parameters, **named)
        self.views = list(views) if isinstance(views, tuple) else [views]

    def on_bar(self, bar: omega.Bar) -> None:
        self.seen = [view.window(bar.index + 1) for view in self.views]
