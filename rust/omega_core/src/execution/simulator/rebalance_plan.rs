//! Rebalancing: targets become orders, which fill in two phases at the open (W2 to W9).
//!
//! First everything that reduces, then everything that increases, under one common factor; each in
//! the order of symbols. What has no bar waits for its next one.

use super::Simulator;
use super::close::market_order;
use crate::execution::rebalance::{
    Holding, Missing, Phases, PlannedTrade, Quote, Rebalance, SizeAt, Target, TargetSize,
    WeightRow, cut_to_turnover, plan_trade,
};
use crate::execution::{
    Account, Concern, Order, OrderStatus, ReduceOnly, RejectReason, StepBars, SymbolBar,
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
    pub(super) parts: Vec<Part>,
    /// Those that wait for a bar of their symbol.
    pub(super) waiting: Vec<Part>,
    /// What became of each target.
    pub(super) rows: Vec<WeightRow>,
    /// How many of these are of earlier steps, and keep their realised weight.
    measured: usize,
}

/// An order of a rebalance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Its row among the orders.
    pub(super) row: usize,
    pub(super) symbol: SymbolId,
    pub(super) reduces: bool,
    /// How much of it may fill at most: what was left for it when others filled.
    pub(super) share: f64,
    /// What is kept for all of it while it waits.
    pub(super) money: f64,
    /// Money that is not to be spent.
    pub(super) buffer: f64,
    /// The row of its target.
    pub(super) target: usize,
    /// Whether it is in the queue of the book.
    pub(super) is_queued: bool,
}

impl Rebalancing {
    /// Whether no order of a rebalance is to fill or waits.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.parts.is_empty() && self.waiting.is_empty()
    }

    /// Whether no target waits and none is still to be measured at the next close.
    #[inline]
    pub(super) fn is_measured(&self) -> bool {
        self.is_idle() && self.measured == self.rows.len()
    }

    /// A step begins: what was measured at the last close of the one before stays.
    #[inline]
    pub(super) fn begin_step(&mut self) {
        self.measured = self.rows.len();
    }

    /// Moves the waiting orders of a symbol to another one (A6).
    pub(super) fn rename(&mut self, from: SymbolId, to: SymbolId) {
        for part in self.waiting.iter_mut().filter(|part| part.symbol == from) {
            part.symbol = to;
        }
    }

    /// What became of each target.
    pub(super) fn into_rows(self) -> Vec<WeightRow> {
        self.rows
    }

    /// The symbols that a rebalance is about.
    pub(super) fn mark_symbols(request: &Rebalance, symbols: &mut [Concern]) {
        for target in &request.targets {
            symbols[target.symbol.index()] = Concern::Itself;
        }
    }
}

impl Simulator {
    /// One target for each symbol, in order of the symbols; those of changed symbols are about what
    /// these go on as (A6).
    fn targets_of(&self, request: &Rebalance, held: &[f64], time: i64) -> Vec<Target> {
        let schedule = self.settings.schedule.as_deref();
        let mut named: Vec<Option<TargetSize>> = vec![None; held.len()];
        let mut changed = Vec::new();
        for target in &request.targets {
            match schedule.and_then(|all| all.successor(target.symbol, time)) {
                None => named[target.symbol.index()] = Some(target.size),
                Some(successor) => changed.push((successor, target.size)),
            }
        }
        for ((symbol, ratio), size) in changed {
            let size = match size {
                TargetSize::Units(units) => TargetSize::Units(units * ratio),
                other => other,
            };
            let own = &mut named[symbol.index()];
            *own = Some(own.map_or(size, |before| together(before, size)));
        }
        for ((symbol, size), &lots) in (0_u32..).map(SymbolId).zip(&mut named).zip(held) {
            let is_sold = match request.missing {
                Missing::Sell => true,
                Missing::Hold => !self.settings.limits.is_member(symbol, time),
                Missing::Untouched => false,
            };
            if is_sold && size.is_none() && lots != 0.0 {
                *size = Some(TargetSize::Weight(0.0));
            }
        }
        let named = (0_u32..).map(SymbolId).zip(named);
        named
            .filter_map(|(symbol, size)| {
                Some(Target {
                    symbol,
                    size: size?,
                })
            })
            .collect()
    }

    /// Notes the equity that the strategy saw, before anything of this step is booked (W2).
    pub(super) fn note_seen_equity<A: Account>(&mut self, account: &A) {
        self.rebalancing.seen_equity = self.positions.equity(account);
    }

