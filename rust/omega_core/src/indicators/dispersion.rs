//! Spreads of a window and of two, each exact and rounded once.
//!
//! Values are whole numbers of 64 bits, counted from the first of their block, which changes no
//! spread; their products have 128. Where the sizes of values differ by too much for that, they
//! have 128 bits and 256.

use std::ops::{Add, Mul, Sub};

use super::exact::{Grid, Sums, bits, of_windows, power_of_two, rounded, to_double, wholes};

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
        let read = |spread: i128| to_double(spread) * unit;
        slide(&offsets(values, grid), self.n, read, &self.of, out);
    }

    fn widely(&self, [values]: [&[f64]; 1], [unit]: [i32; 1], out: &mut [f64]) {
        let read = |spread: Wide| spread.rounded(2 * unit);
        slide(&wholes(values, unit), self.n, read, &self.of, out);
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
        let read = |sum: i128, place: usize| to_double(sum) * units[place];
        let columns = [&offsets(x, of_x)[..], &offsets(y, of_y)];
        slide_both(columns, self.n, read, &self.of, out);
    }

    fn widely(&self, [x, y]: [&[f64]; 2], [of_x, of_y]: [i32; 2], out: &mut [f64]) {
        let units = [2 * of_x, 2 * of_y, of_x + of_y - 1];
        let read = |sum: Wide, place: usize| sum.rounded(units[place]);
        let columns = [&wholes(x, of_x)[..], &wholes(y, of_y)];
        slide_both(columns, self.n, read, &self.of, out);
    }
}

/// Whether all sums of differences fit 64 bits, and no result is subnormal or infinite.
pub(super) fn are_small(grids: &[Grid], n: usize) -> bool {
    grids.iter().all(|grid| {
        let width = grid.range - grid.unit;
        // The first bound is that of `offsets`, the second keeps a slope (`Sliding`) within `i64`.
        grid.is_ordinary() && width <= 51 && width + bits(n as u64) <= 61
    })
}

/// The values in units, counted from the first: a spread does not change when all values move, and
/// prices far from zero then leave room for their differences.
pub(super) fn offsets(values: &[f64], grid: Grid) -> Vec<i64> {
    let base = values[0];
    // A difference below 2^51 units, added to this, counts in the last place of the sum: its bits
    // are those of a whole number, which takes no conversion.
    let zero = 1.5 * power_of_two(52 + grid.unit);
    let counted = |value: &f64| (zero + (value - base)).to_bits().cast_signed();
    let origin = zero.to_bits().cast_signed();
    values.iter().map(|value| counted(value) - origin).collect()
}

/// How many sums are read before `of` sees them: so few that the processor takes roots and
/// quotients of these while it adds up the next.
const AT_ONCE: usize = 4;

/// Reads a value off `n Σ x² − (Σ x)²` of each window.
fn slide<T: Whole>(
    values: &[T],
    n: usize,
    read: impl Fn(T::Product) -> f64,
    of: impl Fn(f64) -> f64,
    out: &mut [f64],
) {
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
    out[0] = read(next(values[n - 1], nothing));
    out[0] = of(out[0]);
    let entering = values[n..].as_chunks::<AT_ONCE>();
    let leaving = values[..out.len() - 1].as_chunks::<AT_ONCE>();
    let out = out[1..].as_chunks_mut::<AT_ONCE>();
    for (out, (entering, leaving)) in out.0.iter_mut().zip(entering.0.iter().zip(leaving.0)) {
        let spreads: [f64; AT_ONCE] = std::array::from_fn(|k| read(next(entering[k], leaving[k])));
        *out = spreads.map(&of);
    }
    for (out, (entering, leaving)) in out.1.iter_mut().zip(entering.1.iter().zip(leaving.1)) {
        *out = of(read(next(*entering, *leaving)));
    }
}

/// How many windows of two columns are looked at together. Each of three sums has a loop of its
/// own, in which all that it needs fits the registers.
const TOGETHER: usize = 64;

/// Reads a value off `n Σ x² − (Σ x)²`, the same of y, and `2 (n Σ x y − Σ x Σ y)` of each window.
fn slide_both<T: Whole>(
    columns: [&[T]; 2],
    n: usize,
    read: impl Fn(T::Product, usize) -> f64,
    of: impl Fn([f64; 3]) -> f64,
    out: &mut [f64],
) {
    let nothing = T::from(0);
    let mut windows = [Sliding::new(n), Sliding::new(n)];
    let [mut of_x, mut of_y, mut both] = [nothing.times(nothing); 3];
    let mut moves = [[(nothing, nothing); TOGETHER]; 2];
    let mut known = [[0.0; TOGETHER]; 3];
    // The first n − 1 values enter, then each window is the one before, moved on.
    let starts = (0..n - 1)
        .step_by(TOGETHER)
        .map(|first| first..(n - 1).min(first + TOGETHER));
    let rows = columns[0].len();
    let slides = (n - 1..rows)
        .step_by(TOGETHER)
        .map(|first| first..rows.min(first + TOGETHER));
    for entering in starts.chain(slides) {
        let length = entering.len().min(TOGETHER);
        for ((moves, window), values) in moves.iter_mut().zip(&mut windows).zip(columns) {
            for (k, row) in entering.clone().enumerate().take(length) {
                let leaving = if row < n { nothing } else { values[row - n] };
                moves[k] = window.next(values[row], leaving);
            }
        }
        let [x, y] = &moves;
        for k in 0..length {
            of_x = of_x + x[k].0.times(x[k].1);
            known[0][k] = read(of_x, 0);
        }
        for k in 0..length {
            of_y = of_y + y[k].0.times(y[k].1);
            known[1][k] = read(of_y, 1);
        }
        for k in 0..length {
            both = both + (x[k].0.times(y[k].1) + y[k].0.times(x[k].1));
            known[2][k] = read(both, 2);
        }
        if let Some(first) = entering.start.checked_sub(n - 1) {
            for (k, out) in out[first..][..length].iter_mut().enumerate() {
                *out = of([known[0][k], known[1][k], known[2][k]]);
            }
        }
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
pub(super) trait Whole:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + From<u32>
{
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
pub(super) struct Wide {
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
    pub(super) fn rounded(self, exponent: i32) -> f64 {
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
            widths_agree(
                [&x[..]],
                n,
                &Spread {
                    n,
                    of: |spread| spread,
                },
            );
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
