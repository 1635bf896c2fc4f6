"""Prices as of now: what splits, dividends and rolls change in views and indicators (A3, R1).

Indicators of a symbol with events run on the forward series, which holds the events of the past
alone, and are given back in the prices of each bar.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.closes import closes_of
from omega.data.store import CandleStore, both_sides, over
from omega.errors import ConfigError
from omega.reference.days import Days
from omega.results.event_rows import KINDS, EventRows, grouped
from omega.run.rolled_units import UNITS_OF_MOVED, rolled_unit
from omega.strategy.operands import is_indicator

if TYPE_CHECKING:
    from omega._core import Indicator, Mask, Run
    from omega.contract import ClockFields, EventFields, RollRow

Floats = NDArray[np.float64]
Place = tuple[str, str | None]
"""A symbol and a timeframe; None for its own bars."""

_AS_SOURCE = "sma ema wma dema tema hma rma momentum macd bollinger rolling_mean rolling_std"
_AS_SOURCE += " rolling_min rolling_max rolling_median rolling_quantile slope absolute trima kama"
_AS_SOURCE += " t3 zlema apo dpo linear_regression anchored_vwap"
_PRICES = "vwap true_range atr keltner donchian supertrend parabolic_sar ichimoku"
_PRICES += " vwma typical_price ao heikin_ashi fractals pivots"
_NEITHER = "roc rsi stochastic williams_r cci dmi adx aroon mfi choppiness garch_volatility"
_NEITHER += " volatility_rank correlation zscore ppo trix tsi cmo stochastic_rsi percent_rank"
_NEITHER += " adxr vortex natr ultimate_oscillator cmf pattern"
_UNITS: Mapping[str, str] = {
    **dict.fromkeys(_AS_SOURCE.split(), "source"),
    **dict.fromkeys(_PRICES.split(), "price"),
    **dict.fromkeys(_NEITHER.split(), ""),
    **dict.fromkeys(("obv", "ad", "adosc"), "volume"),
}
"""What the outputs of an indicator are in; what is not here cannot be adjusted."""
_NO_UNIT_AT = {"supertrend": (1,), "linear_regression": (4,), "fractals": (2, 3)}
"""Outputs that are a direction, an angle or a mark."""
_SUM, _PRODUCT, _QUOTIENT = (0, 1, 4, 5), 2, 3
"""By the place of an operation: sums and extremes keep a unit, products and quotients change it."""


class Growth(NamedTuple):
    """By bar, the product of the factors of the events until then, of prices and of volumes.

    Where rolls have moved prices by differences, `shifts` is what is added to a price of a bar.
    """

    prices: Floats
    volumes: Floats
    shifts: Floats | None = None


class Made(NamedTuple):
    """A column that was made here: its values in the prices of each bar, and what they are in."""

    values: Floats
    unit: str
    declared: int = 0
    """The bars that its indicators declare, its sources' included (L2)."""


class Grown(Mapping[str, Growth]):
    """By symbol that has events, how they made it grow, made when it is first read.

    Of thousands of shares that no strategy looks at it would be more memory than their prices.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Growth]]) -> None:
        self._makers, self._made = makers, dict[str, Growth]()

    def __getitem__(self, symbol: str) -> Growth:
        """Return that of a symbol."""
        if symbol not in self._made:
            self._made[symbol] = self._makers[symbol]()
        return self._made[symbol]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the symbols that have some."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Number of symbols that have some."""
        return len(self._makers)


def growth_of(events: EventFields | None, stores: Sequence[CandleStore]) -> Mapping[str, Growth]:
    """Return how splits and dividends made each symbol grow; nothing of those without any.

    Raises:
        ConfigError: A dividend is all of the close before it.
    """
    rows = EventRows.of(() if events is None else events["rows"])
    meant = np.flatnonzero(rows.are("split", "dividend", "reinvest") & (rows.bars >= 0))
    own = {place: meant[part] for place, part in grouped(rows.places[meant])}
    rolled: dict[int, list[RollRow]] = {}
    for roll in () if events is None else events["rolls"]:
        if roll[5] != "none":
            rolled.setdefault(roll[0], []).append(roll)
    makers: dict[str, Callable[[], Growth]] = {}
    for place in sorted(own.keys() | rolled.keys()):
        store = stores[place]
        name = store.symbols[0]
        if place in own and place in rolled:
            raise ConfigError(
                f"Events: given splits or dividends and adjusted rolls of {name}, "
                "expected one of both: a future has neither. Use adjust='none'"
            )
        if place in own:
            makers[name] = functools.partial(_growth, _factors(rows, own[place], store), len(store))
        else:
            makers[name] = functools.partial(_as_it_is, _of_rolls(rolled[place], store))
    return Grown(makers)


