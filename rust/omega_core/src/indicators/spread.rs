//! Spreads of a window and of two, each exact and rounded once.
//!
//! Values are whole numbers of 64 bits, counted from the first of their block, which changes no
//! spread; their products have 128. Where the sizes of values differ by too much for that, they
//! have 128 bits and 256.

use std::ops::{Add, Mul, Sub};

use super::exact::{Grid, Sums, bits, of_windows, power_of_two, rounded, to_double, whole};

/// What `of` makes of `n Σ x² − (Σ x)²` of each full window: n² times the variance.
pub(super) fn of_spreads(values: &[f64], n: usize, of: impl Fn(f64) -> f64) -> Vec<f64> {
    of_windows([values], n, &Spread { n, of })
}

/// What `of` makes of `n Σ x² − (Σ x)²`, the same of y, and `n Σ x y − Σ x Σ y`, of each window
/// that is full in both columns.
pub(super) fn of_covariances(
    columns: [&[f64]; 2],
    n: usize,
    of: impl Fn([f64; 3]) -> f64,
) -> Vec<f64> {
    of_windows(columns, n, &Covariance { n, of })
}

/// Of one column.
struct Spread<F> {
    n: usize,
    of: F,
}

impl<F: Fn(f64) -> f64> Sums<1> for Spread<F> {
    fn is_small(&self, grids: &[Grid; 1]) -> bool {
        are_small(grids, self.n)
    }

    fn quickly(&self, [values]: [&[f64]; 1], [grid]: [Grid; 1], out: &mut [f64]) {
        let unit = power_of_two(2 * grid.unit);
        let of = |spread: i128| (self.of)(to_double(spread) * unit);
        slide(&offsets(values, grid), self.n, of, out);
    }

    fn widely(&self, [values]: [&[f64]; 1], [unit]: [i32; 1], out: &mut [f64]) {
        let of = |spread: Wide| (self.of)(spread.rounded(2 * unit));
        slide(&wholes(values, unit), self.n, of, out);
    }
}

/// Of two columns.
struct Covariance<F> {
    n: usize,
    of: F,
}

impl<F: Fn([f64; 3]) -> f64> Sums<2> for Covariance<F> {
    fn is_small(&self, grids: &[Grid; 2]) -> bool {
        are_small(grids, self.n)
    }

    fn quickly(&self, [x, y]: [&[f64]; 2], [of_x, of_y]: [Grid; 2], out: &mut [f64]) {
        let units = [2 * of_x.unit, 2 * of_y.unit, of_x.unit + of_y.unit - 1].map(power_of_two);
        let read = |sums: [i128; 3]| {
            (self.of)(std::array::from_fn(|place| to_double(sums[place]) * units[place]))
        };
        slide_both(&offsets(x, of_x), &offsets(y, of_y), self.n, read, out);
    }

    fn widely(&self, [x, y]: [&[f64]; 2], [of_x, of_y]: [i32; 2], out: &mut [f64]) {
        let units = [2 * of_x, 2 * of_y, of_x + of_y - 1];
        let read = |sums: [Wide; 3]| {
            (self.of)(std::array::from_fn(|place| sums[place].rounded(units[place])))
        };
        slide_both(&wholes(x, of_x), &wholes(y, of_y), self.n, read, out);
    }
}

/// Whether all sums of differences fit 64 bits, and no result is subnormal or infinite.
fn are_small(grids: &[Grid], n: usize) -> bool {
    grids.iter().all(|grid| {
        let width = grid.range - grid.unit;
        // The first bound is that of `offsets`, the second keeps a slope (`Sliding`) within `i64`.
        grid.is_ordinary() && width <= 51 && width + bits(n as u64) <= 61
    })
}

/// The values in units, counted from the first: a spread does not change when all values move, and
/// prices far from zero then leave room for their differences.
fn offsets(values: &[f64], grid: Grid) -> Vec<i64> {
    let base = values[0];
    // A difference below 2^51 units, added to this, counts in the last place of the sum: its bits
    // are those of a whole number, which takes no conversion.
    let zero = 1.5 * power_of_two(52 + grid.unit);
    let counted = |value: &f64| (zero + (value - base)).to_bits().cast_signed();
    let origin = zero.to_bits().cast_signed();
    values.iter().map(|value| counted(value) - origin).collect()
}

