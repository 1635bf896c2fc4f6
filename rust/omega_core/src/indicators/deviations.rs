//! Distances of the values of a window from their mean, exact and rounded once.
//!
//! With S = Σ x, the sum of `|n x − S|` is n times that of the distances, and a whole number. The
//! differences `n x − S` are 0 together, so that it is twice the sum of those above 0.

use super::dispersion::{Whole, are_small, offsets};
use super::exact::{Grid, Sums, bits, of_windows, to_double, whole};
use super::fenwick_tree::{Group, Order, Tree};
use super::window_sums::Number;
use crate::interrupt::Pace;

/// What `of` makes of `n x − S`, x being the last of a window, and `Σ |n x − S|`, of each full
/// window; both are in the same unit, some power of two.
pub(super) fn of_distances(values: &[f64], n: usize, of: impl Fn([f64; 2]) -> f64) -> Vec<f64> {
    of_windows([values], n, &Distances { n, of })
}

/// Windows up to this length are looked at value by value, which vector instructions do sooner than
/// a tree is walked.
const SHORT: usize = 128;

/// Windows that are looked at side by side.
const LANES: usize = 8;

struct Distances<F> {
    n: usize,
    of: F,
}

impl<F: Fn([f64; 2]) -> f64> Distances<F> {
    /// Of a short window: in doubles where these hold the sums, else in whole numbers.
    fn value_by_value(&self, values: &[f64], grid: Grid, out: &mut [f64]) {
        // Values within R have no more than n R / 4 above their mean together, and R is below half
        // of what `range` gives where it is a difference without rounding.
        let width = grid.range - grid.unit + bits((self.n * self.n) as u64) - 3;
        if width <= 53 {
            let base = values[0];
            let offsets: Vec<f64> = values.iter().map(|value| value - base).collect();
            self.side_by_side(&offsets, |offset| offset, out);
        } else if width <= 63 {
            self.side_by_side(&offsets(values, grid), plain, out);
        } else {
            self.in_order(&offsets(values, grid), plain, to_double, out);
        }
    }

    /// Of some windows at a time, one in each lane.
    fn side_by_side<T: Number + PartialOrd>(
        &self,
        values: &[T],
        plain: impl Fn(T) -> f64,
        out: &mut [f64],
    ) {
        let (nothing, count) = (T::from(0), whole_count::<T>(self.n));
        let padding = [nothing; LANES];
        let scaled = values.iter().map(|value| count * *value);
        let scaled: Vec<T> = scaled.chain(padding).collect();
        let first = values[..self.n].iter();
        let mut sum = first.fold(nothing, |sum, value| sum + *value);
        let mut sums = vec![sum];
        sums.extend(
            values[self.n..]
                .iter()
                .zip(values)
                .map(|(entering, leaving)| {
                    sum = sum + (*entering - *leaving);
                    sum
                }),
        );
        sums.extend(padding);
        for (group, out) in out.chunks_mut(LANES).enumerate() {
            let first = group * LANES;
            let sums = &sums[first..first + LANES];
            let mut above = [nothing; LANES];
            for row in scaled[first..first + self.n + LANES - 1].windows(LANES) {
                for lane in 0..LANES {
                    let more = row[lane] - sums[lane];
                    above[lane] = above[lane] + if more > nothing { more } else { nothing };
                }
            }
            let last = &scaled[first + self.n - 1..];
            for (lane, out) in out.iter_mut().enumerate() {
                let distance = plain(last[lane] - sums[lane]);
                *out = (self.of)([distance, 2.0 * plain(above[lane])]);
            }
        }
    }

    /// With the values in order, and the sum and number of those up to the mean read off a tree.
    fn in_order<T: Whole + PartialOrd>(
        &self,
        values: &[T],
        plain: impl Fn(T) -> f64,
        wide: impl Fn(T::Product) -> f64,
        out: &mut [f64],
    ) {
        let (nothing, count) = (T::from(0), whole_count::<T>(self.n));
        let order = Order::new(values);
        let mut tree = Tree::new(values.len(), Group::none(nothing));
        let (mut sum, mut pace) = (nothing, Pace::default());
        for (row, value) in values.iter().copied().enumerate() {
            if pace.is_over(4 * usize::BITS as usize) {
                return;
            }
            if let Some(before) = row.checked_sub(self.n) {
                tree.take(order.places[before], Group::one(values[before]));
                sum = sum - values[before];
            }
            tree.add(order.places[row], Group::one(value));
            sum = sum + value;
            let Some(window) = (row + 1).checked_sub(self.n) else {
                continue;
            };
            let (_, below) = tree.while_holds(|place, _| count * order.sorted[place] <= sum);
            let above = whole_count::<T>(self.n - below.count);
            let around = (sum - below.sum).times(count) + (nothing - sum).times(above);
            out[window] = (self.of)([plain(count * value - sum), 2.0 * wide(around)]);
        }
    }
}

/// The nearest double.
#[expect(clippy::cast_precision_loss, reason = "the one rounding")]
fn plain(whole: i64) -> f64 {
    whole as f64
}

/// A number of values, of which a window has less than 2^32.
fn whole_count<T: From<u32>>(count: usize) -> T {
    T::from(u32::try_from(count).unwrap_or(u32::MAX))
}

impl<F: Fn([f64; 2]) -> f64> Sums<1> for Distances<F> {
    fn is_small(&self, grids: &[Grid; 1]) -> bool {
        are_small(grids, self.n)
    }

    fn quickly(&self, [values]: [&[f64]; 1], [grid]: [Grid; 1], out: &mut [f64]) {
        if self.n > SHORT {
            self.in_order(&offsets(values, grid), plain, to_double, out);
        } else {
            self.value_by_value(values, grid, out);
        }
    }

    fn widely(&self, [values]: [&[f64]; 1], [unit]: [i32; 1], out: &mut [f64]) {
        let whole: Vec<i128> = values.iter().map(|value| whole(*value, unit)).collect();
        self.in_order(&whole, to_double, |sum| sum.rounded(0), out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::exact::tests::widths_agree;
    use super::*;

    #[test]
    fn all_ways_give_the_same_bits() {
        let prices: Vec<f64> = (0..1500)
            .map(|i| f64::from(157_000 + (i * 7919) % 613 - i % 7) / 100_000.0)
            .collect();
        for n in [2, 3, 20, 101, 300] {
            for place in 0..2 {
                let distances = Distances {
                    n,
                    of: |sums: [f64; 2]| sums[place] / sums[1],
                };
                widths_agree([&prices[..]], n, &distances);
                let mut found = [0, 1].map(|_| vec![f64::NAN; prices.len() - n + 1]);
                let grid = Grid::roughly(&prices);
                distances.value_by_value(&prices, grid, &mut found[0]);
                let whole = offsets(&prices, grid);
                distances.in_order(&whole, plain, to_double, &mut found[1]);
                assert_eq!(found[0], found[1], "{n}");
            }
        }
    }

    #[test]
    fn distances_are_those_from_the_mean() {
        let found = |place: usize| of_distances(&[1.0, 2.0, 6.0], 3, |sums| sums[place]);
        // Three times the distances −2, −1 and 3 of a mean of 3.
        assert_eq!(found(0)[2] / found(1)[2], 9.0 / 18.0);
        assert!(found(0)[1].is_nan());
    }
}
