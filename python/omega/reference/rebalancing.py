"""Rebalancing: targets become orders, which fill in two phases at the open (W2 to W9, W12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from omega.reference import costs
from omega.reference.affordable import Entry, margin_of
from omega.reference.costs import Key, Leg
from omega.reference.markets import Due
from omega.reference.matching import Live
from omega.reference.rows import NO_CANDLE, Known, Moment, Order, WeightRow
from omega.reference.solvency import Solvency
from omega.reference.targets import Needs, PlannedTrade, Quote, cut_to_turnover, floor, plan_trade
from omega.strategy.rebalance import Rebalance

_ENTRY_LEG = 0

Size = tuple[str, float]
"""The kind and the number of a target."""


@dataclass(slots=True, eq=False)
class Part:
    """An order of a rebalance.

    Attributes:
        order: Its row.
        reduces: Whether it is of the first phase.
        row: What became of its target.
        buffer: Money that is not to be spent.
        money: What is kept for all of it while it waits.
        share: How much of it may fill at most.
        is_queued: Whether it has waited for a bar.
    """

    order: Order
    reduces: bool
    row: WeightRow
    buffer: float
    money: float
    share: float = 1.0
    is_queued: bool = False

    def explain(self, reason: str) -> None:
        """Note why a target was not reached; of an order that has waited, that is why."""
        if not self.is_queued:
            self.row.reason = reason


class Increase(NamedTuple):
    """An order of the second phase at its full size, and what its fee function gave for it."""

    part: Part
    now: Moment
    entry: Entry
    own: float


class Rebalancing(Solvency):
    """Brings positions to targets."""

    seen_equity = 0.0
    """What the strategy saw, before anything of the step was booked."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]  # as the base
        self.requested: list[Rebalance] = []
        self.weight_rows: list[WeightRow] = []
        self._measured = 0
        self._parts: list[Part] = []
        self._waiting_parts: list[Part] = []

    def take_rebalance(self, request: Rebalance) -> None:
        """Take a request to bring positions to targets."""
        self.requested.append(request)

    def rebalance(self, nows: Mapping[str, Known]) -> None:
        """Turn the targets that were requested into orders; fill all that can fill."""
        requested, self.requested = self.requested, []
        for request in requested:
            self._plan(request, nows)
        if self._parts or self._waiting_parts:
            self._fill_parts(nows)

    # --- sizes -----------------------------------------------------------------------------------

    def _plan(self, request: Rebalance, nows: Mapping[str, Known]) -> None:
        """Size the targets of a request, and add their orders."""
        held = dict.fromkeys(self.markets, 0.0)
        for position in self.positions:
            held[position.symbol] += position.sign * position.lots
        sizes = self._sizes(request, held, nows)
        self._cancel_earlier(request, self.markets if request.missing == "sell" else sizes)
        at_fill = request.rules["size_at"] == "fill"
        equity = self._equity_at_fills(nows) if at_fill else self.seen_equity
        plans = {
            symbol: self._planned(request, nows[symbol], size, held[symbol], equity)
            for symbol, size in sizes.items()
        }
        most = request.rules["max_turnover"]
        if most is not None:
            known = [
                (planned, self.markets[symbol].instrument)
                for symbol, planned in plans.items()
                if planned is not None
            ]
            cut_to_turnover(known, most * equity)
        buffer = request.rules["cash_buffer"] * equity
        self._add_orders(request, sizes, plans, buffer, nows)

    def _sizes(
        self, request: Rebalance, held: Mapping[str, float], nows: Mapping[str, Known]
    ) -> dict[str, Size]:
        """One size for each symbol, in their order (W3, U1)."""
        named = self._named(request, next(iter(nows.values())).time)
        for symbol, lots in held.items():
            is_sold = request.missing == "sell" or (
                request.missing == "hold" and not self.is_member(nows[symbol])
            )
            if is_sold and lots != 0.0:
                named.setdefault(symbol, ("weight", 0.0))
        return {symbol: named[symbol] for symbol in self.markets if symbol in named}

    def _named(self, request: Rebalance, time: int) -> dict[str, Size]:
        """The sizes that are asked for; those of changed symbols are about what these go on as."""
        named: dict[str, Size] = {}
        changed: list[tuple[str, Size]] = []
        for symbol, kind, number in request.targets:
            after = None if self.schedule is None else self.schedule.successor(symbol, time)
            if after is None:
                named[symbol] = kind, number
            else:
                ratio = after[1] if kind == "units" else 1.0
                changed.append((after[0], (kind, number * ratio)))
        for symbol, size in changed:
            named[symbol] = _together(named[symbol], size) if symbol in named else size
        return named

    def _planned(
        self, request: Rebalance, now: Known, size: Size, held: float, equity: float
    ) -> PlannedTrade | None:
        is_kept = size[0] == "keep"
        is_out = now.last is NO_CANDLE or self._is_stale(now) or self.is_gone(now)
        if not is_kept and (is_out or not now.is_ready):
            return None
        quote = self._quote(now, at_fill=request.rules["size_at"] == "fill")
        instrument = self.markets[now.symbol].instrument
        has_left = held != 0.0 and not is_kept and not self.is_member(now)
        asked = ("weight", 0.0) if has_left else size
        planned = plan_trade(asked, quote, (held, equity), instrument, request.rules)
        if has_left and planned is not None:  # U1
            planned.reason = "not_member"
            planned.weight = size[1] if size[0] == "weight" else planned.weight
        return planned

    def _is_stale(self, now: Known) -> bool:
        return self.stale is not None and self.stale.holds(now)

    def _cancel_earlier(self, request: Rebalance, symbols: Iterable[str]) -> None:
        """Cancel what earlier rebalances have not filled, so that two never buy twice (W4)."""
        about = set(symbols)

        def is_over(part: Part) -> bool:
            return part.order.symbol in about and request.has(reduces=part.reduces)

        for part in [*self._parts, *self._waiting_parts]:
            if is_over(part) and part.order.status == "working":
                self.end_order(part.order, "cancelled")
        self._parts = [part for part in self._parts if not is_over(part)]
        self._waiting_parts = [part for part in self._waiting_parts if not is_over(part)]

    def _equity_at_fills(self, nows: Mapping[str, Known]) -> float:
        """Equity where each symbol with a bar is at the price its positions would be left at."""
        profit = 0.0
        for position in self.positions:
            now = nows[position.symbol]
            if isinstance(now, Moment):
                price = self._market_price(now, position.sign, entry=False)
                profit += position.profit(price, position.lots, now.last_rate)
            else:
                profit += position.open_profit
        return self.portfolio.balance + profit + self.portfolio.receivable

    def _quote(self, now: Known, *, at_fill: bool) -> Quote:
        """The prices that a symbol is sized at, of the side that is traded (W2)."""
        if at_fill and isinstance(now, Moment):
            prices = [self._market_price(now, sign, entry=True) for sign in (1.0, -1.0)]
        else:
            prices = [now.last.entry_side(sign).close for sign in (1.0, -1.0)]
        return Quote(prices[0], prices[1], now.last_rate)

    # --- orders ----------------------------------------------------------------------------------

    def _add_orders(
        self,
        request: Rebalance,
        sizes: Mapping[str, Size],
        plans: Mapping[str, PlannedTrade | None],
        buffer: float,
        nows: Mapping[str, Known],
    ) -> None:
        """Add the orders of the planned trades, reductions first, and a row for each target."""
        rows = {}
        for symbol, size in sizes.items():
            planned = plans[symbol]
            target = _named_weight(size) if planned is None else planned.weight
            reason = None if planned is None else planned.reason
            rows[symbol] = WeightRow(nows[symbol].time, symbol, target, 0.0, reason)
        self.weight_rows += rows.values()
        for reduces in (True, False):
            lost = () if reduces else request.lost
            for symbol, planned in plans.items():
                if symbol in lost or not request.has(reduces=reduces):
                    continue
                if planned is not None:
                    self._add_order(planned, rows[symbol], nows[symbol], buffer, reduces=reduces)
                elif not reduces:
                    self._refuse_target(sizes[symbol], rows[symbol], nows[symbol])

    def _add_order(
        self, planned: PlannedTrade, row: WeightRow, now: Known, buffer: float, *, reduces: bool
    ) -> None:
        instrument = self.markets[now.symbol].instrument
        lots = planned.traded(instrument)[0 if reduces else 1]
        most = instrument["volume_max"]
        if not reduces and most is not None and lots > most:
            lots = most
        if lots <= 0.0:
            return
        sign = 1.0 if planned.delta > 0.0 else -1.0
        order = self._row(self._take_number(), "market", sign, now)
        order.lots, order.reduce_only = lots, reduces
        money = self._reserve(order, now)
        self._parts.append(Part(order, reduces, row, buffer, money))

    def _refuse_target(self, size: Size, row: WeightRow, now: Known) -> None:
        """Refuse a target that has no size."""
        _, number = size
        reason = "stale" if self._is_stale(now) else "price" if now.is_ready else "not_ready"
        reason = "delisted" if self.is_gone(now) else reason
        row.reason = reason
        if number != 0.0:
            order = self._row(self._take_number(), "market", -1.0 if number < 0.0 else 1.0, now)
            order.reject(reason)
            self.raise_if_strict(order.order_id, reason, now)

    # --- the two phases --------------------------------------------------------------------------

    def _fill_parts(self, nows: Mapping[str, Known]) -> None:
        """Fill what has a bar, what reduces first; the rest waits."""
        places = {symbol: place for place, symbol in enumerate(self.markets)}
        parts = [p for p in self._parts + self._waiting_parts if p.order.status == "working"]
        parts.sort(key=lambda part: (places[part.order.symbol], part.order.order_id))
        ready = [part for part in parts if isinstance(nows.get(part.order.symbol), Moment)]
        waits = [part for part in parts if part not in ready]
        self._parts, self._waiting_parts = [], waits
        orders = {id(part.order) for part in ready}
        self.due = [due for due in self.due if id(due.order) not in orders]
        moments = {s: now for s, now in nows.items() if isinstance(now, Moment)}
        for part in ready:
            if part.reduces:
                self._reduce(part, moments[part.order.symbol])
        self._increase([part for part in ready if not part.reduces], moments)
        queued = {id(due.order) for due in self.due}
        for part in sorted(self._waiting_parts, key=lambda part: part.order.order_id):
            if id(part.order) not in queued:
                self.due.append(Due(part.order, None, is_part=True))
                if part.row.reason is None:  # one that is tried again has another
                    part.explain("waiting")
                part.is_queued = True

    def _part_of_volume(self, part: Part, now: Moment) -> float | None:
        """The lots that the volume of the bar allows; the rest is cancelled, or waits (W10)."""
        left, order = self.volume_left(now), part.order
        if order.lots <= left:
            return order.lots
        order.note = "participation"
        if left <= 0.0:
            order.status, order.reject_reason = "cancelled", "participation"
        part.explain("participation")
        if self.retries:
            again = replace(
                order,
                order_id=self._take_number(),
                lots=order.lots - left,
                status="working",
                reject_reason=None,
                note=None,
            )
            self._add_row(again)
            money = self._reserve(again, now)
            again_part = replace(part, order=again, money=money, is_queued=False)
            self._waiting_parts.append(again_part)
        return left if left > 0.0 else None

    def _reduce(self, part: Part, now: Moment) -> None:
        """Sell longs or cover shorts, oldest first."""
        order, fills = part.order, len(self.fills)
        lots = self._part_of_volume(part, now)
        if lots is None:
            return
        price = self._market_price(now, order.sign, entry=True)
        self.close_opposite(order, lots, price, now, is_maker=False)
        self.note_volume(fills, now)
        if len(self.fills) > fills:
            order.status = "filled"
        else:
            order.status, order.reject_reason = "cancelled", "reduce_only"

    def _increase(self, parts: Sequence[Part], moments: Mapping[str, Moment]) -> None:
        """Buy and sell short, all by one factor (W7, W8)."""
        increases = []
        for part in parts:
            now = moments[part.order.symbol]
            lots = self._part_of_volume(part, now)
            increase = None if lots is None else self._needed(part, lots, now)
            if increase is not None:
                increases.append(increase)
        if not increases:
            return
        free = self._spendable() - max([0.0, *(one.part.buffer for one in increases)])
        waits = [part for part in self._waiting_parts if not part.reduces]
        factor = 1.0
        if self.settings["account"]["tests_margin"]:
            factor = self._needs(increases, waits).factor(free)
        for part in waits:
            part.share = min(part.share, factor)
        spent = 0.0
        for increase in increases:
            spent = self._fill_increase(increase, factor, spent, free)

    def _needed(self, part: Part, lots: float, now: Moment) -> Increase | None:
        """What an increase needs at its full size; None where it is refused."""
        order = part.order
        refused = "ruin" if self.ruined else self._limited(order, now)
        refused = refused or self.refused_short(order, "netting", now.time)
        market = self.markets[order.symbol]
        leg = self._entry_leg(order, lots, now)
        entry = Entry(leg, now.last_rate, market.instrument, market.costs)
        if refused is None and not abs(leg.notional) < float("inf"):
            refused = "size"
        if refused is not None:
            self._refuse_part(part, refused, now)
            return None
        return Increase(part, now, entry, costs.own(market.costs, leg))

    def _entry_leg(self, order: Order, lots: float, now: Moment) -> Leg:
        price = self._market_price(now, order.sign, entry=True)
        key = Key(order.order_id, _ENTRY_LEG, slips=True)
        tested = replace(now, rate=now.last_rate)
        return self._leg(order.sign * lots, price, key, tested, is_maker=False)

    def _needs(self, increases: Sequence[Increase], waits: Sequence[Part]) -> Needs:
        """What all increases need, those that wait at their last closes."""
        needs = Needs()
        for _, _, entry, own in increases:
            leg, charged = entry.full, entry.costs
            margin = margin_of(entry.instrument, leg.notional, leg.lots, leg.price)
            needs.variable += margin + costs.variable(charged, leg)
            needs.fixed += charged["fee_fixed"] + own + charged["fee_min"]
            needs.full += entry.need(leg.lots, own)
        for part in waits:
            reserved = part.money * part.share
            needs.variable += reserved
            needs.full += reserved
        return needs

    def _reserve(self, order: Order, now: Known) -> float:
        """What is kept for an order that waits: what it is worth at the last close."""
        instrument = self.markets[now.symbol].instrument
        close = now.last.entry_side(order.sign).close
        units = order.lots * instrument["contract_size"]
        return margin_of(instrument, abs(units * close * now.last_rate), order.lots, close)

    def _spendable(self) -> float:
        """The cash of a cash account, the free margin of another one (W7, W8)."""
        if self.settings["account"]["kind"] != "cash":
            return self.equity() - self.margin_held()
        paid = 0.0
        for position in self.positions:
            units = position.lots * position.contract_size
            rate = 1.0 if position.entry_rate is None else position.entry_rate
            paid += position.entry_price * units * rate
        return self.portfolio.balance - paid

    def _fill_increase(self, one: Increase, factor: float, spent: float, free: float) -> float:
        """Fill an increase by its factor; give what is spent then."""
        part, now, entry, own = one
        order, factor = part.order, min(part.share, factor)
        asked, step, fills = entry.full.lots, entry.instrument["volume_step"], len(self.fills)
        lots = floor(step, asked * factor) if factor < 1.0 else asked
        refused = self._fits(entry, lots)
        refused = refused or ("max_positions" if self.is_full(order.symbol) else None)
        tests = self.settings["account"]["tests_margin"]
        if refused is None:
            if lots != asked:  # a function may charge more for less
                own = costs.own(entry.costs, entry.at(lots))
            if (tests or lots != asked) and not spent + entry.need(lots, own) <= free:
                refused = "margin"
        if refused is not None:
            self._refuse_part(part, "margin" if factor <= 0.0 else refused, now)
            return spent
        price = self._market_price(now, order.sign, entry=True)
        at = price, Live.FROM_OPEN
        self.open_funded(order, entry, (lots, own), at, now, is_maker=False)
        order.status = "filled"
        self.note_volume(fills, now)
        if lots < asked:
            order.note = order.note or "scaled"
            part.explain("cash" if self.settings["account"]["kind"] == "cash" else "margin")
        return spent + entry.need(lots, own)

    def _fits(self, entry: Entry, lots: float) -> str | None:
        """Why no order may have a size that is rounded (M3)."""
        least, most = entry.instrument["volume_min"], entry.instrument["volume_max"]
        fits = 0.0 < lots < float("inf")
        fits = fits and (least is None or lots >= least) and (most is None or lots <= most)
        return None if fits else "size"

    def _refuse_part(self, part: Part, reason: str, now: Known) -> None:
        part.order.reject(reason)
        part.explain(reason)
        self.raise_if_strict(part.order.order_id, reason, now)

    # --- the close -------------------------------------------------------------------------------

    def measure_weights(self) -> None:
        """Measure what became of the targets of a step (W12)."""
        rows = self.weight_rows[self._measured :]
        if not rows:
            return
        equity = self.equity()
        worth = dict.fromkeys(self.markets, 0.0)
        for position in self.positions:
            worth[position.symbol] += position.sign * position.value
        for row in rows:
            row.realised = worth[row.symbol] / equity if equity > 0.0 else 0.0
        self._measured = len(self.weight_rows)


def _named_weight(size: Size) -> float | None:
    """The weight of a target without a price; None of an amount, whose weight depends on it."""
    kind, number = size
    return number if kind == "weight" else 0.0 if number == 0.0 else None


def _together(first: Size, second: Size) -> Size:
    """Two targets that have come to be about one symbol (A6)."""
    return (first[0], first[1] + second[1]) if first[0] == second[0] else ("keep", 0.0)
