//! The two phases of a rebalance at an open: what reduces positions, then what increases them, all
//! by one factor (W6 to W10).

use super::Simulator;
use super::affordable::{Entry, margin_of};
use super::fills::EntryPrice;
use super::rebalance_plan::Part;
use crate::execution::book::QueuedTask;
use crate::execution::costs::FeeBasis;
use crate::execution::rebalance::{Needs, factor};
use crate::execution::{
    Account, AccountKind, Order, OrderStatus, RejectReason, StepBars, SymbolBar,
};
use crate::store::FETCHED;
use crate::types::{Direction, SymbolId};

impl Part {
    fn is_ready(&self, bars: StepBars<'_>) -> bool {
        bars.trading_of(self.symbol).is_some()
    }
}

/// An increase at its full size.
struct Increase {
    part: Part,
    basis: FeeBasis,
    /// What the fee function gave for it.
    own: f64,
    /// What it needs in all.
    need: f64,
}

impl Simulator {
    /// Fills what has a bar, what reduces first, and lets the rest wait.
    pub(super) fn fill_parts<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let mut parts = std::mem::take(&mut self.rebalancing.parts);
        parts.append(&mut self.rebalancing.waiting);
        let book = &self.book;
        // Others may have cancelled it while it waited: the strategy, a ruin.
        parts.retain(|part| book.orders.is_waiting(part.row));
        parts.sort_unstable_by_key(|part| (part.symbol, part.row));
        let (ready, mut waits): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| part.is_ready(bars));
        for part in &ready {
            if part.is_queued {
                self.book.take_queued(part.row);
            }
        }
        self.book.settle();
        self.reduce(&ready, &mut waits, bars, account);
        self.increase(&ready, &mut waits, bars, account);
        // In the order of rows, in which the queue is kept.
        waits.sort_unstable_by_key(|part| part.row);
        for part in waits.iter_mut().filter(|part| !part.is_queued) {
            self.book.queue(part.row, QueuedTask::Rebalance);
            part.is_queued = true;
            let row = &mut self.rebalancing.rows[part.target];
            // One that is tried again has another reason.
            row.reason = row.reason.or(Some("waiting"));
        }
        self.rebalancing.waiting = waits;
    }

    /// The lots of a part that the volume of its bar allows, none where there is no volume left;
    /// the rest is cancelled, or a new order that waits (W10).
    fn part_of_volume(
        &mut self,
        part: &Part,
        waits: &mut Vec<Part>,
        now: &SymbolBar,
    ) -> Option<f64> {
        let left = self.volume_left(now);
        let order = &mut self.book.orders[part.row];
        if order.lots <= left {
            return Some(order.lots);
        }
        let rest = order.lots - left;
        order.is_cut = true;
        if left <= 0.0 {
            order.status = OrderStatus::Cancelled(Some(RejectReason::Participation));
        }
        let again = Order {
            lots: rest,
            is_cut: false,
            status: OrderStatus::Working,
            ..order.clone()
        };
        self.explain(part, RejectReason::Participation.name());
        if self.retries() {
            let id = self.book.take_number();
            let money = self.reserve(again.direction, rest, now);
            let row = self.book.add(Order { id, ..again });
            waits.push(Part {
                row,
                money,
                is_queued: false,
                ..*part
            });
        }
        (left > 0.0).then_some(left)
    }

    /// The first phase: sells longs and covers shorts.
    fn reduce<A: Account>(
        &mut self,
        ready: &[Part],
        waits: &mut Vec<Part>,
        bars: StepBars<'_>,
        account: &mut A,
    ) {
        if !ready.iter().any(|part| part.reduces) {
            return;
        }
        self.positions.begin_closes();
        let reducing: Vec<&Part> = ready.iter().filter(|part| part.reduces).collect();
        for (place, part) in reducing.iter().enumerate() {
            if place.is_multiple_of(FETCHED) {
                let next = reducing[place..].iter().take(FETCHED);
                let next = next.map(|part| part.symbol);
                self.positions.fetch(next.clone());
                self.fetch_settings(next);
            }
            let now = bars.of(part.symbol);
            let at = self.price_of(part, now);
            let fills = self.positions.fills.len();
            let Some(lots) = self.part_of_volume(part, waits, now) else {
                continue;
            };
            self.close_opposite(part.row, lots, at, now, account);
            self.note_volume(fills, now);
            self.book.orders[part.row].status = if self.positions.fills.len() > fills {
                OrderStatus::Filled
            } else {
                OrderStatus::Cancelled(Some(RejectReason::ReduceOnly))
            };
        }
        self.positions.end_closes();
    }

    /// Reads the settings of some symbols, so that they are in a cache for the fills that come
    /// next: see `Positions::fetch`.
    fn fetch_settings(&self, symbols: impl Iterator<Item = SymbolId>) {
        let mut seen = 0;
        for symbol in symbols {
            let own = &self.settings.symbols[symbol.index()];
            let numbers = [
                own.instrument.contract_size,
                own.fees.fixed,
                own.slippage.fixed,
                own.swap.long,
            ];
            seen = numbers.iter().fold(seen, |seen, own| seen ^ own.to_bits());
        }
        std::hint::black_box(seen);
    }

    /// Where an order of a rebalance fills, before slippage.
    fn price_of(&self, part: &Part, now: &SymbolBar) -> EntryPrice {
        let side = self.book.orders[part.row].direction.entry_side();
        EntryPrice::at_market(now.market_price(side, self.settings.market_fill))
    }

    /// The second phase: buys and sells short, all by one factor (W7, W8).
    fn increase<A: Account>(
        &mut self,
        ready: &[Part],
        waits: &mut Vec<Part>,
        bars: StepBars<'_>,
        account: &mut A,
    ) {
        let mut increases = Vec::with_capacity(ready.len());
        let increasing: Vec<&Part> = ready.iter().filter(|part| !part.reduces).collect();
        for (place, part) in increasing.iter().enumerate() {
            if place.is_multiple_of(FETCHED) {
                let next = increasing[place..].iter().take(FETCHED);
                self.fetch_settings(next.map(|part| part.symbol));
            }
            let now = bars.of(part.symbol);
            let Some(lots) = self.part_of_volume(part, waits, now) else {
                continue;
            };
            match self.needed(part, lots, now) {
                Ok(increase) => increases.push(increase),
                Err(reason) => self.refuse_part(part, reason, bars.of(part.symbol)),
            }
        }
        if increases.is_empty() {
            return;
        }
        let buffer = increases
            .iter()
            .map(|increase| increase.part.buffer)
            .fold(0.0, |most, own| if own > most { own } else { most });
        let free = self.spendable(account) - buffer;
        let factor = if self.settings.account.tests_margin {
            factor(&self.needs(&increases, waits), free)
        } else {
            1.0
        };
        for part in waits.iter_mut().filter(|part| !part.reduces) {
            part.share = if factor < part.share {
                factor
            } else {
                part.share
            };
        }
        let mut spent = 0.0;
        for increase in &increases {
            spent = self.fill_increase(increase, (factor, spent, free), bars, account);
        }
    }

    /// What an increase needs at its full size.
    fn needed(&self, part: &Part, lots: f64, now: &SymbolBar) -> Result<Increase, RejectReason> {
        let order = &self.book.orders[part.row];
        if self.is_ruined {
            return Err(RejectReason::Ruin);
        }
        self.check_limits(order, now)?;
        self.check_short_of(order.symbol, order.direction, now.bar.time)?;
        let basis = self.entry_basis(part.row, lots, &self.price_of(part, now), now);
        let symbol = &self.settings.symbols[part.symbol.index()];
        let entry = Entry::new(symbol, basis, self.entry_rate(now));
        if !entry.full.notional.is_finite() {
            return Err(RejectReason::Size);
        }
        let own = self.checked_fee(&entry.full, |fees| fees.own(&entry.full));
        Ok(Increase {
            part: *part,
            basis: entry.full,
            own,
            need: entry.need(&entry.full, own),
        })
    }

    /// What all increases need, those that wait at their last closes.
    fn needs(&self, increases: &[Increase], waits: &[Part]) -> Needs {
        let mut needs = Needs::default();
        for increase in increases {
            let symbol = &self.settings.symbols[increase.part.symbol.index()];
            let margin = margin_of(&symbol.instrument, &increase.basis);
            needs.variable += margin + symbol.fees.variable(&increase.basis);
            needs.fixed += symbol.fees.fixed + increase.own + symbol.fees.minimum;
            needs.full += increase.need;
        }
        for part in waits.iter().filter(|part| !part.reduces) {
            let reserved = part.money * part.share;
            needs.variable += reserved;
            needs.full += reserved;
        }
        needs
    }

    /// What lots are worth at the last close, as far as it is held for them: the money that is kept
    /// for an increase that waits.
    pub(super) fn reserve(&self, direction: Direction, lots: f64, now: &SymbolBar) -> f64 {
        let instrument = self.instrument(now.symbol);
        let close = now.last.side(direction.entry_side()).close;
        let units = lots * instrument.contract_size;
        instrument.margin((units * close * now.last_rate).abs(), lots, close)
    }

    /// What may be spent: the cash of a cash account, the free margin of another one (W7, W8).
    fn spendable<A: Account>(&self, account: &A) -> f64 {
        if self.settings.account.kind == AccountKind::Margin {
            return self.free_margin(account);
        }
        let paid = self.positions.open.iter().fold(0.0, |sum, position| {
            let units = position.lots * position.contract_size;
            sum + position.entry_price * units * position.entry_rate.unwrap_or(1.0)
        });
        account.balance() - paid
    }

    /// Fills an increase by its factor; gives what is spent then.
    fn fill_increase<A: Account>(
        &mut self,
        increase: &Increase,
        (factor, spent, free): (f64, f64, f64),
        bars: StepBars<'_>,
        account: &mut A,
    ) -> f64 {
        let part = &increase.part;
        let now = bars.of(part.symbol);
        let factor = if part.share < factor {
            part.share
        } else {
            factor
        };
        let asked = increase.basis.lots;
        let scaled = self.instrument(part.symbol).floor(asked * factor);
        let lots = if factor < 1.0 { scaled } else { asked };
        let funded = self.funded(increase, lots, (spent, free), now);
        let (basis, own) = match funded {
            Ok(funded) => funded,
            Err(_) if factor <= 0.0 => {
                self.refuse_part(part, RejectReason::Margin, now);
                return spent;
            }
            Err(reason) => {
                self.refuse_part(part, reason, now);
                return spent;
            }
        };
        let symbol = &self.settings.symbols[part.symbol.index()];
        let need = Entry::new(symbol, basis, self.entry_rate(now)).need(&basis, own);
        let at = self.price_of(part, now);
        let fills = self.positions.fills.len();
        self.open_funded(part.row, &at, (basis, Some(own)), now, account);
        self.note_volume(fills, now);
        let order = &mut self.book.orders[part.row];
        order.status = OrderStatus::Filled;
        if lots < asked {
            order.is_scaled = true;
            let is_cash = self.settings.account.kind == AccountKind::Cash;
            let reason = if is_cash { "cash" } else { "margin" };
            self.explain(part, reason);
        }
        spent + need
    }

    /// An increase of so many lots, if it is paid for; and what its fee function gives.
    fn funded(
        &self,
        increase: &Increase,
        lots: f64,
        (spent, free): (f64, f64),
        now: &SymbolBar,
    ) -> Result<(FeeBasis, f64), RejectReason> {
        let symbol = &self.settings.symbols[increase.part.symbol.index()];
        symbol.instrument.check_size(lots)?;
        self.check_count(increase.part.symbol)?;
        let entry = Entry::new(symbol, increase.basis, self.entry_rate(now));
        if lots.to_bits() == increase.basis.lots.to_bits() {
            let is_paid = spent + increase.need <= free || !self.settings.account.tests_margin;
            let funded = (increase.basis, increase.own);
            return is_paid.then_some(funded).ok_or(RejectReason::Margin);
        }
        let basis = entry.of(lots);
        // A function may charge more for less, and no purchase takes cash below 0 (M12).
        let own = self.checked_fee(&basis, |fees| fees.own(&basis));
        let is_paid = spent + entry.need(&basis, own) <= free;
        is_paid.then_some((basis, own)).ok_or(RejectReason::Margin)
    }

    /// Refuses the order of a part.
    fn refuse_part(&mut self, part: &Part, reason: RejectReason, now: &SymbolBar) {
        let order = &mut self.book.orders[part.row];
        order.status = OrderStatus::Rejected(reason);
        let id = order.id;
        self.explain(part, reason.name());
        self.refuse_late(id, reason, now);
    }

    /// Notes why a target was not reached; of an order that has waited, that is why.
    fn explain(&mut self, part: &Part, reason: &'static str) {
        if !part.is_queued {
            self.rebalancing.rows[part.target].reason = Some(reason);
        }
    }
}
