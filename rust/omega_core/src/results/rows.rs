//! The rows of a run, the input of this stage.

use super::schema::Shared;
use crate::execution::{Fill, Order, Position, WeightRow};
use crate::portfolio::{EquityCurve, Extremes, LedgerLine, Trade};

/// Everything that a run recorded, as rows.
#[derive(Debug, Clone)]
pub struct RunRows {
    /// What its tables have in common.
    pub shared: Shared,
    /// Contract sizes, by `SymbolId`.
    pub contract_sizes: Vec<f64>,
    /// Closed trades, in order of entry, then of exit.
    pub trades: Vec<Trade>,
    /// Orders, by number.
    pub orders: Vec<Order>,
    /// Fills, in the order in which they happened.
    pub fills: Vec<Fill>,
    /// Ledger lines, in the order in which they were booked.
    pub ledger: Vec<LedgerLine>,
    /// One row for each bar walked.
    pub equity: EquityCurve,
    /// Positions still open at the end.
    pub positions: Vec<Position>,
    /// What became of each target weight.
    pub weights: Vec<WeightRow>,
    /// The equities inside the bars; none where no position was ever open.
    pub extremes: Option<Extremes>,
}
