"""Indicators and conditions of a strategy that never leaves the core, declared again for its chart.

Runs of such a strategy keep none of its columns. They are declared once more, by a class that
never trades, on the same candles; most results are never drawn, and pay nothing for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from omega.contract import AnyForm, Callbacks
from omega.run.context import Context
from omega.run.declared import begins_of
from omega.run.execute import bound, market_of
from omega.run.job import Job, Ran
from omega.run.stage_declarations import joined_stages, numbered
from omega.strategy.base import Strategy
from omega.strategy.conditions import Condition
from omega.strategy.declared import Declared, Places, lines_of
from omega.strategy.native import Native
from omega.strategy.operands import is_indicator
from omega.strategy.schedule import Schedule
from omega.strategy.signal_columns import Signals

if TYPE_CHECKING:
    from omega._core import Indicator

_LINES: Mapping[str, tuple[tuple[str, str, dict[str, str]], ...]] = {
    "sma_cross": (("sma", "fast", {}), ("sma", "slow", {})),
    "zscore_reversion": (("zscore", "window", {}), ("atr", "atr_window", {})),
    "donchian_breakout": tuple(
        (f"rolling_{kind}", bars, {"source": price})
        for bars in ("entry", "exit")
        for kind, price in (("max", "high"), ("min", "low"))
    ),
    "rsi_reversion": (("rsi", "window", {}),),
    "buy_and_hold": (),
}
"""Indicators of the strategies of the core: name, the parameter of their bars, and their source."""
_NOTHING: Callbacks = {
    "on_bar": None,
    "triggers": [],
    "on_fill": None,
    "on_exit": None,
    "instance": None,
    "manage": None,
}
_LEVELS = ("stop_loss", "take_profit", "size")


def native_declarations(job: Job, backend: str) -> Declared:
    """Return what the strategy of a job declared, which ran already."""
    if isinstance(job.strategy, Schedule):
        stages = (
            (place, _of_stage(job, place, strategy, backend))
            for place, strategy in numbered(job.strategy)
        )
        return joined_stages(job, stages, backend)
    if not isinstance(job.strategy, (Native, Signals)):
        return job.ran.declared
    strategy = _Shown(job.strategy)
    again = dataclasses.replace(
        job, strategy=strategy, manager=None, when=None, on_progress=None, ran=Ran()
    )
    context = Context(market_of(again, backend), again)
    strategy.context = context
    with context.active(), bound(strategy, None, context):
        context.run.execute(again.settings, _NOTHING, again.contexts, None, None)
        kept = list(strategy.views)
        kept += [
            (name.replace("_", " "), one)
            for (_, name), one in strategy.columns.items()
            if name in _LEVELS and is_indicator(one)
        ]
        conditions: Places = {
            (symbol, name.replace("_", " ")): one
            for (symbol, name), one in strategy.columns.items()
            if name not in _LEVELS
        }
        lines = tuple(lines_of(kept, conditions.values(), context))
        return Declared(lines, conditions, begins_of(lines, context))


def _of_stage(job: Job, place: int, strategy: object, backend: str) -> Declared:
    if place in job.ran.stages:
        return job.ran.stages[place]
    own = dataclasses.replace(job, strategy=cast("AnyForm", strategy), ran=Ran())
    return native_declarations(own, backend)


class _Shown(Strategy):
    """Declares what another strategy declares, and does nothing."""

    def __init__(self, given: Native | Signals) -> None:
        self.given = given
        self.context: Context
        self.views: list[tuple[str, Indicator]] = []
        self.columns: dict[tuple[str, str], Condition | Indicator] = {}

    def init(self) -> None:
        """Declare."""
        if isinstance(self.given, Signals):
            self.columns = self.given.shown(self.context)
            return
        # The reference is a fifth of what a process loads.
        from omega.reference import natives  # noqa: PLC0415 - only for charts

        values = {**(natives.defaults_of(self.given.name) or {}), **dict(self.given.parameters)}
        for name, bars, source in _LINES.get(self.given.name, ()):
            label = f"{bars} {source['source']}" if source else bars
            self.views.append((label, getattr(self, name)(int(values[bars]), **source)))
