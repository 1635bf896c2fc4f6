"""Callbacks that are compiled: the mark that a method has."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, overload

from omega.config.values import flag, taken
from omega.errors import ConfigError
from omega.strategy.arguments import is_of_engine

_MARK = "__omega_compiled__"
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclasses.dataclass(frozen=True)
class Compiled:
    """How a callback is compiled.

    Attributes:
        fallback: Whether it runs uncompiled where it cannot be compiled.
    """

    fallback: bool = False


@overload
def compiled(function: _Function) -> _Function: ...
@overload
def compiled(*, fallback: bool = False) -> Callable[[_Function], _Function]: ...
def compiled(
    function: _Function | None = None, *, fallback: bool = False
) -> _Function | Callable[[_Function], _Function]:
    """Compile a callback: `on_bar`, `on_fill`, `on_exit`, or a method under `omega.when`.

    Of a class either all of them are compiled, or none.

    The same source runs as machine code, without the interpreter, and gives the same result to the
    last bit; in a sweep on all threads. It needs the extra `omega-backtest[compiled]`; without it
    the callback runs as it is, and the result has a notice. `result.stats.callbacks` shows which
    one ran.

    What cannot be compiled is refused with the line, its text, and what to write instead.
    What an exception would end ends the run with that exception: the run is made again, uncompiled.

    Args:
        function: The callback.
        fallback: Run uncompiled, with a notice, where something cannot be compiled.

    Raises:
        ConfigError: It is no function.

    Example:
        >>> class Breakout(omega.Strategy):
        ...     window: int = 20
        ...     def init(self):
        ...         self.high, self.best = self.rolling_max(self.window), 0.0
        ...     @omega.compiled
        ...     def on_bar(self, bar):
        ...         self.best = max(self.best, bar.close)
        ...         if self.position is None and bar.close >= self.high.ago(1):
        ...             self.buy(stop_loss=bar.close - 2.0, reason="breakout")
        >>> result = omega.run_backtest(candles, Breakout())
        >>> result.strategy.best == candles["close"].tail(-19).head(-1).max()
        True
    """
    taken("compiled fallback", fallback, flag)

    def mark(function: _Function) -> _Function:
        if not callable(function):
            raise ConfigError(
                f"omega.compiled: given {function!r}, expected a method such as on_bar; write "
                "@omega.compiled, or @omega.compiled(fallback=True)"
            )
        setattr(function, _MARK, Compiled(fallback))
        return function

    return mark if function is None else mark(function)


def mark_of(function: object) -> Compiled | None:
    """Return how a callback is compiled; None where it is not."""
    found: Compiled | None = getattr(function, _MARK, None)
    return found


def is_marked(kind: type) -> bool:
    """Return whether any method of a class is compiled."""
    own = (base for base in kind.__mro__ if not is_of_engine(base.__module__))
    return any(mark_of(one) is not None for base in own for one in vars(base).values())
