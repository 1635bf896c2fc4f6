//! A backtest in one call: a market and a checked configuration in, a result out.
//!
//! [`Backtest`] joins the stages before it: it plans the steps, builds the executor and the
//! portfolio, runs the loop, and turns what was written down into tables, metrics and a
//! fingerprint.

#[expect(
    clippy::module_inception,
    reason = "the file of the type after which the stage is named"
)]
mod backtest;
mod config;
mod names;
mod result;
#[cfg(test)]
mod tests;

pub use backtest::Backtest;
pub use config::{Config, SymbolConfig};
pub use names::{
    ACCOUNT_KIND, INTRABAR, MARKET_FILL, ManagerNumbers, POSITION_MODE, SEMANTICS, manager, named,
    sizer,
};
pub use result::{BacktestResult, BacktestRows};
