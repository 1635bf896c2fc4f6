//! What is computed from a run is the same from its rows as from the tables that they become.

use omega_core::results::{ForeignTables, RunRows, RunTables};

/// Metrics and fingerprint, to the last bit.
pub fn check_numbers(rows: &RunRows) {
    let unread = numbers(&RunTables::from_rows(rows.clone()));
    let run = RunTables::from_rows(rows.clone());
    let foreign = ForeignTables {
        trades: vec![run.trades()],
        intervals: vec![run.intervals()],
        orders: vec![run.orders()],
        fills: vec![run.fills()],
        equity: vec![run.equity()],
        ledger: vec![run.ledger()],
        positions: vec![run.positions()],
        weights: vec![run.weights()],
    };
    assert_eq!(numbers(&run), unread, "after the tables were read");
    let (shared, sizes) = (run.shared().clone(), rows.contract_sizes.clone());
    let adopted = RunTables::from_tables(&foreign, shared, sizes, rows.extremes);
    let adopted = adopted.map(|tables| numbers(&tables));
    assert_eq!(adopted, Ok(unread), "from the tables alone");
}

fn numbers(run: &RunTables) -> (String, String) {
    // As text, which shows each bit of a number, and of 0 the sign.
    (format!("{:?}", run.metrics()), run.fingerprint().to_owned())
}
