//! Fills to money: account, ledger, closed trades and the equity curve.

mod account;
mod column;
mod intrabar_equity;
mod rows;

pub use crate::execution::LedgerKind;
pub use account::Portfolio;
pub use intrabar_equity::Extremes;
pub use rows::{EquityCurve, EquitySpan, LedgerLine, PortfolioBuffers, Trade};
