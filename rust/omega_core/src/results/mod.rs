//! Rows to Arrow tables, metrics and the fingerprint.
//!
//! Turns the rows of a run ([`RunRows`]) into record batches with the columns of [`schema`] as they
//! are read, and computes the metrics and a hash of the run, the same from rows as from tables.

mod buffer_reuse;
mod column_blocks;
mod columns;
mod fingerprint;
mod foreign_tables;
mod hashed_times;
mod lazy;
mod ledger;
mod metrics;
mod pieces;
mod read;
mod row_columns;
mod rows;
mod run_sums;
pub mod schema;
mod tables;
#[cfg(test)]
mod tests;

pub use buffer_reuse::RunBuffers;
pub use foreign_tables::ForeignTables;
pub use metrics::{MetricValue, Metrics};
pub use rows::RunRows;
pub use run_sums::RunSums;
pub use tables::RunTables;
