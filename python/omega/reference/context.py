"""What a strategy may declare and read in a run."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.contract import ArrowLike
from omega.errors import ConfigError
from omega.reference import active, conditions, indicators, rows, views
from omega.reference.columns import Floats
from omega.reference.days import Days
from omega.reference.executor import State, is_bare
from omega.reference.portfolio import Portfolio
from omega.reference.visibility import Growth, Track, World
from omega.strategy.actions import Action

Named = str | views.Indicator


class Context:
    """What a strategy may declare and read.

    Attributes:
        state: What the executor holds; nothing before the run.
        queue: What the strategy has requested by a method, and not yet returned.
        actions: What it wants done at the step at hand.
    """

    def __init__(self, world: World, cash: float) -> None:
        self.world = world
        self.symbols = tuple(world.symbols)
        self.sources = {
            symbol: views.Source(world, one.base) for symbol, one in world.symbols.items()
        }
        self.portfolio = Portfolio(cash, 0)
        self.queue: list[Action] = []
        self.actions: list[Action] = []
        self.hidden: str | None = None
        """What a strategy does not see that begins: "cancel" its orders, "flat" all (WF4)."""

    @property
    def state(self) -> State:
        """What the executor holds."""
        return State({})

    @property
    def symbol(self) -> str:
        """The first symbol."""
        return self.symbols[0]

    def warmup(self, semantics: str) -> list[int]:
        """Complete bars needed of each track under a version of the rules."""
        tracks = self.world.tracks()
        if semantics != "1":
            return [track.needed for track in tracks]
        return [max(track.needed, track.first_value) for track in tracks]

    def due(self, times: NDArray[np.int64]) -> conditions.Mask:
        """Return what holds at the first step at or after each of these times."""
        steps = {bisect.bisect_left(self.world.times, int(time)) for time in times} - {0}
        return conditions.Mask(lambda: self.world.step in steps)

    def enter(self) -> object | None:
        """Note that the thread is inside of the run; give what it was inside of before."""
        return active.enter(self.world)

    @staticmethod
    def leave(before: object | None) -> None:
        """Note that it is inside of what it was before."""
        active.enter(before)

    def shows(self, given: object) -> bool:
        """Return whether a position or an order is of the run, as what no run has shown is."""
        if isinstance(given, (views.Position, views.PendingOrder)):
            return given._source.world is self.world  # noqa: SLF001 - a view is all that it shows
        return type(given).__module__ != "omega._core"

    def next_order_id(self) -> int:
        """Return the number that the next queued action will take."""
        state, held = self.state, 1
        if any(map(is_bare, self.actions)):  # each is one order for each symbol held
            held = len(state.symbols_held(self.symbols)) or 1
        submitted = sum(held if is_bare(action) else 1 for action in self.actions)
        return state.next_order + submitted + len(self.queue)

    @property
    def balance(self) -> float:
        """Cash after all booked profits and costs."""
        return self.portfolio.balance

    @property
    def equity(self) -> float:
        """Balance plus open profit at the newest bar's close."""
        return self.portfolio.marked_equity

    @property
    def positions(self) -> list[views.Position]:
        """All open positions, oldest first."""
        return [views.Position(row, self.sources[row.symbol]) for row in self._held]

    @property
    def position(self) -> views.Position | None:
        """The oldest open position, or None."""
        return next((views.Position(row, self.sources[row.symbol]) for row in self._held), None)

    @property
    def _held(self) -> Sequence[rows.Position]:
        return () if self.hidden == "flat" else self.state.positions

    @property
    def pending(self) -> list[views.PendingOrder]:
        """Orders that wait, oldest first."""
        pending = self.state.pending if self.hidden is None else []
        return [views.PendingOrder(row, self.sources[row.symbol]) for row in pending]

    def declare_warmup(self, bars: int, symbol: str | None = None) -> None:
        """Request so many complete bars of each symbol before the first decision (L2)."""
        for name, one in self.world.symbols.items():
            if symbol in (None, name):
                one.base.declare(bars)

    def indicator(
        self,
        name: str,
        parameters: list[float],
        source: Named | tuple[Named, ...],
        *,
        labels: list[str],
        timeframe: str | None = None,
        symbol: str | None = None,
    ) -> list[views.Indicator]:
        """Compute an indicator over columns or other indicators; one view for each label."""
        several = source if isinstance(source, tuple) else (source,)
        track = self._track(several, symbol, timeframe)
        entry = indicators.ENTRIES[name]
        named = iter(several)
        columns = tuple(
            _values(track, next(named))
            if need in ("source", "second", "third")
            else _column(track, need if need == "volume" else f"{source}_{need}")
            for need in entry.needs
        )
        days = _days(track, self.world.days_of(track.candles.symbol))
        outputs = indicators.compute(name, parameters, indicators.Columns(columns, days))
        lines = [one.declared for one in several if isinstance(one, views.Indicator)]
        # Of nested ones the sum (L2); of arithmetic, which declares nothing, the longest operand's.
        declared = entry.warmup(parameters) + max(lines, default=0)
        track.declare(declared)
        return [
            _indicator(track, label, values, declared=declared)
            for label, values in zip(labels, outputs, strict=True)
        ]

    def _track(self, sources: Sequence[Named], symbol: str | None, timeframe: str | None) -> Track:
        """Where an indicator lives: where the indicators do that it reads, else where requested."""
        lines = [one for one in sources if isinstance(one, views.Indicator)]
        if not lines:
            return self.world.track(symbol, timeframe)
        if (symbol, timeframe) != (None, None):
            raise ConfigError(
                "indicator: given another indicator as its source, and a symbol or timeframe, "
                "expected one of them. It lives where its source does"
            )
        for line in lines:
            self.place_of(line)
        for line in lines[1:]:
            if line.track is not lines[0].track:
                raise ConfigError(
                    f"source: given {line.name} of another symbol or timeframe, expected an "
                    "indicator of the symbol and timeframe asked for. Give both the same symbol= "
                    "and timeframe="
                )
        return lines[0].track

    def column(
        self,
        name: str,
        column: ArrowLike,
        *,
        timeframe: str | None = None,
        symbol: str | None = None,
        warmup: bool = True,
        declared: int = 0,
        unit: str = "",
    ) -> views.Indicator:
        """Take a column that was computed elsewhere: one number a bar, null as NaN."""
        track, values = self.world.track(symbol, timeframe), pl.Series(column)
        if len(values) != len(track.candles):
            raise ConfigError(
                f"column: given {len(values)} values, expected {len(track.candles)}, one for each "
                "bar. An expression must give one number for each bar. An aggregate, such as "
                'pl.col("close").mean(), has one for all bars, the later ones among them; a '
                "constant is pl.repeat(1.0, pl.len())"
            )
        track.declare(declared)
        numbers = values.fill_null(float("nan")).to_list()
        return _indicator(track, name, numbers, warmup=warmup, declared=declared, unit=unit)

    def adjust(
        self,
        symbol: str,
        prices: Floats,
        volumes: Floats,
        shifts: Floats | None = None,
        timeframe: str | None = None,
    ) -> None:
        """Let the views of a symbol show earlier prices and volumes as of now (A3)."""
        track = self.world.track(symbol, timeframe)
        own = None if shifts is None else shifts.tolist()
        base = None if timeframe is None else self.world.track(symbol, None)
        track.growth = Growth(prices.tolist(), volumes.tolist(), own, base)

    def compare(
        self, how: str, left: views.Indicator | float, right: views.Indicator | float
    ) -> conditions.Mask:
        """Find where two indicators, or one and a number, are known to compare as they should."""
        for one in (left, right):
            if isinstance(one, views.Indicator):
                self.place_of(one)
        return conditions.compare(how, left, right)

    def place_of(self, view: views.Indicator) -> tuple[str, str | None]:
        """Return the symbol and the timeframe that an indicator lives on.

        Raises:
            ConfigError: It is of another run.
        """
        if not any(view.track is track for track in self.world.tracks()):
            raise active.of_another_run("indicator", view.name)
        return view.track.candles.symbol, view.track.timeframe


def _indicator(
    track: Track,
    name: str,
    values: list[float],
    *,
    warmup: bool = True,
    declared: int = 0,
    unit: str = "",
) -> views.Indicator:
    array = np.array(values)
    known = np.flatnonzero(~np.isnan(array))
    if warmup:
        first = int(known[0]) + 1 if len(known) else len(array)
        track.first_value = max(track.first_value, first)
    return views.Indicator(name, array, track, declared, unit)


def _days(track: Track, days: Days) -> list[int]:
    return [days.of(time) for time in track.candles.time.tolist()]


def _values(track: Track, source: Named) -> Sequence[float]:
    return source.values if isinstance(source, views.Indicator) else _column(track, source)


def _column(track: Track, source: str) -> list[float]:
    if source == "volume" and track.candles.volume is None:
        raise ConfigError(
            "source: given volume, expected a column of the data. The data has no volume column"
        )
    sided = source.startswith(("bid_", "ask_")) or source == "volume"
    column: Floats = getattr(track.candles, source if sided else f"bid_{source}")
    return list(column.tolist())