class _Factors(NamedTuple):
    """By bar, what the splits of a symbol multiply prices by, and then its dividends."""

    splits: Sequence[tuple[int, float]]
    bars: Sequence[int]
    dividends: Floats


def _factors(rows: EventRows, own: NDArray[np.int64], store: CandleStore) -> _Factors:
    kinds = rows.kinds[own]
    is_split = kinds == KINDS.index("split")
    split = own[is_split]
    splits = list(zip(rows.bars[split].tolist(), rows.firsts[split].tolist(), strict=True))
    ratios: dict[int, float] = {}
    for bar, ratio in splits:
        ratios[bar] = ratios.get(bar, 1.0) * ratio
    is_paid = ~is_split & (rows.bars[own] > 0)
    paid = own[is_paid]
    if not len(paid):
        return _Factors(splits, (), np.ones(0))
    bars = rows.bars[paid].tolist()
    is_dividend = kinds[is_paid] == KINDS.index("dividend")
    amounts = np.where(is_dividend, rows.firsts[paid], rows.seconds[paid])
    befores = closes_of(store)[rows.bars[paid] - 1]
    if ratios:
        befores = befores / [ratios.get(bar, 1.0) for bar in bars]
    whole = amounts >= befores
    if whole.any():
        first = int(whole.argmax())
        raise ConfigError(
            f"Events.dividends: given {amounts[first]:g} of {store.symbols[0]}, whose close before "
            f"is {befores[first]:g}, expected less than that"
        )
    return _Factors(splits, bars, befores / (befores - amounts))


def _growth(factors: _Factors, bars: int) -> Growth:
    prices, volumes = np.ones(bars), np.ones(bars)
    for bar, ratio in factors.splits:
        prices[bar:] *= ratio
        volumes[bar:] /= ratio
    for bar, factor in zip(factors.bars, factors.dividends.tolist(), strict=True):
        prices[bar:] *= factor
    return Growth(prices, volumes)


def _as_it_is(growth: Growth) -> Growth:
    return growth


def _of_rolls(rows: Sequence[RollRow], store: CandleStore) -> Growth:
    """Return what rolls make of prices: by their ratios, or by their differences (R1)."""
    opens, prices = both_sides(store)["bid_open"].to_numpy(), np.ones(len(store))
    shifts = np.zeros(len(store))
    how = {row[5] for row in rows}
    if len(how) > 1:
        raise ConfigError(
            f"Events.rolls: given several values of adjust for {store.symbols[0]}, expected one"
        )
    for _, _, bar, bid, _, adjust, _ in rows:
        new = float(opens[bar])
        if adjust == "difference":
            shifts[bar:] -= new - bid
        elif bid <= 0.0 or new <= 0.0:
            raise ConfigError(
                f"Events.rolls: given prices {bid:g} and {new:g} of {store.symbols[0]} with "
                "adjust='ratio', expected both above 0. Use adjust='difference'"
            )
        else:
            prices[bar:] *= bid / new
    return Growth(prices, np.ones(len(store)), shifts if how == {"difference"} else None)


