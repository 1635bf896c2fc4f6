//! Largest and smallest of a window, and values by rank.

use super::spread::float;
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
    let mut result = vec![f64::NAN; values.len()];
    let n = n.max(1);
    // `ends[k]` is the extreme of the block before from its place k + 1 on.
    let mut ends = Vec::new();
    for (out, block) in result.chunks_mut(n).zip(values.chunks(n)) {
        let mut begin = block[0];
        for (k, (out, value)) in out.iter_mut().zip(block).enumerate() {
            begin = better(*value, begin);
            // The older block is passed as `old`, so that a tie goes to its value.
            *out = ends.get(k).map_or(f64::NAN, |end| better(begin, *end));
        }
        if block.len() < n {
            break;
        }
        out[n - 1] = begin;
        ends.resize(n - 1, f64::NAN);
        let mut end = block[n - 1];
        for (kept, value) in ends.iter_mut().zip(&block[1..]).rev() {
            end = better(end, *value);
            *kept = end;
        }
    }
    // A NaN wins or loses comparisons depending on its place. Its windows are emptied afterwards,
    // since a test in the loops would cost columns without NaN a branch for each value.
    empty_where_holes(values, n, &mut result);
    result
}

/// Takes away what windows with a NaN gave.
fn empty_where_holes(values: &[f64], n: usize, result: &mut [f64]) {
    if !values.iter().any(|value| value.is_nan()) {
        return;
    }
    let mut full_from = 0;
    for (i, (out, value)) in result.iter_mut().zip(values).enumerate() {
        if value.is_nan() {
            full_from = i + n;
        }
        if i < full_from {
            *out = f64::NAN;
        }
    }
}

/// How many bars ago the newest of the extremes of the last n was; NaN where the window holds one.
pub(super) fn ages(values: &[f64], n: usize, beats: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    let better = |new: (f64, f64), old: (f64, f64)| if beats(new.0, old.0) { new } else { old };
    let mut result = vec![f64::NAN; values.len()];
    let mut ends = Vec::new();
    let length = float(n);
    for (out, block) in result.chunks_mut(n).zip(values.chunks(n)) {
        let mut begin = (block[0], 0.0);
        let mut place = 0.0;
        for (k, (out, value)) in out.iter_mut().zip(block).enumerate() {
            begin = better((*value, place), begin);
            // Places of the block before count from −n, so that one subtraction gives the age.
            *out = ends
                .get(k)
                .map_or(f64::NAN, |end| place - better(begin, *end).1);
            place += 1.0;
        }
        if block.len() < n {
            break;
        }
        out[n - 1] = (length - 1.0) - begin.1;
        ends.resize(n - 1, begin);
        place = -1.0;
        let mut end = (block[n - 1], place);
        for (kept, value) in ends.iter_mut().zip(&block[1..]).rev() {
            let older = (*value, place);
            end = better(end, older);
            *kept = end;
            place -= 1.0;
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

/// Steps of a replacement in two heaps.
const HEAP_STEPS: usize = 16;

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
    for (i, value) in values.iter().copied().enumerate() {
        if steps.is_over(HEAP_STEPS) {
            break;
        }
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
    result
}
