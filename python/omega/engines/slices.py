"""Slices for the strategies of an engine: the candles of each symbol, up to now.

Bars, histories and columns end at the newest complete bar. They are views; no candle is copied, and
none past now can be read (L1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, overload

import numpy as np

from omega.config.times import to_units
from omega.config.values import nearest, plain
from omega.errors import ConfigError
from omega.indicators.methods import Methods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from omega._core import Bar, SideView
    from omega.indicators.declaring import Declares, Sources

    Candle: TypeAlias = Bar | SideView

_SIDES = (None, "bid", "ask")


class Track(Protocol):
    """The candles of a symbol on one timeframe, as each backend shows them."""

    @property
    def visible(self) -> int:
        """How many bars are complete."""

    @property
    def looks(self) -> int:
        """Grows with each look of the engine at a new step."""

    @property
    def now(self) -> int:
        """The time of the step that the engine looks at."""

    def bar(self, index: int) -> Bar:
        """Return a complete bar.

        Raises:
            IndexError: It is not complete by now.
        """

    def complete_at(self, time: int) -> int:
        """Return how many of the complete bars were so at a time."""


class CandleSeries(Sequence["Candle"]):
    """Consecutive candles of one side, oldest first; a view that stays as it is.

    `series[-1]` is its newest candle, `series.close` the column as a read-only array over the
    store's own memory.
    """

    def __init__(self, track: Track, first: int, past: int, side: str | None) -> None:
        self._track, self._first, self._past, self._side = track, first, past, side

    def __len__(self) -> int:
        return self._past - self._first

    @overload
    def __getitem__(self, key: int) -> Candle: ...

    @overload
    def __getitem__(self, key: slice) -> CandleSeries: ...

    def __getitem__(self, key: int | slice) -> Candle | CandleSeries:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step != 1:
                raise IndexError(f"a slice of step {step}: expected 1; index the columns instead")
            first = self._first + start
            return CandleSeries(self._track, first, max(self._first + stop, first), self._side)
        place = key + len(self) if key < 0 else key
        if not 0 <= place < len(self):
            raise IndexError(f"candle {key} of {len(self)}: the future is not there")
        return _of_side(self._track.bar(self._first + place), self._side)

    def __iter__(self) -> Iterator[Candle]:
        for index in range(self._first, self._past):
            yield _of_side(self._track.bar(index), self._side)

    @property
    def open(self) -> NDArray[np.float64]:
        """First prices."""
        return self._column("open")

    @property
    def high(self) -> NDArray[np.float64]:
        """Highest prices."""
        return self._column("high")

    @property
    def low(self) -> NDArray[np.float64]:
        """Lowest prices."""
        return self._column("low")

    @property
    def close(self) -> NDArray[np.float64]:
        """Last prices."""
        return self._column("close")

    @property
    def volume(self) -> NDArray[np.float64]:
        """Volumes."""
        return self._window(self._track.bar, "volume")

    def _column(self, name: str) -> NDArray[np.float64]:
        return self._window(lambda index: _of_side(self._track.bar(index), self._side), name)

    def _window(self, candle: Any, name: str) -> NDArray[np.float64]:  # noqa: ANN401 - a function
        if len(self) == 0:
            return np.empty(0)
        column: NDArray[np.float64] = getattr(candle(self._past - 1), f"{name}_window")(len(self))
        return column

    def __repr__(self) -> str:
        return f"<{len(self)} candles, {self._first} to {self._past - 1}>"


def _of_side(bar: Bar, side: str | None) -> Candle:
    if side is None:
        return bar
    return bar.bid if side == "bid" else bar.ask


class Indicators(Methods):
    """The indicators of a symbol, by the methods of `omega.Strategy`: `indicators.sma(20)[-1]`.

    Each is computed once over its whole column, the first time that it is requested.
    """

    def __init__(self, declares: Declares, symbol: str) -> None:
        self._declares, self._symbol = declares, symbol
        self._known: dict[object, Any] = {}

    def _context(self) -> Declares:
        return self._declares

    def indicator(
        self,
        name: str,
        *parameters: object,
        source: Sources = "close",
        side: str = "bid",
        timeframe: str | None = None,
        symbol: str | None = None,
        **named: object,
    ) -> Any:  # noqa: ANN401 - as the method that it refines
        """Return an indicator by name; of this symbol, unless its source is another indicator."""
        key = (name, parameters, source, side, timeframe, symbol, tuple(sorted(named.items())))
        if key not in self._known:
            several = source if isinstance(source, tuple) else (source,)
            of_columns = all(isinstance(one, str) for one in several)
            own = symbol or (self._symbol if of_columns else None)
            self._known[key] = super().indicator(
                name,
                *parameters,
                source=source,
                side=side,
                timeframe=timeframe,
                symbol=own,
                **named,
            )
        return self._known[key]


class TimeframeSlice:
    """The candles of a symbol on one timeframe: `slice["H1"].latest("bid").close`."""

    def __init__(self, of: SymbolDataSlice, timeframe: str | None) -> None:
        self._of, self._timeframe = of, timeframe

    def latest(self, side: str | None = None) -> Candle:
        """Return the newest complete candle."""
        return self._of.latest(self._timeframe, side)

    def history(self, side: str | None = None, length: int = 1) -> CandleSeries:
        """Return the last candles, at most so many."""
        return self._of.history(self._timeframe, side, length)

    def series(self, side: str | None = None) -> CandleSeries:
        """Return all complete candles."""
        return self._of.series(self._timeframe, side)

    def __getitem__(self, side: str) -> CandleSeries:
        return self.series(side)


class SymbolDataSlice:
    """The candles of a symbol up to now, on its own bars and on higher timeframes.

    A timeframe of None, or the name that `get_primary_timeframe()` gives, means the symbol's own
    bars; a side of None gives bars with both sides.

    Attributes:
        symbol: Its name.
        indicators: Its indicators.
    """

    def __init__(
        self, symbol: str, tracks: Mapping[str | None, Track], declares: Declares, unit: str
    ) -> None:
        self.symbol = symbol
        self.indicators = Indicators(declares, symbol)
        self._tracks, self._base, self._unit = dict(tracks), tracks[None], unit
        self._back: tuple[int, int, int] | None = None
        """What was set back: in which look, to how many bars, and to which time."""

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The names of its timeframes."""
        return tuple(name for name in self._tracks if name is not None)

    @property
    def index(self) -> int:
        """Index of the newest candle; -1 before the first."""
        return self._past(None) - 1

    def set_index(self, index: int) -> None:
        """Go back to what was complete with a candle; the next step is at now again.

        Raises:
            IndexError: The candle is not complete by now.
        """
        visible = self._base.visible
        if not 0 <= index < visible:
            raise IndexError(
                f"set_index({index}) of {self.symbol} at {visible - 1}: expected 0 to "
                f"{visible - 1}; the future is not there"
            )
        later = index + 1
        time = self._base.bar(later).timestamp if later < visible else self._base.now
        self._back = (self._base.looks, later, time)

    def set_timestamp(self, timestamp: datetime | int) -> None:
        """Go back to what was complete at a time; the next step is at now again.

        Raises:
            IndexError: The time is after now.
        """
        time = to_units(timestamp, self._unit)
        if time > self._base.now:
            raise IndexError(f"set_timestamp({time}) at {self._base.now}: the future is not there")
        self._back = (self._base.looks, self._base.complete_at(time), time)

    def latest(self, timeframe: str | None = None, side: str | None = None) -> Candle:
        """Return the newest complete candle of a timeframe.

        Raises:
            IndexError: None is complete yet.
            KeyError: The run has no such timeframe.
        """
        track, side = self._track(timeframe), _side(side)
        past = track.visible if self._back is None else self._past(timeframe)
        # The track raises the error of having none.
        return _of_side(track.bar(past - 1 if past > 0 else track.visible), side)

    def history(
        self, timeframe: str | None = None, side: str | None = None, length: int = 1
    ) -> CandleSeries:
        """Return the last candles of a timeframe, oldest first: so many, or all that there are.

        Raises:
            KeyError: The run has no such timeframe.
            ConfigError: The length is no whole number above 0.
        """
        length = plain(length)
        if type(length) is not int or length < 1:
            raise ConfigError(f"history: given length {length!r}, expected a whole number above 0")
        past = self._past(timeframe)
        return CandleSeries(self._track(timeframe), max(past - length, 0), past, _side(side))

    def series(self, timeframe: str | None = None, side: str | None = None) -> CandleSeries:
        """Return all complete candles of a timeframe; its columns share the store's memory.

        Raises:
            KeyError: The run has no such timeframe.
        """
        return CandleSeries(self._track(timeframe), 0, self._past(timeframe), _side(side))

    def __getitem__(self, timeframe: str) -> TimeframeSlice:
        self._track(timeframe)
        return TimeframeSlice(self, timeframe)

    def _track(self, timeframe: str | None) -> Track:
        if timeframe not in self._tracks:
            known = self.timeframes
            raise KeyError(
                f"{timeframe}: {self.symbol} has "
                + (f"the timeframes {', '.join(known)}" if known else "no timeframes")
            )
        return self._tracks[timeframe]

    def _past(self, timeframe: str | None) -> int:
        """How many candles of a timeframe it shows."""
        track = self._track(timeframe)
        if self._back is None or self._back[0] != track.looks:
            return track.visible
        _, past, time = self._back
        return past if track is self._base else track.complete_at(time)

    def __repr__(self) -> str:
        return f"<{self.symbol} up to bar {self.index}>"


def _side(given: str | None) -> str | None:
    if given not in _SIDES:
        raise ConfigError(f"side: given {given!r}, expected 'bid', 'ask' or None for both")
    return given


class MultiSymbolSlice(dict[str, SymbolDataSlice]):
    """The slices of all symbols of a run, by name, in the order given."""

    def set_timestamp(self, timestamp: datetime | int) -> None:
        """Go back to what was complete at a time, of all symbols; the next step is at now again.

        Raises:
            IndexError: The time is after now.
        """
        for one in self.values():
            one.set_timestamp(timestamp)

    def get(  # type: ignore[override]  # the `get` of multi-symbol slices has a side
        self, symbol: str, side: str | None = None
    ) -> Candle | None:
        """Return the newest complete candle of a symbol; None where it has none yet.

        Raises:
            KeyError: The run has no such symbol.
        """
        own = self[symbol]
        return own.latest(None, side) if own.index >= 0 else None

    @property
    def slices(self) -> dict[str, SymbolDataSlice]:
        """The slices by symbol."""
        return dict(self)

    def __missing__(self, symbol: str) -> SymbolDataSlice:
        raise KeyError(f"{symbol}: no symbol of this run. {nearest(str(symbol), list(self))}")
