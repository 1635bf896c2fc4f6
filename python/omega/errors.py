"""Every reason for which Omega refuses, as an exception that states what to do.

All derive from `OmegaError`; each also is the builtin exception that a reader would expect, so that
``except ValueError`` works, too.

Example:
    >>> from omega.errors import ConfigError, OmegaError
    >>> issubclass(ConfigError, OmegaError) and issubclass(ConfigError, ValueError)
    True
"""

from __future__ import annotations

import re
from typing import Any, Self

__all__ = [
    "BackendUnavailable",
    "BackendWarning",
    "CallbackFailed",
    "CandleWarning",
    "ConfigError",
    "EngineWarning",
    "InvalidCandleData",
    "NeedsOneBar",
    "OmegaError",
    "OutOfMemory",
    "RanOnCopy",
    "StateSyncError",
    "StrategyFailed",
    "TrialsChanged",
    "UnknownInstrument",
    "WarmupIndexNotFound",
    "WriteFailed",
]


UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that steer a terminal, change the direction of a line, or cannot be encoded."""


def printable(text: str) -> str:
    r"""Write characters that would steer a terminal as escapes; lines and tabs stay.

    Names come from data, and a terminal obeys what it prints.

    Example:
        >>> printable("EUR\x1b[31mUSD") == r"EUR\x1b[31mUSD"
        True
    """
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class OmegaError(Exception):
    """The base of all of Omega's exceptions.

    Keyword arguments become attributes, and survive pickling. What steers a terminal is escaped in
    the message, as `printable` does. The first note, which a traceback shows below the message,
    names the command that explains what to do.

    Example:
        >>> OmegaError("the message", answer=42).answer
        42
    """

    def __init__(self, message: str = "", **details: object) -> None:
        """Keeps the message and the details."""
        super().__init__(printable(message))
        self.__dict__.update(details)
        self.add_note(f"What to do: omega explain {entry_of(type(self))}")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any detail of any subclass
        """Only here so that type checkers know that details are attributes."""
        kind = type(self).__name__
        raise AttributeError(f"'{kind}' has no detail '{name}'", name=name, obj=self)

    def __str__(self) -> str:
        """The message alone, also where a builtin base would show it quoted."""
        return str(self.args[0]) if self.args else ""


def entry_of(kind: type[OmegaError]) -> str:
    """Return the name under which `omega explain` has an error.

    Example:
        >>> entry_of(type("Mine", (OmegaError,), {"__module__": "of_a_user"}))
        'OmegaError'
    """
    ours = (one for one in kind.__mro__ if one.__module__.startswith("omega."))
    return next(one.__name__ for one in ours if not one.__name__.startswith("_"))


class InvalidCandleData(OmegaError, ValueError):
    """A value or a column of the input breaks the rules T1 or T3.

    Attributes:
        column: The column, by the user's name for it.
        row: The row within the symbol, counted from 0; None where the whole column is at fault.
        value: The value found; None where it is missing.
        rule: The name of the rule, as ``validate={...}`` takes it.
        symbol: The symbol.

    Example:
        >>> error = InvalidCandleData("negative", column="open", row=3, value=-1.0)
        >>> error.column, error.row, error.value
        ('open', 3, -1.0)
    """

    def __init__(
        self,
        message: str = "",
        *,
        column: str | None = None,
        row: int | None = None,
        value: object = None,
        rule: str | None = None,
        symbol: str | None = None,
    ) -> None:
        """Keeps where the fault is."""
        super().__init__(message, column=column, row=row, value=value, rule=rule, symbol=symbol)


class WarmupIndexNotFound(OmegaError, LookupError):
    """No bar is left after start and warm-up (rule L2).

    Attributes:
        start: The start requested.
        first: The first open time of the data.
        last: The last open time of the data.

    Example:
        >>> WarmupIndexNotFound("too late", start=9, first=1, last=5).last
        5
    """

    def __init__(
        self, message: str = "", *, start: object = None, first: object = None, last: object = None
    ) -> None:
        """Keeps what was requested and what there is."""
        super().__init__(message, start=start, first=first, last=last)


class CallbackFailed(OmegaError, TypeError):
    """A callback broke the protocol, by returning what is no action.

    An exception that the callback itself raises is never turned into this one.

    Example:
        >>> issubclass(CallbackFailed, TypeError)
        True
    """


class StrategyFailed(OmegaError, RuntimeError):
    """A strategy in another language, or a compiled one, ended its run.

    Attributes:
        code: What its function returned.
        bar: The first symbol's newest complete bar.

    Example:
        >>> StrategyFailed("it returned 3", code=3, bar=17).bar
        17
    """

    def __init__(self, message: str = "", *, code: int = 0, bar: int | None = None) -> None:
        """Keeps what was returned, and where."""
        super().__init__(message, code=code, bar=bar)


class StateSyncError(OmegaError, RuntimeError):
    """Two views of one state disagree: a custom component changed what it must not.

    Example:
        >>> issubclass(StateSyncError, RuntimeError)
        True
    """


class BackendUnavailable(OmegaError, ImportError):
    """The requested backend cannot be loaded; its cause is attached.

    Example:
        >>> issubclass(BackendUnavailable, ImportError)
        True
    """


class UnknownInstrument(OmegaError, LookupError):
    """No instrument of that name is given or known.

    Example:
        >>> issubclass(UnknownInstrument, LookupError)
        True
    """


class ConfigError(OmegaError, ValueError):
    """A setting is impossible, unknown or contradicts another.

    Example:
        >>> issubclass(ConfigError, ValueError)
        True
    """


class TrialsChanged(OmegaError, ValueError):
    """A ledger of trials is not what was written.

    Attributes:
        row: The number of the first row that was changed or is gone.

    Example:
        >>> TrialsChanged("trials: row 3 was removed", row=3).row
        3
    """

    row: int


class WriteFailed(OmegaError, OSError):
    """A file cannot be written: the disk is full, or the folder is gone or not to be written to.

    Attributes:
        path: The file or folder.
        result: Of a sweep: all rows that are done, those included that could not be written.

    Example:
        >>> issubclass(WriteFailed, OSError), WriteFailed("full", path="a.parquet").path
        (True, 'a.parquet')
    """

    def __init__(self, message: str = "", *, path: str = "", result: object = None) -> None:
        """Keeps where it was, and what is there all the same."""
        super().__init__(message, path=path, result=result)


class NeedsOneBar(OmegaError, TypeError):
    """Whole columns stand where the values of one bar are needed (rules E2 and E4).

    Example:
        >>> issubclass(NeedsOneBar, TypeError)
        True
    """


class OutOfMemory(OmegaError, MemoryError):
    """The system has no memory for what a run needs; `bytes` is how much was requested.

    Example:
        >>> issubclass(OutOfMemory, MemoryError)
        True
    """

    bytes: int

    def __new__(cls, *given: object, **_details: object) -> Self:
        """Makes it as other errors are made; `MemoryError` makes those of its own class alone."""
        return Exception.__new__(cls, *given)


class RanOnCopy(OmegaError, AttributeError):
    """What a run made is read off the strategy that was given; `result.strategy` has it (rule D4).

    Example:
        >>> issubclass(RanOnCopy, AttributeError)
        True
    """


class CandleWarning(UserWarning):
    """Rows break a rule that was set to ``warn``.

    Example:
        >>> issubclass(CandleWarning, UserWarning)
        True
    """


class BackendWarning(UserWarning):
    """A run goes by the slower Python backend, as the native module cannot be loaded.

    Example:
        >>> issubclass(BackendWarning, UserWarning)
        True
    """


class EngineWarning(UserWarning):
    """A component of an engine has a part that the engine does not use.

    Example:
        >>> issubclass(EngineWarning, UserWarning)
        True
    """
