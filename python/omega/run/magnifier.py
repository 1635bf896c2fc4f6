"""Checks that the finer candles of a magnifier belong to the bars that they resolve (rule I5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omega.config.instruments import Instrument
from omega.config.times import from_units
from omega.data.closes import times_of
from omega.data.store import CandleStore, both_sides
from omega.errors import ConfigError
from omega.notices import Notice
from omega.report._codec import decimals_of

SHARE = 0.05
"""More bars than this part of those that have finer ones show that these are of something else."""
_NOISE = 1e-9
"""What arithmetic may have changed of a price, as a part of it."""
_PRICES = ("open", "high", "low", "close")

Prices = Mapping[str, NDArray[np.float64]]
Bounds = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Pair:
    """A symbol's bars and its finer ones."""

    name: str
    coarse: CandleStore
    finer: CandleStore
    tick: float | None

    def refused(self, problem: str) -> ConfigError:
        return ConfigError(
            f"Execution.magnifier of {self.name}: {problem}. Give the finer candles of the same "
            "symbol, feed and clock, whose open, high, low and close together are those of the bar"
        )

    def moment(self, time: int) -> str:
        _, _, unit, zone = self.coarse.native.time_range(self.coarse.symbols[0])
        return f"{from_units(time, unit, zone):%Y-%m-%d %H:%M}"

    def span(self, times: NDArray[np.int64]) -> str:
        return f"from {self.moment(int(times[0]))} to {self.moment(int(times[-1]))}"


def look_into(
    stores: Sequence[CandleStore],
    finer: Mapping[str, CandleStore],
    instruments: Sequence[Instrument],
    span: tuple[int | None, int | None],
) -> list[Notice]:
    """Compare each bar of a run with the finer bars inside it, and report what differs.

    Args:
        stores: The candles of the run, one symbol each.
        finer: Finer candles by symbol.
        instruments: Those of the symbols, whose tick is the tolerance; where there is none, it is
            the last decimal that the prices are written with.
        span: First and last time of the run, as far as they are given.

    Returns:
        What a reader of the result should know: bars that differ, and bars without finer ones.

    Raises:
        ConfigError: No bar has finer ones, they are coarser, or more than one in twenty differ.
    """
    pairs = [
        _Pair(store.symbols[0], store, finer[store.symbols[0]], instrument.tick_size)
        for store, instrument in zip(stores, instruments, strict=True)
        if store.symbols[0] in finer
    ]
    return [notice for pair in pairs for notice in _compared(pair, span)]


def _compared(pair: _Pair, span: tuple[int | None, int | None]) -> list[Notice]:
    opens, inside = times_of(pair.coarse), times_of(pair.finer)
    _refuse_coarser(pair, opens, inside)
    lasting, whole = _groups(opens, inside)
    start, end = span
    is_run = np.ones(len(opens), dtype=np.bool_)
    is_run &= True if start is None else opens >= start
    is_run &= True if end is None else opens <= end
    bars = np.flatnonzero(is_run & (lasting[1] > lasting[0]))
    if not len(bars):
        if not is_run.any():
            return []  # there is nothing to run over, which is told elsewhere
        raise pair.refused(
            f"its candles reach {pair.span(inside)} and those of the run "
            f"{pair.span(opens[is_run])}, so that no bar has finer ones"
        )
    of_bars = [(firsts[bars], ends[bars]) for firsts, ends in (lasting, whole)]
    unlike, said = _unlike(pair, bars, *of_bars)
    share = f"{len(unlike):,} of {len(bars):,} bars"
    if len(unlike) > SHARE * len(bars):
        raise pair.refused(f"{share} are not what their finer bars make: {said}")
    found = []
    if len(unlike):
        text = f"{pair.name}: {share} are not what their finer bars make: {said}"
        found.append(Notice("warning", "magnifier", text))
    alone = int(is_run.sum()) - len(bars)
    if alone:
        text = (
            f"{pair.name}: {alone:,} of {int(is_run.sum()):,} bars have no finer ones, and what "
            "happened first in them is decided against the trader"
        )
        found.append(Notice("info", "magnifier", text))
    return found


