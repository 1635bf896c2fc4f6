"""The work of a worker on a batch: fetch what it lacks, make the runs, and answer.

An answer is one of four: the results; the names of what it needs and cannot get; why it may not
work for this driver; why the recipe cannot be used here.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pickle
import platform
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from omega.cluster import software_check
from omega.cluster.content import Content, Fetched
from omega.cluster.protocol import Fetch
from omega.data.cache import Cache
from omega.data.dataset import write_mappable
from omega.data.mapped_files import MappedFile
from omega.libraries import error_text

Numbered = tuple[int, Any]


class Recipe(Protocol):
    """How runs are made; it is put on a cluster once."""

    def contents(self, trials: Sequence[Numbered]) -> Iterable[Content]:
        """Return the candles of some runs."""

    def forget(self) -> None:
        """Let go of candles that were read, since one of their files is another one now."""

    def results(self, trials: Sequence[Numbered], files: Fetched, threads: int) -> list[Any]:
        """Make runs; a result begins with the number of its run."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """The message of a worker.

    Attributes:
        worker: The machine and the process.
        results: Of the runs that were made.
        seconds: How long the runs took.
        fetched: Hashes of the candles that this batch has brought to the machine.
        needs: Names that were not there, so that no run was made.
        refused: Why this worker must not work for this driver.
        broken: Why the recipe cannot be used.
    """

    worker: str
    results: Sequence[Any] = ()
    seconds: float = 0.0
    fetched: Sequence[str] = ()
    needs: Sequence[str] = ()
    refused: str = ""
    broken: str = ""


class _Missing(Exception):
    """Something that was put is not there."""


@dataclasses.dataclass(frozen=True)
class _Files:
    """Candles on this machine.

    Attributes:
        found: The file of each hash.
        fetched: Hashes of those that were not here before.
        missing: Hashes of those that cannot be had yet.
    """

    found: dict[str, Path] = dataclasses.field(default_factory=dict)
    fetched: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)


class _Place:
    """What this thread keeps from one batch to the next: one recipe, and the candles in use."""

    def __init__(self) -> None:
        self.name = ""
        self.recipe: Recipe | None = None
        self.cache: Cache | None = None
        self.seen: dict[str, MappedFile] = {}

    def recipe_of(self, name: str, fetch: Fetch) -> Recipe:
        """Return a recipe, which is unpacked once."""
        if self.recipe is None or self.name != name:
            content = b"".join(_pieces(name, fetch))
            self.recipe, self.name = None, name
            if self.cache is not None:
                self.cache.close()
                self.cache = None
            self.recipe = pickle.loads(content)  # noqa: S301 - workers trust their driver
        return self.recipe

    def files(self, contents: Iterable[Content], fetch: Fetch) -> _Files:
        """Return the files of candles on this machine, as far as they can be had."""
        if self.cache is None:
            self.cache = Cache()
        files = _Files()
        for one in {content.name: content for content in contents}.values():
            write = functools.partial(_bring, one, fetch, files.fetched)
            try:
                path = self.cache.file(one.name, write)
            except _Missing:
                files.missing.append(one.name)
                continue
            files.found[one.name] = path
            now = MappedFile.of(path)
            if self.recipe is not None and self.seen.get(one.name, now) != now:
                self.recipe.forget()
            self.seen[one.name] = now
        return files


_local = threading.local()


def answered(name: str, batch: bytes, fetch: Fetch, threads: int) -> bytes:
    """Make the runs of a batch; see `omega.cluster.work`."""
    return pickle.dumps(_answer(name, batch, fetch, threads))


def packed(trials: Sequence[Numbered]) -> bytes:
    """Pack a batch, with the software of the driver before anything that may not be readable."""
    return pickle.dumps((software_check.own(), pickle.dumps(list(trials))), protocol=4)


def _answer(name: str, batch: bytes, fetch: Fetch, threads: int) -> Answer:
    worker = f"{platform.node()}:{os.getpid()}"
    driver, packed_trials = pickle.loads(batch)  # noqa: S301 - workers trust their driver
    refused = software_check.differing(driver, software_check.own())
    if refused:
        return Answer(worker, refused=refused)
    if not hasattr(_local, "place"):
        _local.place = _Place()
    place: _Place = _local.place
    try:
        recipe = place.recipe_of(name, fetch)
        trials = pickle.loads(packed_trials)  # noqa: S301 - as above
    except _Missing:
        return Answer(worker, needs=[name])
    except Exception as problem:  # noqa: BLE001 - the driver raises it
        return Answer(worker, broken=error_text(problem))
    files = place.files(recipe.contents(trials), fetch)
    if files.missing:
        return Answer(worker, needs=files.missing, fetched=files.fetched)
    began = time.perf_counter()  # how large the next batch is changes no result
    results = recipe.results(trials, files.found, threads)
    return Answer(worker, results, time.perf_counter() - began, files.fetched)


def _bring(content: Content, fetch: Fetch, fetched: list[str], path: Path) -> None:
    """Write candles to a path of this machine, from where any machine has them or the driver."""
    fetched.append(content.name)
    if content.source is not None:
        write_mappable(content.source.as_run(), path)
        return
    try:
        with path.open("wb") as file:
            for piece in _pieces(content.name, fetch):
                file.write(piece)
    except _Missing:
        fetched.remove(content.name)
        raise


def _pieces(name: str, fetch: Fetch) -> Iterable[bytes | memoryview]:
    try:
        yield from fetch(name)
    except LookupError as problem:
        raise _Missing(name) from problem
