//! What a strategy is, and all that it can see.

use super::{Executor, Portfolio};
use crate::error::OmegaError;
use crate::execution::{Action, Event, Fill, Order, Position};
use crate::portfolio::Trade;
use crate::store::SymbolCandles;
use crate::types::Bar;

/// The candles up to the newest completed bar; there is no way to ask for a later one (L1).
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    candles: &'a SymbolCandles,
    newest: usize,
}

impl<'a> View<'a> {
    /// A view whose newest visible bar is `newest`.
    #[must_use]
    pub fn new(candles: &'a SymbolCandles, newest: usize) -> Self {
        Self { candles, newest }
    }

    /// Index of the newest visible bar.
    #[must_use]
    pub fn newest(&self) -> usize {
        self.newest
    }

    /// The bar this many bars before the newest; `None` before the first.
    #[must_use]
    pub fn bar(&self, ago: usize) -> Option<Bar> {
        self.newest
            .checked_sub(ago)
            .map(|index| self.candles.bar(index))
    }
}

/// Account and positions as they stand after the newest visible bar.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Open positions.
    pub positions: &'a [Position],
    /// What happened on the newest visible bar.
    pub events: &'a [Event],
    /// All fills so far; events point into them.
    pub fills: &'a [Fill],
    /// All closed trades so far; events point into them.
    pub trades: &'a [Trade],
    /// All orders so far, waiting or not.
    pub orders: &'a [Order],
    /// Cash after all booked profits and costs.
    pub balance: f64,
    /// Balance plus open profit.
    pub equity: f64,
    /// The number that the next action will take.
    pub next_order: u32,
    /// Grows with every change of orders and positions.
    pub changes: u64,
}

impl<'a> State<'a> {
    /// The state of the two components.
    #[inline]
    pub fn of<E: Executor, P: Portfolio>(executor: &'a E, portfolio: &'a P) -> Self {
        Self {
            positions: executor.positions(),
            events: executor.events(),
            fills: executor.fills(),
            trades: portfolio.trades(),
            orders: executor.orders(),
            balance: portfolio.balance(),
            equity: portfolio.marked_equity(),
            next_order: executor.next_order(),
            changes: executor.changes(),
        }
    }
}

/// Decides, once a bar, on what it has seen.
pub trait Strategy {
    /// What it may raise.
    type Error: From<OmegaError>;

    /// Adds what it wants done at the open of the next bar.
    ///
    /// # Errors
    /// Its own failures; the run ends there.
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Self::Error>;

    /// Whether it has a position manager of its own.
    fn manages(&self) -> bool {
        false
    }

    /// Manages open positions at the close of the newest visible bar; asked only while there are
    /// any.
    ///
    /// # Errors
    /// Its own failures; the run ends there.
    fn manage(
        &mut self,
        _view: &View<'_>,
        _state: &State<'_>,
        _actions: &mut Vec<Action>,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Hears of the last events after the last bar.
    ///
    /// # Errors
    /// Its own failures.
    fn finish(&mut self, _view: &View<'_>, _state: &State<'_>) -> Result<(), Self::Error> {
        Ok(())
    }
}
