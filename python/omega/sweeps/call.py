"""The one call of a sweep."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple, Protocol

from omega.cluster.protocol import Cluster
from omega.contract import AnyForm, ArrowLike
from omega.data.cache import caching
from omega.errors import OmegaError, WriteFailed
from omega.keys import require_version
from omega.run.backend import chosen_backend
from omega.run.rolls import without_chains
from omega.run.settings import seed_field
from omega.sweeps import arguments, ledger, samplers
from omega.sweeps.adaptive import Adaptive
from omega.sweeps.clustered import Clustered, missing_of
from omega.sweeps.constraints import Given, constrained, ruled
from omega.sweeps.core import Core, Numbered, is_of_core
from omega.sweeps.folders import held
from omega.sweeps.identity import identity
from omega.sweeps.in_process import InProcess
from omega.sweeps.labels import labelled
from omega.sweeps.ledger import GivenLedger
from omega.sweeps.mapped import Mapped
from omega.sweeps.parts import Parts
from omega.sweeps.pools import Pool
from omega.sweeps.processes import Processes
from omega.sweeps.progress import Counter, Shown, showing
from omega.sweeps.rerun import Origin
from omega.sweeps.result import SweepResult
from omega.sweeps.rows import Rows
from omega.sweeps.spans import Spans, named_spans, with_equal_spans
from omega.sweeps.spec import Row, SweepSpec, require_known
from omega.sweeps.spec_for_workers import with_candles
from omega.sweeps.table import Schema, metrics_chosen

CACHE_BYTES = 1 << 30
"""Memory of the indicators that runs of the core share."""


class Makes(Protocol):
    """A way in which runs are made."""

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come as they are done."""


class _Means(NamedTuple):
    """What runs are made with."""

    workers: int | None
    executor: Executor | None
    cache_bytes: int
    runs: int


