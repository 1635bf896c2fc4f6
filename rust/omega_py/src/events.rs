//! What happened, as the callbacks of a strategy get it: fills and closed trades.

use omega_core::execution::Fill;
use omega_core::portfolio::Trade;
use omega_core::types::Direction;
use pyo3::prelude::*;

use super::position_views::direction_name;
use super::tracks::Source;

/// A fill, as `on_fill` gets it.
#[pyclass(frozen, get_all, module = "omega._core", name = "Fill")]
pub struct FillView {
    /// The order; of a protective exit the order that opened the position.
    order_id: u32,
    /// The trade that it opened or closed.
    trade_id: u32,
    /// Name of the symbol.
    symbol: String,
    /// What was done, "buy" or "sell".
    side: &'static str,
    /// Index of the bar.
    index: usize,
    /// Open time of the bar.
    time: Py<PyAny>,
    /// Price, slippage included.
    price: f64,
    /// Size.
    lots: f64,
    /// Fee in account currency, at least 0.
    fee: f64,
    /// Distance from the price without slippage, at least 0.
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
    /// Its number; parts of one position share it.
    trade_id: u32,
    /// Name of the symbol.
    symbol: String,
    /// Long or short, as "long" or "short".
    direction: &'static str,
    /// Size of the closed part.
    lots: f64,
    /// Index of the bar of the entry.
    entry_index: usize,
    /// Open time of that bar.
    entry_time: Py<PyAny>,
    /// Price of the entry, slippage included.
    entry_price: f64,
    /// Index of the bar of the exit.
    exit_index: usize,
    /// Open time of that bar.
    exit_time: Py<PyAny>,
    /// Price of the exit, slippage included.
    exit_price: f64,
    /// Why it was closed, as in the trades table.
    exit_reason: &'static str,
    /// Profit before costs.
    gross_pnl: f64,
    /// Entry and exit fees, at least 0.
    fees: f64,
    /// Financing; negative when paid.
    swap: f64,
    /// Profit after costs.
    net_pnl: f64,
    /// Net profit over the money at risk at the entry; None without a stop.
    r_multiple: Option<f64>,
    /// Bars from the entry bar to the exit bar.
    bars_held: usize,
    /// The strategy's own words.
    reason: Option<String>,
    /// The strategy's own marks.
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