    /// Turns the targets that were requested into orders, and fills all that can fill.
    pub(super) fn rebalance<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        if self.rebalancing.requested.is_empty() && self.rebalancing.is_idle() {
            return;
        }
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
        let time = bars.0.first().map_or(0, |now| now.bar.time);
        let targets = self.targets_of(request, &held, time);
        self.cancel_earlier(request, &targets);
        let equity = match request.rules.size_at {
            SizeAt::Decision => self.rebalancing.seen_equity,
            SizeAt::Fill => self.equity_at_fills(bars, account),
        };
        let mut plans = Vec::with_capacity(targets.len());
        for target in &targets {
            let now = bars.of(target.symbol);
            let lots = held[target.symbol.index()];
            let own = Holding { lots, equity };
            let quote = self.quote(now, request.rules.size_at);
            let instrument = self.instrument(target.symbol);
            let rules = &request.rules;
            let planned = if target.size == TargetSize::Keep || self.is_sized(now) {
                if self.has_left(target, lots, time) {
                    let out = TargetSize::Weight(0.0);
                    let planned = plan_trade(out, &quote, &own, instrument, rules);
                    planned.map(|planned| left_over(planned, target.size))
                } else {
                    plan_trade(target.size, &quote, &own, instrument, rules)
                }
            } else {
                None
            };
            plans.push(planned);
        }
        if let Some(most) = request.rules.max_turnover {
            let symbols = &self.settings.symbols;
            let known = plans
                .iter_mut()
                .zip(&targets)
                .filter_map(|(planned, target)| {
                    let instrument = &symbols[target.symbol.index()].instrument;
                    Some((planned.as_mut()?, instrument))
                });
            cut_to_turnover(known, most * equity);
        }
        let buffer = request.rules.cash_buffer * equity;
        self.add_orders((&targets, &plans), &request.phases, buffer, bars);
    }

    /// Whether a target of a symbol can have a size at all.
    fn is_sized(&self, now: &SymbolBar) -> bool {
        now.is_ready && !self.is_stale(now) && !self.is_gone(now.symbol, now.bar.time)
    }

    /// Whether a target is about what is held of a symbol that has left the universe (U1).
    fn has_left(&self, target: &Target, lots: f64, time: i64) -> bool {
        lots != 0.0
            && target.size != TargetSize::Keep
            && !self.settings.limits.is_member(target.symbol, time)
    }

    /// Lots held, by symbol, below 0 for shorts.
    fn lots_by_symbol(&self) -> Vec<f64> {
        let mut held = vec![0.0; self.settings.symbols.len()];
        for position in &*self.positions.open {
            held[position.symbol.index()] += position.direction.sign() * position.lots;
        }
        held
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
                let is_over = is_about && request.phases.has(part.reduces);
                if is_over && self.book.orders.is_waiting(part.row) {
                    self.book.end(part.row, OrderStatus::Cancelled(None));
                }
                !is_over
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
        account.balance() + profit + account.receivable()
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

    /// Adds the orders of the planned trades, reductions first, and a row for each target.
    fn add_orders(
        &mut self,
        (targets, plans): (&[Target], &[Option<PlannedTrade>]),
        phases: &Phases,
        buffer: f64,
        bars: StepBars<'_>,
    ) {
        let first = self.rebalancing.rows.len();
        for (target, planned) in targets.iter().zip(plans) {
            let now = bars.of(target.symbol);
            let row = WeightRow {
                time: now.bar.time,
                symbol: target.symbol,
                target: planned.map_or_else(|| named_weight(target.size), |planned| planned.weight),
                realised: 0.0,
                reason: planned.and_then(|planned| planned.reason),
            };
            self.rebalancing.rows.push(row);
        }
        for reduces in [true, false] {
            if !phases.has(reduces) {
                continue;
            }
            for (place, (target, planned)) in targets.iter().zip(plans).enumerate() {
                if !reduces && phases.lost.contains(&target.symbol) {
                    continue;
                }
                let now = bars.of(target.symbol);
                let part = (reduces, first + place, buffer);
                match planned {
                    Some(planned) => self.add_order(planned, part, now),
                    None if !reduces => self.refuse_target(target, first + place, now),
                    None => {}
                }
            }
        }
    }

    /// Adds the order for one phase of a planned trade, where it has something to trade.
    fn add_order(&mut self, planned: &PlannedTrade, part: (bool, usize, f64), now: &SymbolBar) {
        let (reduces, target, buffer) = part;
        let instrument = self.instrument(now.symbol);
        let traded = planned.traded(instrument);
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
        let direction = if planned.delta > 0.0 {
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
            ..market_order(id, now.symbol, None, now.bar.time)
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
        let reason = if self.is_gone(now.symbol, now.bar.time) {
            RejectReason::Delisted
        } else if self.is_stale(now) {
            RejectReason::Stale
        } else if now.is_ready {
            RejectReason::Price
        } else {
            RejectReason::NotReady
        };
        self.rebalancing.rows[place].reason = Some(reason.name());
        let (TargetSize::Weight(amount) | TargetSize::Value(amount) | TargetSize::Units(amount)) =
            target.size
        else {
            return;
        };
        // A target of 0 requests nothing.
        if amount == 0.0 {
            return;
        }
        let id = self.book.take_number();
        let order = Order {
            direction: if amount < 0.0 {
                Direction::Short
            } else {
                Direction::Long
            },
            ..market_order(id, now.symbol, None, now.bar.time)
        };
        self.book.refuse(order, reason);
        self.refuse_late(id, reason, now);
    }

    /// Measures what became of the targets of a step, at its closes (W12): with finer bars at each
    /// of them, of which the last one counts.
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
    }
}

/// The weight of a target without a price; none of an amount, whose weight depends on the price.
fn named_weight(size: TargetSize) -> Option<f64> {
    match size {
        TargetSize::Weight(weight) => Some(weight),
        TargetSize::Value(amount) | TargetSize::Units(amount) => (amount == 0.0).then_some(0.0),
        TargetSize::Keep => None,
    }
}

/// The exit of a symbol that has left the universe: what its target was, and why it is not reached.
fn left_over(planned: PlannedTrade, size: TargetSize) -> PlannedTrade {
    PlannedTrade {
        weight: named_weight(size).or(planned.weight),
        reason: Some(RejectReason::NotMember.name()),
        ..planned
    }
}

/// Two targets that have come to be about one symbol (A6).
fn together(first: TargetSize, second: TargetSize) -> TargetSize {
    match (first, second) {
        (TargetSize::Weight(one), TargetSize::Weight(other)) => TargetSize::Weight(one + other),
        (TargetSize::Value(one), TargetSize::Value(other)) => TargetSize::Value(one + other),
        (TargetSize::Units(one), TargetSize::Units(other)) => TargetSize::Units(one + other),
        _ => TargetSize::Keep,
    }
}
