//! What happened, as the callbacks of a strategy get it: fills and closed trades.

use omega_core::execution::Fill;
use omega_core::portfolio::Trade;
use omega_core::types::Direction;
use pyo3::prelude::*;

use super::clock::Source;
use super::snapshot::direction_name;

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
