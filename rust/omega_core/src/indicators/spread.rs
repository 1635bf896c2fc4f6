//! Spreads of a window and of two, each exact and rounded once.
//!
//! Values are whole numbers of 64 bits, counted from the first of their block, which changes no
//! spread; their products have 128. Where the sizes of values differ by too much for that, they
//! have 128 bits and 256.

use std::ops::{Add, Mul, Sub};

use super::exact::{Grid, Sums, bits, of_windows, power_of_two, rounded, to_double, whole};

/// `n Σ x² − (Σ x)²` of each full window: n² times the variance.
pub(super) fn spreads(values: &[f64], n: usize) -> Vec<f64> {
    of_windows([values], n, &Products { n })
}

/// `n Σ x y − Σ x Σ y` of each window that is full in both columns.
pub(super) fn covariances(x: &[f64], y: &[f64], n: usize) -> Vec<f64> {
    of_windows([x, y], n, &Products { n })
}

/// Products of one column with itself, or of two.
struct Products {
    n: usize,
}

impl<const C: usize> Sums<C> for Products {
    /// Whether n times the largest difference fits 64 bits, and no result is subnormal or infinite.
    fn is_small(&self, grids: &[Grid; C]) -> bool {
        grids.iter().all(|grid| {
            grid.is_ordinary()
                // The first bound keeps each value within `i64`, so that the casts are exact; the
                // second one keeps n times a difference within it, which is a factor of every
                // product.
                && grid.top - grid.unit <= 62
                && grid.range - grid.unit + bits(self.n as u64) <= 63
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a product with a power of two that is a whole number below 2^62"
    )]
    fn quickly(&self, columns: [&[f64]; C], grids: [Grid; C], out: &mut [f64]) {
        let whole: [Vec<i64>; C] = std::array::from_fn(|c| {
            let scale = power_of_two(-grids[c].unit);
            // Counted from the first value: a spread does not change when all values move, and
            // prices far from zero then leave room for their differences.
            let first = (columns[c][0] * scale) as i64;
            let values = columns[c].iter();
            values.map(|value| (value * scale) as i64 - first).collect()
        });
        let unit = power_of_two(grids[0].unit + grids[C - 1].unit);
        slide(&whole, self.n, |spread: i128| to_double(spread) * unit, out);
    }

    fn widely(&self, columns: [&[f64]; C], units: [i32; C], out: &mut [f64]) {
        let whole: [Vec<i128>; C] = std::array::from_fn(|c| {
            let values = columns[c].iter();
            values.map(|value| whole(*value, units[c])).collect()
        });
        let unit = units[0] + units[C - 1];
        slide(&whole, self.n, |spread: Wide| spread.rounded(unit), out);
    }
}

/// Reads a value off `n Σ x y − Σ x Σ y` of each window, x being the first column and y the last.
fn slide<T: Whole, const C: usize>(
    columns: &[Vec<T>; C],
    n: usize,
    of: impl Fn(T::Product) -> f64,
    out: &mut [f64],
) {
    let (x, y) = (&columns[0][..], &columns[C - 1][..]);
    let count = T::from(u32::try_from(n).unwrap_or(u32::MAX));
    let nothing = T::from(0);
    let (mut of_x, mut of_y, mut products) = (nothing, nothing, nothing.times(nothing));
    let mut next = |entering: (&T, &T), leaving: (&T, &T)| {
        of_x = of_x + (*entering.0 - *leaving.0);
        of_y = of_y + (*entering.1 - *leaving.1);
        // n goes into a factor, not to the product, which would need a wider type.
        let more = (count * *entering.0).times(*entering.1);
        products = products + (more - (count * *leaving.0).times(*leaving.1));
        products - of_x.times(of_y)
    };
    let mut spread = nothing.times(nothing);
    for pair in x[..n].iter().zip(y) {
        spread = next(pair, (&nothing, &nothing));
    }
    out[0] = of(spread);
    let entering = x[n..].iter().zip(&y[n..]);
    let pairs = entering.zip(x.iter().zip(y));
    for (out, (entering, leaving)) in out[1..].iter_mut().zip(pairs) {
        *out = of(next(entering, leaving));
    }
}

/// A whole number whose products have a width of their own.
trait Whole: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + From<u32> {
    type Product: Copy + Add<Output = Self::Product> + Sub<Output = Self::Product>;
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
    let mut result = spreads(values, n);
    for value in &mut result {
        // The only roundings: of the exact spread, of this quotient and of the root.
        *value = (*value / divisor).sqrt();
    }
    result
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
            widths_agree([&x[..]], n, &Products { n });
            widths_agree([&x, &y], n, &Products { n });
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
