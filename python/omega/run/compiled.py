"""Compiled callbacks in a run: made ready for the core, and run again where they fail."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from types import FunctionType
from typing import TYPE_CHECKING, cast

from omega.contract import Callbacks
from omega.errors import ConfigError
from omega.run.context import Context
from omega.run.job import Job
from omega.strategy.base import Strategy
from omega.strategy.compiled import is_marked, mark_of
from omega.strategy.requests import is_heard

if TYPE_CHECKING:
    from omega._core import ForeignStrategy
    from omega.compiling.contexts import StrategyContext

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
    if not isinstance(job.strategy, Strategy):
        return None
    if job.growth:
        job.ran.told(
            f"the callbacks of {type(job.strategy).__name__} ran uncompiled, as compiled ones read "
            "prices as they were traded, and the run has splits or dividends"
        )
        return None
    is_reference = type(context.run).__module__.startswith("omega.reference")
    if is_reference or is_heard():
        return None
    if not can_compile():
        job.ran.told(
            f"the callbacks of {type(job.strategy).__name__} ran uncompiled, as llvmlite is not "
            f"installed: {_EXTRA}"
        )
        return None
    try:
        made = _made(job.strategy, job, callbacks, context)
    except ConfigError as problem:
        if not _may_fall_back(callbacks):
            raise
        job.ran.told(f"the callbacks of {type(job.strategy).__name__} ran uncompiled: {problem}")
        return None
    job.ran.form = "compiled"
    return made


def _may_fall_back(callbacks: Callbacks) -> bool:
    functions = [callbacks["on_bar"], *(function for function, _ in callbacks["triggers"])]
    marks = [mark_of(function) for function in functions if function is not None]
    return all(mark is None or mark.fallback for mark in marks)


def _made(strategy: Strategy, job: Job, callbacks: Callbacks, context: Context) -> CompiledStrategy:
    # Slow to import, and not there without the extra.
    from omega.compiling.contexts import StrategyContext  # noqa: PLC0415 - as said
    from omega.compiling.program import program_of  # noqa: PLC0415 - as said

    functions = _functions(strategy, job, callbacks)
    program = program_of(strategy, functions)
    timeframes = [timeframe.name for timeframe in job.timeframes]
    own = StrategyContext(program, strategy, context.symbols, timeframes)
    columns = [program.fields.column(strategy, path) for path in program.fields.columns]
    native = context.run.foreign(
        {
            "on_bar": program.addresses.get("on_bar"),
            "triggers": [
                (program.addresses[f"trigger_{place}"], mask)
                for place, (_, mask) in enumerate(callbacks["triggers"])
            ],
            "on_fill": None,
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
    for other in ("on_fill", "on_exit"):
        if callbacks[other] is not None:
            raise ConfigError(
                f"omega.compiled: {name}.{other} is a callback that is not compiled; look at "
                "self.position and self.positions in on_bar in its place"
            )
    if job.manager is not None:
        raise ConfigError(
            f"omega.compiled: {name} runs with a position manager of your own, which is not "
            "compiled; use built-in managers, or self.modify in on_bar"
        )
    functions = {f"trigger_{place}": one for place, (one, _) in enumerate(callbacks["triggers"])}
    if callbacks["on_bar"] is not None:
        functions["on_bar"] = callbacks["on_bar"]
    for function in functions.values():
        if mark_of(function) is None:
            raise ConfigError(
                f"omega.compiled: {name}.{function.__name__} is called as well and is not "
                "compiled; mark it with @omega.compiled, or none of them"
            )
    return {code: cast("FunctionType", function) for code, function in functions.items()}


def not_in_python(job: Job, code: int, bar: int | None) -> ConfigError:
    """Return the error of compiled code that stopped where Python does not."""
    name = type(job.strategy).__name__
    return ConfigError(
        f"omega.compiled: {name} stopped in line {code} on bar {bar}, where Python goes on: a "
        "whole number beyond 64 bits, a division of NumPy's by 0, or a window too long for one "
        "chunk. Run it with compiled=False; docs/guides/compiled.md lists these cases"
    )
