//! Rebalancing: targets become orders, which fill in two phases at the open (W2 to W9).
//!
//! First everything that reduces, then everything that increases, under one common factor; each in
//! the order of symbols. What has no bar waits for its next one.

use super::Simulator;
use super::affordable::Entry;
use super::fills::EntryPrice;
use crate::execution::book::QueuedTask;
use crate::execution::costs::FeeBasis;
use crate::execution::rebalance::{
    Held, Missing, Needs, Quote, Rebalance, SizeAt, Target, TargetSize, WeightRow, Wish,
    cut_to_turnover, factor, wished,
};
use crate::execution::{
    Account, AccountKind, Order, OrderStatus, ReduceOnly, RejectReason, StepBars, SymbolBar,
};
use crate::types::{Direction, SymbolId};

/// The rebalances of a run.
#[derive(Debug, Default)]
pub(super) struct Rebalancing {
    /// What was requested for this open, with the order that it counts as.
    pub(super) requested: Vec<Rebalance>,
    /// The equity that the strategy saw.
    seen_equity: f64,
    /// The orders of this open.
    parts: Vec<Part>,
    /// Those that wait for a bar of their symbol.
    waiting: Vec<Part>,
    /// What became of each target.
    rows: Vec<WeightRow>,
    /// How many of these have their realised weight.
    measured: usize,
}

/// An order of a rebalance.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Its row among the orders.
    row: usize,
    symbol: SymbolId,
    reduces: bool,
    /// How much of it may fill at most: what was left for it when others filled.
    share: f64,
    /// What is kept for all of it while it waits.
    money: f64,
    /// Money that is not to be spent.
    buffer: f64,
    /// The row of its target.
    target: usize,
    /// Whether it is in the queue of the book.
    is_queued: bool,
}

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

impl Rebalancing {
    /// Whether nothing was requested and nothing waits.
    fn is_idle(&self) -> bool {
        self.parts.is_empty() && self.waiting.is_empty()
    }

    /// What became of each target.
    pub(super) fn into_rows(self) -> Vec<WeightRow> {
        self.rows
    }

    /// The symbols that a rebalance is about.
    pub(super) fn mark_symbols(request: &Rebalance, symbols: &mut [bool]) {
        for target in &request.targets {
            symbols[target.symbol.index()] = true;
        }
    }
}

impl Simulator {
    /// Notes the equity that the strategy saw, before anything of this step is booked (W2).
    pub(super) fn note_seen_equity<A: Account>(&mut self, account: &A) {
        self.rebalancing.seen_equity = self.positions.equity(account);
    }

