"""Runs on anything that takes calls and gives futures, with a folder that both sides see."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from pathlib import Path
from typing import Any

from omega.cluster.entry import work
from omega.cluster.forks import refuse_fork
from omega.cluster.protocol import DIED, RAISED, Failure, Handle, Ticket, WorkerFailed
from omega.errors import ConfigError
from omega.libraries import error_text

_READ = 8 << 20
"""Bytes that a worker has of a file at a time; it holds the last ones while it reads on."""

_LOOK = 0.05
"""Seconds between two looks at what has no futures that can be waited for."""


class OnFutures:
    """A pool as a cluster: each batch is a call."""

    def __init__(
        self,
        pool: Any,  # noqa: ANN401 - any pool
        shared: Path,
        slots: int,
        threads: int,
    ) -> None:
        """Take a pool as it is."""
        self._pool, self._slots, self._threads = pool, slots, threads
        self.shared = shared
        self._own: list[Path] = []
        self._calls: dict[Ticket, Any] = {}
        self._numbers = itertools.count()

    def slots(self) -> int:
        """Return how many calls can run at once."""
        return self._slots

    def put(self, name: str, content: bytes | Path) -> Handle:
        """Write a file into the folder; candles that lie there already stay as they are."""
        path = _path(self.shared, name)
        if path.exists():
            return Handle(name)
        from omega.data.files import replaced  # noqa: PLC0415 - workers import this module early

        self._own.append(path)
        with replaced(path) as part:
            if isinstance(content, bytes):
                part.write_bytes(content)
            else:
                shutil.copyfile(content, part)
        return Handle(name)

    def submit(self, handle: Handle, batch: bytes) -> Ticket:
        """Hand over a call."""
        ticket = Ticket(next(self._numbers))
        try:
            call = self._pool.submit(
                _work, handle.name, batch, str(self.shared.absolute()), self._threads, os.getpid()
            )
        except (BrokenExecutor, RuntimeError) as problem:
            raise WorkerFailed(
                f"executor: it has lost a worker ({error_text(problem)}). Make another executor, "
                "and call again with the same out= to go on"
            ) from problem
        if not callable(getattr(call, "done", None)) or not callable(getattr(call, "result", None)):
            raise ConfigError(
                f"omega.cluster.futures: submit() of the pool gave {call!r}, expected something "
                "with done() and result()"
            )
        self._calls[ticket] = call
        return ticket

    def done(self, timeout: float) -> Sequence[tuple[Ticket, bytes | Failure]]:
        """Wait for a call."""
        until = time.monotonic() + timeout
        while True:
            over = [ticket for ticket, call in self._calls.items() if call.done()]
            if over or (rest := until - time.monotonic()) <= 0:
                break
            real = [call for call in self._calls.values() if isinstance(call, Future)]
            if real and len(real) == len(self._calls):
                wait(real, rest, return_when=FIRST_COMPLETED)
            else:
                time.sleep(min(rest, _LOOK))
        return [(ticket, _answer(self._calls.pop(ticket))) for ticket in over]

    def cancel(self, tickets: Iterable[Ticket]) -> None:
        """End calls that have not begun."""
        for ticket in tickets:
            call = self._calls.pop(ticket, None)
            if callable(getattr(call, "cancel", None)):
                with contextlib.suppress(Exception):  # whatever it is that was given
                    call.cancel()

    def close(self) -> None:
        """Remove what was put into the folder."""
        for path in self._own:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        self._own.clear()


def _answer(call: Any) -> bytes | Failure:  # noqa: ANN401 - any future
    try:
        answer: bytes = call.result()
    except (BrokenExecutor, CancelledError) as problem:
        return Failure(DIED, error_text(problem))
    except ConfigError:
        raise
    except Exception as problem:  # noqa: BLE001 - whatever the pool raised
        died = "Uncompleted" in type(problem).__name__ or "Terminated" in type(problem).__name__
        return Failure(DIED if died else RAISED, error_text(problem))
    return answer


def _path(shared: Path, name: str) -> Path:
    """Name a file as the cache of a machine would."""
    return shared / f"{name}.arrow"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_READ):
            yield piece


def _work(name: str, batch: bytes, shared: str, threads: int, caller: int) -> bytes:
    """Do in a worker of the pool what is to be done there."""
    refuse_fork(caller)

    def fetch(wanted: str) -> Iterator[bytes]:
        path = _path(Path(shared), wanted)
        if not path.is_file():
            raise LookupError(wanted)
        yield from _pieces(path)

    return work(name, batch, fetch, threads)
