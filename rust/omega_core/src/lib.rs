//! Omega's core: a backtest is a flow of columns, and the modules are the flow.
//!
//! `columns → store → indicators → execution → portfolio → replay → results → strategies →
//! statistics → backtest → batch`
//!
//! A stage imports only the stages before it.

#![cfg_attr(test, allow(clippy::float_cmp, reason = "a test states exact numbers"))]

/// The vocabulary: time units, sides, directions, identifiers, prices of a bar.
pub mod types;

/// Every reason a run can be refused.
pub mod error;

/// Interrupts of what takes long, and where it looks for them.
pub mod interrupt;

/// Arrow arrays in, checked column segments out; nothing is copied and nothing is repaired.
pub mod columns;

/// The segments of all symbols, and the cursor that walks them without seeing the future.
pub mod store;

/// Whole-column kernels: one value a bar, NaN in warm-up.
pub mod indicators;

/// Orders to fills: order book, matching, protective exits, sizing and costs.
pub mod execution;

/// Fills to money: account, ledger, margin, closed trades and the equity curve.
pub mod portfolio;

/// The loop: all control flow of a run, and the three traits that it is generic over.
pub mod replay;

/// Strategies that never leave the core: signal columns, and the built-in ones by name.
pub mod strategies;

/// Rows to Arrow tables, metrics and the fingerprint.
pub mod results;

/// Statistics of many trials: how much of the best of them is luck.
pub mod statistics;

/// Memory that is requested before it is needed.
pub mod allocation;

/// A column as its changes, in the format that the fingerprint hashes.
mod run_length;

/// A market and a checked configuration in, a result out.
pub mod backtest;

/// Many backtests over one market, on threads.
pub mod batch;
