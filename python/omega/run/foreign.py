"""Strategies in other languages, prepared for the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from omega.config.values import taken, whole
from omega.errors import ConfigError
from omega.run.context import Context
from omega.strategy.base import Strategy
from omega.strategy.conditions import condition_of
from omega.strategy.foreign import Foreign
from omega.strategy.operands import declaring, is_indicator
from omega.strategy.run_binding import tied

if TYPE_CHECKING:
    from omega._core import ForeignStrategy, Indicator


def foreign_strategy(given: Foreign, when: object, context: Context) -> ForeignStrategy:
    """Make a strategy of another language for the candles of a run.

    Raises:
        ConfigError: It is given something else than indicators, or the run is one of the Python
            backend.
    """
    context.run.declare_warmup(taken("foreign warmup", given.warmup, whole(minimum=0)))
    mask = None
    with tied(Strategy(), context) as declarer, declaring(context):
        columns = () if given.indicators is None else given.indicators(declarer)
        _require_indicators(columns)
        if when is not None:
            mask = condition_of(when, declarer).mask(context)
    return context.run.foreign(
        {
            "on_bar": given.on_bar if mask is None else None,
            "triggers": [] if mask is None else [(given.on_bar, mask)],
            "on_fill": given.on_fill,
            "compiled": None,
            "context": given.address_of_context(),
            "columns": list(columns),
            "keeps": given.keeps,
        }
    )


def _require_indicators(columns: Sequence[Indicator]) -> None:
    if not isinstance(columns, (list, tuple)) or not all(map(is_indicator, columns)):
        raise ConfigError(
            f"foreign: indicators: gave {columns!r}, expected a list of indicators, such as "
            "[self.sma(20), self.sma(50)]"
        )
