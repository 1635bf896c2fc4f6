//! What comes out of a backtest.

use crate::replay::RunCounts;
use crate::results::{Metrics, RunRows, RunTables};

/// What a backtest wrote down, as rows, before they become tables.
#[derive(Debug, Clone)]
pub struct BacktestRows {
    /// Trades, orders, fills, ledger, equity and open positions.
    // Apart from the tables, so that whoever has to hold the interpreter for the run can make them
    // without it.
    pub rows: RunRows,
    /// What the loop counted.
    pub counts: RunCounts,
    /// The first step walked.
    pub start: usize,
}

/// The result of a backtest: its tables, and what is computed from them.
#[derive(Debug, Clone)]
pub struct BacktestResult {
    /// The result tables, as Arrow record batches.
    pub tables: RunTables,
    /// What the loop counted.
    pub counts: RunCounts,
    /// The first step walked.
    pub start: usize,
}

impl From<BacktestRows> for BacktestResult {
    fn from(written: BacktestRows) -> Self {
        Self {
            tables: RunTables::from_rows(written.rows),
            counts: written.counts,
            start: written.start,
        }
    }
}

impl BacktestResult {
    /// All metrics, computed from the tables.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.tables.metrics()
    }

    /// The hash of what the backtest decided (D1), computed once.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.tables.fingerprint()
    }
}
