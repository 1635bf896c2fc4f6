"""What a worker calls. It imports nothing before the threads of libraries are limited."""

from __future__ import annotations

import os
import sys

from omega.cluster.protocol import Fetch

THREADS = (
    "POLARS_MAX_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def work(name: str, batch: bytes, fetch: Fetch, threads: int = 1) -> bytes:
    """Make the runs of a batch, and give the answer that a sweep waits for.

    Args:
        name: The name of what `submit` was called with.
        batch: What it was called with besides.
        fetch: Returns the bytes that were put under a name, in pieces, or raises `LookupError`.
        threads: How many threads it may use. Where Polars is not loaded yet, it is held to them.

    Example:
        >>> import pickle
        >>> batch = pickle.dumps(({"Omega": "0.0"}, b""))
        >>> b"Omega" in work("3f5a", batch, fetch=lambda name: [])
        True
    """
    if "polars" not in sys.modules:
        for variable in THREADS:
            os.environ.setdefault(variable, str(threads))
    from omega.cluster.worker import answered  # noqa: PLC0415 - after the threads are known

    return answered(name, batch, fetch, threads)
