"""The built-in strategies, bar by bar as their rules define them.

Windows and thresholds are given by name; what is unknown is refused as the core refuses it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from omega.errors import ConfigError
from omega.reference.context import Context
from omega.reference.executor import State
from omega.reference.indicators.averages import sma
from omega.reference.indicators.momentum import rsi
from omega.reference.indicators.statistics import rolling_max, rolling_min, zscore
from omega.reference.indicators.volatility import atr
from omega.reference.rows import Position
from omega.strategy.actions import Action, Close, Signal

Decide = Callable[[int, State], list[Action]]
"""What to do, by the index of the newest bar and what the executor holds."""
Values = Sequence[float]

_LARGEST = 2.0**53
"""Above it floats have gaps, so that they do not count bars."""


class Native:
    """A strategy of the core, as the loop drives it.

    Attributes:
        warmup: Complete bars before the first decision.
    """

    def __init__(self, context: Context, warmup: int, decide: Decide) -> None:
        self.warmup = warmup
        self._world, self._decide = context.world, decide
        self._base = context.world.first

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Take no note."""

    def evaluate(self, state: State, actions: list[Action]) -> None:
        """Decide on the newest bar, once the first symbol is ready."""
        if self._base.candles.symbol in self._world.waiting:
            return
        actions.extend(self._decide(self._base.visible - 1, state))

    def manage(self, state: State, actions: list[Action]) -> None:
        """Leave it to the built-in managers."""

    def finish(self, state: State, actions: list[Action]) -> None:
        """Take no note."""


@dataclass(frozen=True)
class Given:
    """What a strategy is made of: the parameters, whole numbers checked, and the candles."""

    context: Context
    name: str
    parameters: Mapping[str, float]

    def number(self, name: str) -> float:
        """Return a parameter."""
        return self.parameters[name]

    def whole(self, name: str) -> int:
        """Return a parameter that is a number of bars.

        Raises:
            ConfigError: It is no whole number above 0.
        """
        number = self.number(name)
        if not (1.0 <= number <= _LARGEST and number == math.floor(number)):
            raise ConfigError(
                f"native {self.name}: {name}: given {_shown(number)}, expected a whole number of "
                "bars, at least 1. Choose another number"
            )
        return int(number)

    def bid(self, price: str) -> list[float]:
        """Return a column of the bid."""
        column: list[float] = getattr(self.context.world.first.candles, f"bid_{price}").tolist()
        return column

    def ask_close(self) -> list[float]:
        """Return the closes of the ask."""
        column: list[float] = self.context.world.first.candles.ask_close.tolist()
        return column

    def strategy(self, warmup: int, decide: Decide) -> Native:
        """Make the strategy."""
        return Native(self.context, warmup, decide)


def _sma_cross(given: Given) -> Native:
    """Reverse where the faster average has crossed the slower one."""
    fast, slow = given.whole("fast"), given.whole("slow")
    close = given.bid("close")
    quick, lazy = sma(close, fast), sma(close, slow)

    def decide(now: int, state: State) -> list[Action]:
        before = now - 1
        # Averages that touch have not crossed yet.
        if quick[before] <= lazy[before] and quick[now] > lazy[now]:
            direction = "long"
        elif quick[before] >= lazy[before] and quick[now] < lazy[now]:
            direction = "short"
        else:
            return []
        return [*([Close()] if state.positions else []), Signal(direction)]

    return given.strategy(max(fast, slow), lambda now, state: decide(now, state) if now else [])


def _zscore_reversion(given: Given) -> Native:
    """Trade against moves of more than a threshold of standard deviations."""
    window, threshold = given.whole("window"), given.number("threshold")
    atr_window = given.whole("atr_window")
    stop, target = given.number("stop_atrs"), given.number("target_atrs")
    bars_at_most = given.whole("bars_at_most")
    bid, ask = given.bid("close"), given.ask_close()
    # One value has no deviation.
    unknown = [math.nan] * len(bid)
    score = zscore(bid, window, None, residual=False) if window > 1 else unknown
    ranges = atr(given.bid("high"), given.bid("low"), bid, atr_window)

    def decide(now: int, state: State) -> list[Action]:
        held = _oldest(state)
        if held is not None:
            is_over = now - held.entry_index >= bars_at_most
            return [Close(trade_id=held.trade_id, reason="time")] if is_over else []
        reach = ranges[now]
        if score[now] <= -threshold:
            levels = bid[now] - stop * reach, ask[now] + target * reach
            return [Signal("long", stop_loss=levels[0], take_profit=levels[1])]
        if score[now] >= threshold:
            levels = ask[now] + stop * reach, bid[now] - target * reach
            return [Signal("short", stop_loss=levels[0], take_profit=levels[1])]
        return []

    first = max(_first_value(score), _first_value(ranges))
    return given.strategy(max(first, window, atr_window + 1), decide)


