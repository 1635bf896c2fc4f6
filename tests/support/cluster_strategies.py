"""Strategies that clusters are tested with. They go to the workers by value."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
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
    """A run that comes out another way the second time, and one that waits until it has.

    The first copy of the former waits for the second one to begin.
    """

    def init(self) -> None:
        super().init()
        place = Path(self.folder)
        if self.fast == 3:
            _wait_for((place / "released").exists)
        elif self.fast == 4:
            try:
                (place / "first").touch(exist_ok=False)
            except FileExistsError:
                (place / "second").touch()
                self.slow = 30
            _wait_for((place / "second").exists)
            self.long = self.sma(self.slow)


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)


def executions(folder: Path) -> list[tuple[int, int, int]]:
    """Give fast, slow and process of each run that was begun."""
    named = [path.name.split("-")[:3] for path in folder.glob("*-*-*-*")]
    return [(int(fast), int(slow), int(process)) for fast, slow, process in named]
