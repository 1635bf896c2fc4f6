"""Whether this process is a fork of the driver, in which Polars may wait for ever.

A fork copies the memory of a process and none of its threads, so that the first call of Polars
may wait for one that is not there.
"""

from __future__ import annotations

import os

from omega.errors import ConfigError

_forked_from: set[int] = set()
"""The process that this one was forked from, where it was."""


def _forked(parent: int) -> None:
    _forked_from.add(parent)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked(os.getppid()))


def refuse_fork(caller: int) -> None:
    """Refuse to work in a fork of another process.

    Raises:
        ConfigError: This is one.
    """
    if _forked_from and caller != os.getpid():
        raise ConfigError(
            "executor: its workers are forks of this process, in which Polars may wait for ever. "
            "Give one that spawns them: ProcessPoolExecutor(mp_context=multiprocessing."
            "get_context('spawn')), or use workers="
        )
