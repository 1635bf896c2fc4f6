//! Account, positions and orders as a strategy sees them, as they stood after the newest bar.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::prelude::*;

use super::active::RunId;
use super::clock::{Source, Tracks};
use super::error::printable;
use super::published::{Shown, changing, renew};
use omega_core::execution::{Action, Order, OrderStatus, Position, open_profit};
use omega_core::replay::{Rates, State};
use omega_core::types::{Direction, SymbolId};

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
    /// So many orders, from the first on, wait no more.
    settled: usize,
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
            actions.append(&mut self.entered());
            self.has_entered.store(false, Relaxed);
        }
    }

    fn entered(&self) -> MutexGuard<'_, Vec<Action>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publish_lists(&self, state: &State<'_>) {
        let mut lists = self.lists();
        let waits = |order: &Order| order.status == OrderStatus::Working;
        // An order that is settled stays so: what is settled from the first on is not read again.
        let settled = state.orders[lists.settled..]
            .iter()
            .take_while(|order| !waits(order));
        lists.settled += settled.count();
        let waiting = state.orders[lists.settled..]
            .iter()
            .filter(|order| waits(order));
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

pub(super) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

/// An open position.
#[pyclass(frozen, module = "omega._core", name = "Position")]
#[derive(Debug)]
pub struct PositionView {
    position: Position,
    source: Arc<Source>,
    /// The bar at which it was read.
    newest: AtomicUsize,
    /// By symbol; none where another executor marks.
    rates: Option<Arc<[Rates]>>,
}

impl PositionView {
    pub(super) fn new(position: &Position, tracks: &Tracks, rates: Option<Arc<[Rates]>>) -> Self {
        let source = tracks.of_position(position);
        Self {
            position: position.clone(),
            source: Arc::clone(source),
            newest: AtomicUsize::new(source.newest()),
            rates,
        }
    }

    pub(super) fn is_of(&self, symbol: SymbolId) -> bool {
        self.position.symbol == symbol
    }

    /// Its number, where it is of a run.
    pub(super) fn number_in(&self, tracks: &Tracks) -> Option<u32> {
        let own = tracks.sources.get(self.position.symbol.index())?;
        Arc::ptr_eq(own, &self.source).then_some(self.position.id.0)
    }

    /// The bar at which it was read, for those who move it.
    pub(super) fn shown_at(&self) -> &AtomicUsize {
        &self.newest
    }

    /// The bar at which it was read.
    fn newest(&self) -> usize {
        self.newest.load(Relaxed)
    }
}

#[pymethods]
impl PositionView {
    /// Number of the trade, that of its order, for `close` and `modify`.
    #[getter]
    fn trade_id(&self) -> u32 {
        self.position.id.0
    }

    /// Number of the order that opened it.
    #[getter]
    fn order_id(&self) -> u32 {
        self.position.order.0
    }

    /// Name of the symbol.
    #[getter]
    fn symbol(&self) -> &str {
        self.source.candles.name()
    }

    /// Long or short, as "long" or "short".
    #[getter]
    fn direction(&self) -> &'static str {
        direction_name(self.position.direction)
    }

    /// Lots still open.
    #[getter]
    fn lots(&self) -> f64 {
        self.position.lots
    }

    /// Index of the bar of the entry.
    #[getter]
    fn entry_index(&self) -> usize {
        self.position.entry_index
    }

    /// Open time of that bar.
    #[getter]
    fn entry_time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.source.datetime(py, self.position.entry_time)
    }

    /// Price of the entry, slippage included.
    #[getter]
    fn entry_price(&self) -> f64 {
        self.position.entry_price
    }

    /// Stop loss now.
    #[getter]
    fn stop_loss(&self) -> Option<f64> {
        self.position.stop_loss
    }

    /// Take profit now.
    #[getter]
    fn take_profit(&self) -> Option<f64> {
        self.position.take_profit
    }

    /// Open profit at the newest close, before costs.
    #[getter]
    fn profit(&self) -> f64 {
        let position = &self.position;
        let bar = self.source.candles.bar(self.newest());
        let close = bar.side(position.direction.exit_side()).close;
        let (entry, sign) = (position.entry_price, position.direction.sign());
        // In quote currency, where a price is a price.
        open_profit(
            close,
            entry,
            sign,
            position.lots,
            position.contract_size,
            1.0,
        )
    }

    /// Open profit at the last mark, in account currency.
    #[getter]
    fn open_profit(&self) -> f64 {
        let (position, bar) = (&self.position, self.source.candles.bar(self.newest()));
        match &self.rates {
            // A quiet bar leaves the marks to the end of its stretch.
            Some(rates) => {
                let rate = rates[position.symbol.index()].looked_up(bar.time);
                let close = bar.side(position.direction.exit_side()).close;
                position.profit(close, position.lots, rate)
            }
            None => position.marked_profit,
        }
    }

    /// Bars from the entry to the newest one.
    #[getter]
    fn bars_held(&self) -> usize {
        self.newest().saturating_sub(self.position.entry_index)
    }

    /// The strategy's own words.
    #[getter]
    fn reason(&self) -> Option<&str> {
        self.position.labels.reason()
    }

    /// The strategy's own marks.
    #[getter]
    fn tags(&self) -> Vec<String> {
        self.position.labels.tags().to_vec()
    }

    fn __repr__(&self) -> String {
        let position = &self.position;
        format!(
            "<position {}: {} {} lots of {} at {}>",
            position.id.0,
            direction_name(position.direction),
            position.lots,
            printable(self.symbol()),
            position.entry_price
        )
    }
}

