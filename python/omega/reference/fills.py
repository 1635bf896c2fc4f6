"""Open positions, and the fills that open and close them, with their costs (M3, M4, M6; F7)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from omega.contract import InstrumentFields, Settings
from omega.reference import costs, sizing
from omega.reference.affordable import Entry, margin_of
from omega.reference.costs import Key, Leg
from omega.reference.dated_events import Carry, Receivable, Schedule
from omega.reference.executor import LastTrades
from omega.reference.markets import Due, Market, Sums
from omega.reference.matching import Live
from omega.reference.netting import Netting
from omega.reference.portfolio import Portfolio
from omega.reference.rows import NO_CANDLE, Fill, Moment, Order, Position, Trade, split_outcomes
from omega.reference.staleness import Staleness

_ENTRY_LEG = 0
_TARIFFS = 8
"""How often a size is sought for a fee function that charges more for less."""


class Fills(Netting):
    """The positions of a run, its orders so far, and their account."""

    def __init__(self, settings: Settings, symbols: Sequence[str], portfolio: Portfolio) -> None:
        self.settings = settings
        events, carry = settings["events"], settings["carry"]
        self.last_trades = {symbol: LastTrades() for symbol in symbols}
        self.markets = {
            symbol: Market.of(symbol, own)
            for symbol, own in zip(symbols, settings["symbols"], strict=True)
        }
        self.portfolio = portfolio
        self.orders: list[Order] = []
        self.waiting: list[Order] = []
        self.due: list[Due] = []
        self.filled_groups: set[str] = set()
        """Those of which an order filled since the opens at hand began (F8)."""
        self.positions: list[Position] = []
        self.open: dict[int, Position] = {}
        """The same by trade number."""
        self.numbered: dict[int, Order] = {}
        """All orders by number."""
        self._sums = Sums()
        self.fills: list[Fill] = []
        self.events: list[Fill | Trade] = []
        self.bars = dict.fromkeys(symbols, 0)
        """How many bars of each symbol were matched."""
        self.next_order = 0
        self.entries = 0
        self.is_second = settings["semantics"] != "1"
        self.ruined = False
        """Whether equity reached 0: no order is taken any more (M8)."""
        self.stale: Staleness | None = None
        """When a symbol without a bar is given up; never, where there is none (F15)."""
        self.schedule = None if events is None else Schedule(events, symbols)
        """What happens by date (A)."""
        self.carry = None if carry is None else Carry.of(carry, symbols)
        """What holding costs by the day (C)."""
        self.receivables: list[Receivable] = []
        """Dividends that were earned and are not paid yet."""

    def equity(self) -> float:
        """Balance plus the profits of the last mark (M3.1, M6.1)."""
        owed = self.portfolio.receivable
        return self.portfolio.balance + self._added_up().profit + owed

    def margin_held(self) -> float:
        """What the open positions hold (M6.1, M7)."""
        return self._added_up().margin

    def _added_up(self) -> Sums:
        """Sums over the open positions; what was opened since the last time is added."""
        sums = self._sums
        for position in self.positions[sums.positions :]:
            sums.profit += position.open_profit
            own, price = self.instrument(position), position.marked_price
            sums.margin += margin_of(own, position.value, position.lots, price)
        sums.positions = len(self.positions)
        return sums

    def forget_sums(self) -> None:
        """Add up anew: positions have changed other than by a new one."""
        self._sums = Sums()

    def instrument(self, position: Position) -> InstrumentFields:
        """The instrument of a position."""
        return self.markets[position.symbol].instrument

    def held_in(self, symbol: str) -> list[Position]:
        """The open positions of a symbol, oldest first."""
        return [position for position in self.positions if position.symbol == symbol]

    def is_full(self, symbol: str) -> bool:
        """Whether the run allows no further position in a symbol (F12.3)."""
        most, most_in_one = (
            self.settings["max_positions"],
            self.settings["max_positions_per_symbol"],
        )
        is_full = most is not None and len(self.positions) >= most
        return is_full or (most_in_one is not None and len(self.held_in(symbol)) >= most_in_one)

    def refused_short(self, order: Order, mode: str, time: int) -> str | None:
        """Why an order may not sell short, in a position mode (M12, C2)."""
        if order.sign > 0.0 or self.settings["position_mode"] != mode:
            return None
        if self.settings["account"]["kind"] == "cash":
            return "short"
        rates = None if self.carry is None else self.carry.borrow.get(order.symbol)
        is_lent = rates is None or rates.of(self.day_of(order.symbol, time)) is not None
        return None if is_lent else "no_borrow"

    def day_of(self, symbol: str, time: int) -> int:
        """The day of a time."""
        raise NotImplementedError

    def fund_leaving(self, position: Position, now: Moment) -> None:
        """Book what a position that leaves inside a bar may have had to pay (C3)."""

    def within_volume(self, order: Order, now: Moment) -> float | None:
        """The lots that the volume allows; None where the order does not fill (W10)."""
        raise NotImplementedError

    def carry_over(self, order: Order, done: float) -> None:
        """Note that an order filled no more than so many lots, and try the rest again."""
        raise NotImplementedError

    def note_volume(self, first: int, now: Moment) -> None:
        """Count the fills from one on."""
        raise NotImplementedError

    def enter(
        self, order: Order, raw_price: float, live: Live, now: Moment, *, is_maker: bool = False
    ) -> Position | None:
        """Fill an order (F1 to F4): a position, or a refusal written into the order (M6).

        In netting mode opposite positions are closed first (F7.1); one that only reduces does no
        more than that (F14). A maker rested in the order book until then (M4.4).
        """
        wanted, fills_before = self.within_volume(order, now), len(self.fills)
        if wanted is None:
            return None
        left = wanted
        if self.nets(order):
            left = self.close_opposite(order, wanted, raw_price, now, is_maker=is_maker)
        position = None
        if order.reduce_only and len(self.fills) == fills_before:
            order.status, order.reject_reason = "cancelled", "reduce_only"
        elif left > 0.0 and not order.reduce_only:
            position = self._open_rest(order, left, raw_price, live, now, is_maker=is_maker)
        if order.status == "working":
            order.status = "filled"
        self.note_volume(fills_before, now)
        if order.status != "rejected":
            self.carry_over(order, wanted)
        if len(self.fills) > fills_before:  # a closing part fills even where the rest is refused
            self.cancel_group(order)
        return position

    def _open_rest(
        self,
        order: Order,
        left: float,
        raw_price: float,
        live: Live,
        now: Moment,
        *,
        is_maker: bool,
    ) -> Position | None:
        """Open a position with the lots that are left, or refuse the order."""
        lots = sizing.order_size(self.markets[order.symbol].instrument, left)
        if lots is None:
            order.reject("size")
        elif refused := self.refused_short(order, self.settings["position_mode"], now.time):
            order.reject(refused)  # again, since it may have waited for days
        elif self.is_full(order.symbol):
            order.reject("max_positions")
        else:
            return self._open_position(order, lots, raw_price, live, now, is_maker=is_maker)
        return None

    def _open_position(
        self,
        order: Order,
        lots: float,
        raw_price: float,
        live: Live,
        now: Moment,
        *,
        is_maker: bool,
    ) -> Position | None:
        market = self.markets[order.symbol]
        key = Key(order.order_id, _ENTRY_LEG, slips=_slips(order))
        rate = now.last_rate if self.is_second else now.rate
        leg = self._leg(order.sign * lots, raw_price, key, replace(now, rate=rate), is_maker)
        entry = Entry(leg, rate, market.instrument, market.costs)
        funded = self._funded(order, entry)
        if funded is None:
            return None
        return self.open_funded(order, entry, funded, (raw_price, live), now, is_maker=is_maker)

    def open_funded(
        self,
        order: Order,
        entry: Entry,
        funded: tuple[float, float | None],
        at: tuple[float, Live],
        now: Moment,
        *,
        is_maker: bool,
    ) -> Position:
        """Open a position that is paid for: its lots, and what the fee function gave for them."""
        raw_price, live = at
        market, is_cash = self.markets[order.symbol], self.settings["account"]["kind"] == "cash"
        key = Key(order.order_id, _ENTRY_LEG, slips=_slips(order))
        (lots, own), rate = funded, entry.rate
        paid_at = replace(now, rate=rate) if is_cash else now  # M11
        if paid_at.rate != rate:
            own = None  # another fill than the one that was tested
        number = order.order_id if self.is_second else self.entries  # F13
        signed_lots = order.sign * lots
        fill = self._filled(
            number, signed_lots, raw_price, key, paid_at, is_maker=is_maker, own=own
        )
        order.set_levels(*order.levels(fill.price))  # F6.2: the row shows what came of a distance
        size = market.instrument["contract_size"]
        value = abs(lots * size * fill.price * entry.rate)
        position = Position.of(order, fill, size, value, self.entries)
        position.entry_rate = rate if is_cash else None
        position.live = live
        if live is Live.FROM_OPEN:  # L1.5: it has seen the open of its exit side
            position.best_price = position.worst_price = now.bar.exit_side(order.sign).open
        if self.carry is not None and self.carry.inside is not None:
            self.carry.entered.add(position.trade_id)
        self.entries += 1
        self.last_trades[order.symbol].entry = (now.index, now.time)
        self.portfolio.book_entry(position, fill)
        self.positions.append(position)
        self.open[position.trade_id] = position
        self._record(fill)
        return position

    def _funded(self, order: Order, entry: Entry) -> tuple[float, float | None] | None:
        """The lots that the account can pay for; None where the order is refused (M3, M6, M7).

        Beside them, what the fee function gave for all of them, where it was called.
        """
        lots, value = entry.full.lots, entry.full.notional
        free = self.equity() - self.margin_held()
        refused = None
        if not math.isfinite(value):
            refused = "size"
        elif not self.is_second:
            margin = margin_of(entry.instrument, value, lots, entry.full.price)
            refused = "margin" if margin > 0.0 and margin > free else None
        elif self.settings["account"]["tests_margin"]:
            return self._afforded(order, entry, free)
        if refused is None:
            return lots, None
        order.reject(refused)
        return None

    def _afforded(
        self, order: Order, entry: Entry, free: float
    ) -> tuple[float, float | None] | None:
        """The lots that so much free margin pays for (M3, M7)."""
        own = costs.own(entry.costs, entry.full)  # at the full size, for all sizes
        if entry.need(entry.full.lots, own) <= free:
            return entry.full.lots, own
        scaled = self._scaled(entry, free, own) if order.scales else None
        if scaled is None:
            order.reject("size" if order.scales else "margin")
        else:
            order.note = "scaled"
        return scaled

    def _scaled(self, entry: Entry, free: float, own: float) -> tuple[float, float] | None:
        """The largest size that is paid for, and what the fee function gives for it.

        A function may charge more for less, and no purchase takes cash below 0 (M12).
        """
        for _ in range(_TARIFFS):
            lots = entry.most_that_fits(free, own)
            if lots is None:
                return None
            own = costs.own(entry.costs, entry.at(lots))
            if entry.need(lots, own) <= free:
                return lots, own
        return None

    def leave(
        self,
        position: Position,
        lots: float,
        raw_price: float,
        reason: str,
        now: Moment,
        *,
        order: Order | None = None,
        is_maker: bool = False,
        slips: bool = True,
    ) -> None:
        """Close lots of a position at a price before slippage; `order` where one requested it."""
        self.fund_leaving(position, now)
        if order is None:  # a protective exit: under the number of the entry (M4.1)
            is_maker = reason == "take_profit"
            key = self._exit_key(position, slips=slips and not is_maker)
        else:
            key = Key(order.order_id, position.trade_id, slips=_slips(order))
        signed_lots = -position.sign * lots
        fill = self._filled(
            position.trade_id,
            signed_lots,
            raw_price,
            key,
            now,
            is_maker=is_maker,
            is_entry=False,
            is_free=reason == "split_cash",  # nothing is traded
        )
        fill.fee += self._liquidation_fee(position, lots, fill.price, reason, now)
        part = lots < position.lots
        share = lots / position.lots if part else 1.0  # M4.2
        trade = self.portfolio.book_exit(position, fill, reason, share, now.rate)
        self.last_trades[position.symbol].exit = now.time
        self.forget_sums()
        if part:
            position.entry_fee -= position.entry_fee * share
            position.swap -= position.swap * share
            _, position.turned_down = split_outcomes(position.turned_down, share)
            position.value -= position.value * share
            position.open_profit -= position.open_profit * share
            position.lots -= lots
            position.exit_legs += 1
        else:
            self.positions.remove(position)
            del self.open[position.trade_id]
        self._record(fill)
        self.events.append(trade)

    def net_if_closed(
        self,
        position: Position,
        price: float,
        now: Moment,
        *,
        slips: bool,
        reason: str = "signal",
        is_maker: bool | None = None,
    ) -> float:
        """Net profit of all lots had they been closed at a price (I3.1)."""
        fill = self._filled(
            position.trade_id,
            -position.sign * position.lots,
            price,
            self._exit_key(position, slips=slips),
            now,
            is_maker=not slips if is_maker is None else is_maker,  # a take profit
            is_entry=False,
        )
        fee = fill.fee + self._liquidation_fee(position, position.lots, fill.price, reason, now)
        gross = position.profit(fill.price, position.lots, now.rate)
        return gross - (position.entry_fee + fee) + position.swap

    def finish(self, closes: Mapping[str, Moment]) -> bool:
        """Close what is open at the last close of its symbol, in the order of entry (L4.1)."""
        held = list(self.positions)
        for position in held:
            now, close = closes[position.symbol], position.marked_price
            if now.bar is not NO_CANDLE:  # else it went on as a symbol without a bar so far (A6)
                close = now.bar.exit_side(position.sign).close
            self.leave(position, position.lots, close, "end_of_data", now)
        return bool(held)

    # --- what a fill costs -----------------------------------------------------------------------

    def _filled(
        self,
        trade_id: int,
        signed_lots: float,
        raw_price: float,
        key: Key,
        now: Moment,
        *,
        is_maker: bool,
        is_entry: bool = True,
        own: float | None = None,
        is_free: bool = False,
    ) -> Fill:
        """A fill with its slippage and fee (M4); positive lots buy, negative ones sell."""
        leg = self._leg(signed_lots, raw_price, key, now, is_maker)
        leg = leg._replace(is_entry=is_entry)
        charged = self.markets[now.symbol].costs
        if is_free:
            fee = 0.0
        else:
            fee = costs.fee(charged, leg) if own is None else costs.with_own(charged, leg, own)
        return Fill(
            order_id=key.order,
            trade_id=trade_id,
            symbol=now.symbol,
            sign=leg.sign,
            index=now.index,
            time=now.time,
            price=leg.price,
            lots=leg.lots,
            fee=fee,
            slippage=self._slippage(raw_price, leg.units, key, now),
            rate=now.rate,
        )

    def _leg(
        self, signed_lots: float, raw_price: float, key: Key, now: Moment, is_maker: bool
    ) -> Leg:
        """What the fee of an entry depends on; positive lots buy, negative ones sell."""
        sign, lots = math.copysign(1.0, signed_lots), abs(signed_lots)
        units = self._units(lots, now.symbol)
        price = raw_price + sign * self._slippage(raw_price, units, key, now)
        notional = abs(units * price * now.rate)
        time, order, is_entry = now.time, key.order, True
        return Leg(sign, lots, units, price, notional, is_maker, is_entry, time, order)

    def _slippage(self, raw_price: float, units: float, key: Key, now: Moment) -> float:
        market = self.markets[now.symbol]
        away = costs.slippage(market.costs, raw_price, self.settings["seed"], key)
        return away + market.moved_by(raw_price, units, now.index) if key.slips else away

    def _units(self, lots: float, symbol: str) -> float:
        return lots * float(self.markets[symbol].instrument["contract_size"])

    def _liquidation_fee(
        self, position: Position, lots: float, price: float, reason: str, now: Moment
    ) -> float:
        """What a close by force adds to the fee (M9)."""
        if reason not in ("stop_out", "ruin"):
            return 0.0
        percent = self.instrument(position)["liquidation_fee"]
        return abs(self._units(lots, now.symbol) * price * now.rate) * percent / 100.0

    def _exit_key(self, position: Position, *, slips: bool) -> Key:
        """The key of the next protective exit: legs count from the entry's (M4.1)."""
        return Key(position.order_id, _ENTRY_LEG + 1 + position.exit_legs, slips=slips)

    def _record(self, fill: Fill) -> None:
        self.fills.append(fill)
        self.events.append(fill)


def _slips(order: Order) -> bool:
    """Market and stop orders slip, limits do not (F1 to F4, M4.1)."""
    return order.type in ("market", "stop", "close")
