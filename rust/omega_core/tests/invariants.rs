//! Goal: no run breaks a rule that holds for every run. Method: random bars, rules and orders of
//! every kind, from seeds; each run is checked while it walks and after it. Where one breaks a
//! rule, the shortest such run found is reported.
//!
//! `OMEGA_LONG=1` walks ten million bars.

#![allow(clippy::float_cmp, reason = "equal means equal to the last bit")]

mod random_runs;

use random_runs::choices::for_each;
use random_runs::{BYTES_OF_BAR, Done, RandomRun};

/// Runs of one round: each has 40 bars more than the one before, so that there are short ones too.
const ROUND: u64 = 100;
const STEP: u64 = 40 * BYTES_OF_BAR as u64;

/// Rounds of 200,000 bars.
fn rounds() -> u64 {
    if std::env::var_os("OMEGA_LONG").is_some_and(|value| value == "1") {
        50
    } else {
        1
    }
}

#[test]
fn every_rule_holds_in_every_run() {
    let check = |bytes: &[u8]| RandomRun::new(bytes).check();
    let done = for_each(0..rounds() * ROUND, ROUND, STEP, check);
    let sum = |count: fn(&Done) -> usize| done.iter().map(count).sum::<usize>();
    let (bars, fills) = (sum(|done| done.bars), sum(|done| done.fills));
    let ambiguous = sum(|done| done.ambiguous);
    println!("{bars} bars, {fills} fills, {ambiguous} ambiguous trades");
    assert!(
        // Empty where one run is repeated alone.
        done.is_empty() || (fills * 20 > bars && ambiguous * 2_000 > bars),
        "the runs are worth checking"
    );
}

#[test]
fn what_comes_later_changes_nothing_before() {
    let check = |bytes: &[u8]| RandomRun::new(bytes).check_prefix();
    for_each(0..rounds() * ROUND / 5, ROUND / 5, STEP * 5, check);
}

#[test]
fn a_run_without_rows_comes_to_what_its_tables_come_to() {
    let check = |bytes: &[u8]| RandomRun::new(bytes).check_sums();
    for_each(0..rounds() * ROUND, ROUND, STEP, check);
}
