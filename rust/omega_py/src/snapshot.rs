//! Account, positions and orders as a strategy sees them, as they stood after the newest bar.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::prelude::*;

use super::clock::{Source, Tracks};
use super::error::printable;
use omega_core::execution::{Fill, Order, OrderStatus, Position, open_profit};
use omega_core::portfolio::Trade;
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
    lists: Mutex<Lists>,
    /// What a unit of each symbol's quote currency is worth, once a run has begun.
    rates: OnceLock<Arc<[Rates]>>,
}

#[derive(Debug, Default, Clone)]
struct Lists {
    positions: Vec<Arc<Position>>,
    pending: Vec<Arc<Order>>,
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

    pub(super) fn publish_lists(&self, state: &State<'_>) {
        // A poisoned lock is taken all the same, because both lists are written anew.
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |order: &Order| order.status == OrderStatus::Working;
        // An order that is settled stays so: what is settled from the first on is not read again.
        let settled = state.orders[lists.settled..]
            .iter()
            .take_while(|order| !waits(order));
        lists.settled += settled.count();
        let waiting = state.orders[lists.settled..]
            .iter()
            .filter(|order| waits(order));
        lists.pending = waiting.cloned().map(Arc::new).collect();
        lists.positions = state.positions.iter().cloned().map(Arc::new).collect();
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

    pub(super) fn positions(&self, tracks: &Tracks) -> Vec<PositionView> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        // The lock is short: views hold the positions by reference count and never come back to it.
        let view = |position| PositionView::new(position, tracks, self.rates.get().cloned());
        lists.positions.iter().map(view).collect()
    }

    pub(super) fn position(&self, tracks: &Tracks) -> Option<PositionView> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let first = lists.positions.first();
        first.map(|position| PositionView::new(position, tracks, self.rates.get().cloned()))
    }

    /// The symbols that have a position, in order.
    pub(super) fn open_symbols(&self) -> Vec<SymbolId> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let mut symbols: Vec<_> = lists.positions.iter().map(|p| p.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// How many positions are open.
    pub(super) fn open_positions(&self) -> usize {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.positions.len()
    }

    pub(super) fn pending(&self, tracks: &Tracks) -> Vec<OrderView> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let view = |order: &Arc<Order>| OrderView {
            order: Arc::clone(order),
            source: Arc::clone(tracks.symbol(order.symbol)),
        };
        lists.pending.iter().map(view).collect()
    }
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

/// An open position.
#[pyclass(frozen, module = "omega._core", name = "Position")]
pub struct PositionView {
    position: Arc<Position>,
    source: Arc<Source>,
    newest: usize,
    /// By symbol; none where another executor marks.
    rates: Option<Arc<[Rates]>>,
}

impl PositionView {
    pub(super) fn new(
        position: &Arc<Position>,
        tracks: &Tracks,
        rates: Option<Arc<[Rates]>>,
    ) -> Self {
        let source = tracks.of_position(position);
        Self {
            position: Arc::clone(position),
            source: Arc::clone(source),
            // The bar at which it was read, so that a position that is kept does not change under a
            // callback.
            newest: source.clock.visible().saturating_sub(1),
            rates,
        }
    }

    pub(super) fn is_of(&self, symbol: SymbolId) -> bool {
        self.position.symbol == symbol
    }
}

#[pymethods]
impl PositionView {
    #[getter]
    fn trade_id(&self) -> u32 {
        self.position.id.0
    }

    #[getter]
    fn order_id(&self) -> u32 {
        self.position.order.0
    }

    #[getter]
    fn symbol(&self) -> &str {
        self.source.candles.name()
    }

