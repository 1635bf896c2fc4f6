"""The bytes of a file in pieces, mapped and not read, for engines that keep them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

PIECE = 64 << 20
"""Bytes of a piece: a file of any size passes through a driver with little memory."""


def pieces_of(content: bytes | Path) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield bytes, or those of a file, as arrays, which engines take without a copy.

    Example:
        >>> [piece.tobytes() for piece in pieces_of(b"abc")]
        [b'abc']
    """
    if isinstance(content, bytes):
        yield np.frombuffer(content, np.uint8)
        return
    with content.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    whole = np.frombuffer(mapped, np.uint8)
    for start in range(0, len(whole), PIECE):
        yield whole[start : start + PIECE]
        if hasattr(mmap, "MADV_DONTNEED"):
            # What was handed over stays in the page cache, and no longer counts as memory of
            # this process.
            mapped.madvise(mmap.MADV_DONTNEED, start, min(PIECE, len(whole) - start))
