//! The fuzz targets as plain functions: they take bytes, return nothing and must not panic.
//!
//! `columns` makes Arrow arrays of the bytes and reads them as candles; `orders` makes bars, rules
//! and orders of them and checks the whole run, as `tests/invariants.rs` does from seeds.

mod bytes;
mod candles;
#[path = "../../omega_core/tests/random_runs/mod.rs"]
mod random_runs;

use bytes::Bytes;
use random_runs::RandomRun;
pub use random_runs::choices::{Choices, Seeded};

/// Bars of a run at most: short runs, and many of them.
const BARS: usize = 160;

/// Bytes to columns: read, validated, walked; refused with an error where they are no candles.
pub fn columns(bytes: &[u8]) {
    candles::check(&mut Bytes::new(bytes));
}

/// Bytes to bars, rules and orders: a run that keeps every rule, and keeps it for a prefix.
///
/// # Panics
///
/// Where a run breaks a rule, which is what the fuzzer looks for.
pub fn orders(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let bars = 8 + choices.index(BARS);
    let prefix = choices.index(bars - 6) + 6;
    let run = RandomRun::new(choices, bars);
    let done = run.check();
    assert!(done.bars < bars && done.ambiguous <= done.fills);
    run.check_prefix(prefix);
}
