//! The components that the loop drives; Omega's own are native and inlined.

use crate::error::OmegaError;
use crate::execution::{Account, Action, Event, Fill, Moment, Moments, Order, Position, Simulator};
use crate::portfolio::{Trade, mark};
use crate::store::Stretch;
use crate::types::{Bar, SymbolId};

/// Turns actions and bars into fills.
pub trait Executor {
    /// Whether no bar can change anything.
    fn is_idle(&self) -> bool;
    /// Takes a bar in which nothing happens, and gives the open profit at its close; `None` where
    /// something may happen. Only runs of one symbol have such bars.
    fn glide(&mut self, bar: &Bar, rate: f64) -> Option<f64>;
    /// Takes such bars from the head of a stretch, and hands on their open profits in blocks, with
    /// the number of positions; gives how many they are.
    fn glide_through(
        &mut self,
        stretch: &Stretch<'_>,
        rate: f64,
        write: impl FnMut(&[f64], usize),
    ) -> usize;
    /// Ends a stretch of such bars.
    fn rouse(&mut self);
    /// Notes which symbols a bar can change something for.
    fn mark_live(&self, live: &mut [bool]);
    /// The symbol whose moment decides on an action.
    fn symbol_of(&self, action: &Action) -> SymbolId;
    /// Books the nights between the last bar and this one.
    fn book_nights<A: Account>(&mut self, now: &Moment, account: &mut A);
    /// Fills what waits for this bar without a price of its own.
    fn fill_asked<A: Account>(&mut self, now: &Moment, account: &mut A);
    /// Runs the built-in position managers.
    fn manage(&mut self, now: &Moment);
    /// Takes an action of the user's own position manager.
    ///
    /// # Errors
    /// A refused action where the run is strict, and one that managers may not ask for.
    fn process_managed(&mut self, action: &Action, moments: &Moments) -> Result<(), OmegaError>;
    /// Closes one position where equity is below the stop-out level; whether it did.
    fn stop_out<A: Account>(&mut self, moments: &Moments, account: &mut A) -> bool;
    /// Ends orders whose time ran out before this bar.
    fn expire(&mut self, now: &Moment);
    /// Takes one action at the open of a bar.
    ///
    /// # Errors
    /// A refused order where the run is strict.
    fn process<A: Account>(
        &mut self,
        action: Action,
        moments: &Moments,
        account: &mut A,
    ) -> Result<(), OmegaError>;
    /// Matches waiting orders and protective exits against a bar.
    fn match_bar<A: Account>(&mut self, now: &Moment, account: &mut A);
    /// A refusal that a strict run has to end with, although no action was at hand.
    ///
    /// # Errors
    /// The refused order.
    fn late_refusal(&mut self) -> Result<(), OmegaError>;
    /// Closes what is still open at the close of the last bar.
    fn close_at_end<A: Account>(&mut self, moments: &Moments, account: &mut A);
    /// Open positions, by trade number.
    fn positions(&self) -> &[Position];
    /// Open positions, for marking.
    fn positions_mut(&mut self) -> &mut [Position];
    /// What happened since the events were last cleared.
    fn events(&self) -> &[Event];
    /// All fills so far.
    fn fills(&self) -> &[Fill];
    /// All orders so far.
    fn orders(&self) -> &[Order];
    /// Forgets what happened.
    fn clear_events(&mut self);
    /// The number that the next action will take.
    fn next_order(&self) -> u32;
    /// Grows with every change of orders and positions.
    fn changes(&self) -> u64;
}

impl Executor for Simulator {
    #[inline]
    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    #[inline]
    fn glide(&mut self, bar: &Bar, rate: f64) -> Option<f64> {
        self.glide(bar, rate)
    }

    fn glide_through(
        &mut self,
        stretch: &Stretch<'_>,
        rate: f64,
        write: impl FnMut(&[f64], usize),
    ) -> usize {
        self.glide_through(stretch, rate, write)
    }

    fn rouse(&mut self) {
        self.rouse();
    }

    fn mark_live(&self, live: &mut [bool]) {
        self.mark_live(live);
    }

    fn symbol_of(&self, action: &Action) -> SymbolId {
        self.symbol_of(action)
    }

    fn book_nights<A: Account>(&mut self, now: &Moment, account: &mut A) {
        self.book_nights(now, account);
    }

    fn fill_asked<A: Account>(&mut self, now: &Moment, account: &mut A) {
        self.fill_asked(now, account);
    }

