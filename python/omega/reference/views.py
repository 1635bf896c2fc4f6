"""Views for strategies, with the attributes, errors and texts of the native ones.

A view ends at its own bar.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from omega.config.times import from_units
from omega.errors import printable
from omega.reference import rows
from omega.reference.columns import PRICES, Floats
from omega.reference.digits import shown
from omega.reference.visibility import Track, World
from omega.strategy.arithmetic import absolute, combined, compared
from omega.strategy.conditions import Condition

if TYPE_CHECKING:
    from omega._core import Indicator as CoreIndicator


class Source:
    """A track of a run, and how its times are shown."""

    def __init__(self, world: World, track: Track) -> None:
        self.world, self.track, self.candles = world, track, track.candles

    @property
    def place(self) -> str:
        """What one of its bars is called."""
        return "bar" if self.track.timeframe is None else f"{self.track.timeframe} bar"

    def of_symbol(self, name: object) -> Source:
        """The track of another symbol on the same timeframe."""
        symbols = tuple(self.world.symbols)
        if name not in symbols:
            several = f"the symbols {', '.join(symbols)}"
            known = several if len(symbols) > 1 else f"one symbol, {symbols[0]}"
            raise KeyError(f"{name}: this run has {known}")
        return Source(self.world, self.world.track(str(name), self.track.timeframe))

    def on(self, timeframe: object) -> Source:
        """The track of the same symbol on a higher timeframe."""
        higher = self.world.symbols[self.candles.symbol].higher
        if timeframe not in tuple(higher):
            known = f"the timeframes {', '.join(higher)}" if higher else "no timeframes"
            raise KeyError(f"{timeframe}: this run has {known}")
        return Source(self.world, higher[str(timeframe)])

    def newest(self) -> Bar:
        """The newest complete bar by now (L1)."""
        self.world.require_ready(self.candles.symbol)
        if self.track.shown("bar", self.candles.symbol) == 0:
            raise IndexError(f"no {self.place} of {self.candles.symbol} is complete yet")
        return Bar(self, self.track.visible - 1, fresh=self.track.fresh)

    def datetime(self, time: int) -> datetime:
        """A time of the column: aware where the column has a zone, else naive UTC."""
        return from_units(time, self.candles.unit, self.candles.timezone)

    def window(self, index: int, length: int, name: str) -> Floats:
        """The last values of a column up to a bar, read-only."""
        past = index + 1
        if not 1 <= length <= past:
            raise IndexError(
                f"a window of {length} bars at bar {index}: expected 1 to {past}; declare a warmup"
            )
        values = self.column(name)[past - length : past]
        if self.track.growth is not None:
            values = np.array([self.at(name, bar) for bar in range(past - length, past)])
        return _read_only(values)

    def at(self, name: str, index: int) -> float:
        """Return a number of a column and a bar as it reads now (A3)."""
        value = self.column(name).item(index)
        if self.track.growth is None:
            return value
        now = max(self.track.visible - 1, 0)
        unit = "volume" if name == "volume" else "price"
        return self.track.as_of(value, unit, index, now)

    def column(self, name: str) -> Floats:
        """A column by its name."""
        values: Floats | None = getattr(self.candles, name)
        if values is None:
            raise ValueError("the data has no volume column")
        return values


def _read_only(values: Floats) -> Floats:
    (shared := values.view()).flags.writeable = False
    return shared


class SideView:
    """One side of a bar: `bar.bid` or `bar.ask`."""

    __slots__ = ("_index", "_side", "_source")

    def __init__(self, source: Source, index: int, side: str) -> None:
        self._source, self._index, self._side = source, index, side

    @property
    def index(self) -> int:
        """Its place among all bars."""
        return self._index

    @property
    def symbol(self) -> str:
        """The symbol's name."""
        return self._source.candles.symbol

    @property
    def timestamp(self) -> int:
        """Open time as an integer."""
        return self._source.candles.time.item(self._index)

    @property
    def time(self) -> datetime:
        """Open time."""
        return self._source.datetime(self.timestamp)

    @property
    def volume(self) -> float:
        """Volume."""
        return self._source.at("volume", self._index)

    @property
    def open(self) -> float:
        """First price."""
        return self._price("open")

    @property
    def high(self) -> float:
        """Highest price."""
        return self._price("high")

    @property
    def low(self) -> float:
        """Lowest price."""
        return self._price("low")

    @property
    def close(self) -> float:
        """Last price."""
        return self._price("close")

    def open_window(self, length: int) -> Floats:
        """The last opens, this bar's included."""
        return self._window(length, "open")

    def high_window(self, length: int) -> Floats:
        """The last highs."""
        return self._window(length, "high")

    def low_window(self, length: int) -> Floats:
        """The last lows."""
        return self._window(length, "low")

    def close_window(self, length: int) -> Floats:
        """The last closes."""
        return self._window(length, "close")

    def _price(self, price: str) -> float:
        return self._source.at(f"{self._side}_{price}", self._index)

    def _window(self, length: int, price: str) -> Floats:
        return self._source.window(self._index, length, f"{self._side}_{price}")

    def _listed(self) -> str:
        return ", ".join(f"{price} {shown(self._price(price))}" for price in PRICES)

    def __repr__(self) -> str:
        return f"<{self._side} of {self._source.place} {self._index}: {self._listed()}>"