    /// Turns the targets that were requested into orders, and fills all that can fill.
    pub(super) fn rebalance<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let mut requested = std::mem::take(&mut self.rebalancing.requested);
        for request in requested.drain(..) {
            self.plan(&request, bars, account);
        }
        self.rebalancing.requested = requested;
        if !self.rebalancing.is_idle() {
            self.fill_parts(bars, account);
        }
    }

    /// Sizes the targets of a request, and adds their orders.
    fn plan<A: Account>(&mut self, request: &Rebalance, bars: StepBars<'_>, account: &A) {
        let held = self.lots_by_symbol();
        let targets = self.targets_of(request, &held);
        self.cancel_earlier(request, &targets);
        let equity = match request.rules.size_at {
            SizeAt::Decision => self.rebalancing.seen_equity,
            SizeAt::Fill => self.equity_at_fills(bars, account),
        };
        let mut wishes = Vec::with_capacity(targets.len());
        for target in &targets {
            let now = bars.of(target.symbol);
            let lots = held[target.symbol.index()];
            let own = Held { lots, equity };
            let quote = self.quote(now, request.rules.size_at);
            let instrument = self.instrument(target.symbol);
            let wish = if now.is_ready && !self.is_stale(now) {
                wished(target.size, &quote, &own, instrument, &request.rules)
            } else {
                None
            };
            wishes.push(wish);
        }
        if let Some(most) = request.rules.max_turnover {
            let symbols = &self.settings.symbols;
            let known = wishes
                .iter_mut()
                .zip(&targets)
                .filter_map(|(wish, target)| {
                    let instrument = &symbols[target.symbol.index()].instrument;
                    Some((wish.as_mut()?, instrument))
                });
            cut_to_turnover(known, most * equity);
        }
        let buffer = request.rules.cash_buffer * equity;
        self.add_orders((&targets, &wishes), buffer, bars);
    }

    /// Lots held, by symbol, below 0 for shorts.
    fn lots_by_symbol(&self) -> Vec<f64> {
        let mut held = vec![0.0; self.settings.symbols.len()];
        for position in &*self.positions.open {
            held[position.symbol.index()] += position.direction.sign() * position.lots;
        }
        held
    }

    /// One target for each symbol, in order of the symbols.
    fn targets_of(&self, request: &Rebalance, held: &[f64]) -> Vec<Target> {
        let mut by_symbol: Vec<Option<TargetSize>> = vec![None; held.len()];
        if request.missing == Missing::Sell {
            for (size, &lots) in by_symbol.iter_mut().zip(held) {
                *size = (lots != 0.0).then_some(TargetSize::Weight(0.0));
            }
        }
        for target in &request.targets {
            by_symbol[target.symbol.index()] = Some(target.size);
        }
        (0_u32..)
            .map(SymbolId)
            .zip(by_symbol)
            .filter_map(|(symbol, size)| {
                Some(Target {
                    symbol,
                    size: size?,
                })
            })
            .collect()
    }

    /// Cancels what earlier rebalances have not filled, so that two never buy twice (W4).
    fn cancel_earlier(&mut self, request: &Rebalance, targets: &[Target]) {
        let mut parts = std::mem::take(&mut self.rebalancing.parts);
        let mut waiting = std::mem::take(&mut self.rebalancing.waiting);
        for list in [&mut parts, &mut waiting] {
            list.retain(|part| {
                let is_about = request.missing == Missing::Sell
                    || targets
                        .binary_search_by_key(&part.symbol, |target| target.symbol)
                        .is_ok();
                if is_about && self.book.orders[part.row].status == OrderStatus::Working {
                    self.book.end(part.row, OrderStatus::Cancelled(None));
                }
                !is_about
            });
        }
        self.book.settle();
        (self.rebalancing.parts, self.rebalancing.waiting) = (parts, waiting);
    }

    /// The equity where each symbol with a bar is at the price that its positions would be left
    /// at, the others at their last marks.
    fn equity_at_fills<A: Account>(&self, bars: StepBars<'_>, account: &A) -> f64 {
        let profit = self.positions.open.iter().fold(0.0, |sum, position| {
            let Some(now) = bars.trading_of(position.symbol) else {
                return sum + position.marked_profit;
            };
            let side = position.direction.exit_side();
            let price = now.market_price(side, self.settings.market_fill);
            sum + position.profit(price, position.lots, now.last_rate)
        });
        account.balance() + profit
    }

    /// The prices that a symbol is sized at.
    fn quote(&self, now: &SymbolBar, size_at: SizeAt) -> Quote {
        let price = |direction: Direction| {
            let side = direction.entry_side();
            match size_at {
                SizeAt::Fill if now.trades => now.market_price(side, self.settings.market_fill),
                SizeAt::Fill | SizeAt::Decision => now.last.side(side).close,
            }
        };
        Quote {
            ask: price(Direction::Long),
            bid: price(Direction::Short),
            rate: now.last_rate,
        }
    }

    /// Adds the orders of the wishes, those that reduce first, and a row for each target.
    fn add_orders(
        &mut self,
        (targets, wishes): (&[Target], &[Option<Wish>]),
        buffer: f64,
        bars: StepBars<'_>,
    ) {
        let first = self.rebalancing.rows.len();
        for (target, wish) in targets.iter().zip(wishes) {
            let now = bars.of(target.symbol);
            let row = WeightRow {
                time: now.bar.time,
                symbol: target.symbol,
                target: wish.map_or_else(|| asked_weight(target.size), |wish| wish.weight),
                realised: 0.0,
                reason: wish.and_then(|wish| wish.reason),
            };
            self.rebalancing.rows.push(row);
        }
        for reduces in [true, false] {
            for (place, (target, wish)) in targets.iter().zip(wishes).enumerate() {
                let now = bars.of(target.symbol);
                let part = (reduces, first + place, buffer);
                match wish {
                    Some(wish) => self.add_order(wish, part, now),
                    None if !reduces => self.refuse_target(target, first + place, now),
                    None => {}
                }
            }
        }
    }

    /// Adds the order for a part of a wish, where there is something to trade.
    fn add_order(&mut self, wish: &Wish, part: (bool, usize, f64), now: &SymbolBar) {
        let (reduces, target, buffer) = part;
        let instrument = self.instrument(now.symbol);
        let traded = wish.traded(instrument);
        let lots = if reduces {
            traded.reduces
        } else {
            traded.increases
        };
        let lots = match instrument.volume_max {
            Some(most) if !reduces && lots > most => most,
            Some(_) | None => lots,
        };
        if lots <= 0.0 {
            return;
        }
        let direction = if wish.delta > 0.0 {
            Direction::Long
        } else {
            Direction::Short
        };
        let money = self.reserve(direction, lots, now);
        let id = self.book.take_number();
        let row = self.book.add(Order {
            lots,
            direction,
            reduce_only: if reduces {
                ReduceOnly::Any
            } else {
                ReduceOnly::No
            },
            ..super::close::market_order(id, now.symbol, None, now.bar.time)
        });
        self.rebalancing.parts.push(Part {
            row,
            symbol: now.symbol,
            reduces,
            share: 1.0,
            money,
            buffer,
            target,
            is_queued: false,
        });
    }

    /// Refuses a target that has no size.
    fn refuse_target(&mut self, target: &Target, place: usize, now: &SymbolBar) {
        let reason = if self.is_stale(now) {
            RejectReason::Stale
        } else if now.is_ready {
            RejectReason::Price
        } else {
            RejectReason::NotReady
        };
        self.rebalancing.rows[place].reason = Some(reason.name());
        let is_short = asked_weight(target.size).is_some_and(|weight| weight < 0.0);
        if asked_weight(target.size) == Some(0.0) {
            return;
        }
        let id = self.book.take_number();
        let order = Order {
            direction: if is_short {
                Direction::Short
            } else {
                Direction::Long
            },
            ..super::close::market_order(id, now.symbol, None, now.bar.time)
        };
        self.book.refuse(order, reason);
        self.refuse_late(id, reason, now);
    }

    /// Fills what has a bar, what reduces first, and lets the rest wait.
    fn fill_parts<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let mut parts = std::mem::take(&mut self.rebalancing.parts);
        parts.append(&mut self.rebalancing.waiting);
        let book = &self.book;
        // Others may have cancelled it while it waited: the strategy, a ruin.
        parts.retain(|part| book.orders[part.row].status == OrderStatus::Working);
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
        for part in ready.iter().filter(|part| part.reduces) {
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
        let mut increases = Vec::new();
        for part in ready.iter().filter(|part| !part.reduces) {
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
        self.check_short(order.direction)?;
        let (basis, _) = self.entry_basis(part.row, lots, &self.price_of(part, now), now);
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
            let margin = increase.basis.notional * symbol.instrument.margin_rate;
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
    fn reserve(&self, direction: Direction, lots: f64, now: &SymbolBar) -> f64 {
        let instrument = self.instrument(now.symbol);
        let close = now.last.side(direction.entry_side()).close;
        let units = lots * instrument.contract_size;
        (units * close * now.last_rate).abs() * instrument.margin_rate
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

    /// Measures what became of the targets of a step, at its closes (W12).
    pub(super) fn measure_weights<A: Account>(&mut self, account: &A) {
        let first = self.rebalancing.measured;
        if first == self.rebalancing.rows.len() {
            return;
        }
        let equity = self.positions.equity(account);
        let mut worth = vec![0.0; self.settings.symbols.len()];
        for position in &*self.positions.open {
            worth[position.symbol.index()] += position.direction.sign() * position.value;
        }
        for row in &mut self.rebalancing.rows[first..] {
            let own = worth[row.symbol.index()];
            row.realised = if equity > 0.0 { own / equity } else { 0.0 };
        }
        self.rebalancing.measured = self.rebalancing.rows.len();
    }
}

/// The weight that a target names by itself.
fn asked_weight(size: TargetSize) -> Option<f64> {
    match size {
        TargetSize::Weight(asked) | TargetSize::Value(asked) | TargetSize::Units(asked) => {
            Some(asked)
        }
        TargetSize::Keep => None,
    }
}