    fn manage(&mut self, now: &Moment) {
        self.manage(now);
    }

    fn process_managed(&mut self, action: &Action, moments: &Moments) -> Result<(), OmegaError> {
        self.process_managed(action, moments)
    }

    fn stop_out<A: Account>(&mut self, moments: &Moments, account: &mut A) -> bool {
        self.stop_out(moments, account)
    }

    fn expire(&mut self, now: &Moment) {
        self.expire(now);
    }

    fn process<A: Account>(
        &mut self,
        action: Action,
        moments: &Moments,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        self.process(action, moments, account)
    }

    fn match_bar<A: Account>(&mut self, now: &Moment, account: &mut A) {
        self.match_bar(now, account);
    }

    fn late_refusal(&mut self) -> Result<(), OmegaError> {
        self.late_refusal()
    }

    fn close_at_end<A: Account>(&mut self, moments: &Moments, account: &mut A) {
        self.close_at_end(moments, account);
    }

    fn positions(&self) -> &[Position] {
        self.positions()
    }

    fn positions_mut(&mut self) -> &mut [Position] {
        self.positions_mut()
    }

    fn events(&self) -> &[Event] {
        self.events()
    }

    fn fills(&self) -> &[Fill] {
        self.fills()
    }

    fn orders(&self) -> &[Order] {
        self.orders()
    }

    #[inline]
    fn clear_events(&mut self) {
        self.clear_events();
    }

    fn next_order(&self) -> u32 {
        self.next_order()
    }

    fn changes(&self) -> u64 {
        self.changes()
    }
}

/// Keeps the money and writes one equity row for each bar.
pub trait Portfolio: Account {
    /// Whether it has to look at every bar, also at those in which nothing can happen.
    fn watches(&self) -> bool {
        false
    }
    /// Equity at the last mark.
    fn marked_equity(&self) -> f64;
    /// Closed trades so far, in the order of their exits.
    fn trades(&self) -> &[Trade];
    /// The row of a bar without open positions.
    fn update_flat(&mut self);
    /// The rows of so many such bars.
    fn update_flat_many(&mut self, bars: usize) {
        for _ in 0..bars {
            self.update_flat();
        }
    }
    /// The row of a bar in which nothing happened, with the open profit at its close.
    fn update_calm(&mut self, profit: f64, positions: usize);
    /// The rows of such bars in a row.
    fn update_calm_many(&mut self, profits: &[f64], positions: usize) {
        for &profit in profits {
            self.update_calm(profit, positions);
        }
    }
    /// Marks positions to the closes of a step, and applies the stop-out.
    fn settle<E: Executor>(&mut self, moments: &Moments, executor: &mut E);
    /// Settles the closes of a step, and writes the step's row.
    fn update<E: Executor>(&mut self, moments: &Moments, executor: &mut E);
    /// Writes the last row again, after positions were closed at the last close.
    fn rewrite_last_row(&mut self);
}

impl Portfolio for crate::portfolio::Portfolio {
    fn marked_equity(&self) -> f64 {
        self.marked_equity()
    }

    fn trades(&self) -> &[Trade] {
        self.trades()
    }

    #[inline]
    fn update_flat(&mut self) {
        self.mark_flat();
    }

    fn update_flat_many(&mut self, bars: usize) {
        self.mark_flat_many(bars);
    }

    #[inline]
    fn update_calm(&mut self, profit: f64, positions: usize) {
        self.write_calm_row(profit, positions);
    }

    fn update_calm_many(&mut self, profits: &[f64], positions: usize) {
        self.write_calm_rows(profits, positions);
    }

    fn settle<E: Executor>(&mut self, moments: &Moments, executor: &mut E) {
        mark(executor.positions_mut(), moments);
        while executor.stop_out(moments, self) {}
    }

    fn update<E: Executor>(&mut self, moments: &Moments, executor: &mut E) {
        self.settle(moments, executor);
        self.write_row(executor.positions());
    }

    fn rewrite_last_row(&mut self) {
        self.rewrite_last_row();
    }
}

/// The outside world: interrupts and progress.
pub trait Observer {
    /// What it may raise; the run ends there.
    type Error;

    /// Looks up from the work, every so many bars.
    ///
    /// # Errors
    /// An interrupt, or a failure of the progress display.
    fn tick(&mut self, bars_done: usize) -> Result<(), Self::Error>;
}