class Adjusting:
    """Declares the indicators of a run some of whose symbols have events."""

    def __init__(
        self,
        run: Run,
        stores: Sequence[CandleStore],
        growth: tuple[Mapping[str, Growth], Mapping[tuple[str, str], Growth]],
        clock: ClockFields,
    ) -> None:
        self._run = run
        self._stores = {store.symbols[0]: store for store in stores}
        self._clock = clock
        self._made: dict[int, tuple[Indicator, Made]] = {}
        self._growth: dict[Place, Growth] = {
            **{(symbol, None): own for symbol, own in growth[0].items()},
            **{(symbol, timeframe): own for (symbol, timeframe), own in growth[1].items()},
        }
        for (symbol, timeframe), own in self._growth.items():
            run.adjust(symbol, own.prices, own.volumes, own.shifts, timeframe)

    def growth_of(self, symbol: str, timeframe: str | None) -> Growth | None:
        """Return how a symbol has grown, on a timeframe; None where it has no events."""
        return self._growth.get((symbol, timeframe))

    def indicator(
        self,
        name: str,
        parameters: list[float],
        source: Any,  # noqa: ANN401 - as the run takes it
        *,
        labels: list[str],
        timeframe: str | None = None,
        symbol: str | None = None,
    ) -> list[Indicator]:
        """Declare an indicator: over the forward series where its symbol has events."""
        several = source if isinstance(source, tuple) else (source,)
        views = [one for one in several if not isinstance(one, str)]
        named = symbol or next(iter(self._stores)), timeframe
        place = self._run.place_of(views[0]) if views else named
        growth = self._growth.get(place)
        if growth is None:
            where: Any = {"labels": labels, "timeframe": timeframe, "symbol": symbol}
            return self._run.indicator(name, parameters, source, **where)
        outputs = self._computed(name, parameters, several, place, growth)
        found = []
        for label, made in zip(labels, outputs, strict=True):
            view = self._run.column(
                label,
                pl.Series(made.values),
                symbol=place[0],
                timeframe=place[1],
                warmup=False,
                declared=made.declared,
                unit=made.unit,
            )
            self._made[id(view)] = (view, made)
            found.append(view)
        return found

    def remember(self, view: Indicator, values: pl.Series) -> None:
        """Remember a column of the user's own, which stays as it is."""
        numbers = pl.Series(values).cast(pl.Float64).fill_null(math.nan).to_numpy()
        self._made[id(view)] = (view, Made(numbers, ""))

    def _computed(
        self,
        name: str,
        parameters: list[float],
        several: Sequence[Any],
        place: Place,
        growth: Growth,
    ) -> list[Made]:
        from omega.reference import indicators  # noqa: PLC0415 - only where prices are adjusted

        entry = indicators.ENTRIES[name]
        symbol, timeframe = place
        bars = both_sides(over(self._run.candles(symbol=symbol, timeframe=timeframe)))
        given = iter(several)
        columns, units = [], []
        for need in entry.needs:
            if need in ("source", "second", "third"):
                one = next(given)
                made = _column(bars, one) if isinstance(one, str) else self._of(one)
            else:
                made = _column(bars, need if need == "volume" else f"{several[0]}_{need}")
            units.append(made.unit)
            columns.append(made)
        if name in ("of_two", "with_number"):
            return self._combined(name, parameters, columns, moves=growth.shifts is not None)
        unit = (_UNITS if growth.shifts is None else UNITS_OF_MOVED).get(name)
        if unit is None:
            raise ConfigError(
                f"{name}: given prices of {symbol}, which has splits, dividends or rolls, and its "
                "values do not follow them. Use another indicator, or self.column() over "
                'pl.col("adjusted_close")'
            )
        forward = tuple(_scaled(made, growth).tolist() for made in columns)
        days = self._days(symbol, bars["time"].to_physical().to_list())
        outputs = indicators.compute(name, parameters, indicators.Columns(forward, days))
        unit = units[0] if unit == "source" else unit
        made_of = [
            Made(np.array(values), "" if k in _NO_UNIT_AT.get(name, ()) else unit)
            for k, values in enumerate(outputs)
        ]
        # Of nested ones the sum; of arithmetic, which declares nothing, the longest operand's.
        declared = entry.warmup(parameters) + max(made.declared for made in columns)
        return [Made(_scaled(one, growth, back=True), one.unit, declared) for one in made_of]

    def _of(self, view: Indicator) -> Made:
        known = self._made.get(id(view))
        if known is None:
            raise ConfigError(
                f"{view.name}: given an indicator of another symbol or timeframe, expected one of "
                "the symbol asked for"
            )
        return known[1]

    def _combined(
        self, name: str, parameters: list[float], columns: Sequence[Made], *, moves: bool
    ) -> list[Made]:
        """Put columns together bar by bar, in the prices of each."""
        from omega.reference import indicators  # noqa: PLC0415 - only where prices are adjusted

        values = tuple(made.values.tolist() for made in columns)
        outputs = indicators.compute(name, parameters, indicators.Columns(values))
        operation, units = int(parameters[0]), {made.unit for made in columns}
        unit = columns[0].unit if len(units) == 1 else ""
        if name == "of_two" and operation == _QUOTIENT:
            unit = "" if len(units) == 1 else columns[0].unit if not columns[1].unit else ""
        elif name == "of_two" and operation == _PRODUCT:
            named = [made.unit for made in columns if made.unit]
            unit = named[0] if len(named) == 1 else ""
        elif name == "with_number" and operation in _SUM:
            unit = ""
        if moves:
            unit = rolled_unit(name, parameters, [made.unit for made in columns])
        declared = max(made.declared for made in columns)
        return [Made(np.array(one), unit, declared) for one in outputs]

    def _days(self, symbol: str, times: Sequence[int]) -> list[int]:
        starts, number = self._clock["starts"], list(self._stores).index(symbol)
        is_utc = starts is None or self._clock["dates"][number]
        local = None if is_utc or starts is None else (self._clock["first_day"], starts.tolist())
        days = Days.in_unit(self._stores[symbol].time_unit, local)
        return [days.of(time) for time in times]

    def compare(self, how: str, left: Any, right: Any) -> Mask:  # noqa: ANN401 - as of the run
        """Compare bar by bar, where both are in the same prices.

        Raises:
            ConfigError: One is in prices of a higher bar, which an event since may have changed.
        """
        for one, other in ((left, right), (right, left)):
            self._refuse_older(one, other)
        return self._run.compare(how, left, right)

    def require_own_bars(self, columns: Iterable[Any]) -> None:
        """Refuse signal columns in prices of higher bars, for the same reason."""
        for column in columns:
            self._refuse_older(column, None)

    def _refuse_older(self, one: Any, other: Any) -> None:  # noqa: ANN401 - an indicator, or not
        made = self._made.get(id(one))
        place = None if made is None else self._run.place_of(one)
        if made is None or place is None or place[1] is None or not made[1].unit:
            return
        is_alike = is_indicator(other) and self._run.place_of(other) == place
        if place in self._growth and not is_alike:
            raise ConfigError(
                f"{one.name}: given as a condition or a column on {place[1]} of {place[0]}, which "
                "has splits, dividends or adjusted rolls, expected a ratio such as rsi(), or a "
                "comparison with the same timeframe: prices of a longer bar are those of its end. "
                "Compare them in on_bar, where all of them are as of now"
            )


