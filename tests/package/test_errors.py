"""Goal: every exception is one of Omega's, also the builtin one expects, and survives a process."""

from __future__ import annotations

import pickle

import pytest

from omega import errors
from omega.errors import OmegaError

KINDS = [getattr(errors, name) for name in errors.__all__ if "Warning" not in name]
BUILTIN = {
    "BackendUnavailable": ImportError,
    "CallbackFailed": TypeError,
    "ConfigError": ValueError,
    "InvalidCandleData": ValueError,
    "OmegaError": Exception,
    "NeedsOneBar": TypeError,
    "OutOfMemory": MemoryError,
    "RanOnCopy": AttributeError,
    "StateSyncError": RuntimeError,
    "TrialsChanged": ValueError,
    "UnknownInstrument": LookupError,
    "WarmupIndexNotFound": LookupError,
    "StrategyFailed": RuntimeError,
    "WriteFailed": OSError,
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_two_kinds_at_once(kind: type[OmegaError]) -> None:
    assert issubclass(kind, OmegaError)
    assert issubclass(kind, BUILTIN[kind.__name__])


@pytest.mark.parametrize("kind", KINDS)
def test_each_says_its_message_and_can_be_sent(kind: type[OmegaError]) -> None:
    error = kind("what, where, why")
    error.add_note("bar 7")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is kind
    assert str(again) == "what, where, why"
    assert vars(again) == vars(error)


def test_details_are_attributes() -> None:
    error = errors.WarmupIndexNotFound("too late", start=9, first=1, last=5)
    assert (error.start, error.first, error.last) == (9, 1, 5)
    with pytest.raises(AttributeError, match="has no detail 'end'"):
        _ = error.end
