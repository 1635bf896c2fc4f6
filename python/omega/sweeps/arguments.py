"""Checks of the arguments of a sweep, before anything runs."""

from __future__ import annotations

import numbers
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omega.config.values import flag, nearest, plain, taken
from omega.errors import ConfigError
from omega.report._metrics import BESIDE_A_BENCHMARK
from omega.sweeps.spec import METRICS, SETTINGS

OF_ONE_RUN = (
    "A benchmark and a risk-free rate are of a single run: run_backtest(..., benchmark=). The page "
    '"How much of this is luck?" tests the runs of a sweep against one'
)
"""What to do with a benchmark that is given to a sweep."""


def refuse_unlike(settings: Mapping[str, Any], executor: object, progress: object) -> None:
    """Refuse settings that `run_backtest` does not know, and objects that have no use here.

    Raises:
        ConfigError: There is one.

    Example:
        >>> refuse_unlike({"cash": 5_000}, None, print)
    """
    for name in settings:
        if name not in SETTINGS:
            hint = OF_ONE_RUN if name in ("benchmark", "risk_free") else nearest(name, SETTINGS)
            raise ConfigError(f"sweep: no setting {name!r}. {hint}")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ConfigError(
            f"executor: given {executor!r}, expected a concurrent.futures.Executor, or None for "
            "processes or threads of the sweep's own (workers=), or a cluster: "
            "omega.cluster.ray(...), .dask(...) or .futures(...)"
        )
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise ConfigError(
            f"progress: given {progress!r}, expected True, False, or a function of a SweepProgress"
        )


def require_flags(**given: object) -> None:
    """Refuse what is neither True nor False, of the arguments that are one of them.

    Raises:
        ConfigError: One is neither.

    Example:
        >>> require_flags(trades=True, equity=False)
    """
    for name, one in given.items():
        taken(name, one, flag)


def metrics_field(metrics: object) -> list[str] | None:
    """Return the names of metrics that were given, in their order; None for all.

    Raises:
        ConfigError: They are no list of names, or there is no such metric.

    Example:
        >>> metrics_field(("sharpe",))
        ['sharpe']
    """
    if metrics is None:
        return None
    if isinstance(metrics, str):
        raise ConfigError(f"metrics: given {metrics!r}, expected a list of names: [{metrics!r}]")
    if not isinstance(metrics, Iterable):
        raise ConfigError(f"metrics: given {metrics!r}, expected a list of names: ['sharpe']")
    names = list(metrics)
    for name in names:
        if not isinstance(name, str):
            raise ConfigError(f"metrics: given {name!r} in the list, expected names: ['sharpe']")
        if name not in METRICS:
            hint = OF_ONE_RUN if name in BESIDE_A_BENCHMARK else nearest(name, METRICS)
            raise ConfigError(f"metrics: no metric {name!r}. {hint}")
    return names


def workers_field(workers: object) -> int | None:
    """Return how many threads or processes were requested.

    Raises:
        ConfigError: It is no whole number of at least 1.

    Example:
        >>> workers_field(2), workers_field(None)
        (2, None)
    """
    return None if plain(workers) is None else count_field("workers", workers)


def count_field(name: str, given: object) -> int:
    """Return a count that was requested.

    Raises:
        ConfigError: It is no whole number of at least 1.

    Example:
        >>> count_field("n", 5)
        5
    """
    count = plain(given)
    if isinstance(count, bool) or not isinstance(count, numbers.Integral) or count < 1:
        raise ConfigError(f"{name}: given {given!r}, expected a whole number of at least 1")
    return int(count)


def bytes_field(cache_bytes: object) -> int:
    """Return how many bytes of indicators runs may share.

    Raises:
        ConfigError: It is no whole number of at least 0.

    Example:
        >>> bytes_field(1 << 20)
        1048576
    """
    count = plain(cache_bytes)
    if isinstance(count, bool) or not isinstance(count, numbers.Integral) or count < 0:
        raise ConfigError(
            f"cache_bytes: given {cache_bytes!r}, expected a whole number of bytes, 0 or more"
        )
    return int(count)


def folder_field(out: object) -> str | None:
    """Return the path of the folder that rows are written to, or its address.

    Raises:
        ConfigError: It is no path.

    Example:
        >>> folder_field("sweeps/fx")
        'sweeps/fx'
    """
    if out is None:
        return None
    if isinstance(out, (str, os.PathLike)) and isinstance(path := os.fspath(out), str):
        return path
    raise ConfigError(
        f"out: given {out!r}, expected the path of a folder, 'sweeps/fx', or the address of one"
    )


def directions_field(maximize: object) -> tuple[bool, ...] | None:
    """Return for each of two metrics whether more is better; None where none was set.

    Raises:
        ConfigError: It is no pair of flags.

    Example:
        >>> directions_field([True, False])
        (True, False)
    """
    if maximize is None:
        return None
    flags = tuple(maximize) if isinstance(maximize, Sequence) else ()
    if len(flags) == 2 and all(isinstance(one, bool) for one in flags):  # noqa: PLR2004 - a pair
        return flags
    raise ConfigError(
        f"maximize: given {maximize!r}, expected two flags, one for each metric: (True, False)"
    )