    #[getter]
    fn direction(&self) -> &'static str {
        direction_name(self.position.direction)
    }

    #[getter]
    fn lots(&self) -> f64 {
        self.position.lots
    }

    #[getter]
    fn entry_index(&self) -> usize {
        self.position.entry_index
    }

    #[getter]
    fn entry_time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.source.datetime(py, self.position.entry_time)
    }

    #[getter]
    fn entry_price(&self) -> f64 {
        self.position.entry_price
    }

    #[getter]
    fn stop_loss(&self) -> Option<f64> {
        self.position.stop_loss
    }

    #[getter]
    fn take_profit(&self) -> Option<f64> {
        self.position.take_profit
    }

    #[getter]
    fn profit(&self) -> f64 {
        let position = &self.position;
        let bar = self.source.candles.bar(self.newest);
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

    #[getter]
    fn open_profit(&self) -> f64 {
        let (position, bar) = (&self.position, self.source.candles.bar(self.newest));
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

    #[getter]
    fn bars_held(&self) -> usize {
        self.newest.saturating_sub(self.position.entry_index)
    }

    #[getter]
    fn reason(&self) -> Option<&str> {
        self.position.labels.reason()
    }

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
pub struct OrderView {
    order: Arc<Order>,
    source: Arc<Source>,
}

#[pymethods]
impl OrderView {
    #[getter]
    fn order_id(&self) -> u32 {
        self.order.id.0
    }

    #[getter]
    fn symbol(&self) -> &str {
        self.source.candles.name()
    }

    #[getter]
    fn direction(&self) -> &'static str {
        direction_name(self.order.direction)
    }

    #[getter]
    fn r#type(&self) -> &'static str {
        self.order.kind.name()
    }

    #[getter]
    fn price(&self) -> Option<f64> {
        self.order.kind.price()
    }

    #[getter]
    fn lots(&self) -> f64 {
        self.order.lots
    }

    #[getter]
    fn stop_loss(&self) -> Option<f64> {
        self.order.stop_loss?.price()
    }

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

/// A fill, as `on_fill` gets it.
#[pyclass(frozen, get_all, module = "omega._core", name = "Fill")]
pub struct FillView {
    order_id: u32,
    trade_id: u32,
    symbol: String,
    side: &'static str,
    index: usize,
    time: Py<PyAny>,
    price: f64,
    lots: f64,
    fee: f64,
    slippage: f64,
}

impl FillView {
    pub(super) fn new(py: Python<'_>, source: &Source, fill: &Fill) -> PyResult<Self> {
        Ok(Self {
            order_id: fill.order.0,
            trade_id: fill.trade.0,
            symbol: source.candles.name().to_owned(),
            side: if fill.direction == Direction::Long {
                "buy"
            } else {
                "sell"
            },
            index: fill.index,
            time: source.datetime(py, fill.time)?.unbind(),
            price: fill.price,
            lots: fill.lots,
            fee: fill.fee,
            slippage: fill.slippage,
        })
    }
}

/// A closed trade, as `on_exit` gets it.
#[pyclass(frozen, get_all, module = "omega._core", name = "Trade")]
pub struct TradeView {
    trade_id: u32,
    symbol: String,
    direction: &'static str,
    lots: f64,
    entry_index: usize,
    entry_time: Py<PyAny>,
    entry_price: f64,
    exit_index: usize,
    exit_time: Py<PyAny>,
    exit_price: f64,
    exit_reason: &'static str,
    gross_pnl: f64,
    fees: f64,
    swap: f64,
    net_pnl: f64,
    r_multiple: Option<f64>,
    bars_held: usize,
    reason: Option<String>,
    tags: Vec<String>,
}

impl TradeView {
    pub(super) fn new(py: Python<'_>, source: &Source, trade: &Trade) -> PyResult<Self> {
        Ok(Self {
            trade_id: trade.id.0,
            symbol: source.candles.name().to_owned(),
            direction: direction_name(trade.direction),
            lots: trade.lots,
            entry_index: trade.entry_index,
            entry_time: source.datetime(py, trade.entry_time)?.unbind(),
            entry_price: trade.entry_price,
            exit_index: trade.exit_index,
            exit_time: source.datetime(py, trade.exit_time)?.unbind(),
            exit_price: trade.exit_price,
            exit_reason: trade.exit_reason.name(),
            gross_pnl: trade.gross_pnl,
            fees: trade.fees,
            swap: trade.swap,
            net_pnl: trade.net_pnl,
            r_multiple: trade.r_multiple,
            bars_held: trade.bars_held,
            reason: trade.labels.reason().map(str::to_owned),
            // Copied, because an event that a strategy keeps outlives the run.
            tags: trade.labels.tags().to_vec(),
        })
    }
}
