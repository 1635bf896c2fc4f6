//! Largest and smallest of a window, and values by rank.

use crate::interrupt::Pace;

/// Smallest of the last n; NaN where the window holds one.
pub(super) fn lowest(values: &[f64], n: usize) -> Vec<f64> {
    extremes(values, n, |new, old| new < old)
}

/// Largest of the last n; NaN where the window holds one.
pub(super) fn highest(values: &[f64], n: usize) -> Vec<f64> {
    extremes(values, n, |new, old| new > old)
}

/// In blocks of n, as long as the window: a window is the end of one block and the beginning of the
/// next, and the extremes of both are known (van Herk 1992). Of equal values the earliest stays.
fn extremes(values: &[f64], n: usize, beats: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    // `beats` is strict, so that the earlier of equals stays, as with Python's `min` and `max`: 0.0
    // and −0.0 are equal and differ in their bits.
    let better = |new: f64, old: f64| if beats(new, old) { new } else { old };
    if n <= SHORT {
        return value_by_value(values, n, better);
    }
    let mut result = Vec::with_capacity(values.len());
    // `ends[k]` is the extreme of the block before from its place k + 1 on; before there is one,
    // what wins or loses here is emptied below.
    let mut ends = vec![f64::NAN; (n - 1).min(values.len())];
    for block in values.chunks(n) {
        let mut begin = block[0];
        result.extend(block.iter().zip(&ends).map(|(value, end)| {
            begin = better(*value, begin);
            // The older block is passed as `old`, so that a tie goes to its value.
            better(begin, *end)
        }));
        if block.len() == n {
            result.push(better(block[n - 1], begin));
            let mut end = block[n - 1];
            for (kept, value) in ends.iter_mut().zip(&block[1..]).rev() {
                end = better(end, *value);
                *kept = end;
            }
        }
    }
    empty_where_holes(values, n, &mut result);
    result
}

/// Windows up to this length are looked at value by value, which vector instructions do sooner.
const SHORT: usize = 8;

/// How many windows are looked at together.
const TOGETHER: usize = 512;

/// Extremes of short windows, of which the oldest value comes first.
fn value_by_value(values: &[f64], n: usize, better: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut result = Vec::with_capacity(values.len());
    result.resize((n - 1).min(values.len()), f64::NAN);
    while result.len() < values.len() {
        let first = result.len();
        let length = TOGETHER.min(values.len() - first);
        result.extend_from_slice(&values[first + 1 - n..][..length]);
        for newer in first + 2 - n..=first {
            for (kept, value) in result[first..].iter_mut().zip(&values[newer..]) {
                *kept = better(*value, *kept);
            }
        }
    }
    empty_where_holes(values, n, &mut result);
    result
}

/// Takes away what windows gave that are not full, or hold a NaN: in the loops over blocks a NaN
/// wins or loses depending on its place, and a test there would cost each value a branch.
fn empty_where_holes(values: &[f64], n: usize, result: &mut [f64]) {
    let mut full_from = (n - 1).min(values.len());
    result[..full_from].fill(f64::NAN);
    if !has_holes(values) {
        return;
    }
    for (i, (out, value)) in result.iter_mut().zip(values).enumerate() {
        if value.is_nan() {
            full_from = i + n;
        }
        if i < full_from {
            *out = f64::NAN;
        }
    }
}

/// Whether there is a NaN among them.
pub(super) fn has_holes(values: &[f64]) -> bool {
    // All values of a chunk are looked at, so that it takes vector instructions and one branch.
    let in_chunk = |chunk: &[f64]| chunk.iter().fold(false, |any, value| any | value.is_nan());
    values.chunks(64).any(in_chunk)
}

/// What `of` makes of how many bars ago the newest of the extremes of the last n was; NaN where the
/// window holds one.
pub(super) fn ages(
    values: &[f64],
    n: usize,
    beats: impl Fn(f64, f64) -> bool,
    of: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let better = |new: (f64, usize), old: (f64, usize)| if beats(new.0, old.0) { new } else { old };
    let mut result = Vec::with_capacity(values.len());
    let mut ends = vec![(f64::NAN, n); (n - 1).min(values.len())];
    for block in values.chunks(n) {
        // Places of this block count from n, those of the one before it from 0.
        let mut begin = (block[0], n);
        let places = n..;
        result.extend(
            block
                .iter()
                .zip(&ends)
                .zip(places)
                .map(|((value, end), place)| {
                    begin = better((*value, place), begin);
                    of(place - better(begin, *end).1)
                }),
        );
        if block.len() == n {
            let mut end = (block[n - 1], n - 1);
            begin = better((block[n - 1], 2 * n - 1), begin);
            result.push(of(2 * n - 1 - begin.1));
            for (place, (kept, value)) in ends.iter_mut().zip(&block[1..]).enumerate().rev() {
                end = better(end, (*value, place + 1));
                *kept = end;
            }
        }
    }
    empty_where_holes(values, n, &mut result);
    result
}