def sweep(
    data: ArrowLike,
    strategy: AnyForm,
    grid: Any,  # noqa: ANN401 - values by name, a list of runs, or a sampler
    *,
    metrics: Sequence[str] | None = None,
    workers: int | None = None,
    executor: Executor | Cluster | None = None,
    out: str | os.PathLike[str] | None = None,
    trades: bool = False,
    equity: bool = False,
    daily: bool = False,
    trials: GivenLedger = None,
    fingerprint: bool = True,
    progress: bool | Shown = False,
    seed: int = 0,
    backend: str = "auto",
    version: str | None = None,
    cache_bytes: int = CACHE_BYTES,
    constraint: Given = None,
    spans: str = "own",
    **settings: Any,  # noqa: ANN401 - those of run_backtest
) -> SweepResult:
    """Run a strategy many times over the same candles.

    Strategies of the core and signal columns run on threads that share candles and indicators.
    Strategies that call Python run in processes that map the same file of candles; they need no
    guard of `__main__`, and nothing is sent to them but parameters. The rows are the same, to the
    last bit, for any number of workers.

    Args:
        data: As `run_backtest`; None where the grid names it.
        strategy: A class of a `Strategy`, `omega.native(...)`, or a function of the parameters that
            returns any form of a strategy. Names that `run_backtest` knows are settings of the run.
        grid: Values by name, of which all combinations are run, the last name changing first: of
            the strategy's parameters, of settings such as `costs`, `execution` or `start`, and of
            `data`. Give a name to any value that is not a number or string, as in
            `{"costs": {"low": Costs(...), "high": Costs(...)}}`. Or a list of runs, each a dict; or
            one of `omega.samplers`.
        metrics: The metrics of the table; all by default.
        workers: Threads or processes. By default as many threads as there are cores; runs that call
            Python stay in this process while they are so few and short that processes, as many as
            pay and at most one for each core, would only just have begun.
        executor: What makes the runs in place of workers: a `concurrent.futures.Executor` of this
            machine, or a cluster, `omega.cluster.ray(...)`, `.dask(...)` or `.futures(...)`.
        out: A folder to write rows to, in parts, as runs are done, or the address of one in an
            object store, such as "s3://bucket/fx", by fsspec. The same call goes on where an
            earlier one ended, however that was; one call at a time writes to a folder.
        trades: Whether the trades of all runs are kept.
        equity: Whether the equity rows of all runs are kept.
        daily: Whether the returns of the days of all runs are kept, 8 bytes each: for
            `p_adjusted`, and for the tests of `SweepResult.trust`.
        trials: A ledger of trials, as `omega.trials`, or its path, that the runs are written to
            and counted in; by default that of the environment variable OMEGA_TRIALS, if it is set;
            False: none.
        fingerprint: Whether the result of each run is hashed.
        progress: True for a bar on a terminal, or a function of a `SweepProgress`.
        seed: Of the sampler, and of each run's random slippage.
        backend: As `run_backtest`.
        version: A text that stands for the code of the strategy and of functions and objects in
            settings, where `out=` is called again: it is compared in place of the code, which may
            change or have no content to compare. Change it with what the code does.
        cache_bytes: How much memory indicators may take that runs of the core share; 1 GiB by
            default. With less of it, what was used longest ago is computed again.
        constraint: Which combinations are run: a text over the parameters, such as
            "2 * fast <= slow", or a function of them that returns True or False.
        spans: From where on runs are scored: "own", the end of the run's own warm-up, or "equal",
            the end of the longest. Where a strategy does not declare what it needs, its runs are
            made once more for that.
        **settings: Further settings of `run_backtest`, the same for all runs.

    Returns:
        The table. Where Ctrl-C stopped the sweep it has the runs that were done by then.

    Raises:
        ConfigError: A name is unknown, the folder holds another sweep or is being written to, or
            what is written to a folder has something in it that has no content to compare.
        WriteFailed: The folder, or the disk for temporary files, cannot be written to. Its
            `result` has all rows that were done, and the same call goes on with those that were
            written.
        StateSyncError: A cluster has made a run twice, with two results.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime, timedelta
        >>> close = [100.0 + (k * 7919 % 13) for k in range(200)]
        >>> candles = pl.DataFrame({
        ...     "time": [datetime(2026, 1, 1) + timedelta(hours=k) for k in range(200)],
        ...     "open": close, "high": [c + 1 for c in close], "low": [c - 1 for c in close],
        ...     "close": close,
        ... })
        >>> import omega
        >>> result = sweep(candles, omega.native("sma_cross"), {"fast": [2, 3], "slow": [5, 8]})
        >>> result
        SweepResult(4 of 4 runs, 0 failed)
        >>> result.to_polars().select("run", "fast", "slow").row(3)
        (3, 3, 8)
    """
    arguments.refuse_unlike(settings, executor, progress)
    kept = {"trades": trades, "equity": equity, "daily": daily, "fingerprint": fingerprint}
    arguments.require_flags(**kept)
    data, settings = without_chains(data, settings)
    workers, folder = arguments.workers_field(workers), arguments.folder_field(out)
    wanted, limit = arguments.metrics_field(metrics), arguments.bytes_field(cache_bytes)
    seed = _begin(seed, version)
    grid, named = labelled(list(grid) if isinstance(grid, Iterator) else grid)
    require_known(strategy, _names_of(grid))
    tables = tuple(name for name in ("trades", "equity") if kept[name])
    own, chosen = {**settings, "seed": seed}, chosen_backend(backend, warn=True)
    spec = SweepSpec(data, strategy, own, named, fingerprint, tables, chosen, daily)
    book = ledger.opened(trials, spec, version)
    begin = functools.partial(constrained, grid, seed, ruled(constraint, spec, _names_of(grid)))
    search = begin()
    columns = metrics_chosen(wanted, search.metrics)
    schema, parts, apart = Schema(columns), None, named_spans(spans)
    own_pool = None if isinstance(executor, Cluster) else executor
    with contextlib.ExitStack() as open_things:
        if folder is not None:
            runs = {"grid": grid, "constraint": constraint, **apart}
            known_by = identity(spec, runs, columns, seed, version)
            parts = Parts(open_things.enter_context(held(folder)), known_by, schema)
        if apart:
            make = functools.partial(_made, _Means(workers, own_pool, limit, 0), open_things)
            spec = with_equal_spans(spec, begin, make)
        origin, seen = Origin(spec, begin), Spans(spec)
        rows = Rows(schema, parts, (*tables, *spec.kept), is_searched=not search.fixed)
        means = _Means(workers, own_pool, limit, search.total - rows.done)
        show = open_things.enter_context(showing(progress))
        clustered = None
        if isinstance(executor, Cluster) and means.runs:
            clustered = Clustered(executor, spec, grid, rows, limit, open_things=open_things)
        counts = (seen.note, _counter(search, rows, wanted, show, clustered).count)

        def result(*, interrupted: bool) -> SweepResult:
            placement = clustered.placement if clustered else None
            kept: dict[str, Any] = {"parts": parts, "book": book, "origin": origin}
            kept |= {"metrics": columns, "total": search.total, "tables": rows.others()}
            kept |= {"notices": seen.notices(), "placement": placement}
            return SweepResult(rows.table(), interrupted=interrupted, **kept)

        batches = origin.noted(_numbered(search), search)
        maker = functools.partial(_maker, spec, means=means, open_things=open_things)
        made = functools.partial(_make_all, search, batches, rows, maker, counts)
        return _finished(functools.partial(made, clustered=clustered), rows, result)


