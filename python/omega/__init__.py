"""Omega: a backtest engine whose candles never leave the Arrow buffers you already have.

A frame of candles goes in, a strategy is called on each completed bar, and tables come out:

    >>> from datetime import datetime
    >>> import omega, polars as pl
    >>> class BuyOnce(omega.Strategy):
    ...     def on_bar(self, bar):
    ...         if bar.index == 0:
    ...             self.buy(size=1)
    >>> candles = pl.DataFrame({
    ...     "time": [datetime(2026, 1, day) for day in (1, 2, 3)],
    ...     "open": [10.0, 11.0, 12.0], "high": [11.0, 12.0, 13.0],
    ...     "low": [9.0, 10.0, 11.0], "close": [11.0, 12.0, 13.0],
    ... })
    >>> result = omega.run_backtest(candles, BuyOnce())
    >>> result.trades["net_pnl"].to_list()
    [2.0]

Modules that need Polars or the native core are loaded when one of their names is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from omega import errors, instruments, protocols
from omega.config.costs import Costs
from omega.config.execution import Execution
from omega.config.instruments import Instrument
from omega.config.managers import BreakEven, PartialClose, TimeExit, TrailingStop
from omega.config.sizers import EquityPercent, FixedLots, FixedUnits, RiskAmount, RiskPercent
from omega.errors import ConfigError, OmegaError, UnknownInstrument
from omega.strategy.actions import Cancel, Close, Modify, Signal

if TYPE_CHECKING:
    from omega import report, samplers
    from omega._core import Bar, Fill, Indicator, PendingOrder, Position, Trade
    from omega.data.columns import Candles
    from omega.data.dataset import Dataset
    from omega.data.store import CandleStore
    from omega.data.timeframes import Timeframe
    from omega.engines.event_engine import CrossSymbolEventEngine, EventEngine
    from omega.engines.native import ExecutionSimulator, Portfolio
    from omega.importing import (
        ImportedCandles,
        ImportedTicks,
        import_sources,
        read_candles,
        read_ticks,
        ticks_to_candles,
    )
    from omega.indicators import crossover, crossunder
    from omega.lookahead import LookaheadReport, check_lookahead
    from omega.report import compare
    from omega.results.result import BacktestResult
    from omega.run.backend import get_active_backend
    from omega.run.backtest import run_backtest
    from omega.strategy.base import Strategy
    from omega.strategy.conditions import Condition, crosses_above, crosses_below, when
    from omega.strategy.native import native
    from omega.strategy.signal_columns import Distance, Signals
    from omega.sweeps import SweepProgress, SweepResult, sweep

    __version__: str

__all__ = [
    "BacktestResult",
    "Bar",
    "BreakEven",
    "Cancel",
    "CandleStore",
    "Candles",
    "Close",
    "Condition",
    "ConfigError",
    "Costs",
    "CrossSymbolEventEngine",
    "Dataset",
    "Distance",
    "EquityPercent",
    "EventEngine",
    "Execution",
    "ExecutionSimulator",
    "Fill",
    "FixedLots",
    "FixedUnits",
    "ImportedCandles",
    "ImportedTicks",
    "Indicator",
    "Instrument",
    "LookaheadReport",
    "Modify",
    "OmegaError",
    "PartialClose",
    "PendingOrder",
    "Portfolio",
    "Position",
    "RiskAmount",
    "RiskPercent",
    "Signal",
    "Signals",
    "Strategy",
    "SweepProgress",
    "SweepResult",
    "TimeExit",
    "Timeframe",
    "Trade",
    "TrailingStop",
    "UnknownInstrument",
    "__version__",
    "check_lookahead",
    "compare",
    "crosses_above",
    "crosses_below",
    "crossover",
    "crossunder",
    "errors",
    "get_active_backend",
    "import_sources",
    "instruments",
    "native",
    "protocols",
    "read_candles",
    "read_ticks",
    "report",
    "run_backtest",
    "samplers",
    "sweep",
    "ticks_to_candles",
    "when",
]

_LOADED_ON_USE = {
    "Portfolio": "omega.engines.native",
    "ExecutionSimulator": "omega.engines.native",
    "CrossSymbolEventEngine": "omega.engines.event_engine",
    "EventEngine": "omega.engines.event_engine",
    "BacktestResult": "omega.results.result",
    "Bar": "omega._native",
    "CandleStore": "omega.data.store",
    "Candles": "omega.data.columns",
    "Condition": "omega.strategy.conditions",
    "Dataset": "omega.data.dataset",
    "Distance": "omega.strategy.signal_columns",
    "Fill": "omega._native",
    "ImportedCandles": "omega.importing",
    "ImportedTicks": "omega.importing",
    "Indicator": "omega._native",
    "LookaheadReport": "omega.lookahead",
    "PendingOrder": "omega._native",
    "Position": "omega._native",
    "Signals": "omega.strategy.signal_columns",
    "Strategy": "omega.strategy.base",
    "Timeframe": "omega.data.timeframes",
    "Trade": "omega._native",
    "check_lookahead": "omega.lookahead",
    "compare": "omega.report",
    "crosses_above": "omega.strategy.conditions",
    "crosses_below": "omega.strategy.conditions",
    "crossover": "omega.indicators",
    "crossunder": "omega.indicators",
    "get_active_backend": "omega.run.backend",
    "import_sources": "omega.importing",
    "native": "omega.strategy.native",
    "read_candles": "omega.importing",
    "read_ticks": "omega.importing",
    "run_backtest": "omega.run.backtest",
    "sweep": "omega.sweeps",
    "SweepProgress": "omega.sweeps",
    "SweepResult": "omega.sweeps",
    "report": "omega.report",
    "samplers": "omega.samplers",
    "ticks_to_candles": "omega.importing",
    "when": "omega.strategy.conditions",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - slow to import, rarely asked

            return version("omega-backtest")
        if name not in _LOADED_ON_USE:
            message = f"module 'omega' has no attribute {name!r}"
            raise AttributeError(message)
        module = import_module(_LOADED_ON_USE[name])
        found = module if module.__name__ == f"omega.{name}" else getattr(module, name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted(__all__)
