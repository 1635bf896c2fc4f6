"""The class form of a strategy: parameters, indicators, a callback a bar, orders.

Views of candles and indicators end at the newest completed bar; orders work from the open of the
next one (rule L1).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, dataclass_transform

from omega.config.values import plain, require_texts, taken, whole
from omega.errors import ConfigError
from omega.indicators.methods import Methods
from omega.strategy.actions import Action
from omega.strategy.arguments import (
    OnTheCopy,
    checked_parameter,
    refuse_method_name,
    unknown_parameter,
)
from omega.strategy.expressions import as_expression, identity
from omega.strategy.operands import as_column
from omega.strategy.run_binding import EndedRun
from omega.strategy.trading import Trading

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from omega._core import Bar, Fill, Indicator, Trade


# For type checkers: the annotated attributes of a class are arguments of its constructor.
@dataclass_transform(kw_only_default=True, eq_default=False)
class Strategy(Trading, Methods):
    """Base of strategies written as a class.

    Annotated class attributes with a value are parameters; the constructor takes them by name.

    Attributes:
        warmup: Complete bars needed before the first decision, besides the indicators' own.
        position_manager: Managers of open positions, where the run is given none: built-in ones,
            or an object with `manage_positions`.

    Example:
        >>> class Cross(Strategy):
        ...     fast: int = 20
        ...     slow: int = 50
        ...     def init(self):
        ...         self.short, self.long = self.sma(self.fast), self.sma(self.slow)
        ...     def on_bar(self, bar):
        ...         if self.short[-1] > self.long[-1] and self.position is None:
        ...             self.buy(stop_loss=bar.close * 0.99)
        >>> Cross(fast=10)
        Cross(fast=10, slow=50)
    """

    warmup: int = 0
    position_manager: Any = None

    def __init__(self, **parameters: Any) -> None:  # noqa: ANN401 - of the types annotated
        known = self.parameters()
        for name, given in parameters.items():
            if name not in known:
                raise ConfigError(unknown_parameter(type(self), name, list(known)))
            setattr(self, name, checked_parameter(type(self).__name__, name, given, known[name]))

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Return the parameters and their defaults, base classes first.

        Example:
            >>> class Cross(Strategy):
            ...     fast: int = 20
            ...     slow: int = 50
            >>> Cross.parameters()
            {'fast': 20, 'slow': 50}
        """
        found: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            if base in _OF_ENGINE:  # whose annotations are no parameters
                continue
            own = vars(base).get("__annotations__") or inspect.get_annotations(base)
            for name, annotation in own.items():
                is_parameter = not name.startswith("_") and "ClassVar" not in str(annotation)
                if is_parameter and hasattr(base, name):
                    refuse_method_name(cls, base, name)
                    found[name] = plain(getattr(cls, name))
        return found

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={plain(getattr(self, name))!r}" for name in self.parameters())
        return f"{type(self).__name__}({values})"

    def __getstate__(self) -> dict[str, Any]:
        """Leave the tie to a run out; what an ended run showed is kept."""
        state = {name: own for name, own in vars(self).items() if not isinstance(own, OnTheCopy)}
        if not isinstance(self._run, EndedRun):
            state.pop("_run", None)
        return state

    def init(self) -> None:
        """Declare indicators; called once, before the first bar.

        Example:
            >>> class Mean(Strategy):
            ...     def init(self):
            ...         self.mean = self.sma(20)
            ...     def on_bar(self, bar):
            ...         if self.position is None and bar.close > self.mean[-1]:
            ...             self.buy()
            >>> omega.run_backtest(candles, Mean()).trades.height > 0
            True
        """

    def on_bar(self, bar: Bar) -> Action | Sequence[Action] | None:  # noqa: ARG002 - a rule
        """Decide on the newest completed bar; orders work from the next one.

        Returns:
            None, or actions in place of (or beside) calls of `buy`, `sell` and so on.

        Example:
            >>> class First(Strategy):
            ...     def on_bar(self, bar):
            ...         return omega.Signal("long") if bar.index == 0 else None
            >>> omega.run_backtest(candles, First()).trades["entry_index"].to_list()
            [1]
        """
        name = type(self).__name__
        raise ConfigError(
            f"{name} has no on_bar(self, bar): given a class without it, expected a method that "
            "decides on each completed bar"
        )

    def on_fill(self, fill: Fill) -> Action | Sequence[Action] | None:
        """React to a fill, once the bar in which it happened is complete.

        Example:
            >>> class Heard(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy()
            ...     def on_fill(self, fill):
            ...         print(fill.side, fill.price)
            >>> result = omega.run_backtest(candles, Heard())
            buy 105.0625
            sell 105.3125
        """

    def on_exit(self, trade: Trade) -> Action | Sequence[Action] | None:
        """React to a closed trade, once the bar in which it happened is complete.

        Example:
            >>> class Heard(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy(stop_loss=bar.close - 1)
            ...     def on_exit(self, trade):
            ...         print(trade.exit_reason, trade.net_pnl)
            >>> result = omega.run_backtest(candles, Heard())
            stop_loss -1.0625
        """

    def _column(self, given: object, timeframe: str | None, symbol: str | None) -> Indicator:
        """Declare the column that an indicator reads."""
        name = given if isinstance(given, str) else "column"
        self._context().require_times(given, name, timeframe=timeframe, symbol=symbol)
        return self.column(as_column(given), name, timeframe=timeframe, symbol=symbol)

    def column(
        self,
        expression: pl.Expr | pl.Series | NDArray[np.float64] | Callable[..., Any],
        name: str = "column",
        *,
        source: str = "close",
        timeframe: str | None = None,
        symbol: str | None = None,
        warmup: int = 0,
    ) -> Indicator:
        """Declare any Polars expression over the candles, a function over a column, or a Series.

        It sees all bars at once. One that looks forward (`shift(-1)`) leaks the future into the
        run, and `omega.check_lookahead` finds it; one that looks back is as causal as any
        indicator. The same one is computed once a run.

        Args:
            expression: Over `time`, `open` to `close`, `bid_open` to `ask_close` and `volume`; or a
                function that takes the values of `source` and gives one number for each; or a
                Series or array that was made before. The dates that a Series of pandas has as its
                index are those of the bars.
            name: How the indicator calls itself.
            source: The column that a function gets.
            timeframe: One of the run's timeframes; None is the candles as they were given.
            symbol: One of the run's symbols; None is the first.
            warmup: Complete bars that it needs before the first decision; its values before them
                may be NaN.

        Raises:
            ConfigError: It is none of these, or does not return one number for each bar.

        Example:
            >>> import numpy as np
            >>> class Peaks(Strategy):
            ...     def init(self):
            ...         self.peak = self.column(np.maximum.accumulate, "peak", source="high")
        """
        context = self._context()
        require_texts("column", name=name, source=source, timeframe=timeframe, symbol=symbol)
        warmup = taken("column warmup", warmup, whole(minimum=0))
        made = as_expression(expression, source)
        key = (name, timeframe, symbol, warmup, *identity(expression, source))
        if key not in context.columns:
            context.require_times(expression, name, timeframe=timeframe, symbol=symbol)
            found = context.expression(
                made, name, timeframe=timeframe, symbol=symbol, declared=warmup
            )
            context.columns[key] = found
        return context.columns[key]


_OF_ENGINE = frozenset(Strategy.__mro__)
"""Classes whose annotations are no parameters."""
