//! Omega's own executor: matches orders against bid and ask columns.
//!
//! Within one bar (F9): market orders in the order of submission; then everything that the open
//! price itself triggers, by order number; then what happens inside the bar, by order number. A
//! protective exit counts under the number of the order that opened its position.

mod accept;
mod account_values;
mod affordable;
mod carry;
mod close;
mod corporate;
mod exit_fills;
mod exits;
mod extreme_prices;
mod fills;
mod held;
mod match_bar;
mod modify;
mod netting;
mod oco_fills;
mod participation;
mod quiet_bars;
mod quiet_dates;
mod quiet_steps;
mod rebalance_fill;
mod rebalance_plan;
mod rolls;
mod run_managers;
mod solvency_bounds;
mod stale;
mod stop_out;
mod symbol_bars;

pub use symbol_bars::OwnBars;

use std::cell::OnceCell;

use super::book::OrderBook;
use super::orders::Orders;
use super::positions::Positions;
use super::quiet::{LastMark, QuietRange};
use super::{
    Account, Action, CloseTarget, Concern, Fill, FillSums, Instrument, LastTrades, Order, Position,
    Semantics, Settings, StepBars, SymbolBar, WeightRow,
};
use crate::allocation;
use crate::error::OmegaError;
use crate::interrupt::Pace;
use crate::types::{SymbolId, TradeId};

/// The work of accepting, filling or cancelling an order, in steps of [`Pace`].
const STEPS_OF_AN_ORDER: usize = 32;

/// Fills that are added up together, in the cache of the processor.
const FILLS_TOGETHER: usize = 64;

/// What a simulator wrote down.
#[derive(Debug)]
pub struct SimulatorRows {
    /// Orders, by number.
    pub orders: Vec<Order>,
    /// Fills, in the order in which they happened.
    pub fills: Vec<Fill>,
    /// Positions still open.
    pub positions: Vec<Position>,
    /// What became of each target weight.
    pub weights: Vec<WeightRow>,
}

/// The order book, the open positions, and what a bar does to them.
#[derive(Debug)]
pub struct Simulator {
    settings: Settings,
    book: OrderBook,
    positions: Positions,
    /// Actions of the strategy, until the next open.
    submitted: Vec<Action>,
    /// The first error inside a bar, which ends the run when the bar is over: a refusal of a strict
    /// run that did not happen at acceptance, a fee function that failed, or an interrupt.
    // A cell, since a fee is also found where nothing else changes: of an exit that a bar may have
    // made.
    late_error: OnceCell<OmegaError>,
    /// For bars of so many orders and positions that an interrupt cannot wait for their end.
    pace: Pace,
    /// Begins when a bar changed nothing, and ends with the next change.
    quiet: QuietRange,
    /// The changes counted when a bar was last found to change nothing.
    settled: u64,
    /// Time of the bar walked last.
    walked: i64,
    /// The last mark, of a run of one symbol.
    mark: Option<LastMark>,
    /// The symbols that have a bar at this step.
    trading: Vec<SymbolId>,
    /// From when on symbols are looked at for being stale (F15).
    stale_from: i64,
    /// Whether the account was ruined (M8).
    is_ruined: bool,
    /// The account as the symbol sees it that was tested last, and how often positions were marked
    /// (M9).
    held: account_values::SymbolAccount,
    marks_made: u64,
    /// How many steps of several symbols are examined together next time.
    steps_ahead: usize,
    passed: quiet_steps::Passed,
    rebalancing: rebalance_plan::Rebalancing,
    volumes: participation::Volumes,
    /// Memory for what a bar reaches, and for the positions that a close applies to.
    reached: Vec<match_bar::Reached>,
    targets: Vec<TradeId>,
    /// The state of corporate actions and of carry.
    actions: corporate::Actions,
    accrued: carry::Accrued,
    /// Whether the run has either.
    has_dates: bool,
    /// Whether every bar may change something: cash earns interest, or a dividend is owed.
    is_awake: bool,
    /// The sums of the fills that were let go of, where fills are not kept.
    fill_sums: Option<FillSums>,
}

