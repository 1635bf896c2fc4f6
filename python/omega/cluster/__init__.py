"""Sweeps on more than one machine, on engines that exist: Ray, Dask, and pools of futures.

What is made here is given to `sweep(executor=...)`; the rows are those of one machine, to the last
bit. The package of an engine is imported when it is first used:

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import tempfile, omega
    >>> with ThreadPoolExecutor(2) as pool, tempfile.TemporaryDirectory() as folder:
    ...     cluster = omega.cluster.futures(pool, shared=folder)
    ...     strategy = omega.native("sma_cross", slow=20)
    ...     result = omega.sweep(omega.sample(), strategy, {"fast": [5, 8]}, executor=cluster)
    >>> result.placement["run"].to_list()
    [0, 1]
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from omega.cluster.entry import work
from omega.cluster.protocol import Cluster, Failure, Handle, Ticket

__all__ = ["Cluster", "Failure", "Handle", "Ticket", "dask", "futures", "ray", "work"]


def ray(address: str | None = None, *, cpus: int = 1) -> Cluster:
    """Return the nodes of Ray as an executor of a sweep: `pip install 'omega-backtest[ray]'`.

    Args:
        address: Of a Ray cluster, such as "auto" for the one that this machine is a node of. None:
            the one that this process has connected to with `ray.init`, or else a new one.
        cpus: Processors of a slot. A run of the core uses them all, one of Python a single one.

    Raises:
        ConfigError: Ray is not installed, or there is no cluster at the address.

    Example:
        >>> try:
        ...     omega.cluster.ray("auto", cpus=0)
        ... except ValueError as error:
        ...     print(error)
        cpus: given 0, expected a whole number of at least 1
    """
    cpus = _whole(cpus, "cpus")
    if not (address is None or isinstance(address, str)):
        raise _refused(f"omega.cluster.ray: given {address!r}, expected an address, or None")
    from omega.cluster.on_ray import OnRay  # noqa: PLC0415 - an import that few can do

    return OnRay(address, cpus)


def dask(client: object, *, cpus: int = 1) -> Cluster:
    """Return the workers of Dask as an executor of a sweep: `pip install 'omega-backtest[dask]'`.

    Args:
        client: A `distributed.Client`, or the address of a scheduler.
        cpus: Threads of a worker that make one slot. Strategies in Python share the interpreter of
            their worker, so that workers of one thread are best for them.

    Raises:
        ConfigError: Dask is not installed, or there is no scheduler at the address.

    Example:
        >>> try:
        ...     omega.cluster.dask("tcp://head:8786", cpus=0)
        ... except ValueError as error:
        ...     print(error)
        cpus: given 0, expected a whole number of at least 1
    """
    cpus = _whole(cpus, "cpus")
    from omega.cluster.on_dask import OnDask  # noqa: PLC0415 - an import that few can do

    return OnDask(client, cpus)


def futures(
    pool: object,
    *,
    shared: str | os.PathLike[str],
    slots: int | None = None,
    threads: int = 1,
) -> Cluster:
    """Return a pool as an executor of a sweep, whose workers may be on other machines.

    Args:
        pool: Anything with `submit(function, *arguments)`, which returns something with `done()`
            and `result()`: a `concurrent.futures.Executor`, or one of submitit, executorlib or
            parsl.
        shared: A folder that this process and all workers see under the same path. The recipe of
            the runs is there as long as the sweep lasts, and candles of which workers have no copy;
            what was there before stays.
        slots: How many calls run at once; None takes it from the pool.
        threads: How many threads a call may use: a run of the core uses them all.

    Raises:
        ConfigError: The pool cannot submit, or its number of parallel calls is unknown.

    Example:
        >>> try:
        ...     omega.cluster.futures(len, shared=".")
        ... except ValueError as error:
        ...     print(error)
        omega.cluster.futures: <built-in function len> has no submit()
    """
    if not callable(getattr(pool, "submit", None)):
        raise _refused(f"omega.cluster.futures: {pool!r} has no submit()")
    place = _folder(shared)
    many = slots if slots is not None else getattr(pool, "_max_workers", None)
    if many is None:
        raise _refused(
            "slots: this pool does not state how many calls it runs at once; give their number: "
            "omega.cluster.futures(pool, shared=..., slots=16)"
        )
    from omega.cluster.on_futures import OnFutures  # noqa: PLC0415 - as the others

    return OnFutures(pool, place, _whole(many, "slots"), _whole(threads, "threads"))


def _folder(given: object) -> Path:
    if isinstance(given, (str, os.PathLike)):
        with contextlib.suppress(TypeError, ValueError, OSError):  # of names that no folder has
            if (place := Path(os.fsdecode(given))).is_dir():
                return place
    raise _refused(
        f"shared: given {given!r}, expected a folder that this process and all workers see"
    )


def _whole(given: object, name: str) -> int:
    from omega.config.values import taken, whole  # noqa: PLC0415 - as the errors below

    return taken(name, given, whole(minimum=1))


def _refused(words: str) -> Exception:
    from omega.errors import ConfigError  # noqa: PLC0415 - a worker imports this module first

    return ConfigError(words)