/// An order that waits.
#[pyclass(frozen, module = "omega._core", name = "PendingOrder")]
#[derive(Debug)]
pub struct OrderView {
    order: Order,
    source: Arc<Source>,
}

impl OrderView {
    pub(super) fn new(order: &Order, tracks: &Tracks) -> Self {
        Self {
            order: order.clone(),
            source: Arc::clone(tracks.symbol(order.symbol)),
        }
    }

    /// Its number, where it is of a run.
    pub(super) fn number_in(&self, tracks: &Tracks) -> Option<u32> {
        let own = tracks.sources.get(self.order.symbol.index())?;
        Arc::ptr_eq(own, &self.source).then_some(self.order.id.0)
    }
}

#[pymethods]
impl OrderView {
    /// Its number, for `cancel`, `close` and `modify`; its trade will have the same.
    #[getter]
    fn order_id(&self) -> u32 {
        self.order.id.0
    }

    /// Name of the symbol.
    #[getter]
    fn symbol(&self) -> &str {
        self.source.candles.name()
    }

    /// Long or short, as "long" or "short".
    #[getter]
    fn direction(&self) -> &'static str {
        direction_name(self.order.direction)
    }

    /// Its type, as in `Signal`, such as "limit" or "stop".
    #[getter]
    fn r#type(&self) -> &'static str {
        self.order.kind.name()
    }

    /// Price that it waits for; of an order that a price arms that price.
    #[getter]
    fn price(&self) -> Option<f64> {
        self.order.kind.price()
    }

    /// Its size.
    #[getter]
    fn lots(&self) -> f64 {
        self.order.lots
    }

    /// Stop loss of the position that it will open.
    #[getter]
    fn stop_loss(&self) -> Option<f64> {
        self.order.stop_loss?.price()
    }

    /// Take profit of the position that it will open.
    #[getter]
    fn take_profit(&self) -> Option<f64> {
        self.order.take_profit?.price()
    }

    fn __repr__(&self) -> String {
        let order = &self.order;
        let price = order
            .kind
            .price()
            .map_or(String::new(), |price| format!(" at {price}"));
        let (kind, direction) = (order.kind.name(), direction_name(order.direction));
        format!(
            "<{kind} order {}: {direction} {} lots{price}>",
            order.id.0, order.lots
        )
    }
}

/// The run that a position or an order is of; none of what is neither.
pub(super) fn run_of(given: &Bound<'_, PyAny>) -> Option<RunId> {
    if let Ok(position) = given.cast::<PositionView>() {
        return Some(position.get().source.clock.run());
    }
    let order = given.cast::<OrderView>().ok()?;
    Some(order.get().source.clock.run())
}