def _refuse_coarser(pair: _Pair, opens: NDArray[np.int64], inside: NDArray[np.int64]) -> None:
    """Refuse candles that are further apart than the bars."""
    if len(opens) < 2 or len(inside) < 2:  # noqa: PLR2004 - a step has two ends
        return
    steps = [int(np.median(np.diff(times))) for times in (opens, inside)]
    if steps[1] > steps[0]:
        raise pair.refused(
            f"its candles are {steps[1] / steps[0]:,.3g} times as far apart as the bars of the run"
        )


def _groups(opens: NDArray[np.int64], inside: NDArray[np.int64]) -> tuple[Bounds, Bounds]:
    """Return the finer bars of each bar: as long as it lasts, and up to the next one.

    For a run a bar lasts as long as the shortest step so far (I5.1). Where steps differ, as those
    of bars of so many ticks do, what it is made of reaches to the next one.
    """
    nexts = np.append(opens[1:], np.iinfo(np.int64).max)
    lengths = np.minimum.accumulate(np.diff(opens))
    past = nexts.copy()  # of the first bar no step is known
    known = opens[1:] + lengths
    past[1:] = np.where(known > opens[1:], np.minimum(known, nexts[1:]), nexts[1:])
    firsts = np.searchsorted(inside, opens, side="left")
    ends, lasts = (np.searchsorted(inside, end, side="left") for end in (past, nexts))
    return (firsts, ends), (firsts, lasts)


def _unlike(
    pair: _Pair, bars: NDArray[np.intp], lasting: Bounds, whole: Bounds
) -> tuple[NDArray[np.intp], str]:
    """Find the bars that their finer ones do not make, and describe the first."""
    coarse, finer = both_sides(pair.coarse), both_sides(pair.finer)
    wrong, said = np.zeros(len(bars), dtype=np.bool_), ""
    for side in ["bid", "ask"] if _has_asks(pair.coarse) and _has_asks(pair.finer) else ["bid"]:
        own = {price: coarse[f"{side}_{price}"].to_numpy()[bars] for price in _PRICES}
        prices = {price: finer[f"{side}_{price}"].to_numpy() for price in _PRICES}
        made = _joined(prices, lasting)
        tick = pair.tick or max(_tick(own), _tick(made))
        off = {name: _differ(own[name], made[name], tick) for name in _PRICES}
        reaching = _joined(prices, whole)
        ever = np.logical_or.reduce([_differ(own[p], reaching[p], tick) for p in _PRICES])
        unlike = np.logical_or.reduce(list(off.values())) & ever
        if unlike.any() and not said:
            first = int(unlike.argmax())
            price = next(name for name in _PRICES if off[name][first])
            time = pair.moment(int(times_of(pair.coarse)[bars[first]]))
            said = (
                f"on {time} the {side} {price} is {own[price][first]:.10g}, and "
                f"{made[price][first]:.10g} in {int(lasting[1][first] - lasting[0][first]):,} "
                "finer bars"
            )
        wrong |= unlike
    return bars[wrong], said


def _differ(own: NDArray[np.float64], made: NDArray[np.float64], tick: float) -> NDArray[np.bool_]:
    """Return where two prices are more than a tick apart."""
    return ~(np.abs(made - own) <= tick * (1.0 + _NOISE) + np.abs(own) * _NOISE)


def _has_asks(store: CandleStore) -> bool:
    """Return whether the ask side has prices of its own."""
    return any(role in ("ask", "ask_close") for role, _ in store.native.columns(store.symbols[0]))


def _joined(prices: Prices, bounds: Bounds) -> Prices:
    """Join the finer bars of each bar."""
    firsts, ends = bounds
    between = np.column_stack([firsts, ends]).reshape(-1)

    def over(function: np.ufunc, values: NDArray[np.float64]) -> NDArray[np.float64]:
        # One more value, since a group may end where the values do.
        return function.reduceat(np.append(values, values[-1]), between)[::2]

    return {
        "open": prices["open"][firsts],
        "high": over(np.maximum, prices["high"]),
        "low": over(np.minimum, prices["low"]),
        "close": prices["close"][ends - 1],
    }


def _tick(prices: Prices) -> float:
    """Return the last decimal that prices are written with; 0 where they are no decimals."""
    some = np.concatenate([one[:1_000] for one in prices.values()])
    decimals, is_exact = decimals_of(some, coarse=0)
    return 10.0**-decimals if is_exact else 0.0
