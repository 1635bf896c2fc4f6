//! Account, positions and orders as they stood after the newest bar.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::prelude::*;

use super::position_views::{OrderView, PositionView};
use super::published::{Shown, changing, renew};
use super::tracks::Tracks;
use omega_core::execution::{Action, Order, OrderStatus, Position};
use omega_core::replay::{Rates, State};
use omega_core::types::SymbolId;

/// What the loop last published. The numbers are renewed on each bar, the lists when they changed.
// All accesses are relaxed: the thread that publishes is the one that then calls the strategy, and
// whoever reads from another thread gets some state of the run, as of any object that is in use.
#[derive(Debug, Default)]
pub(super) struct StateSnapshot {
    balance: AtomicU64,
    equity: AtomicU64,
    next_order: AtomicU32,
    /// How many positions are open, for those who look before they take the lock.
    open: AtomicUsize,
    lists: Mutex<Lists>,
    /// What a unit of each symbol's quote currency is worth, once a run has begun.
    rates: OnceLock<Arc<[Rates]>>,
    /// The actions of the callback that runs, and whether there are any.
    entered: Mutex<Vec<Action>>,
    has_entered: AtomicBool,
}

#[derive(Debug, Default)]
struct Lists {
    positions: Vec<Shown<Position, PositionView>>,
    pending: Vec<Shown<Order, OrderView>>,
}

impl StateSnapshot {
    /// Before the first bar the account holds the cash at the start.
    pub(super) fn new(cash: f64) -> Self {
        Self {
            balance: AtomicU64::new(cash.to_bits()),
            equity: AtomicU64::new(cash.to_bits()),
            ..Self::default()
        }
    }

    /// Publishes what quote currencies are worth; the first run over a market does so for all.
    pub(super) fn publish_rates(&self, rates: Vec<Rates>) {
        // Set once, without a lock for those who read it on each bar.
        self.rates.get_or_init(|| rates.into());
    }

    #[inline]
    pub(super) fn publish_numbers(&self, state: &State<'_>) {
        self.balance.store(state.balance.to_bits(), Relaxed);
        self.equity.store(state.equity.to_bits(), Relaxed);
        self.next_order.store(state.next_order, Relaxed);
    }

    /// The same at a bar since which nothing but equity has changed.
    #[inline]
    pub(super) fn publish_equity(&self, equity: f64) {
        self.equity.store(equity.to_bits(), Relaxed);
    }

    /// Counts orders that were taken off the queue and wait for the open of the next bar.
    pub(super) fn count_submitted(&self, orders: usize) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "order numbers are 32 bits wide"
        )]
        // Until the loop publishes again: a later callback of this step gets the numbers after
        // them.
        self.next_order.fetch_add(orders as u32, Relaxed);
    }

    /// Takes an action of the callback that runs; gives its number.
    pub(super) fn enter(&self, action: Action) -> u32 {
        let mut entered = self.entered();
        entered.push(action);
        self.has_entered.store(true, Relaxed);
        let number = self.next_order();
        // Under the lock, so that no two actions get the same.
        self.next_order.store(number + 1, Relaxed);
        number
    }

    /// Whether there are actions to take.
    #[inline]
    pub(super) fn has_entered(&self) -> bool {
        self.has_entered.load(Relaxed)
    }

    /// Takes the actions that were entered.
    pub(super) fn take_entered(&self, actions: &mut Vec<Action>) {
        if self.has_entered() {
            let mut entered = self.entered();
            if actions.is_empty() {
                // An action is large, and would be copied.
                std::mem::swap(actions, &mut entered);
            } else {
                actions.append(&mut entered);
            }
            self.has_entered.store(false, Relaxed);
        }
    }

    fn entered(&self) -> MutexGuard<'_, Vec<Action>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publish_lists(&self, state: &State<'_>) {
        let mut lists = self.lists();
        let waits = |order: &Order| order.status == OrderStatus::Working;
        let waiting = state.orders.iter().filter(|order| waits(order));
        renew(&mut lists.pending, waiting, |order| order.id, Order::eq);
        let open = state.positions.iter();
        let reads_alike = |a: &Position, b: &Position| match self.rates.get() {
            // Marks are left out: what a position is worth is computed where it is read.
            Some(_) => changing(a) == changing(b),
            None => a == b,
        };
        renew(
            &mut lists.positions,
            open,
            |position| position.id,
            reads_alike,
        );
        self.open.store(state.positions.len(), Relaxed);
    }

    // A poisoned lock is taken all the same: what it guards is renewed whole at each change.
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn balance(&self) -> f64 {
        f64::from_bits(self.balance.load(Relaxed))
    }

    pub(super) fn equity(&self) -> f64 {
        f64::from_bits(self.equity.load(Relaxed))
    }

    pub(super) fn next_order(&self) -> u32 {
        self.next_order.load(Relaxed)
    }

    /// The open positions, oldest first; the same objects until something happens.
    pub(super) fn positions(
        &self,
        py: Python<'_>,
        tracks: &Tracks,
    ) -> PyResult<Vec<Py<PositionView>>> {
        // The lock is short: views hold the positions by reference count and never come back to it.
        let mut lists = self.lists();
        let shown = lists.positions.iter_mut();
        shown
            .map(|one| one.view(py, tracks, self.rates.get()))
            .collect()
    }

    /// The oldest open position.
    pub(super) fn position(
        &self,
        py: Python<'_>,
        tracks: &Tracks,
    ) -> PyResult<Option<Py<PositionView>>> {
        if self.open.load(Relaxed) == 0 {
            return Ok(None);
        }
        let mut lists = self.lists();
        let first = lists.positions.first_mut();
        first
            .map(|one| one.view(py, tracks, self.rates.get()))
            .transpose()
    }

    /// The symbols that have a position, in order.
    pub(super) fn open_symbols(&self) -> Vec<SymbolId> {
        let lists = self.lists();
        let mut symbols: Vec<_> = lists.positions.iter().map(|one| one.what.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// How many positions are open.
    pub(super) fn open_positions(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// The orders that wait, oldest first; the same objects until something happens.
    pub(super) fn pending(&self, py: Python<'_>, tracks: &Tracks) -> PyResult<Vec<Py<OrderView>>> {
        let mut lists = self.lists();
        let shown = lists.pending.iter_mut();
        shown.map(|one| one.view(py, tracks)).collect()
    }
}
