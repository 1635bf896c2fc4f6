"""Runs on the workers of Dask. This is the only module that imports it, and not before it is used.

Each batch goes to one worker that is named: Dask's own scheduler would begin it again elsewhere
when that one dies, several times, and blame whatever else was there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from omega.cluster.engine import engine
from omega.cluster.entry import work
from omega.cluster.pieces import pieces_of
from omega.cluster.protocol import DIED, RAISED, Failure, Handle, Ticket
from omega.errors import ConfigError
from omega.libraries import error_text

_FRESH = 0.5
"""Seconds for which the list of workers is taken to be right."""

_GATHER = 10.0
"""Seconds for an answer, or a piece of what was put, to come from the worker that has it."""


_AGAIN = 60.0
"""Seconds after which an answer that did not come is asked for again; others go on meanwhile."""


@dataclasses.dataclass
class _Sent:
    future: Any
    worker: str
    asked_again: float = 0.0


class OnDask:
    """Dask as a cluster: each batch is a task of one worker."""

    def __init__(self, client: object, cpus: int) -> None:
        """Connect, where an address is given."""
        distributed = engine("distributed", "dask")
        if isinstance(client, str):
            try:
                client = distributed.Client(client, set_as_default=False)
            except (OSError, ValueError) as problem:
                raise ConfigError(
                    f"omega.cluster.dask: cannot connect to {client!r}: {error_text(problem)}. "
                    "Give the address of a scheduler, or a distributed.Client"
                ) from problem
        if not isinstance(client, distributed.Client):
            raise ConfigError(
                f"omega.cluster.dask: given {client!r}, expected a distributed.Client or the "
                "address of a scheduler"
            )
        self.client: Any = client
        self._cpus = cpus
        self._put: dict[str, list[Any]] = {}
        self._sent: dict[Ticket, _Sent] = {}
        self._numbers = itertools.count()
        self._changed = threading.Event()
        self._workers: dict[str, int] = {}
        self._looked = -_FRESH

    def slots(self) -> int:
        """Return how many batches the workers can work on at once."""
        return sum(self._slots().values())

    def put(self, name: str, content: bytes | Path) -> Handle:
        """Put a recipe into the memory of all workers, or pieces of a file into that of some."""
        if not self._slots():
            return Handle(name)  # a worker that comes will ask for it
        whole = isinstance(content, bytes)
        self._put[name] = [
            self.client.scatter([piece], hash=False, broadcast=whole)[0]
            for piece in pieces_of(content)
        ]
        return Handle(name)

    def submit(self, handle: Handle, batch: bytes) -> Ticket:
        """Begin a task on the worker that has most room."""
        ticket = Ticket(next(self._numbers))
        busy = Counter(sent.worker for sent in self._sent.values())
        slots = self._workers  # as they were when there was a free slot
        worker = max(slots, key=lambda one: slots[one] - busy[one])
        keys = {
            name: [piece.key for piece in pieces]
            for name, pieces in self._put.items()
            if all(piece.status == "finished" for piece in pieces)
        }
        future = self.client.submit(
            _work,
            handle.name,
            batch,
            keys,
            self._cpus,
            key=f"omega-{uuid.uuid4().hex}",
            pure=False,
            retries=0,
            workers=[worker],
            allow_other_workers=False,
        )
        future.add_done_callback(lambda _: self._changed.set())
        self._sent[ticket] = _Sent(future, worker)
        return ticket

    def done(self, timeout: float) -> Sequence[tuple[Ticket, bytes | Failure]]:
        """Wait for a task, or for the end of a worker."""
        self._changed.wait(timeout)
        self._changed.clear()
        found: list[tuple[Ticket, bytes | Failure]] = []
        workers = self._slots()
        for ticket, sent in list(self._sent.items()):
            answer = None
            if sent.future.done() and time.monotonic() >= sent.asked_again:
                answer = _answer(sent.future)
                sent.asked_again = time.monotonic() + _AGAIN
            if answer is None and sent.worker not in workers:
                answer = Failure(DIED, f"worker {sent.worker} is gone")
            if answer is not None:
                del self._sent[ticket]
                self._drop(sent)
                found.append((ticket, answer))
        return found

    def cancel(self, tickets: Iterable[Ticket]) -> None:
        """End tasks that have not begun; one that runs goes on, and its result is dropped."""
        for ticket in tickets:
            sent = self._sent.pop(ticket, None)
            if sent is not None:
                self._drop(sent)

    def close(self) -> None:
        """Let the workers drop what was put."""
        self._put.clear()

    def _drop(self, sent: _Sent) -> None:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            sent.future.cancel(force=True)

    def _slots(self) -> dict[str, int]:
        """Return the slots of each worker that is there."""
        now = time.monotonic()  # how often it is asked changes no row
        if now - self._looked > _FRESH:
            try:
                threads = self.client.nthreads()
            except (OSError, TimeoutError) as problem:
                raise ConfigError(
                    f"executor: the scheduler of Dask is gone: {error_text(problem)}. Start "
                    "another, and call again with the same out= to go on"
                ) from problem
            self._workers = {one: max(many // self._cpus, 1) for one, many in threads.items()}
            self._looked = now
        return self._workers


def _answer(future: Any) -> bytes | Failure | None:  # noqa: ANN401 - its types are not checked
    """Return what came of a task; None where its worker took the answer with it."""
    distributed = engine("distributed", "dask")
    try:
        answer: bytes = future.result(timeout=_GATHER)
    except distributed.TimeoutError:
        return None
    except (distributed.CancelledError, distributed.scheduler.KilledWorker) as problem:
        return Failure(DIED, error_text(problem))
    except Exception as problem:  # noqa: BLE001 - whatever the engine raised
        return Failure(RAISED, error_text(problem))
    return answer


def _work(name: str, batch: bytes, keys: dict[str, list[str]], cpus: int) -> bytes:
    """Do on a worker what is to be done there."""
    worker = engine("distributed", "dask").get_worker()

    def fetch(wanted: str) -> Iterator[memoryview]:
        for key in keys[wanted]:
            found = _piece(worker, key)
            if found is None:
                raise LookupError(wanted)
            yield memoryview(found)

    return work(name, batch, fetch, cpus)


def _piece(worker: Any, key: str) -> Any:  # noqa: ANN401 - as above
    """Get a piece from the worker that has it, past the scheduler; None where nobody has."""
    if key in worker.data:
        return worker.data[key]
    distributed = engine("distributed", "dask")
    peers = engine("distributed.utils_comm", "dask")

    async def gathered() -> Any:  # noqa: ANN401 - as above
        holders = await worker.scheduler.who_has(keys=[key])
        found, *_ = await peers.gather_from_workers(holders, rpc=worker.rpc, who=worker.address)
        return found.get(key)

    try:
        return distributed.utils.sync(worker.loop, gathered, callback_timeout=_GATHER)
    except (OSError, distributed.TimeoutError):
        return None
