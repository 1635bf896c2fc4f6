"""Strategies that clusters are tested with. They go to the workers by value."""

from __future__ import annotations

import os
import random
import time
import uuid
from pathlib import Path

from tests.support.sweep_strategies import Cross


class Noted(Cross):
    """A run that leaves a file with its number and its process, and takes a moment."""

    folder: str = ""
    seconds: float = 0.05

    def init(self) -> None:
        super().init()
        name = f"{self.fast}-{self.slow}-{os.getpid()}-{uuid.uuid4().hex}"
        (Path(self.folder) / name).touch()
        time.sleep(self.seconds)


class Deadly(Noted):
    """A run that ends its process each time, among others that do not."""

    def init(self) -> None:
        if self.fast == 98:
            (
                Path(self.folder) / f"{self.fast}-{self.slow}-{os.getpid()}-{uuid.uuid4().hex}"
            ).touch()
            os.kill(os.getpid(), 9)
        super().init()


class Chancy(Noted):
    """A run whose result is chance, and one that all wait for."""

    def init(self) -> None:
        super().init()
        if self.fast == 3:
            time.sleep(3.0)
        else:
            self.slow = random.SystemRandom().randrange(10, 200)
            self.long = self.sma(self.slow)


def executions(folder: Path) -> list[tuple[int, int, int]]:
    """Give fast, slow and process of each run that was begun."""
    named = [path.name.split("-")[:3] for path in folder.iterdir()]
    return [(int(fast), int(slow), int(process)) for fast, slow, process in named]
