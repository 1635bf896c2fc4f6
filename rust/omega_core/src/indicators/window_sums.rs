//! Sums and means over a window, each exact and rounded once.
//!
//! Each value is split into a front and a back half, which are doubles: sums of such multiples of a
//! power of two are exact as long as they fit the 53 bits of a double. Where the sizes of values
//! differ by too much for that, their sums are whole numbers of 128 bits.

use std::ops::{Add, Mul, Sub};

use super::exact::{self, Grid, Sums, of_windows, power_of_two, to_double};

/// `Σ x / n` of each full window.
pub(super) fn means(values: &[f64], n: usize) -> Vec<f64> {
    if n == 1 {
        // Adding 0 turns −0.0 into 0.0, which is what a sum of whole numbers is.
        let finite = |value: &f64| {
            if value.is_finite() {
                value + 0.0
            } else {
                f64::NAN
            }
        };
        return values.iter().map(finite).collect();
    }
    of_windows([values], n, &Weighted::<EQUAL, true> { n, total: n as u64 })
}

/// `Σ x` of each full window.
pub(super) fn sums(values: &[f64], n: usize) -> Vec<f64> {
    of_windows(
        [values],
        n,
        &Weighted::<EQUAL, false> { n, total: n as u64 },
    )
}

/// `Σ i x / Σ i` of each full window, i from 1 for the oldest to n for the newest.
pub(super) fn rising_means(values: &[f64], n: usize) -> Vec<f64> {
    let total = triangle(n);
    of_windows([values], n, &Weighted::<RISING, true> { n, total })
}

/// `Σ (2 i − (n + 1)) x` of each full window, i from 1 for the oldest to n for the newest.
pub(super) fn trends(values: &[f64], n: usize) -> Vec<f64> {
    // Weights run from 1 − n to n − 1, but the running sums on the way reach twice those of a
    // rising mean, and these must be exact, too.
    let total = 2 * triangle(n);
    of_windows([values], n, &Weighted::<CENTRED, false> { n, total })
}

/// `1 + 2 + … + n`, for windows below 2^32.
fn triangle(n: usize) -> u64 {
    let n = n as u64;
    n / 2 * (n + 1) + n % 2 * n.div_ceil(2)
}

/// Which weights the values of a window have: all 1,
const EQUAL: u8 = 0;
/// from 1 to n,
const RISING: u8 = 1;
/// or those less their mean, twice.
const CENTRED: u8 = 2;

/// A divisor beyond this is not divided by in doubles.
// `quotient` multiplies it with halves of 26 bits, and those products must be exact in 53.
const MOST_DIVISOR: u64 = 1 << 26;

/// Sums whose weights are `total` together, or means.
struct Weighted<const WEIGHTS: u8, const MEAN: bool> {
    n: usize,
    total: u64,
}

/// Where values on a grid are cut in two.
fn cut(grid: Grid) -> i32 {
    grid.unit + (grid.top - grid.unit + 1) / 2
}

impl<const WEIGHTS: u8, const MEAN: bool> Weighted<WEIGHTS, MEAN> {
    /// Whether one double holds each sum of differences from the first value, and a mean is that
    /// value and a quotient, added (docs/decisions/exact-sums.md).
    fn is_one(&self, grid: Grid) -> bool {
        // No mean is smaller than the smallest value, so that half a unit of that one's last place
        // divides whatever lies half way between two results. The quotient must be so near that it
        // lies on the same side of that.
        let bounded = grid.range - grid.last + exact::bits(self.total) <= 53;
        bounded && (WEIGHTS == CENTRED || MEAN && grid.one_sided)
    }

