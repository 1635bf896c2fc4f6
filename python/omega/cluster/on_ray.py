"""Runs on the nodes of Ray. This is the only module that imports it, and not before it is used."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from omega.cluster.engine import engine
from omega.cluster.entry import work
from omega.cluster.pieces import pieces_of
from omega.cluster.protocol import DIED, MEMORY, RAISED, Failure, Handle, Ticket
from omega.errors import ConfigError
from omega.libraries import error_text

_FRESH = 0.5
"""Seconds for which the number of processors is taken to be right."""


class OnRay:
    """Ray as a cluster: each batch is a task."""

    def __init__(self, address: str | None, cpus: int) -> None:
        """Connect, where this process has not."""
        self._ray, self._cpus = engine("ray", "ray"), cpus
        if not self._ray.is_initialized():
            try:
                self._ray.init(address=address)
            except (ConnectionError, ValueError, RuntimeError) as problem:
                raise ConfigError(
                    f"omega.cluster.ray: cannot connect to {address!r}: {error_text(problem)}. "
                    "Give the address of a Ray cluster, or call ray.init(...) before"
                ) from problem
        # Never again by the engine: a run that ends its worker would end others', too.
        self._task = self._ray.remote(_work).options(num_cpus=cpus, max_retries=0)
        self._pieces: dict[str, list[Any]] = {}
        self._tickets: dict[Any, Ticket] = {}
        self._numbers = itertools.count()
        self._processors, self._looked = 0.0, -_FRESH

    def slots(self) -> int:
        """Return how many tasks can run at once on all nodes."""
        now = time.monotonic()  # how often it is asked changes no row
        if now - self._looked > _FRESH:
            self._processors = self._ray.cluster_resources().get("CPU", 0)
            self._looked = now
        return int(self._processors // self._cpus)

    def put(self, name: str, content: bytes | Path) -> Handle:
        """Put pieces into the object store of this node; others fetch them from there."""
        self._pieces[name] = [self._ray.put(piece) for piece in pieces_of(content)]
        return Handle(name)

    def submit(self, handle: Handle, batch: bytes) -> Ticket:
        """Begin a task."""
        ticket = Ticket(next(self._numbers))
        task = self._task.remote(handle.name, batch, self._pieces, self._cpus)
        self._tickets[task] = ticket
        return ticket

    def done(self, timeout: float) -> Sequence[tuple[Ticket, bytes | Failure]]:
        """Wait for a task."""
        tasks = list(self._tickets)
        if not tasks:
            time.sleep(timeout)
            return []
        ready, _ = self._ray.wait(tasks, num_returns=1, timeout=timeout)
        if ready:
            ready, _ = self._ray.wait(tasks, num_returns=len(tasks), timeout=0)
        return [(self._tickets.pop(task), _answer(self._ray, task)) for task in ready]

    def cancel(self, tickets: Iterable[Ticket]) -> None:
        """End tasks, also those that run."""
        unwanted = set(tickets)
        for task in [one for one, ticket in self._tickets.items() if ticket in unwanted]:
            del self._tickets[task]
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.cancel(task, force=True)

    def close(self) -> None:
        """Let the object store drop what was put."""
        self._pieces.clear()


def _answer(ray: Any, task: Any) -> bytes | Failure:  # noqa: ANN401 - its types are not checked
    exceptions = ray.exceptions
    try:
        answer: bytes = ray.get(task)
    except exceptions.OutOfMemoryError as problem:
        return Failure(MEMORY, error_text(problem))
    except exceptions.RayTaskError as problem:
        return Failure(RAISED, error_text(problem))
    except exceptions.RayError as problem:
        return Failure(DIED, error_text(problem))
    return answer


def _work(name: str, batch: bytes, pieces: dict[str, list[Any]], cpus: int) -> bytes:
    """Do on a node what is to be done there."""
    ray = engine("ray", "ray")

    def fetch(wanted: str) -> Iterator[memoryview]:
        for piece in pieces[wanted]:
            try:
                found = ray.get(piece)
            except ray.exceptions.RayError as problem:
                raise LookupError(wanted) from problem
            yield memoryview(found)

    return work(name, batch, fetch, cpus)
