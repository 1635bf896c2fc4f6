//! What the metrics read of a trade.

use super::Trade;

/// What the metrics read of a trade.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClosedTrade {
    /// Its place in the order of entry, which the parts of one position share.
    pub(crate) entry: u32,
    pub(crate) net: f64,
    pub(crate) worst: f64,
    pub(crate) best: f64,
    pub(crate) r_multiple: Option<f64>,
    pub(crate) entered: i64,
    pub(crate) left: i64,
    pub(crate) bars_held: usize,
    pub(crate) ambiguous: bool,
}

impl ClosedTrade {
    pub(crate) fn of(row: &Trade) -> Self {
        Self {
            entry: row.entry,
            net: row.net_pnl,
            worst: row.net_pnl_worst,
            best: row.net_pnl_best,
            r_multiple: row.r_multiple,
            entered: row.entry_time,
            left: row.exit_time,
            bars_held: row.bars_held,
            ambiguous: row.ambiguous,
        }
    }
}