    /// Whether one double holds each sum, as all values are whole multiples of a power of two that
    /// is large enough: differences of prices are.
    #[expect(
        clippy::float_cmp,
        reason = "a multiple is what rounding to multiples leaves as it is"
    )]
    fn fits_one(&self, values: &[f64], grid: Grid) -> bool {
        // A bit more than a sum has, for the difference of two.
        let unit = grid.top + exact::bits(self.total) - 52;
        // Adding and subtracting it rounds to a multiple.
        let rounder = 1.5 * power_of_two(52 + unit);
        let fits = |value: &f64| (value + rounder) - rounder == *value;
        let all_fit = |part: &[f64]| part.iter().fold(true, |all, value| all & fits(value));
        values.chunks(64).all(all_fit)
    }

    /// Differences from the first value, each a double, and so their sums.
    fn in_one(&self, values: &[f64], divisor: f64, out: &mut [f64]) {
        let base = values[0];
        let read = |value: f64| [value - base];
        if WEIGHTS == CENTRED {
            // These weights are 0 together, so that the base falls out.
            slide::<_, f64, 1, WEIGHTS>(values, self.n, read, |[sum]| sum, out);
        } else {
            let mean = |[sum]: [f64; 1]| base + sum / divisor;
            slide::<_, f64, 1, WEIGHTS>(values, self.n, read, mean, out);
        }
    }

    /// Halves of the values, and sums of each.
    fn in_halves(&self, values: &[f64], grid: Grid, divisor: f64, out: &mut [f64]) {
        // Adding and subtracting it rounds to the place of the cut. 1.5 rather than 1, so that the
        // sum stays within one power of two for negative values as well.
        let rounder = 1.5 * power_of_two(52 + cut(grid));
        let read = |value: f64| {
            let front = (value + rounder) - rounder;
            [front, value - front]
        };
        let inverse = 1.0 / divisor;
        let quotient = |[front, back]: [f64; 2]| {
            if MEAN {
                quotient(front, back, divisor, inverse)
            } else {
                front + back
            }
        };
        slide::<_, f64, 2, WEIGHTS>(values, self.n, read, quotient, out);
    }
}

