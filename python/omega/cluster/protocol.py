"""The protocol of a cluster engine, for engines that Omega does not know."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from omega.errors import OmegaError

Fetch = Callable[[str], Iterable[bytes | memoryview]]
"""Gives the bytes that were put under a name, in pieces; `LookupError` where there are none."""

DIED, MEMORY, RAISED = "died", "memory", "raised"


class WorkerFailed(OmegaError, RuntimeError):
    """The workers of a sweep cannot work.

    Example:
        >>> issubclass(WorkerFailed, OmegaError)
        True
    """


@dataclasses.dataclass(frozen=True, slots=True)
class Handle:
    """What was put on a cluster.

    Attributes:
        name: The name by which workers ask for it.

    Example:
        >>> Handle("3f5a").name
        '3f5a'
    """

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Ticket:
    """What was submitted to a cluster.

    Attributes:
        number: One that no other ticket of this cluster has.

    Example:
        >>> Ticket(4) == Ticket(4)
        True
    """

    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer to what was submitted.

    Attributes:
        kind: "died" where the worker is gone, "memory" where it was ended because memory was
            short, "raised" where the engine could not call the worker's function.
        words: The message of the engine.

    Example:
        >>> Failure("died", "exit code -9").kind
        'died'
    """

    kind: str
    words: str


@runtime_checkable
class Cluster(Protocol):
    """Workers somewhere, which `sweep(executor=...)` sends runs to.

    A worker calls `omega.cluster.work(name, batch, fetch, threads)` with the name of the handle and
    the batch of a `submit`, and returns what that returns. `fetch(name)` iterates over the bytes
    that were put under a name, and raises `LookupError` where they are not there.

    A cluster never calls twice what was submitted once: the sweep itself sends again what was lost.
    One sweep at a time uses it.

    Example:
        >>> class Here:
        ...     def __init__(self):
        ...         self.answers, self.there = [], {}
        ...     def slots(self):
        ...         return 1
        ...     def put(self, name, content):
        ...         whole = isinstance(content, bytes)
        ...         self.there[name] = content if whole else content.read_bytes()
        ...         return omega.cluster.Handle(name)
        ...     def submit(self, handle, batch):
        ...         ticket = omega.cluster.Ticket(len(self.answers))
        ...         fetch = lambda name: [self.there[name]]
        ...         self.answers.append((ticket, omega.cluster.work(handle.name, batch, fetch, 1)))
        ...         return ticket
        ...     def done(self, timeout):
        ...         answers, self.answers = self.answers, []
        ...         return answers
        ...     def cancel(self, tickets):
        ...         pass
        ...     def close(self):
        ...         self.there.clear()
        >>> isinstance(Here(), Cluster)
        True
        >>> strategy = omega.native("sma_cross", slow=20)
        >>> len(omega.sweep(candles, strategy, {"fast": [5, 8]}, executor=Here()))
        2
    """

    def slots(self) -> int:
        """Return how many batches can be worked on at once, which may change."""

    def put(self, name: str, content: bytes | Path) -> Handle:
        """Make bytes, or those of a file, available to all workers under a name; again is fine."""

    def submit(self, handle: Handle, batch: bytes) -> Ticket:
        """Have a worker do what `work` does."""

    def done(self, timeout: float) -> Sequence[tuple[Ticket, bytes | Failure]]:
        """Wait until something is over, at most some seconds; return all that is."""

    def cancel(self, tickets: Iterable[Ticket]) -> None:
        """Forget what was submitted; its answer is no longer wanted."""

    def close(self) -> None:
        """Remove what was put; a sweep calls it at its end, and the next one puts its own."""
