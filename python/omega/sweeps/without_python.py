"""Compiled classes and strategies of other languages in a sweep: a context for each run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omega.run.compiled import can_compile, ready
from omega.run.context import Context
from omega.run.copying import copied, has_values, holds_values
from omega.run.execute import bound, callbacks_of, declare_warmup
from omega.run.foreign import foreign_strategy
from omega.run.job import Job
from omega.strategy.base import Strategy
from omega.strategy.compiled import is_marked
from omega.strategy.conditions import AnyCondition, triggers_of
from omega.strategy.foreign import Foreign

if TYPE_CHECKING:
    from omega._core import Run


class NotCompiled(Exception):
    """A class that may run uncompiled does so."""


@dataclasses.dataclass(frozen=True)
class Form:
    """What a sweep finds out once about a class of strategies.

    Attributes:
        is_without_python: Whether it is compiled, or of another language.
        holds_values: Whether what its instances share cannot change.
        triggers: The methods that have a condition.
    """

    is_without_python: bool
    holds_values: bool = False
    triggers: Mapping[str, AnyCondition] | None = None


def form_of(strategy: object) -> Form:
    """Look at the class of a strategy."""
    if not isinstance(strategy, Strategy) or not is_without_python(strategy):
        return Form(isinstance(strategy, Foreign))
    kind = type(strategy)
    return Form(is_without_python=True, holds_values=holds_values(kind), triggers=triggers_of(kind))


def is_without_python(strategy: object) -> bool:
    """Return whether a strategy is compiled, or of another language."""
    if isinstance(strategy, Foreign):
        return True
    return isinstance(strategy, Strategy) and is_marked(type(strategy)) and can_compile()


def entrant_of(
    strategy: object, job: Job, run: Run, form: Form, *, is_own: bool
) -> tuple[list[int], object]:
    """Return the warm-up of a run, and its strategy as the core takes it.

    Args:
        strategy: The strategy, which is copied.
        job: What it runs in.
        run: The market, with indicators and a warm-up of its own.
        form: What is known of its class.
        is_own: Whether it was made for this run, so that what cannot change need not be copied.

    Raises:
        NotCompiled: It cannot be compiled, and its class allows Python instead.
        ConfigError: It cannot be compiled.
    """
    is_alone = is_own and form.holds_values
    alone = is_alone and isinstance(strategy, Strategy) and has_values(strategy)
    own: Any = strategy if alone else copied(strategy, None)[0]
    job = job.of(own)
    context = Context(run, job)
    before = run.enter()  # by hand: each context manager is a hundredth of what a run costs
    try:
        if isinstance(own, Foreign):
            made: object = foreign_strategy(own, job.when, context)
        else:
            made = _compiled(job, context, form)
    finally:
        run.leave(before)
    return run.warmup(job.settings["semantics"]), made


def _compiled(job: Job, context: Context, form: Form) -> object:
    if not isinstance(job.strategy, Strategy):
        raise NotCompiled
    with bound(job.strategy, job.manager, context):
        declare_warmup(job, context)
        made = ready(job, callbacks_of(job, context, form.triggers), context)
    if made is None:
        raise NotCompiled
    return made.native