impl<const WEIGHTS: u8, const MEAN: bool> Sums<1> for Weighted<WEIGHTS, MEAN> {
    /// Whether sums of halves are doubles, and nothing else is lost on the way to a quotient: no
    /// number is near the ends of the range of doubles.
    fn is_small(&self, &[grid]: &[Grid; 1]) -> bool {
        let half = (grid.top - grid.unit + 1) / 2 + 1;
        half + exact::bits(self.total) <= 52
            && grid.is_ordinary()
            && (self.total <= MOST_DIVISOR || !MEAN)
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 2^26")]
    fn quickly(&self, [values]: [&[f64]; 1], [grid]: [Grid; 1], out: &mut [f64]) {
        let divisor = self.total as f64;
        if self.is_one(grid) {
            self.in_one(values, divisor, out);
        } else if WEIGHTS == EQUAL && !MEAN && self.fits_one(values, grid) {
            slide::<_, f64, 1, WEIGHTS>(values, self.n, |value| [value], |[sum]| sum, out);
        } else {
            self.in_halves(values, grid, divisor, out);
        }
    }

    fn widely(&self, [values]: [&[f64]; 1], [unit]: [i32; 1], out: &mut [f64]) {
        let wholes = exact::wholes(values, unit);
        let read = |value| [value];
        if MEAN && exact::is_ordinary(unit) && self.total <= MOST_DIVISOR {
            let divisor = to_double(self.total.into());
            let inverse = 1.0 / divisor;
            let mean = |[sum]: [i128; 1]| {
                let ([front, back], more) = exact::in_two(sum);
                quotient(front, back, divisor, inverse) * power_of_two(unit + more)
            };
            slide::<_, i128, 1, WEIGHTS>(&wholes, self.n, read, mean, out);
        } else {
            let divisor = if MEAN { self.total } else { 1 };
            let of = |[sum]: [i128; 1]| divided(sum, divisor.into(), unit);
            slide::<_, i128, 1, WEIGHTS>(&wholes, self.n, read, of, out);
        }
    }
}

/// The double next to `sum * 2 ** unit / divisor`, whatever the numbers are.
fn divided(sum: i128, divisor: u128, unit: i32) -> f64 {
    if divisor == 1 {
        return exact::nearest(sum, unit);
    }
    // The dividend is shifted up as far as it goes, and a remainder sets the lowest bit, so that
    // `rounded` sees on which side of a tie the quotient lies.
    let size = sum.unsigned_abs();
    let more = size.leading_zeros().saturating_sub(1);
    let rest = u128::from(!(size << more).is_multiple_of(divisor));
    let found = ((size << more) / divisor) | rest;
    let value = exact::rounded(found, unit - more.cast_signed());
    if sum < 0 { -value } else { value }
}

/// The sum is a double and what its rounding lost (Knuth). The first quotient may be off by two
/// units in the last place; what it leaves is exact (Dekker 1971), and its quotient is the
/// correction.
#[inline]
fn quotient(front: f64, back: f64, divisor: f64, inverse: f64) -> f64 {
    let sum = front + back;
    let of_back = sum - front;
    let lost = (front - (sum - of_back)) + (back - of_back);
    let quotient = sum * inverse;
    // 2^27 + 1 splits a double into halves whose products with the divisor are exact; a fused
    // multiply-add would need no split, but no result may depend on one (D2).
    let scaled = 134_217_729.0 * quotient;
    let high = scaled - (scaled - quotient);
    let low = quotient - high;
    let rest = ((sum - high * divisor) - low * divisor) + lost;
    // Divided, not multiplied by the inverse: where the quotient lies half way between two doubles
    // the correction must be exactly half a unit, and `(k n) · (1 / n)` is not k for 150 of the
    // lengths up to 1,000, 49 the first of them.
    quotient + rest / divisor
}

/// What sums are made of.
pub(super) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + From<u32>
{
}
impl Number for f64 {}
impl Number for i64 {}
impl Number for i128 {}

/// How many sums are formed before any is divided. Only the sums wait for each other: what is read
/// before them and what is divided after them goes side by side, in vector instructions.
const AT_ONCE: usize = 64;

/// The quotient of each window; `L` numbers stand for a value.
fn slide<V: Copy, T: Number, const L: usize, const WEIGHTS: u8>(
    values: &[V],
    n: usize,
    read: impl Fn(V) -> [T; L],
    quotient: impl Fn([T; L]) -> f64,
    out: &mut [f64],
) {
    let mut sums = Running::<T, L, WEIGHTS>::new(n);
    for value in &values[..n] {
        // Sums slide from here on. They are exact, so nothing is carried from one window to the
        // next.
        let entering = read(*value);
        sums.next(entering, entering);
    }
    out[0] = quotient(sums.read());
    let mut entered = [[T::from(0); AT_ONCE]; L];
    let mut changes = entered;
    let pairs = values[n..].chunks(AT_ONCE).zip(values.chunks(AT_ONCE));
    for (out, (entering, leaving)) in out[1..].chunks_mut(AT_ONCE).zip(pairs) {
        // The chunks are no longer than that, which the compiler does not know: it would test each
        // index.
        let length = out.len().min(AT_ONCE);
        let (entering, leaving) = (&entering[..length], &leaving[..length]);
        for k in 0..length {
            let (entering, leaving) = (read(entering[k]), read(leaving[k]));
            for l in 0..L {
                entered[l][k] = entering[l];
                changes[l][k] = entering[l] - leaving[l];
            }
        }
        if WEIGHTS == EQUAL {
            for (sum, changes) in sums.plain.iter_mut().zip(&mut changes) {
                *sum = added_up(*sum, &mut changes[..length]);
            }
        } else {
            for k in 0..length {
                let at = |numbers: &[[T; AT_ONCE]; L]| std::array::from_fn(|l| numbers[l][k]);
                sums.next(at(&entered), at(&changes));
                for (changes, sum) in changes.iter_mut().zip(sums.read()) {
                    changes[k] = sum;
                }
            }
        }
        for (k, out) in out[..length].iter_mut().enumerate() {
            *out = quotient(std::array::from_fn(|l| changes[l][k]));
        }
    }
}

/// Replaces changes by the sums that they lead to, and gives the last. Sums are exact and may be
/// formed in any order: by fours, only the last of which waits for the four before.
#[inline]
fn added_up<T: Number>(mut sum: T, changes: &mut [T]) -> T {
    let (fours, rest) = changes.as_chunks_mut::<4>();
    for four in fours {
        let [a, b, c, d] = *four;
        let (two, other) = (a + b, c + d);
        *four = [sum + a, sum + two, sum + (two + c), sum + (two + other)];
        sum = four[3];
    }
    for change in rest {
        sum = sum + *change;
        *change = sum;
    }
    sum
}

/// The sums of a window that slides.
struct Running<T, const L: usize, const WEIGHTS: u8> {
    most: T,
    plain: [T; L],
    rising: [T; L],
}

impl<T: Number, const L: usize, const WEIGHTS: u8> Running<T, L, WEIGHTS> {
    fn new(n: usize) -> Self {
        Self {
            most: T::from(u32::try_from(n).unwrap_or(u32::MAX)),
            plain: [T::from(0); L],
            rising: [T::from(0); L],
        }
    }

