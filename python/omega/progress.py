"""How far something is: a bar on a terminal, a line in a notebook, nothing elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

Update = Callable[[int, int, str], None]
"""Takes what is done, how much there is in all, and a few words more."""

_SECONDS_BETWEEN = 0.2


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[Update | None]:
    """Show progress on standard error on a terminal or in a notebook; None elsewhere.

    A notebook gets plain text, which needs no further package.

    Example:
        >>> with progress_bar("backtest") as update:
        ...     update is None  # tests have no terminal
        True
    """
    if sys.stderr.isatty():
        with _bar(what) as update:
            yield update
    elif _is_notebook():
        with _line(what) as update:
            yield update
    else:
        yield None


def _is_notebook() -> bool:
    """Return whether this runs in a kernel of Jupyter: no terminal, and what is written shows."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Update]:
    from rich.console import Console  # noqa: PLC0415 - only where it is wanted
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as display:
        task = display.add_task(what, total=None)

        def update(done: int, total: int, words: str) -> None:
            display.update(task, completed=done, total=total, description=f"{what} {words}".strip())

        yield update


@contextlib.contextmanager
def _line(what: str) -> Iterator[Update]:
    """Write one line over and over; what was written last stays."""
    shown, longest = 0.0, 0

    def update(done: int, total: int, words: str) -> None:
        nonlocal shown, longest
        now = time.monotonic()
        if now - shown < _SECONDS_BETWEEN and done < total:
            return
        text = f"{what}: {done:,} of {total:,} {words}".rstrip()
        shown, longest = now, max(longest, len(text))
        sys.stderr.write(f"\r{text:<{longest}}")
        sys.stderr.flush()

    yield update
    if longest:
        sys.stderr.write("\n")
