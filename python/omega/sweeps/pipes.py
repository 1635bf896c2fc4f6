"""Messages over pipes, each after its length: whole ones in a worker, piece by piece in its parent.

The parent never waits for a pipe: it takes what is there and gives what there is room for, or two
full pipes would wait for each other.
"""

from __future__ import annotations

import os
import struct
from typing import IO

BEAT = 1.0
"""Seconds between two signs of life."""

SIGN_OF_LIFE = b""

_LENGTH = struct.Struct("<Q")
_PIECE = 1 << 20


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write a message; wait until there is room."""
    rest = memoryview(framed(message))
    while rest:
        rest = rest[pipe.write(rest) :]
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Wait for a message; None where the other side is gone."""
    head = _exactly(pipe, _LENGTH.size)
    return None if head is None else _exactly(pipe, _LENGTH.unpack(head)[0])


def framed(message: bytes) -> bytes:
    """Return a message after its length."""
    return _LENGTH.pack(len(message)) + message


def _exactly(pipe: IO[bytes], length: int) -> bytes | None:
    """Read so many bytes; None where there are no more."""
    parts: list[bytes] = []
    while length > 0:
        part = pipe.read(length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


class Outgoing:
    """What is still to be written to a pipe."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pipe = pipe
        os.set_blocking(pipe.fileno(), False)
        self._rest = bytearray()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self._rest)

    def add(self, message: bytes) -> None:
        """Take a message, and write what there is room for."""
        self._rest += framed(message)
        self.flush()

    def flush(self) -> None:
        """Write what there is room for."""
        written = 0
        try:
            with memoryview(self._rest) as rest:
                while written < len(rest):
                    written += os.write(self.pipe.fileno(), rest[written : written + _PIECE])
        except BlockingIOError:
            pass
        except BrokenPipeError:
            written = len(self._rest)  # what it had at hand is seen to when its answers end
        del self._rest[:written]


class Incoming:
    """What was read of a pipe and is no whole message yet."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pipe = pipe
        os.set_blocking(pipe.fileno(), False)
        self._rest = bytearray()

    def messages(self) -> list[bytes] | None:
        """Read once; give the messages that are whole, or None where the other side is gone."""
        try:
            piece = os.read(self.pipe.fileno(), _PIECE)
        except BlockingIOError:
            return []
        if not piece:
            return None
        self._rest += piece
        found, start = [], 0
        while (message := self._from(start)) is not None:
            found.append(message)
            start += _LENGTH.size + len(message)
        del self._rest[:start]
        return found

    def _from(self, start: int) -> bytes | None:
        begin = start + _LENGTH.size
        if len(self._rest) < begin:
            return None
        (length,) = _LENGTH.unpack_from(self._rest, start)
        return (
            bytes(self._rest[begin : begin + length]) if len(self._rest) >= begin + length else None
        )