    /// With a value that enters; the change is that less the one that leaves.
    #[inline]
    fn next(&mut self, entering: [T; L], change: [T; L]) {
        for l in 0..L {
            // Before `plain` is updated: each value of the old window loses one weight, and their
            // sum is the old `plain`. Unused sums are compiled away, as `WEIGHTS` is a constant.
            self.rising[l] = self.rising[l] + (self.most * entering[l] - self.plain[l]);
            self.plain[l] = self.plain[l] + change[l];
        }
    }

    #[inline]
    fn read(&self) -> [T; L] {
        std::array::from_fn(|l| match WEIGHTS {
            EQUAL => self.plain[l],
            RISING => self.rising[l],
            _ => self.rising[l] + self.rising[l] - (self.most + T::from(1)) * self.plain[l],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::exact::tests::widths_agree;
    use super::*;

    #[test]
    fn all_widths_round_alike() {
        let prices: Vec<f64> = (0..600)
            .map(|i| f64::from(157_000 + (i * 7919) % 613) / 100_000.0)
            .collect();
        let volumes: Vec<f64> = (0..600_u32)
            .map(|i| f64::from((i * 7919) % 613) * 10_f64.powi(i.cast_signed() % 4 - 2))
            .collect();
        for values in [&prices[..], &volumes] {
            for n in [1, 2, 3, 6, 7, 20, 33, 100] {
                let (count, total) = (n as u64, triangle(n));
                widths_agree([values], n, &Weighted::<EQUAL, true> { n, total: count });
                widths_agree([values], n, &Weighted::<EQUAL, false> { n, total: count });
                widths_agree([values], n, &Weighted::<RISING, true> { n, total });
                widths_agree(
                    [values],
                    n,
                    &Weighted::<CENTRED, false> {
                        n,
                        total: 2 * total,
                    },
                );
            }
        }
    }

    #[test]
    fn a_wide_sum_is_divided_as_if_by_all_its_bits() {
        let near_ties = |divisor: i128| {
            // An odd number of 54 bits lies half way between two doubles.
            let tie = divisor * ((1 << 53) + 4_217);
            (0..127 - 80).flat_map(move |shift| [-1, 0, 1].map(|more| (tie << shift) + more))
        };
        for divisor in [2_u32, 3, 7, 20, 49, 1 << 26] {
            let any = (0..126).flat_map(|high| [(1_i128 << high) + 1, (5 << high >> 2) - 1]);
            for sum in near_ties(divisor.into()).chain(any) {
                for sum in [sum, -sum] {
                    let ([front, back], more) = exact::in_two(sum);
                    let number = f64::from(divisor);
                    let found = quotient(front, back, number, 1.0 / number) * power_of_two(more);
                    assert_eq!(found, divided(sum, divisor.into(), 0), "{sum} / {divisor}");
                }
            }
        }
    }

    #[test]
    fn the_mean_of_equal_values_is_the_value() {
        for value in [1.9, 0.1, 1e300, 5e-324, -7.3] {
            for n in [3, 9, 17, 49] {
                let result = means(&vec![value; n + 1], n);
                assert_eq!(&result[n - 1..], &[value, value], "{n}");
                assert_eq!(rising_means(&vec![value; n], n)[n - 1], value);
            }
        }
    }

    #[test]
    fn a_hole_empties_the_windows_that_hold_it() {
        let values = [1.0, f64::NAN, 3.0, 4.0, 5.0, f64::INFINITY, 7.0];
        let result = means(&values, 2);
        assert!([0, 1, 2, 5, 6].iter().all(|i| result[*i].is_nan()));
        assert_eq!(&result[3..5], &[3.5, 4.5]);
        assert_eq!(triangle(4), 10);
        assert_eq!(triangle(5), 15);
    }

    #[test]
    fn what_is_far_below_the_largest_value_of_a_window_is_cut_off_there_alone() {
        assert_eq!(
            means(&[1.0, 2_f64.powi(-54), -1.0], 3)[2],
            2_f64.powi(-54) / 3.0
        );
        assert_eq!(means(&[1.0, 2_f64.powi(-130), -1.0], 3)[2], 0.0);
        assert_eq!(
            means(&[2_f64.powi(-130), -1.0, 0.0, 2_f64.powi(-130)], 2)[3],
            2_f64.powi(-131)
        );
    }
}
