//! The fuzz targets as plain functions: they take bytes, return nothing and must not panic.
//!
//! `columns` makes Arrow arrays of the bytes and reads them as candles; `orders` makes bars, rules
//! and orders of them and checks the whole run, as `tests/invariants.rs` does.

mod candles;
#[path = "../../omega_core/tests/random_runs/mod.rs"]
mod random_runs;

use arbtest::arbitrary::Unstructured;
use random_runs::RandomRun;
pub use random_runs::choices::for_each;

/// Bytes to columns: read, validated, walked; refused with an error where they are no candles.
pub fn columns(bytes: &[u8]) {
    candles::check(&mut Unstructured::new(bytes));
}

/// Bytes to bars, rules and orders: a run that keeps every rule, keeps it for a prefix, and comes
/// to the same without its rows.
///
/// # Panics
///
/// Where a run breaks a rule, which is what the fuzzer looks for.
pub fn orders(bytes: &[u8]) {
    let run = RandomRun::new(bytes);
    let done = run.check();
    assert!(done.bars < 8 + bytes.len() && done.ambiguous <= done.fills);
    run.check_prefix();
    run.check_sums();
}