fn wholes(values: &[f64], unit: i32) -> Vec<i128> {
    values.iter().map(|value| whole(*value, unit)).collect()
}

/// Reads a value off `n Σ x² − (Σ x)²` of each window.
fn slide<T: Whole>(values: &[T], n: usize, of: impl Fn(T::Product) -> f64, out: &mut [f64]) {
    let nothing = T::from(0);
    let mut sum = Sliding::new(n);
    let mut spread = nothing.times(nothing);
    let mut next = |entering: T, leaving: T| {
        let (change, slope) = sum.next(entering, leaving);
        spread = spread + change.times(slope);
        spread
    };
    for value in &values[..n - 1] {
        next(*value, nothing);
    }
    out[0] = of(next(values[n - 1], nothing));
    let pairs = values[n..].iter().zip(values);
    for (out, (entering, leaving)) in out[1..].iter_mut().zip(pairs) {
        *out = of(next(*entering, *leaving));
    }
}

/// Reads a value off `n Σ x² − (Σ x)²`, the same of y, and `2 (n Σ x y − Σ x Σ y)` of each window.
fn slide_both<T: Whole>(
    x: &[T],
    y: &[T],
    n: usize,
    of: impl Fn([T::Product; 3]) -> f64,
    out: &mut [f64],
) {
    let nothing = T::from(0);
    let (mut of_x, mut of_y) = (Sliding::new(n), Sliding::new(n));
    let mut spreads = [nothing.times(nothing); 3];
    let mut next = |entering: (&T, &T), leaving: (&T, &T)| {
        let (change_x, slope_x) = of_x.next(*entering.0, *leaving.0);
        let (change_y, slope_y) = of_y.next(*entering.1, *leaving.1);
        let both = change_x.times(slope_y) + change_y.times(slope_x);
        let more = [change_x.times(slope_x), change_y.times(slope_y), both];
        spreads = std::array::from_fn(|place| spreads[place] + more[place]);
        spreads
    };
    for entering in x[..n - 1].iter().zip(y) {
        next(entering, (&nothing, &nothing));
    }
    out[0] = of(next((&x[n - 1], &y[n - 1]), (&nothing, &nothing)));
    let entering = x[n..].iter().zip(&y[n..]);
    let pairs = entering.zip(x.iter().zip(y));
    for (out, (entering, leaving)) in out[1..].iter_mut().zip(pairs) {
        *out = of(next(entering, leaving));
    }
}

/// A window that slides; before its first values it is full of zeros, which have no spread.
struct Sliding<T> {
    count: T,
    sum: T,
}

impl<T: Whole> Sliding<T> {
    fn new(n: usize) -> Self {
        Self {
            count: T::from(u32::try_from(n).unwrap_or(u32::MAX)),
            sum: T::from(0),
        }
    }

    /// Where a enters and b leaves, the sum becomes S' = S + (a − b), and
    /// `n (a² − b²) − (S'² − S²)` is `(a − b) (n (a + b) − (S' + S))`: one wide product moves a
    /// spread on. These are its factors. The product of two columns moves by
    /// `½ ((a − b) (n (c + d) − (T' + T)) + (c − d) (n (a + b) − (S' + S)))`.
    #[inline]
    fn next(&mut self, entering: T, leaving: T) -> (T, T) {
        let change = entering - leaving;
        let after = self.sum + change;
        let slope = self.count * (entering + leaving) - (self.sum + after);
        self.sum = after;
        (change, slope)
    }
}

/// A whole number whose products have a width of their own.
trait Whole: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + From<u32> {
    type Product: Copy + Add<Output = Self::Product>;
    fn times(self, other: Self) -> Self::Product;
}

impl Whole for i64 {
    type Product = i128;

    fn times(self, other: Self) -> i128 {
        i128::from(self) * i128::from(other)
    }
}

impl Whole for i128 {
    type Product = Wide;