def _column(bars: pl.DataFrame, name: str) -> Made:
    if name == "volume":
        if "volume" not in bars.columns:
            raise ConfigError(
                "source: given volume, expected a column of the data. The data has no volume column"
            )
        return Made(bars["volume"].cast(pl.Float64).to_numpy(), "volume")
    sided = name if name.startswith(("bid_", "ask_")) else f"bid_{name}"
    return Made(bars[sided].to_numpy(), "price")


def _scaled(made: Made, growth: Growth, *, back: bool = False) -> Floats:
    """Return values on the forward series, or from it in the prices of each bar."""
    if not made.unit:
        return made.values
    if growth.shifts is not None and made.unit == "price":
        return made.values - growth.shifts if back else made.values + growth.shifts
    factors = growth.prices if made.unit == "price" else growth.volumes
    return made.values / factors if back else made.values * factors


def adjusted_columns(frame: pl.DataFrame, growth: Growth) -> pl.DataFrame:
    """Add the forward series of prices and volumes to a frame of candles.

    Example:
        >>> frame = pl.DataFrame({"bid_close": [10.0, 5.0], "close": [10.0, 5.0]})
        >>> growth = Growth(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
        >>> adjusted_columns(frame, growth)["adjusted_close"].to_list()
        [10.0, 10.0]
    """
    prices = [name for name in frame.columns if name.endswith(("open", "high", "low", "close"))]
    made = [
        (
            pl.col(name) * pl.Series(growth.prices)
            if growth.shifts is None
            else pl.col(name) + pl.Series(growth.shifts)
        ).alias(f"adjusted_{name}")
        for name in prices
    ]
    if "volume" in frame.columns:
        volume = pl.col("volume") * pl.Series(growth.volumes)
        made.append(volume.alias("adjusted_volume"))
    return frame.with_columns(made)
