//! Rows to Arrow tables, metrics and the fingerprint.
//!
//! Turns the rows of a run ([`RunRows`]) into record batches with the columns of [`schema`] as they
//! are read, and computes the metrics and a hash of the run, the same from rows as from tables.

mod adopt;
mod changes;
mod columns;
mod fingerprint;
mod lazy;
mod ledger;
mod metrics;
mod read;
mod rows;
pub mod schema;
mod spare;
mod tables;
#[cfg(test)]
mod tests;

pub use adopt::ForeignTables;
pub use metrics::{MetricValue, Metrics};
pub use rows::RunRows;
pub use spare::Spare;
pub use tables::RunTables;