/// The values of a window between two heaps: the `rank + 1` smallest, largest on top, and the
/// others, smallest on top. A place that holds no number counts as infinitely large.
struct Ranked {
    keys: Vec<f64>,
    /// Places of the window; those of the low heap first.
    heap: Vec<usize>,
    /// Where in `heap` a place of the window stands.
    standing: Vec<usize>,
    /// Length of the low heap.
    low: usize,
}

impl Ranked {
    fn new(n: usize, rank: usize) -> Self {
        Self {
            keys: vec![f64::INFINITY; n],
            heap: (0..n).collect(),
            standing: (0..n).collect(),
            low: rank + 1,
        }
    }

    /// The value of the rank.
    fn at_rank(&self) -> f64 {
        self.keys[self.heap[0]]
    }

    /// The value of the next rank, where there is one.
    fn above_rank(&self) -> f64 {
        self.heap
            .get(self.low)
            .map_or(f64::NAN, |place| self.keys[*place])
    }

    /// Puts another value in a place of the window.
    fn replace(&mut self, place: usize, key: f64) {
        self.keys[place] = key;
        self.settle(self.standing[place]);
        // One value has changed, so that at most one pair of values stands in the wrong heaps.
        if self.low < self.heap.len() && self.at_rank() > self.above_rank() {
            self.swap(0, self.low);
            self.settle(0);
            self.settle(self.low);
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.standing[self.heap[a]] = a;
        self.standing[self.heap[b]] = b;
    }

    /// Moves what stands there up or down its own heap until that is in order.
    fn settle(&mut self, at: usize) {
        let (base, end) = if at < self.low {
            (0, self.low)
        } else {
            (self.low, self.heap.len())
        };
        let mut at = at;
        while at > base {
            let parent = base + (at - base - 1) / 2;
            if !self.precedes(at, parent) {
                break;
            }
            self.swap(at, parent);
            at = parent;
        }
        loop {
            let left = base + 2 * (at - base) + 1;
            if left >= end {
                break;
            }
            let right = left + 1;
            let child = if right < end && self.precedes(right, left) {
                right
            } else {
                left
            };
            if !self.precedes(child, at) {
                break;
            }
            self.swap(at, child);
            at = child;
        }
    }

    /// Whether one stands above another of its heap.
    fn precedes(&self, a: usize, b: usize) -> bool {
        let (x, y) = (self.keys[self.heap[a]], self.keys[self.heap[b]]);
        if a < self.low { x > y } else { x < y }
    }
}

/// Steps of replacements in two heaps, and how many of these go between two looks at the clock.
const HEAP_STEPS: usize = 16;
const REPLACED: usize = 64;

/// `of(value of the rank, value of the next)` of each full window.
pub(super) fn ranked(
    values: &[f64],
    n: usize,
    rank: usize,
    of: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    // Before anything is allocated: a window may be as long as 2^32 − 1.
    if n > values.len() {
        return vec![f64::NAN; values.len()];
    }
    let mut window = Ranked::new(n, rank);
    let mut full_from = n - 1;
    let mut place = 0;
    let (mut result, mut steps) = (Vec::with_capacity(values.len()), Pace::default());
    for block in values.chunks(REPLACED) {
        if steps.is_over(HEAP_STEPS * REPLACED) {
            break;
        }
        for value in block.iter().copied() {
            let i = result.len();
            if value.is_nan() {
                full_from = full_from.max(i + n);
            }
            // Adding 0 turns −0.0 into 0.0: of the two, which are equal, a sort in the reference
            // could put the other one at a rank.
            window.replace(
                place,
                if value.is_nan() {
                    f64::INFINITY
                } else {
                    value + 0.0
                },
            );
            place = if place + 1 == n { 0 } else { place + 1 };
            result.push(if i >= full_from {
                of(window.at_rank(), window.above_rank())
            } else {
                f64::NAN
            });
        }
    }
    result
}