def _donchian_breakout(given: Given) -> Native:
    """Enter where the close leaves the channel of the bars before, leave by a shorter one."""
    entry, leaving = given.whole("entry"), given.whole("exit")
    high, low, close = (given.bid(price) for price in ("high", "low", "close"))
    highest, lowest = rolling_max(high, entry), rolling_min(low, entry)
    upper, lower = rolling_max(high, leaving), rolling_min(low, leaving)

    def decide(now: int, state: State) -> list[Action]:
        before, price, held = now - 1, close[now], _oldest(state)
        if held is not None:
            is_long = held.direction == "long"
            leaves = price < lower[before] if is_long else price > upper[before]
            return [Close(trade_id=held.trade_id)] if leaves else []
        if price > highest[before]:
            return [Signal("long", stop_loss=lower[now])]
        if price < lowest[before]:
            return [Signal("short", stop_loss=upper[now])]
        return []

    return given.strategy(max(_first_value(highest), _first_value(upper)) + 1, decide)


def _rsi_reversion(given: Given) -> Native:
    """Trade returns of the relative strength index from its extremes."""
    window = given.whole("window")
    low, high, middle = (given.number(name) for name in ("low", "high", "middle"))
    values = rsi(given.bid("close"), window)

    def decide(now: int, state: State) -> list[Action]:
        before, value, held = values[now - 1], values[now], _oldest(state)
        if held is not None:
            leaves = value >= middle if held.direction == "long" else value <= middle
            return [Close(trade_id=held.trade_id)] if leaves else []
        if before <= low < value:
            return [Signal("long")]
        if before >= high > value:
            return [Signal("short")]
        return []

    return given.strategy(_first_value(values) + 1, decide)


def _buy_and_hold(given: Given) -> Native:
    """Buy once."""
    bought: list[Action] = []

    def decide(_now: int, _state: State) -> list[Action]:
        if bought:
            return []
        bought.append(Signal("long"))
        return list(bought)

    return given.strategy(0, decide)


_BUILT_IN: Mapping[str, tuple[Mapping[str, float], Callable[[Given], Native]]] = {
    "sma_cross": ({"fast": 20.0, "slow": 50.0}, _sma_cross),
    "zscore_reversion": (
        {
            "window": 100.0,
            "threshold": 2.5,
            "atr_window": 14.0,
            "stop_atrs": 4.0,
            "target_atrs": 3.0,
            "bars_at_most": 30.0,
        },
        _zscore_reversion,
    ),
    "donchian_breakout": ({"entry": 20.0, "exit": 10.0}, _donchian_breakout),
    "rsi_reversion": (
        {"window": 14.0, "low": 30.0, "high": 70.0, "middle": 50.0},
        _rsi_reversion,
    ),
    "buy_and_hold": ({}, _buy_and_hold),
}
"""All of them: the parameters with their defaults, and how each is made."""


def defaults_of(name: str) -> Mapping[str, float] | None:
    """Return the parameters of a strategy of the core with their defaults; None of an unknown name.

    Example:
        >>> defaults_of("donchian_breakout"), defaults_of("unknown")
        ({'entry': 20.0, 'exit': 10.0}, None)
    """
    known = _BUILT_IN.get(name)
    return None if known is None else known[0]


def named(context: Context, name: str, parameters: Sequence[tuple[str, float]]) -> Native:
    """Make a strategy of the core over the candles of the first symbol.

    Raises:
        ConfigError: Name or parameter are unknown, or a window is no whole number above 0.
    """
    if name not in _BUILT_IN:
        raise _unknown("native", name, _BUILT_IN)
    defaults, make = _BUILT_IN[name]
    for parameter, _ in parameters:
        if parameter not in defaults:
            raise _unknown(f"native {name}", parameter, defaults)
    return make(Given(context, name, {**defaults, **dict(parameters)}))


def _unknown(parameter: str, given: str, known: Mapping[str, object]) -> ConfigError:
    expected = f"one of {', '.join(known)}" if known else "no parameter"
    return ConfigError(f"{parameter}: given {given}, expected {expected}. Correct the name")


def _oldest(state: State) -> Position | None:
    return next(iter(state.positions), None)


def _first_value(values: Values) -> int:
    """How many bars it takes until a column has its first value."""
    known = (index + 1 for index, value in enumerate(values) if not math.isnan(value))
    return next(known, len(values))


def _shown(number: float) -> str:
    """Write a number as the core does."""
    if math.isnan(number):
        return "NaN"
    return str(int(number)) if math.isfinite(number) and number == int(number) else repr(number)
