"""Ruin and stop-outs: at the open, inside the bar and at the close (M6, M8, M9).

Equity and margin are taken at the price tested; costs of the exits are not in the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from omega.reference.exposure import Exposure, Rest
from omega.reference.intrabar import price_inside
from omega.reference.matching import Live
from omega.reference.portfolio import total
from omega.reference.rows import Moment, Position
from omega.reference.stale import Stale

_FOLLOWS = {
    ("low", 1.0): Live.FROM_LIMIT,
    ("low", -1.0): Live.FROM_STOP,
    ("high", 1.0): Live.FROM_STOP,
    ("high", -1.0): Live.FROM_LIMIT,
}
"""The fill inside a bar that an extreme certainly follows, by the direction of the position."""


class Forced(NamedTuple):
    """The price at which the account closes positions of a symbol by force, and why (M9)."""

    price: float
    reason: str


class Solvency(Stale):
    """The positions of a run, closed where the account cannot carry them."""

    at_hand: frozenset[str] = frozenset()
    """The symbols that have a bar at this step."""
    marks = 0
    """How often positions were marked."""
    _forced: tuple[tuple[object, ...], Forced | None] | None = None
    """The last forced exit, after what it was made of."""

    @property
    def stops_at_ruin(self) -> bool:
        """Whether the run ends where equity reaches 0 (M8)."""
        return self.settings["account"]["stops_at_ruin"]

    def maintenance(self, positions: Iterable[Position]) -> float:
        """The margin below a share of which positions are stopped out (M6.2)."""
        return total(p.value * self.instrument(p)["maintenance_rate"] for p in positions)

    # --- at the open -----------------------------------------------------------------------------

    def test_opens(self, moments: Sequence[Moment]) -> None:
        """Test the account where every symbol with a bar is at its open."""
        bars, level = {now.symbol: now for now in moments}, self.settings["stop_out_level"]
        equity = self._equity_at_opens(bars)
        self.portfolio.note(equity)
        if self.stops_at_ruin and equity <= 0.0:
            self.ruin(bars, "open")
            return
        while level is not None and equity < level * self._margin_at_opens(bars):
            candidates = [p for p in self.positions if p.symbol in bars]
            if not candidates:
                return
            position = min(candidates, key=lambda p: _profit_at(p, "open", bars[p.symbol]))
            now = bars[position.symbol]
            self.leave(position, position.lots, _price(position, "open", now), "stop_out", now)
            equity = self._equity_at_opens(bars)

    def _equity_at_opens(self, bars: Mapping[str, Moment]) -> float:
        without = [p for p in self.positions if p.symbol not in bars]
        equity = self.portfolio.balance + total(p.open_profit for p in without)
        for now in bars.values():
            held = self.held_in(now.symbol)
            if held:
                exposure = Exposure.of(held, now.last_rate)
                equity += exposure.profit(now.bar.bid.open, now.bar.ask.open)
        return equity

    def _margin_at_opens(self, bars: Mapping[str, Moment]) -> float:
        margin = self.maintenance(p for p in self.positions if p.symbol not in bars)
        for now in bars.values():
            exposure = Exposure.of(self.held_in(now.symbol), now.last_rate)
            rate = self.markets[now.symbol].instrument["maintenance_rate"]
            margin += rate * exposure.value(now.bar.bid.open, now.bar.ask.open)
        return margin

    # --- inside the bar --------------------------------------------------------------------------

    def forced_exit(self, now: Moment) -> Forced | None:
        """Where positions of one direction are closed by force, by what is held by now."""
        # All that it depends on: nothing else changes what is held, or what the rest is worth.
        known_by = (now.symbol, now.last_rate, len(self.fills), self.portfolio.balance, self.marks)
        if self._forced is None or self._forced[0] != known_by:
            self._forced = (known_by, self._forced_exit(now))
        return self._forced[1]

    def _forced_exit(self, now: Moment) -> Forced | None:
        held, level = self.held_in(now.symbol), self.settings["stop_out_level"]
        if not held or not self.is_second:
            return None
        exposure = Exposure.of(held, now.last_rate)
        if exposure.has_both:
            return None
        rest, rate = self._rest(now.symbol), self.markets[now.symbol].instrument["maintenance_rate"]
        price = None if level is None else exposure.price_of(rest, level, rate)
        if price is not None:
            return Forced(price, "stop_out")
        price = exposure.price_of(rest, 0.0, rate) if self.stops_at_ruin else None
        return None if price is None else Forced(price, "ruin")

    def force(self, forced: Forced, now: Moment) -> None:
        """Close what reached that price: at a ruin all, at a stop-out the largest loss."""
        held = self.held_in(now.symbol)
        sign = held[0].sign
        price = price_inside(forced.price, sign, now.bar.exit_side(sign).facing(sign))
        if forced.reason == "ruin":
            self._begin_ruin(now.time)
        else:
            held = [min(held, key=lambda p: p.profit(forced.price, p.lots, now.last_rate))]
        for position in held:
            others = self.at_hand - {now.symbol}
            if any(other.symbol in others for other in self.positions):  # I3: they moved as well
                self._remember_open(position, now)
            self.leave(position, position.lots, price, forced.reason, now)

    def test_extremes(self, now: Moment) -> None:
        """Test positions of both directions in a symbol at the low and at the high."""
        rate, level = (
            self.markets[now.symbol].instrument["maintenance_rate"],
            self.settings["stop_out_level"],
        )
        has_both = Exposure.of(self.held_in(now.symbol), now.last_rate).has_both
        while has_both and (held := self.held_in(now.symbol)):
            low, high = (self._equity_at(place, now) for place in ("low", "high"))
            place, equity = ("low", low) if low <= high else ("high", high)
            sides = (getattr(side, place) for side in (now.bar.bid, now.bar.ask))
            margin = rate * Exposure.of(held, now.last_rate).value(*sides)
            if self.stops_at_ruin and equity <= 0.0:
                self._begin_ruin(now.time)
                reason = "ruin"
            elif level is not None and equity < level * (self._rest(now.symbol).margin + margin):
                held = [min(held, key=lambda p: _profit_at(p, place, now))]
                reason = "stop_out"
            else:
                return
            for position in held:
                self._remember_open(position, now)
                self.leave(position, position.lots, _price(position, place, now), reason, now)

    def note_inside(self, now: Moment) -> None:
        """Note the equities inside the bar of what outlived it."""
        if not self.positions:
            return
        exposure = Exposure.of(self.held_in(now.symbol), now.last_rate)
        if exposure.has_both:
            places = ["open", "low", "high"]
        else:
            places = ["low"] if exposure.longs else ["high"] if exposure.shorts else []
        for place in places:
            self.portfolio.note(self._equity_at(place, now))

    def _equity_at(self, place: str, now: Moment) -> float:
        """Equity with a symbol at a place of its bar; what it may not have seen is at the close."""
        held = self.held_in(now.symbol)
        sees = [p.live is Live.FROM_OPEN or p.live is _FOLLOWS.get((place, p.sign)) for p in held]
        equity = self._rest(now.symbol).equity
        for at, seen in ((place, True), ("close", False)):
            some = [position for position, one in zip(held, sees, strict=True) if one is seen]
            if not some:
                continue
            sides = (getattr(side, at) for side in (now.bar.bid, now.bar.ask))
            equity += Exposure.of(some, now.last_rate).profit(*sides)
        return equity

    def _rest(self, symbol: str) -> Rest:
        """The account without the positions of a symbol, the others at their last marks."""
        others = [p for p in self.positions if p.symbol != symbol]
        equity = self.portfolio.balance + total(p.open_profit for p in others)
        return Rest(equity, self.maintenance(others))

    def _remember_open(self, position: Position, now: Moment) -> None:
        """Remember what a position closed by force would have been worth at the bar's close."""
        net = self.net_if_closed(position, _price(position, "close", now), now, slips=True)
        position.remember(net, net)

    # --- at the close ----------------------------------------------------------------------------

    def settle(self, nows: Sequence[Moment]) -> None:
        """Mark to the close; test for ruin; close the largest losses below the level (M6.2, M9).

        Symbols that have no bar keep their mark, and are not closed.
        """
        bars = {now.symbol: now for now in nows}
        self.marks += 1
        self.forget_sums()
        for now in nows:
            self.portfolio.mark(now, self.held_in(now.symbol), values=self.is_second)
        if self.ruined or (self.stops_at_ruin and self.equity() <= 0.0):
            self.ruin(bars, "close")
        level = self.settings["stop_out_level"]
        while level is not None:
            candidates = [p for p in self.positions if p.symbol in bars]
            if not candidates or self.equity() >= level * self.maintenance(self.positions):
                return
            position = min(candidates, key=lambda p: p.open_profit)
            now = bars[position.symbol]
            self.leave(position, position.lots, _price(position, "close", now), "stop_out", now)

    def finish(self, closes: Mapping[str, Moment]) -> bool:
        """Close what is open, whose costs may take all that is left (L4.1, M8)."""
        closed = super().finish(closes)
        if closed and self.is_second and self.stops_at_ruin and self.portfolio.balance <= 0.0:
            self._begin_ruin(self.fills[-1].time)
        return closed

    # --- ruin ------------------------------------------------------------------------------------

    def ruin(self, bars: Mapping[str, Moment], place: str) -> None:
        """Close everything that has a bar, at a place of it; the rest waits for its next open."""
        self._begin_ruin(next(iter(bars.values())).time)
        for position in [p for p in self.positions if p.symbol in bars]:
            now = bars[position.symbol]
            self.leave(position, position.lots, _price(position, place, now), "ruin", now)

    def _begin_ruin(self, time: int) -> None:
        """The run is ruined for good: what waits is cancelled, and nothing is taken any more."""
        self.ruined = True
        self.portfolio.note_ruin(time)
        for order in self.pending:
            self.end_order(order, "cancelled", "ruin")


def _price(position: Position, place: str, now: Moment) -> float:
    """The price of a position's exit side at a place of a bar."""
    return float(getattr(now.bar.exit_side(position.sign), place))


def _profit_at(position: Position, place: str, now: Moment) -> float:
    """The profit of a position at a place of a bar, at the rate of the last mark."""
    return position.profit(_price(position, place, now), position.lots, now.last_rate)