impl Simulator {
    /// An executor without orders or positions.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let quiet = QuietRange::new(settings.semantics);
        Self {
            book: OrderBook::default(),
            positions: Positions::new(settings.symbols.len()),
            volumes: participation::Volumes::new(&settings),
            actions: corporate::Actions::of(&settings),
            accrued: carry::Accrued::of(&settings),
            has_dates: settings.schedule.is_some() || settings.carry.is_some(),
            is_awake: settings.has_interest(),
            settings,
            submitted: Vec::new(),
            late_error: OnceCell::new(),
            pace: Pace::default(),
            quiet,
            settled: 0,
            walked: i64::MIN,
            mark: None,
            trading: Vec::new(),
            stale_from: i64::MIN,
            is_ruined: false,
            held: account_values::SymbolAccount::default(),
            marks_made: 0,
            steps_ahead: 0,
            passed: quiet_steps::Passed::default(),
            rebalancing: rebalance_plan::Rebalancing::default(),
            reached: Vec::new(),
            targets: Vec::new(),
            fill_sums: None,
        }
    }

    /// The same, with sums of the fills in place of the fills themselves, and with the orders that
    /// have ended or without them.
    #[must_use]
    pub(crate) fn summing_fills(mut self, keeps_orders: bool) -> Self {
        self.fill_sums = Some(FillSums::default());
        self.book.orders.forgets = !keeps_orders;
        self
    }

    /// The same, with memory of another run for the rows of this one.
    #[must_use]
    pub fn with_memory(mut self, orders: Vec<Order>, mut fills: Vec<Fill>) -> Self {
        fills.clear();
        (self.book.orders, self.positions.fills) = (Orders::in_memory(orders), fills);
        self
    }

    #[inline]
    fn instrument(&self, symbol: SymbolId) -> &Instrument {
        &self.settings.symbols[symbol.index()].instrument
    }

    /// Whether no bar can change anything: nothing is open and nothing waits.
    #[inline]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.positions.open.is_empty()
            && self.book.is_empty()
            && self.submitted.is_empty()
            && !self.is_awake
    }

    /// Takes the actions of the strategy, to be processed at the next open; gives how many orders
    /// that makes. A close of everything is resolved now, by what is open as the strategy saw it.
    pub fn submit(&mut self, actions: &mut Vec<Action>) -> usize {
        self.actions.at_step = true;
        self.rebalancing.begin_step();
        // At once where nothing is to be resolved: an action is large, and one by one each is moved
        // three times.
        if actions.iter().all(|action| action.closes_all().is_none()) {
            if self.submitted.is_empty() {
                std::mem::swap(&mut self.submitted, actions);
            } else {
                self.submitted.append(actions);
            }
            return self.submitted.len();
        }
        for action in actions.drain(..) {
            match action.closes_all() {
                // Now, not at its turn: what is open may change at the open, and the strategy has
                // counted one order number for each symbol that it saw (X3.1).
                Some((fraction, reason)) => {
                    let close = |target| Action::Close {
                        target,
                        fraction,
                        reason,
                    };
                    let symbols = self.open_symbols().into_iter().map(CloseTarget::Symbol);
                    self.submitted.extend(symbols.map(close));
                }
                None => self.submitted.push(action),
            }
        }
        self.submitted.len()
    }

    /// The symbols that have something open, in order; the first one where nothing is.
    fn open_symbols(&self) -> Vec<SymbolId> {
        let mut symbols: Vec<_> = self.positions.open.iter().map(|p| p.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        if symbols.is_empty() {
            // A close of nothing takes its number and leaves a row, as any refused order does
            // (F12).
            symbols.push(SymbolId(0));
        }
        symbols
    }

    /// Marks the symbols that a step has to look at: those with positions or waiting orders, and
    /// those of the submitted actions.
    pub fn mark_symbols(&self, time: i64, symbols: &mut [Concern]) {
        let concern = if self.needs_waiting(time) {
            Concern::Itself
        } else {
            Concern::ItsBar
        };
        self.positions.mark_symbols(symbols, concern);
        self.book.mark_symbols(symbols, concern);
        // Also symbols without a bar: their actions are tested and sized now (X2.2).
        for action in &self.submitted {
            match action {
                Action::Rebalance(request) => {
                    rebalance_plan::Rebalancing::mark_symbols(request, symbols);
                }
                other => symbols[self.symbol_of(other).index()] = Concern::Itself,
            }
        }
        if let Some(schedule) = &self.settings.schedule {
            schedule.mark_successors(symbols);
        }
    }

    /// Whether a step looks at positions and orders of symbols that have no bar at it: for what
    /// happens by date, for a rebalance, or for symbols that are stale.
    pub fn needs_waiting(&self, time: i64) -> bool {
        self.has_dates
            || self.settings.semantics == Semantics::One
            || (self.settings.stale.is_some() && time >= self.stale_from)
            || !self.rebalancing.is_idle()
            || self.submitted.iter().any(Action::is_rebalance)
    }

    /// What happens at the opens of a step: nights, expiry, queued orders, then the actions that
    /// were submitted (L1.2, L1.3).
    ///
    /// # Errors
    /// `OmegaError::OrderRejected` where an order is refused and the run is strict, `FeeFailed`
    /// where a fee function fails.
    pub fn on_open<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        self.end_quiet();
        if self.submitted.iter().any(Action::is_rebalance) {
            self.note_seen_equity(account);
        }
        self.make_room()?;
        self.begin_step(bars);
        self.book.groups.begin_open();
        // Nights first, of all symbols: what is opened at this open was not held over them, and
        // what is closed at it was (L1.2).
        let split = if self.has_dates {
            self.begin_dates(bars, account)
        } else {
            for now in bars.trading() {
                self.book_nights(now, account);
                self.close_ruined(now, account);
            }
            None
        };
        let bars = split.as_deref().map_or(bars, StepBars);
        if !self.book.is_empty() {
            for now in bars.trading() {
                // Before the queue, whose orders expire as well (X2.2). The queue comes before the
                // actions because its orders have the lower numbers, and an action may be about
                // what they open.
                self.book.expire(now, self.settings.days(now.symbol));
                self.fill_queued(now, account);
            }
        }
        self.raise_late_error()?;
        // Taken and put back for its memory: to process an action borrows the whole simulator.
        let mut actions = std::mem::take(&mut self.submitted);
        for action in &mut actions {
            self.process(action, bars, account)?;
            if self.is_stopped(STEPS_OF_AN_ORDER) {
                break;
            }
        }
        actions.clear();
        self.book.settle();
        self.submitted = actions;
        self.rebalance(bars, account);
        self.raise_late_error()?;
        if self.settings.semantics == Semantics::Two {
            self.positions.index();
            // All opens before any inside: the test looks at the open of every symbol (M9).
            for now in bars.trading() {
                self.match_open(now, account);
            }
            self.raise_late_error()?;
            self.test_opens(bars, account);
        }
        Ok(())
    }

    /// Room for the rows that this step may add.
    #[inline]
    fn make_room(&mut self) -> Result<(), OmegaError> {
        let oldest = self.book.oldest_waiting();
        self.book.orders.forget_before(oldest);
        let submitted = self.submitted.len();
        let fills = submitted + self.book.working.len() + self.positions.open.len();
        self.book.orders.grow(submitted)?;
        // Each may close what an earlier one of the step opened.
        allocation::grow(&mut self.positions.fills, 2 * fills, "fills")
    }

    /// EXITS and MANAGE of one bar, or of a finer one inside it.
    ///
    /// # Errors
    /// `OmegaError::OrderRejected` where an order is refused at its fill and the run is strict,
    /// `FeeFailed` where a fee function fails.
    pub fn on_bar<A: Account>(
        &mut self,
        now: &SymbolBar,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        if self.settings.semantics == Semantics::One {
            self.match_open(now, account);
        }
        if self.has_dates {
            self.begin_inside(now.symbol);
        }
        self.match_inside(now, account);
        self.raise_late_error()?;
        self.manage(now);
        Ok(())
    }

    /// Marks positions to the closes of a step, and tests for ruin and stop-out (M6, M9).
    ///
    /// # Errors
    /// `OmegaError::FeeFailed` where the fee of a close fails.
    pub fn on_close<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        self.book.settle();
        if self.retries() {
            self.book.release_left();
        }
        self.is_stopped_among_open();
        // Marks first: the stop-out compares the equity of this close.
        self.positions.mark(bars, self.settings.semantics);
        // Of one symbol no sum depends on its own marks.
        self.marks_made += u64::from(self.settings.symbols.len() > 1);
        if let [only] = bars.0
            && only.trades
        {
            self.mark = Some(LastMark {
                closes: [only.bar.bid.close, only.bar.ask.close],
                rate: only.rate,
            });
        }
        self.test_closes(bars, account);
        self.release_stale(bars, account);
        self.measure_weights(account);
        self.raise_late_error()
    }

    /// Ends the last bar: positions are as they stand after it.
    pub fn end_bars(&mut self) {
        self.end_quiet();
    }

    /// Open positions, in the order of entry.
    #[inline]
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions.open
    }

    /// The open profit at the last mark (M5).
    #[inline]
    #[must_use]
    pub fn open_profit(&self) -> f64 {
        self.positions.marked_profit()
    }

    /// The rows of orders, from the oldest one that waits.
    #[inline]
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        self.book.orders.from(self.book.oldest_waiting())
    }

    /// The rows of the orders that wait for a price, by number.
    pub fn working(&self) -> impl Iterator<Item = &Order> {
        let working = self.book.working.iter();
        working.map(|waiting| &self.book.orders[waiting.row])
    }

    /// The fills so far that are kept.
    #[inline]
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.positions.fills
    }

    /// When each symbol was last traded.
    #[inline]
    #[must_use]
    pub fn last_trades(&self) -> &[LastTrades] {
        &self.positions.last_trades
    }

    /// The number that the next action will take.
    #[inline]
    #[must_use]
    pub fn next_order(&self) -> u32 {
        self.book.next_order()
    }

    /// Counts every change of orders and positions, so that a reader knows whether to look again.
    #[inline]
    #[must_use]
    pub fn changes(&self) -> u64 {
        // Neither ever falls, so that any change changes the sum.
        self.book.changes + self.positions.changes
    }

    /// Adds up fills and lets go of them, in a run that keeps none. Returns how many.
    pub fn forget_fills(&mut self) -> usize {
        let (fills, symbols) = (&mut self.positions.fills, &self.settings.symbols);
        match &mut self.fill_sums {
            // The newest is still read where the run ends.
            Some(sums) if fills.len() > FILLS_TOGETHER => {
                let before = fills.len() - 1;
                let dropped = fills.drain(..before);
                dropped.for_each(|fill| sums.add_of(&fill, symbols));
                before
            }
            _ => 0,
        }
    }

    /// The orders and fills that are kept, and what all fills add up to, at the end of a run that
    /// keeps no fills.
    #[must_use]
    pub(crate) fn into_sums(mut self) -> (Vec<Order>, Vec<Fill>, FillSums) {
        self.end_quiet();
        let mut sums = self.fill_sums.unwrap_or_default();
        let fills = self.positions.fills.iter();
        fills.for_each(|fill| sums.add_of(fill, &self.settings.symbols));
        (self.book.orders.into_rows(), self.positions.fills, sums)
    }

    /// Orders, fills, open positions at the end of a run, and what became of target weights.
    #[must_use]
    pub fn into_rows(mut self) -> SimulatorRows {
        self.end_quiet();
        SimulatorRows {
            orders: self.book.orders.into_rows(),
            fills: self.positions.fills,
            positions: self.positions.open.into_vec(),
            weights: self.rebalancing.into_rows(),
        }
    }
}
