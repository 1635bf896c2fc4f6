//! Fills to money: account, ledger, margin, closed trades and the equity curve.

mod rows;

pub use rows::{EquityCurve, LedgerKind, LedgerLine, Trade};
