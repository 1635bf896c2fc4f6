"""Compiled callbacks of a run: prepared for the core, and run again uncompiled where they fail."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Literal, cast

from omega.contract import Callbacks
from omega.errors import ConfigError
from omega.run.context import Context
from omega.run.job import Job
from omega.strategy.base import Strategy
from omega.strategy.compiled import is_marked, mark_of
from omega.strategy.ensemble import Ensemble
from omega.strategy.requests import is_heard

if TYPE_CHECKING:
    from omega._core import ForeignStrategy
    from omega.compiling.contexts import StrategyContext
    from omega.compiling.program import Program

_CALLED: tuple[Literal["on_bar", "on_fill", "on_exit"], ...] = ("on_bar", "on_fill", "on_exit")
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS_OF_YEAR = 31_556_952
_EXTRA = "pip install 'omega-backtest[compiled]'"


@dataclasses.dataclass(frozen=True)
class CompiledStrategy:
    """A compiled strategy of a run: for the core, and what becomes of its state."""

    native: ForeignStrategy
    context: StrategyContext


def is_compiled(job: Job) -> bool:
    """Return whether a job has callbacks to compile."""
    return (
        job.ran.may_compile and isinstance(job.strategy, Strategy) and is_marked(type(job.strategy))
    )


def tell_of_members(job: Job) -> None:
    """Note that members of an ensemble with callbacks to compile run in Python."""
    if isinstance(job.strategy, Ensemble) and job.ran.may_compile:
        members = job.strategy.strategies.items()
        marked = [label for label, one in members if is_marked(type(one))]
        if marked:
            job.ran.note_uncompiled(
                f"the callbacks of {', '.join(marked)} ran uncompiled, as members of an ensemble "
                "are called in Python"
            )


@functools.cache
def can_compile() -> bool:
    """Return whether llvmlite is installed."""
    return importlib.util.find_spec("llvmlite") is not None


def compiled_strategy(job: Job, callbacks: Callbacks, context: Context) -> CompiledStrategy | None:
    """Compile the callbacks of a strategy after its `init`; None where they run as they are.

    Raises:
        ConfigError: Something cannot be compiled, and the class does not allow what it is instead.
    """
    if not is_compiled(job):
        return None
    return ready(job, callbacks, context)


def ready(job: Job, callbacks: Callbacks, context: Context) -> CompiledStrategy | None:
    """Compile the callbacks of a strategy that has some; None where they run as they are.

    Raises:
        ConfigError: Something cannot be compiled, and the class does not allow what it is instead.
    """
    is_reference = type(context.run).__module__.startswith("omega.reference")
    if is_reference or not isinstance(job.strategy, Strategy):
        return None
    why_not = _why_not(job)
    if why_not is not None:
        job.ran.note_uncompiled(
            f"the callbacks of {type(job.strategy).__name__} ran uncompiled, {why_not}"
        )
        return None
    try:
        made = _made(job.strategy, job, callbacks, context)
    except ConfigError as problem:
        if not _may_fall_back(callbacks):
            raise
        job.ran.note_uncompiled(
            f"the callbacks of {type(job.strategy).__name__} ran uncompiled: {problem}"
        )
        return None
    job.ran.form = "compiled"
    return made


def _why_not(job: Job) -> str | None:
    if job.growth:
        return (
            "as compiled ones read prices as they were traded, and the run has splits or dividends"
        )
    if is_heard():
        return "as whatever they request is looked at; compiled they request the same"
    return None if can_compile() else f"as llvmlite is not installed: {_EXTRA}"


def _may_fall_back(callbacks: Callbacks) -> bool:
    functions = [
        *(callbacks[name] for name in _CALLED),
        *(function for function, _ in callbacks["triggers"]),
    ]
    marks = [mark_of(function) for function in functions if function is not None]
    return all(mark is None or mark.fallback for mark in marks)


@functools.cache  # looked up once: each run of a sweep would import them again
def _compiler() -> tuple[ModuleType, ModuleType, ModuleType]:
    # Slow to import, and not there without the extra.
    from omega.compiling import contexts, program, zones  # noqa: PLC0415 - as said

    return contexts, program, zones


def _made(strategy: Strategy, job: Job, callbacks: Callbacks, context: Context) -> CompiledStrategy:
    contexts, programs, zones = _compiler()
    functions = _functions(strategy, job, callbacks)
    program: Program = programs.program_of(strategy, functions)
    timeframes = [timeframe.name for timeframe in job.timeframes]
    own = contexts.StrategyContext(program, strategy, context.symbols, timeframes)
    if program.fields.has_times:
        shown, years = _times_of(job)
        tables = [zones.offsets_of(zone, years) for zone in shown]
        own.show_times(_UNITS[job.stores[0].time_unit], tables)
    columns = [program.fields.column(strategy, path) for path in program.fields.columns]
    native = context.run.foreign(
        {
            "on_bar": program.addresses.get("on_bar"),
            "triggers": [
                (program.addresses[f"trigger_{place}"], mask)
                for place, (_, mask) in enumerate(callbacks["triggers"])
            ],
            "on_fill": program.addresses.get(programs.EVENTS),
            "compiled": {
                "reads_equity": "equity" in program.read,
                "remembers": program.remembers,
                "idle": program.addresses.get(programs.IDLE),
            },
            "context": own.address,
            "columns": columns,
            "keeps": (program, own),
        }
    )
    return CompiledStrategy(native, own)


def _functions(strategy: Strategy, job: Job, callbacks: Callbacks) -> dict[str, FunctionType]:
    """Return the callbacks by the names of their code.

    Raises:
        ConfigError: One of them is not marked, or is of a kind that is not compiled.
    """
    name = type(strategy).__name__
    if job.manager is not None:
        raise ConfigError(
            f"omega.compiled: {name} runs with a position manager of your own, which is not "
            "compiled; use built-in managers, or self.modify in on_bar"
        )
    functions = {f"trigger_{place}": one for place, (one, _) in enumerate(callbacks["triggers"])}
    called = {name: callbacks[name] for name in _CALLED}
    functions |= {name: one for name, one in called.items() if one is not None}
    for function in functions.values():
        if mark_of(function) is None:
            raise ConfigError(
                f"omega.compiled: {name}.{function.__name__} is called as well and is not "
                "compiled; mark it with @omega.compiled, or none of them"
            )
    return {code: cast("FunctionType", function) for code, function in functions.items()}


def _times_of(job: Job) -> tuple[list[str], tuple[int, int]]:
    """Return the zone in which each symbol shows its times, and their years, with some more."""
    per_second = _UNITS[job.stores[0].time_unit]
    zones, seconds = [], []
    for store in job.stores:
        for symbol in store.symbols:
            *times, _, zone = store.native.time_range(symbol)
            zones.append(zone or "UTC")
            seconds += [time // per_second for time in times]
    first, last = (1970 + one // _SECONDS_OF_YEAR for one in (min(seconds), max(seconds)))
    return zones, (first - 2, last + 2)


def not_in_python(job: Job, code: int, bar: int | None) -> ConfigError:
    """Return the error of compiled code that stopped where Python does not."""
    name = type(job.strategy).__name__
    return ConfigError(
        f"omega.compiled: {name} stopped in line {code} on bar {bar}, where Python goes on: a "
        "whole number beyond 64 bits, a division of NumPy's by 0, NaN looked for in a list, or "
        "more than 65,536 numbers of new arrays in one call. Run it with compiled=False; "
        'the page "Strategies without the interpreter" lists these cases'
    )
