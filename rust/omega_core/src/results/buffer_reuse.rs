//! Memory of a run that is over, for the next one.

use super::RunTables;
use crate::execution::{Fill, Order};
use crate::portfolio::PortfolioBuffers;

/// Memory for the rows of a run: those of one that is over, emptied.
// A run of a sweep writes as much as the one before it: vectors that grow anew are copied again and
// again, and each fresh page of memory costs a fault.
#[derive(Debug, Default)]
pub struct RunBuffers {
    pub(crate) orders: Vec<Order>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) books: PortfolioBuffers,
}

impl RunBuffers {
    /// Takes the memory of a run, as far as no table was made of its rows.
    #[must_use]
    pub fn of(run: RunTables) -> Self {
        let trades = run.trades.into_rows().unwrap_or_default();
        let ledger = run.ledger.into_rows().unwrap_or_default();
        Self {
            orders: run.orders.into_rows().unwrap_or_default(),
            fills: run.fills.into_rows().unwrap_or_default(),
            books: PortfolioBuffers::of(trades, ledger, run.equity.into_rows()),
        }
    }
}
