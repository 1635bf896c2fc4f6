//! Rows of a run to tables, and what is computed from tables.

use std::sync::Arc;

use arrow_array::RecordBatch;
use omega_core::error::OmegaError;
use omega_core::results::{MetricValue, RunTables};

use super::bars::BARS;
use super::replay::rows_of_crossing;
use super::{Again, Answer, Workload};

/// Of the stage results.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "results: tables of a run",
        prepare: tables,
        answer: Answer::Is(BARS as f64), // one row a bar, from the first on
    },
    Workload {
        name: "results: fingerprint",
        prepare: fingerprint,
        answer: Answer::Is(64.0),
    },
    Workload {
        name: "results: metrics",
        prepare: metrics,
        answer: Answer::Finite,
    },
];

fn tables() -> Result<Again, OmegaError> {
    let rows = rows_of_crossing()?;
    Ok(Box::new(move || {
        let rows = rows.clone();
        Box::new(|| every_row(&RunTables::from_rows(rows)) as f64)
    }))
}

/// Reads each table, and gives how many rows those without the equity curve have.
fn every_row(tables: &RunTables) -> usize {
    let others = [
        tables.trades(),
        tables.intervals(),
        tables.orders(),
        tables.fills(),
        tables.ledger(),
        tables.positions(),
    ];
    let others: usize = others.iter().map(RecordBatch::num_rows).sum();
    // A run that wrote nothing but the curve has not made what is measured.
    if others == 0 {
        0
    } else {
        tables.equity().num_rows()
    }
}

/// Tables keep their fingerprint once it was asked for; these are copies that were not asked.
fn fingerprint() -> Result<Again, OmegaError> {
    let tables = RunTables::from_rows(rows_of_crossing()?);
    Ok(Box::new(move || {
        let tables = tables.clone();
        Box::new(move || tables.fingerprint().len() as f64)
    }))
}

fn metrics() -> Result<Again, OmegaError> {
    let tables = Arc::new(RunTables::from_rows(rows_of_crossing()?));
    Ok(Box::new(move || {
        let tables = Arc::clone(&tables);
        Box::new(move || {
            let numbers = tables.metrics();
            let numbers = numbers.iter().map(|(_, value)| match value {
                MetricValue::Float(number) => number,
                MetricValue::Int(number) => number as f64,
                _ => 0.0,
            });
            numbers.sum()
        })
    }))
}