def _finished(
    make_all: Callable[[], None], rows: Rows, result: Callable[..., SweepResult]
) -> SweepResult:
    """Make all runs, and give the result of those that were done by the end or by Ctrl-C."""
    try:
        interrupted = _is_interrupted(make_all)
        rows.flush()
    except BaseException as error:
        _keep_what_is_done(rows, error, lambda: result(interrupted=True))
        raise
    return result(interrupted=interrupted)


def _make_all(
    search: samplers.Search,
    batches: Iterator[list[Numbered]],
    rows: Rows,
    maker: Callable[[Mapping[str, Any]], Makes],
    counts: Sequence[Callable[[Row], None]],
    *,
    clustered: Clustered | None,
) -> None:
    """Make the runs that are missing, and tell the search of each batch."""
    if clustered is not None and search.fixed:
        _take(clustered.stream(missing_of(batches, rows), search.total - rows.done), rows, counts)
        return
    makes: Makes | None = clustered
    for trials in batches:
        missing = rows.missing(trials)
        if missing and makes is None:
            makes = maker(missing[0][1])
        _take(makes.rows(missing) if makes else (), rows, counts)
        if not search.fixed:
            search.tell([rows.metrics_of(place) for place, _ in trials])


def _take(made: Iterable[Row], rows: Rows, counts: Sequence[Callable[[Row], None]]) -> None:
    """Keep and count rows as they are done."""
    for row in made:
        rows.add(row)
        for count in counts:
            count(row)


def _begin(seed: object, version: object) -> int:
    """Check seed and version."""
    require_version(version)
    return seed_field(seed)


def _numbered(search: samplers.Search) -> Iterator[list[Numbered]]:
    """Take the batches of a search as it gives them, each run with its number in the sweep."""
    number = 0
    while batch := search.ask():
        yield list(enumerate(batch, start=number))
        number += len(batch)


def _is_interrupted(work: Callable[[], None]) -> bool:
    """Do some work; whether Ctrl-C has ended it."""
    try:
        try:
            work()
        except KeyboardInterrupt:
            time.sleep(0.01)  # here it comes again where Polars has heard it before Python did
            return True
    except KeyboardInterrupt:
        return True
    return False


def _keep_what_is_done(rows: Rows, error: BaseException, result: Callable[[], SweepResult]) -> None:
    """Write the rows that are done where that can be done, and hand them on with the error."""
    with contextlib.suppress(Exception):
        if not isinstance(error, WriteFailed):
            rows.flush()
    if isinstance(error, OmegaError):
        with contextlib.suppress(Exception):
            error.__dict__["result"] = result()


def _maker(
    spec: SweepSpec,
    first: Mapping[str, Any],
    means: _Means,
    open_things: contextlib.ExitStack,
) -> Makes:
    """Choose how runs are made, by the form of the first one."""
    workers, executor = means.workers, means.executor
    count = workers or os.cpu_count() or 1
    try:
        of_core = is_of_core(spec.strategy_of(first))
    except Exception:  # noqa: BLE001 - whatever it is, each run has it in its row
        of_core = False
    if executor is None and of_core and spec.backend == "rust":
        return Core(spec, count, means.cache_bytes)
    if executor is None and count == 1:
        return InProcess(spec)
    if executor is not None:
        return Pool(_sent(spec, open_things), executor)

    def processes(many: int) -> Processes:
        begun = Processes(_sent(spec, open_things), many)
        open_things.callback(begun.close)  # before the first of them begins
        return begun

    # Who names a number of workers gets as many.
    return processes(count) if workers else Adaptive(InProcess(spec), processes, count, means.runs)


def _sent(spec: SweepSpec, open_things: contextlib.ExitStack) -> SweepSpec:
    """Return a spec as other processes get it: with candles in files that they map."""
    return with_candles(spec, Mapped(open_things.enter_context(caching())).of)


def _made(
    means: _Means, open_things: contextlib.ExitStack, spec: SweepSpec, trials: Sequence[Numbered]
) -> Iterator[Row]:
    """Make some runs of a spec."""
    means = means._replace(runs=len(trials))
    return iter(_maker(spec, trials[0][1], means, open_things).rows(trials))


def _counter(
    search: samplers.Search,
    rows: Rows,
    wanted: Sequence[str] | None,
    show: Shown | None,
    clustered: Clustered | None,
) -> Counter:
    """Count runs as they are done, and show the best by the first metric that is wanted."""
    at_work = clustered.at_work if clustered else None
    return Counter(search.total, rows.done, (wanted or ["sharpe"])[0], show, at_work)


def _names_of(grid: Any) -> list[str]:  # noqa: ANN401 - as `sweep`
    """Return the names that a grid has, as far as it shows them before it begins."""
    space = getattr(grid, "space", grid)
    several = space if isinstance(space, (list, tuple)) else [space]
    return [name for one in several if isinstance(one, Mapping) for name in one]