    /// Of factors below 2^126, limb by limb; the high ones carry the signs.
    fn times(self, other: Self) -> Wide {
        let (a, b) = (self & LIMB, other & LIMB);
        let (high_a, high_b) = (self >> 64, other >> 64);
        let low = a.cast_unsigned() * b.cast_unsigned();
        // Fits 128 bits because factors are below 2^126: two products below 2^126 and a carry.
        let middle = a * high_b + high_a * b + (low >> 64).cast_signed();
        Wide {
            high: high_a * high_b + (middle >> 64),
            low: (middle << 64).cast_unsigned() | (low & LIMB.cast_unsigned()),
        }
    }
}

/// The low half of 128 bits.
const LIMB: i128 = (1 << 64) - 1;

/// A signed number of 256 bits.
#[derive(Clone, Copy)]
struct Wide {
    high: i128,
    low: u128,
}

impl Add for Wide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high + other.high + i128::from(carry);
        Self { high, low }
    }
}

impl Sub for Wide {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        let high = self.high - other.high - i128::from(borrow);
        Self { high, low }
    }
}

impl Wide {
    /// The double next to `self * 2 ** exponent`, ties to even.
    fn rounded(self, exponent: i32) -> f64 {
        if self.high < 0 {
            return -(Self { high: 0, low: 0 } - self).rounded(exponent);
        }
        let high = self.high.cast_unsigned();
        if high == 0 && self.low >> 127 == 0 {
            return rounded(self.low, exponent);
        }
        // Keeps the first 127 bits; the last one is set where any bit below is, which is all that
        // rounding needs. Two shifts, because a single one by 128 would overflow.
        let empty = high.leading_zeros();
        let kept = (high << (empty - 1)) | (self.low >> 1 >> (128 - empty));
        let rest = u128::from(self.low << (empty - 1) != 0);
        rounded(kept | rest, exponent + 129 - empty.cast_signed())
    }
}

/// Sample (`ddof` 1) or population (`ddof` 0) standard deviation of the last n values; exactly 0
/// where they are all equal.
#[must_use]
pub fn std(values: &[f64], n: usize, ddof: usize) -> Vec<f64> {
    let count = float(n);
    let divisor = count * (count - float(ddof));
    // The only roundings: of the exact spread, of this quotient and of the root.
    of_spreads(values, n, |spread| (spread / divisor).sqrt())
}

/// A count as a number.
#[expect(
    clippy::cast_precision_loss,
    reason = "windows are far below 2^53 bars"
)]
pub(super) fn float(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::super::exact::tests::widths_agree;
    use super::*;

    #[test]
    fn all_widths_round_alike() {
        let values = |step: i32| -> Vec<f64> {
            let ticks = (0..600).map(|i| 157_000 + (i * step) % 613);
            ticks.map(|ticks| f64::from(ticks) / 100_000.0).collect()
        };
        let (x, y) = (values(7919), values(-104_729));
        for n in [2, 3, 7, 20, 100] {
            widths_agree([&x[..]], n, &Spread { n, of: |spread| spread });
            for place in 0..3 {
                let of = |sums: [f64; 3]| sums[place];
                widths_agree([&x, &y], n, &Covariance { n, of });
            }
        }
    }

    #[test]
    fn whole_numbers_of_any_size_are_rounded_once() {
        let places = [0, 11, 12, 52, 53, 54, 63, 64, 65, 66, 90, 117, 118, 125];
        for (high, low) in places.iter().flat_map(|i| places.map(|k| (*i, k))) {
            for more in [-1, 0, 1] {
                let whole = (1 << high) + (1 << low) + more;
                for whole in [whole, -whole] {
                    let nearest = whole.to_string().parse();
                    let wide = Wide {
                        high: whole >> 127,
                        low: whole.cast_unsigned(),
                    };
                    assert_eq!(Ok(to_double(whole)), nearest, "{whole}");
                    assert_eq!(Ok(wide.rounded(0)), nearest, "{whole}");
                    let shifted = whole.times(1 << 100);
                    assert_eq!(Ok(shifted.rounded(-100)), nearest, "{whole}");
                }
            }
        }
    }
}
