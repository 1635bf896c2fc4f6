"""Errors of other libraries, turned into Omega's where they would reach the user.

Nothing is hidden: the error of the library is the cause of ours, and its text is in the message.
"""

from __future__ import annotations

import contextlib
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from omega.errors import ConfigError, OmegaError

_LIBRARIES = (str(Path(__file__).parent), *sysconfig.get_paths().values())
_LONGEST = 300
"""Characters of another library's text that a message keeps."""


def text_of(problem: BaseException) -> str:
    """Return the message of an error, even where its own `__str__` raises.

    Example:
        >>> class Silent(Exception):
        ...     def __str__(self):
        ...         raise RuntimeError
        >>> text_of(Silent()), text_of(ValueError("no"))
        ('(its text cannot be read)', 'no')
    """
    try:
        return str(problem)
    except Exception:  # noqa: BLE001 - the class is the user's or a library's
        return "(its text cannot be read)"


def error_text(problem: BaseException) -> str:
    """Return the kind of an error and its message, on one line.

    Example:
        >>> error_text(KeyError("close"))
        "KeyError: 'close'"
    """
    kind, text = type(problem).__name__, " ".join(text_of(problem).split())
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"{kind}: {short}" if short else kind


@contextlib.contextmanager
def arguments_of(call: str) -> Iterator[None]:
    """Refuse arguments of a kind that nobody thought of, on which a call fails in the middle.

    Those that are likely have errors of their own. What code of the user's raises, such as the
    constructor of a strategy, passes.

    Raises:
        ConfigError: An argument is of no kind that is taken.

    Example:
        >>> import omega
        >>> try:
        ...     omega.instruments.get(["EURUSD"])
        ... except ValueError as error:
        ...     print(error)
        instruments.get: one of the arguments is of no kind that is ...
    """
    try:
        yield
    except (OmegaError, MemoryError, Warning):
        raise
    except Exception as problem:
        if _is_of_the_user(problem):
            raise
        raise ConfigError(
            f"{call}: one of the arguments is of no kind that is taken ({error_text(problem)}). "
            f"help(omega.{call}) lists what each may be"
        ) from problem


def _is_of_the_user(problem: Exception) -> bool:
    """Return whether a function that is neither ours nor of a library was running."""
    frames = [frame for frame, _ in traceback.walk_tb(problem.__traceback__)]
    if isinstance(problem, TypeError) and frames[-1].f_code.co_filename == contextlib.__file__:
        return True  # the call itself has arguments that the function does not know
    return not all(
        frame.f_code.co_filename.startswith((*_LIBRARIES, "<frozen"))
        or str(frame.f_globals.get("__name__")).partition(".")[0] == "omega"  # of a data class
        for frame in frames
    )


@contextlib.contextmanager
def refused_as(make: Callable[[str], OmegaError]) -> Iterator[None]:
    """Raise what is made of the text of an error that is not Omega's.

    A panic of a native library, which is no `Exception`, is one of them. What ends a program, the
    lack of memory, and a warning that the user made an error pass.

    Example:
        >>> from omega.errors import ConfigError
        >>> try:
        ...     with refused_as(lambda text: ConfigError(f"data: cannot be read ({text})")):
        ...         {}["close"]
        ... except ValueError as error:
        ...     print(error)
        data: cannot be read (KeyError: 'close')
    """
    try:
        yield
    except (OmegaError, MemoryError, Warning):
        raise
    except Exception as problem:
        raise make(error_text(problem)) from problem
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":  # its class cannot be imported
            raise
        raise make(error_text(problem)) from problem
