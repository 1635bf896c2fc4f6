//! Fills to money: account, ledger, closed trades and the equity curve.

mod account;
mod booked;
mod closed_trade;
mod column;
mod equity_walk;
mod intrabar_equity;
mod rows;

pub use crate::execution::LedgerKind;
pub use account::{Portfolio, PortfolioSums};
pub use booked::Booked;
pub(crate) use closed_trade::ClosedTrade;
pub(crate) use column::EquityStream;
pub use equity_walk::Walked;
pub(crate) use equity_walk::{EquityWalk, days};
pub use intrabar_equity::Extremes;
pub(crate) use rows::busy_rows;
pub use rows::{EquityCurve, EquitySpan, LedgerLine, PortfolioBuffers, Trade};
