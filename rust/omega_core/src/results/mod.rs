//! Rows to Arrow tables, metrics and the fingerprint.
//!
//! Turns the rows of a run ([`RunRows`]) into record batches with the columns of [`schema`], the
//! metrics computed from those tables alone, and a hash of their logical bytes.

mod adopt;
mod columns;
mod fingerprint;
mod ledger;
mod metrics;
mod read;
mod rows;
pub mod schema;
mod tables;
#[cfg(test)]
mod tests;

pub use adopt::ForeignTables;
pub use metrics::{MetricValue, Metrics};
pub use rows::RunRows;
pub use tables::RunTables;
