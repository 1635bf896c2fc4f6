"""The loop of a sweep over a cluster: it alone knows which runs are done.

What was submitted may be lost, be answered late, or twice. A run counts once: its first row is
taken, and a later one has to be the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from omega.cluster.batches import Batch, Numbered, Sizes, taken
from omega.cluster.placement import Placement
from omega.cluster.protocol import DIED, MEMORY, Cluster, Failure, Handle, Ticket, WorkerFailed
from omega.cluster.worker import Answer, packed
from omega.errors import StateSyncError

LOOK = 0.2
"""Seconds after which the loop looks up, so that rows reach the disk and Ctrl-C is heard."""

TRIES = 3
"""Workers that a run may end, and times that anything else is tried."""

WAIT = 300.0
"""Seconds without any worker after which a sweep gives up; the same call goes on."""

Row = TypeVar("Row")


@dataclasses.dataclass(frozen=True)
class Order(Generic[Row]):
    """What a driver needs to know of runs.

    Attributes:
        recipe: How runs are made, packed.
        files: The file of each hash, on this machine.
        row: Makes a row of a result of the recipe.
        mark: Returns what has to be the same of two results of a run.
        lost: Makes the row of a run that has none, of its error.
        idle: Is called now and then.
    """

    recipe: bytes
    files: Mapping[str, Path]
    row: Callable[[Numbered, Any], Row]
    mark: Callable[[Any], str]
    lost: Callable[[Numbered, str], Row]
    idle: Callable[[], object]


@dataclasses.dataclass(eq=False)
class _Sent:
    batch: Batch
    at: float


class Driver(Generic[Row]):
    """Has runs made by a cluster."""

    def __init__(self, cluster: Cluster, order: Order[Row]) -> None:
        """Put the recipe on the cluster."""
        self.cluster, self.order = cluster, order
        self.placement = Placement()
        self._sizes = Sizes()
        self._waiting: deque[Batch] = deque()
        self._sent: dict[Ticket, _Sent] = {}
        self._open, self._left, self._is_all_taken = 0, 0, False
        self._put_at: dict[str, float] = {}
        self._puts: Counter[str] = Counter()
        self._deaths, self._answers, self._slots = 0, 0, 0
        self._last_slot = time.monotonic()
        self._name = hashlib.sha256(order.recipe).hexdigest()
        self._handle = self._put(self._name)

    def rows(self, trials: Iterable[Numbered], total: int) -> Iterator[Row]:
        """Have runs made; rows come as they are done.

        Args:
            trials: The runs, which are taken as slots are free.
            total: How many there are.

        Raises:
            WorkerFailed: No worker can make them.
            StateSyncError: A run that was made twice has two results.
        """
        source = iter(trials)
        self._left, self._is_all_taken = total, False
        try:
            while self._fill(source):
                for ticket, answer in self.cluster.done(LOOK):
                    yield from self._take(ticket, answer)
                self.order.idle()
        finally:
            self._forget()

    @property
    def at_work(self) -> tuple[int, int]:
        """How many slots have something to do, and how many there are."""
        return min(len(self._sent), self._slots), self._slots

    def close(self) -> None:
        """Remove from the cluster what was put there."""
        self.cluster.close()

    def _forget(self) -> None:
        """Cancel what nobody waits for."""
        with contextlib.suppress(Exception):  # the engine may be gone, and the rows are here
            self.cluster.cancel(list(self._sent))
        self._sent.clear()
        self._waiting.clear()
        self._open = 0

    def _fill(self, source: Iterator[Numbered]) -> bool:
        """Assign a job to every free slot; return whether there is anything left to wait for."""
        slots = self._slots = self.cluster.slots()
        self._require_slots(slots)
        while len(self._sent) < slots:
            if self._waiting:
                self._submit(self._waiting.popleft())
                continue
            batch = taken(source, self._sizes.next(self._left, slots))
            if batch is None:
                self._is_all_taken = True
                self._send_late_ones_again(slots - len(self._sent))
                break
            self._left -= len(batch.trials)
            self._open += 1
            self._submit(batch)
        return self._open > 0 or not self._is_all_taken

    def _require_slots(self, slots: int) -> None:
        now = time.monotonic()
        if slots > 0:
            self._last_slot = now
        elif now - self._last_slot > WAIT:
            raise WorkerFailed(
                f"executor: the cluster has had no worker for {WAIT:.0f} seconds. Start some, and "
                "call again with the same out= to go on"
            )

    def _submit(self, batch: Batch) -> None:
        ticket = self.cluster.submit(self._handle, packed(batch.trials))
        batch.copies += 1
        self._sent[ticket] = _Sent(batch, time.monotonic())

    def _send_late_ones_again(self, free: int) -> None:
        """Send again what takes far longer than usual, now that nothing else is to be sent."""
        now = time.monotonic()
        late = [
            sent
            for sent in self._sent.values()
            if not sent.batch.done
            and sent.batch.copies == 1
            and sent.batch.deaths < TRIES  # else there is always a copy that may not die yet
            and self._sizes.is_late(sent.batch, now - sent.at)
        ]
        for sent in sorted(late, key=lambda sent: sent.at)[:free]:
            self.placement.sent_again(sent.batch.numbers)
            self._submit(sent.batch)

    def _take(self, ticket: Ticket, answer: bytes | Failure) -> Iterator[Row]:
        """Take what came of something that was submitted."""
        sent = self._sent.pop(ticket, None)
        if sent is None:
            return
        batch = sent.batch
        batch.copies -= 1
        if isinstance(answer, Failure):
            yield from self._failed(batch, answer)
            return
        said: Answer = pickle.loads(answer)  # noqa: S301 - of a worker, which has our pickles
        if said.refused:
            raise WorkerFailed(
                f"executor: worker {said.worker} has other software: {said.refused}. Rows would "
                "differ from those made here; install the same on all machines"
            )
        if said.broken:
            raise WorkerFailed(
                f"sweep: the strategy cannot be made on worker {said.worker}: {said.broken}. Put "
                "it into a module that the workers can import"
            )
        if said.needs:
            for name in said.needs:
                self._put_for(name, sent.at)
            if not batch.done and not batch.copies:
                self._waiting.append(batch)
            return
        self._answers += 1
        self._sizes.learn(len(batch.trials), said.seconds)
        yield from self._done(batch, said)

    def _done(self, batch: Batch, said: Answer) -> Iterator[Row]:
        if batch.done:
            self._require_same(batch, said)
            return
        batch.done, self._open = True, self._open - 1
        self.placement.made(said.worker, batch.numbers)
        mark = self.order.mark
        if batch.copies:
            pairs = zip(batch.numbers, said.results, strict=True)
            batch.marks = {number: mark(result) for number, result in pairs}
        for trial, result in zip(batch.trials, said.results, strict=True):
            yield self.order.row(trial, result)

    def _require_same(self, batch: Batch, said: Answer) -> None:
        for number, result in zip(batch.numbers, said.results, strict=True):
            first, now = batch.marks[number], self.order.mark(result)
            if first != now:
                raise StateSyncError(
                    f"sweep: the strategy is not deterministic: run {number} was made twice, and "
                    f"its results are {first} and {now} (on worker {said.worker}). Take chance "
                    "from a seed that is a parameter, and nothing from a clock"
                )

    def _failed(self, batch: Batch, failure: Failure) -> Iterator[Row]:
        """Blame the run that ends its worker, and send the others again."""
        died = failure.kind in (DIED, MEMORY)
        batch.deaths += died
        batch.raised += not died
        self._deaths += died
        if batch.done or batch.copies:
            return  # another worker has made it, or is at it
        if batch.raised >= TRIES:
            raise WorkerFailed(f"executor: workers cannot begin a batch: {failure.words}")
        slots = max(self.cluster.slots(), 1)
        if not self._answers and self._deaths > TRIES * slots + 2 * TRIES:
            raise WorkerFailed(
                f"executor: {self._deaths} workers have ended before any run was made "
                f"({failure.words}). Their logs may show why; run with workers=1 to see it here"
            )
        if len(batch.trials) == 1 and batch.deaths >= TRIES:
            batch.done, self._open = True, self._open - 1
            self.placement.made("", batch.numbers)
            what = "out of memory" if failure.kind == MEMORY else "worker died"
            yield self.order.lost(batch.trials[0], f"{what} {TRIES} times")
            return
        self.placement.sent_again(batch.numbers)
        if not died or len(batch.trials) == 1:
            self._waiting.append(batch)
            return
        self._waiting.extendleft(reversed(batch.halves()))
        self._open += 1

    def _put_for(self, name: str, asked: float) -> None:
        """Put what a worker needs, but for what was put since it was asked."""
        if self._put_at.get(name, -1.0) > asked:
            return
        if self._puts[name] > TRIES * max(self.cluster.slots(), 1):
            raise WorkerFailed(
                f"executor: what was put on the cluster as {name} is lost each time, as if its "
                "workers had no memory left for it, or could not see the shared folder"
            )
        self._put(name)

    def _put(self, name: str) -> Handle:
        self._puts[name] += 1
        content = self.order.recipe if name == self._name else self.order.files[name]
        handle = self.cluster.put(name, content)
        self._put_at[name] = time.monotonic()
        return handle
