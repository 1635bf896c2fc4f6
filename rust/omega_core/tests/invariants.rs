//! Goal: no run breaks a rule that holds for every run. Method: random bars, rules and orders of
//! every kind, from seeds; each run is checked while it walks and after it.
//!
//! `OMEGA_LONG=1` walks ten million bars.

#![allow(clippy::float_cmp, reason = "equal means equal to the last bit")]

mod random_runs;

use std::ops::Range;
use std::thread;

use random_runs::choices::Seeded;
use random_runs::{Done, RandomRun};

const BARS_OF_RUN: usize = 2_000;

/// Runs, long or short.
fn runs() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long to look is no setting of a run"
    )]
    let long = std::env::var("OMEGA_LONG").is_ok_and(|value| value == "1");
    if long { 5_200 } else { 104 }
}

/// Does something for each seed, on all cores.
fn for_each_seed<T: Send>(seeds: Range<u64>, run: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let run = &run;
    thread::scope(|scope| {
        let parts = (0..threads).map(|part| {
            let mine = seeds.clone().filter(move |seed| seed % threads == part);
            scope.spawn(move || mine.map(run).collect::<Vec<T>>())
        });
        let parts: Vec<_> = parts.collect();
        let done = parts.into_iter().map(thread::ScopedJoinHandle::join);
        done.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn random_run(seed: u64) -> RandomRun<Seeded> {
    RandomRun::new(Seeded::new(seed), BARS_OF_RUN)
}

#[test]
fn every_rule_holds_in_every_run() {
    let done = for_each_seed(0..runs(), |seed| {
        println!("seed {seed}");
        random_run(seed).check()
    });
    let sum = |count: fn(&Done) -> usize| done.iter().map(count).sum::<usize>();
    let (bars, fills) = (sum(|done| done.bars), sum(|done| done.fills));
    let ambiguous = sum(|done| done.ambiguous);
    println!("{bars} bars, {fills} fills, {ambiguous} ambiguous trades");
    assert!(
        fills * 20 > bars && ambiguous * 2_000 > bars,
        "the runs are worth checking"
    );
}

#[test]
fn what_comes_later_changes_nothing_before() {
    for_each_seed(0..runs() / 5, |seed| {
        let bars = 2 + usize::try_from(seed * 613 % 1_990).unwrap_or(0);
        random_run(seed).check_prefix(bars.max(6));
    });
}
