//! Where the numbers of a random run come from: bytes, made from a seed or by a fuzzer.

use std::mem;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

use arbtest::arbitrary::Unstructured;
use arbtest::arbtest;
use rayon::prelude::*;

/// How long a shorter failing input is searched for.
const SEARCH: Duration = Duration::from_secs(20);

/// Random choices. After the last byte every number is the lowest and `once_in` is false, so that a
/// run ends quietly.
pub trait Choices {
    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64;

    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0);
        low + i64::try_from(self.below(span + 1)).unwrap_or(0)
    }

    /// A number below a small bound, as an index or a count.
    fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap_or(0)
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) + 1 == times
    }

    /// One of a few values.
    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.index(values.len())].clone()
    }
}

impl Choices for Unstructured<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.int_in_range(0..=bound - 1).unwrap_or(0)
    }
}

/// Checks a property on numbered inputs, on all cores; input `n` has `n % sizes * step` bytes. With
/// `ARBTEST_SEED` in the environment it checks the input of that seed alone, without results.
///
/// # Panics
///
/// Where the property does, on the shortest failing input that a search finds.
pub fn for_each<T: Send>(
    inputs: Range<u64>,
    sizes: u64,
    step: u64,
    property: impl Fn(&[u8]) -> T + Sync,
) -> Vec<T> {
    if std::env::var_os("ARBTEST_SEED").is_some() {
        arbtest(|u| u.bytes(u.len()).map(|bytes| drop(property(bytes)))).run();
        return Vec::new();
    }
    let run = |number: u64| {
        // The lower half of arbtest's seeds is the length, the upper the state of its xorshift,
        // which must not be 0 and needs its bits mixed: an odd factor, 2^32 over the golden ratio.
        let state = (number + 1).wrapping_mul(0x9E37_79B9) << 32;
        let seed = state | (number % sizes * step);
        let mut done = None;
        let once = || {
            arbtest(|u| u.bytes(u.len()).map(|bytes| done = Some(property(bytes))))
                .seed(seed)
                .run();
        };
        catch_unwind(AssertUnwindSafe(once))
            .ok()
            .and(done)
            .ok_or(seed)
    };
    // Seed by seed, because arbtest's own search takes random ones until a time is over.
    let done: Result<_, u64> = inputs.into_par_iter().map(run).collect();
    done.unwrap_or_else(|seed| shrink(seed, &property))
}

/// Searches from a failing seed for shorter failing bytes, and fails on the shortest.
fn shrink<T, U>(seed: u64, property: &impl Fn(&[u8]) -> T) -> U {
    // One at a time, for a search silences the panic messages of the whole process.
    static SEARCHING: Mutex<()> = Mutex::new(());
    let _searching = SEARCHING.lock();
    let mut least = Vec::new();
    let search = arbtest(|u| {
        let bytes = u.bytes(u.len())?;
        let failing = mem::replace(&mut least, bytes.to_vec());
        property(bytes);
        least = failing; // not reached where the property panics
        Ok(())
    });
    search.seed(seed).minimize().budget(SEARCH).run();
    let found = least.len();
    eprintln!("{found} bytes; ARBTEST_SEED=<the last seed above> repeats them, this test alone");
    property(&least);
    panic!("failed once on {least:02x?} and not again: something in it is not deterministic");
}