class Bar(SideView):
    """A bar as a strategy sees it; its own prices are those of the bid side."""

    __slots__ = ("_fresh",)

    def __init__(self, source: Source, index: int, *, fresh: bool) -> None:
        super().__init__(source, index, "bid")
        self._fresh = fresh

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are ready, in the order given (L2)."""
        return self._source.world.ready()

    @property
    def fresh(self) -> bool:
        """Whether it was not there a step before (X2)."""
        return self._fresh

    @property
    def spread(self) -> float:
        """Distance from bid to ask at the close."""
        return self.ask.close - self.bid.close

    @property
    def bid(self) -> SideView:
        """The side that sell orders trade on."""
        return SideView(self._source, self._index, "bid")

    @property
    def ask(self) -> SideView:
        """The side that buy orders trade on."""
        return SideView(self._source, self._index, "ask")

    def volume_window(self, length: int) -> Floats:
        """The last volumes."""
        return self._source.window(self._index, length, "volume")

    def tf(self, timeframe: str) -> Bar:
        """The newest complete bar of the symbol on a higher timeframe (TF1)."""
        return self._source.on(timeframe).newest()

    def ago(self, bars: int) -> Bar:
        """The bar so many bars before this one (E4)."""
        now = self._index
        if bars == 0:
            return self
        if not 0 < bars <= now:
            raise IndexError(
                f"bar.ago({bars}) at bar {now}: expected 0 to {now}; the future is not there, and "
                "neither is anything before the first bar"
            )
        return Bar(self._source, now - bars, fresh=False)

    def __getitem__(self, key: str) -> Bar:
        """The newest complete bar of a symbol."""
        if hasattr(key, "__index__"):
            raise TypeError(
                f"bar[{operator.index(key)}]: a bar is indexed by a symbol, as in bar['EURUSD']; "
                "earlier ones are bar.ago(1), bar.ago(2) and so on, and bar itself is now"
            )
        return self if key == self.symbol else self._source.of_symbol(key).newest()

    def __repr__(self) -> str:
        place, symbol = f"{self._source.place} {self._index}", printable(self.symbol)
        return f"<{place} of {symbol}: bid {self._listed()}>"


class Indicator:
    """One value a bar of a track; `indicator[-1]` is now (L1, TF2).

    Attributes:
        track: What it lives on.
        declared: The bars that its indicators declare, its sources' included (L2).
    """

    __slots__ = ("_name", "_unit", "_values", "declared", "track")
    __array_ufunc__ = None  # NumPy's numbers leave operators to it

    def __init__(
        self, name: str, values: Floats, track: Track, declared: int = 0, unit: str = ""
    ) -> None:
        self._name, self._values, self._unit = name, values, unit
        self.track, self.declared = track, declared

    @property
    def name(self) -> str:
        """How it calls itself."""
        return self._name

    @property
    def values(self) -> Sequence[float]:
        """All values, for indicators over this one."""
        return list(self._values.tolist())

    def __len__(self) -> int:
        return self.track.shown("indicator", self._name)

    def __getitem__(self, key: int) -> float:
        visible = len(self)
        if not -visible <= key < 0:
            raise IndexError(
                f"{self._name}[{key}] with {visible} values known: expected -1 (now) to -{visible}"
            )
        return self._as_of(visible + key, visible - 1)

    def ago(self, bars: int) -> float:
        """The value so many bars before the newest one; 0 is now (E4)."""
        visible = len(self)
        if not 0 <= bars < visible:
            raise IndexError(
                f"{self._name}.ago({bars}) with {visible} values known: expected 0 (now) to less "
                f"than {visible}"
            )
        return self._as_of(visible - 1 - bars, visible - 1)

    def _as_of(self, bar: int, now: int) -> float:
        """The value of a bar as it reads at another one (A3)."""
        return self.track.as_of(self._values.item(bar), self._unit, bar, now)

    def __hash__(self) -> int:
        return id(self)

    def __lt__(self, other: object) -> Condition:  # a condition over all bars, as all of these
        return compared("<", self, other)

    def __le__(self, other: object) -> Condition:
        return compared("<=", self, other)

    def __gt__(self, other: object) -> Condition:
        return compared(">", self, other)

    def __ge__(self, other: object) -> Condition:
        return compared(">=", self, other)

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]  # as above
        return compared("==", self, other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]  # as above
        return compared("!=", self, other)

    def __add__(self, other: object) -> CoreIndicator:
        return combined("+", self, other)

    def __radd__(self, other: object) -> CoreIndicator:
        return combined("+", other, self)

    def __sub__(self, other: object) -> CoreIndicator:
        return combined("-", self, other)

    def __rsub__(self, other: object) -> CoreIndicator:
        return combined("-", other, self)

    def __mul__(self, other: object) -> CoreIndicator:
        return combined("*", self, other)

    def __rmul__(self, other: object) -> CoreIndicator:
        return combined("*", other, self)

    def __truediv__(self, other: object) -> CoreIndicator:
        return combined("/", self, other)

    def __rtruediv__(self, other: object) -> CoreIndicator:
        return combined("/", other, self)

    def __neg__(self) -> CoreIndicator:
        return combined("*", -1.0, self)

    def __abs__(self) -> CoreIndicator:
        return absolute(self)

    def window(self, length: int) -> Floats:
        """The last values, read-only."""
        visible = len(self)
        if not 1 <= length <= visible:
            raise IndexError(
                f"{self._name}.window({length}) with {visible} values known: expected 1 to "
                f"{visible}"
            )
        if self.track.growth is not None and self._unit:
            shown = map(self._as_of, range(visible - length, visible), [visible - 1] * length)
            return _read_only(np.array([*shown]))
        return _read_only(self._values[visible - length : visible])

    def __repr__(self) -> str:
        if self.track.visible == 0:
            return f"<{self._name}: no value yet>"
        return f"<{self._name}: {shown(float(self._values[self.track.visible - 1]))}>"


class _Row:
    """A row as it was when it was looked at; the attributes of the row, read-only."""

    __slots__ = ("_row", "_source")
    _hidden: frozenset[str] = frozenset()

    def __init__(self, row: object, source: Source) -> None:
        self._row, self._source = rows.copied(row), source

    def __getattr__(self, name: str) -> object:
        if name.startswith("_") or name in self._hidden:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        value = getattr(self._row, name)
        if name in ("time", "entry_time", "exit_time"):
            return self._source.datetime(value)
        return list(value) if name == "tags" else value


class Position(_Row):
    """An open position."""

    __slots__ = ("_newest",)
    _row: rows.Position
    _hidden = frozenset(
        {
            "sign",
            "entry",
            "contract_size",
            "entry_fee",
            "margin",
            "initial_stop",
            "trailing_stop",
            "best_price",
            "worst_price",
            "live",
            "stop_reason",
            "swap",
            "exit_legs",
            "closing",
            "parts_closed",
            "turned_down",
            "remember",
        }
    )

    def __init__(self, row: rows.Position, source: Source) -> None:
        super().__init__(row, source)
        self._newest = max(source.track.visible - 1, 0)

    @property
    def profit(self) -> float:
        """Open profit at the newest bar's close, in quote currency."""
        close = self._source.candles.candle(self._newest).exit_side(self._row.sign).close
        change = close - self._row.entry_price  # in quote currency, where a price is a price
        return change * self._row.sign * self._row.lots * self._row.contract_size * 1.0

    @property
    def bars_held(self) -> int:
        """Bars since the entry's."""
        return max(self._newest - self._row.entry_index, 0)

    def __repr__(self) -> str:
        row, symbol = self._row, printable(self._row.symbol)
        size = f"{row.direction} {shown(row.lots)} lots of {symbol}"
        return f"<position {row.trade_id}: {size} at {shown(row.entry_price)}>"


class PendingOrder(_Row):
    """An order that waits."""

    __slots__ = ()
    _row: rows.Order
    _hidden = frozenset(
        {
            "sign",
            "submitted_time",
            "limit_price",
            "trailing_stop",
            "expires",
            "oco",
            "reason",
            "tags",
            "status",
            "reject_reason",
            "armed_in",
            "side",
            "waiting",
            "take_change",
            "reduce_only",
            "trail",
            "trail_to",
            "distances",
            "set_levels",
            "levels",
            "may_close",
            "refused",
        }
    )

    def __repr__(self) -> str:
        row = self._row
        price = "" if row.price is None else f" at {shown(row.price)}"
        return f"<{row.type} order {row.order_id}: {row.direction} {shown(row.lots)} lots{price}>"


class Fill(_Row):
    """A fill, as `on_fill` gets it."""

    __slots__ = ()
    _hidden = frozenset({"sign"})


class Trade(_Row):
    """A closed trade, as `on_exit` gets it."""

    __slots__ = ()
    _hidden = frozenset(
        {
            "units",
            "stop_loss",
            "take_profit",
            "ambiguous",
            "net_pnl_worst",
            "net_pnl_best",
            "mae",
            "mfe",
        }
    )
