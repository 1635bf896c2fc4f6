//! Indicators that carry a state from bar to bar.

use std::ops::Range;

use super::dispersion::float;
use super::extremes::has_holes;

/// How many bars are looked through for a NaN at once, so that the loop over them has no branch.
const BLOCK: usize = 64;

/// A recursion `state += weight × (value - state)` started with the plain mean of the first n.
#[derive(Debug, Clone, Copy)]
pub(super) struct Smoother {
    state: f64,
    weight: f64,
    sum: f64,
    seen: usize,
    n: usize,
}

impl Smoother {
    /// Exponential average, `alpha = 2 / (n + 1)`.
    pub(super) fn ema(n: usize) -> Self {
        Self::new(n, 2.0 / (float(n) + 1.0))
    }

    /// The same, started with the first value.
    pub(super) fn from_first(n: usize) -> Self {
        Self {
            n: 1,
            ..Self::ema(n)
        }
    }

    /// Wilder's average, `alpha = 1 / n`.
    pub(super) fn rma(n: usize) -> Self {
        Self::new(n, 1.0 / float(n))
    }

    fn new(n: usize, weight: f64) -> Self {
        Self {
            state: f64::NAN,
            weight,
            sum: 0.0,
            seen: 0,
            n,
        }
    }

    /// Whether it has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.seen >= self.n
    }

    /// The average with a value; NaN before it has begun. A NaN changes nothing and gives NaN.
    pub(super) fn step(&mut self, value: f64) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        if self.has_begun() {
            return self.next(value);
        }
        self.seen += 1;
        self.sum += value;
        if self.has_begun() {
            self.state = self.sum / float(self.n);
        }
        self.state
    }

    /// The average with a number, once it has begun.
    #[inline]
    pub(super) fn next(&mut self, value: f64) -> f64 {
        // In this form a constant input leaves the state as it is, since the difference is 0; a
        // weighted sum of both would drift. One load more in here costs `ema(20)` 9.9 % more
        // instructions and `atr(14)` 6.3 % (docs/concepts/performance.md).
        self.state += self.weight * (value - self.state);
        self.state
    }
}

/// A chain of averages, each of the one before, and what is read off all of them.
pub(super) fn chain<const N: usize>(
    values: &[f64],
    averages: [Smoother; N],
    of: impl Fn([f64; N]) -> f64,
) -> Vec<f64> {
    let copy = |rows: Range<usize>, block: &mut [f64]| block.copy_from_slice(&values[rows]);
    chain_of(values.len(), copy, averages, of)
}

/// The same of values that are made block by block: `fill` gives those of some rows.
pub(super) fn chain_of<const N: usize>(
    rows: usize,
    fill: impl FnMut(Range<usize>, &mut [f64]),
    averages: [Smoother; N],
    of: impl Fn([f64; N]) -> f64,
) -> Vec<f64> {
    let before = |place: usize, value: f64, level: f64| if place == 0 { value } else { level };
    wired(rows, fill, averages, before, of)
}

/// Averages of the same values, side by side, and what is read off all of them.
pub(super) fn beside<const N: usize>(
    rows: usize,
    fill: impl FnMut(Range<usize>, &mut [f64]),
    averages: [Smoother; N],
    of: impl Fn([f64; N]) -> f64,
) -> Vec<f64> {
    wired(rows, fill, averages, |_, value, _| value, of)
}

/// Averages of what `feed` makes of the place of each, the value, and the average at the place
/// before.
pub(super) fn wired<const N: usize>(
    rows: usize,
    mut fill: impl FnMut(Range<usize>, &mut [f64]),
    mut averages: [Smoother; N],
    feed: impl Fn(usize, f64, f64) -> f64,
    of: impl Fn([f64; N]) -> f64,
) -> Vec<f64> {
    let mut result = Vec::with_capacity(rows);
    let mut values = [0.0; BLOCK];
    for first in (0..rows).step_by(BLOCK) {
        let block = &mut values[..BLOCK.min(rows - first)];
        fill(first..first + block.len(), block);
        if averages.iter().all(Smoother::has_begun) && !has_holes(block) {
            result.extend(block.iter().map(|value| {
                let mut level = f64::NAN;
                of(std::array::from_fn(|place| {
                    level = averages[place].next(feed(place, *value, level));
                    level
                }))
            }));
        } else {
            result.extend(block.iter().map(|value| {
                let mut level = f64::NAN;
                of(std::array::from_fn(|place| {
                    level = averages[place].step(feed(place, *value, level));
                    level
                }))
            }));
        }
    }
    result
}

/// Exponential moving average started with the first value.
pub(super) fn ema_from_first(values: &[f64], n: usize) -> Vec<f64> {
    chain(values, [Smoother::from_first(n)], |[average]| average)
}

/// Exponential moving average started with the mean of the first n (TA-Lib's `EMA`).
pub(super) fn ema(values: &[f64], n: usize) -> Vec<f64> {
    chain(values, [Smoother::ema(n)], |[average]| average)
}

/// Wilder's smoothing started with the mean of the first n.
pub(super) fn rma(values: &[f64], n: usize) -> Vec<f64> {
    chain(values, [Smoother::rma(n)], |[average]| average)
}

/// The largest of `high - low` and the distances of both from the close before.
#[inline]
pub(super) fn true_range(high: f64, low: f64, before: f64) -> f64 {
    let mut range = high - low;
    for distance in [(high - before).abs(), (low - before).abs()] {
        range = if distance > range { distance } else { range };
    }
    // Comparisons with NaN are false, so that the range of the bar alone would come out, and the
    // first average would count a bar that TA-Lib leaves out.
    if before.is_nan() { f64::NAN } else { range }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ema_starts_with_the_mean_and_skips_nan() {
        let values = [1.0, 2.0, 3.0, f64::NAN, 5.0];
        let result = ema(&values, 3);
        assert!(result[1].is_nan() && result[3].is_nan());
        assert_eq!(result[2], 2.0);
        assert_eq!(result[4], 3.5);
    }
}
