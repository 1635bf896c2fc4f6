"""The run that a thread is inside of; it may read nothing of another one (X4)."""

from __future__ import annotations

import threading

from omega.errors import ConfigError


class _Active(threading.local):
    run: object | None = None


_active = _Active()


def enter(run: object | None) -> object | None:
    """Note that the thread is inside of a run; give what it was inside of before."""
    before, _active.run = _active.run, run
    return before


def require_own(run: object | None, what: str, name: str) -> None:
    """Refuse what is read inside of another run.

    Raises:
        ConfigError: The thread is inside of another one.
    """
    if _active.run is not None and _active.run is not run:
        raise of_another_run(what, name)


def of_another_run(what: str, name: str) -> ConfigError:
    """Return the error of what a run does not show."""
    return ConfigError(
        f"{what}: given {name} of another run, expected one that this run has declared. Declare "
        "it in init()"
    )
