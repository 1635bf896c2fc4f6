//! Fills to money: account, ledger, closed trades and the equity curve.

mod account;
mod column;
mod rows;

pub use account::Portfolio;
pub use rows::{EquityCurve, LedgerKind, LedgerLine, Trade};
