//! Open positions and pending orders as a strategy sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use pyo3::prelude::*;

use super::active::RunId;
use super::error::printable;
use super::tracks::{Source, Tracks};
use omega_core::execution::{Order, Position, open_profit};
use omega_core::replay::Rates;
use omega_core::types::{Direction, SymbolId};

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
