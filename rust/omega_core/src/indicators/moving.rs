//! Means over a window, each the exact sum of its values, divided and rounded once.
//!
//! A double is a whole multiple of a power of two, and sums of such multiples are exact as long as
//! they fit the 53 bits of a double. Each value is split into a front and a back half, and the sums
//! of the halves forget what leaves the window without a trace. Where a column's sizes differ by
//! too much for that, 36 limbs hold every double there is.

use super::wide::{Whole, Wide, power_of_two};

/// Every double, weighted by a window of 2^32, and the two limbs that a quotient needs.
type Widest = Wide<36>;

/// `Σ x / n` of each full window.
pub(super) fn means(values: &[f64], n: usize) -> Vec<f64> {
    over::<false, true>(values, n, n as u64)
}

/// `Σ x` of each full window.
pub(super) fn sums(values: &[f64], n: usize) -> Vec<f64> {
    over::<false, false>(values, n, n as u64)
}

/// `Σ i x / Σ i` of each full window, i from 1 for the oldest to n for the newest.
pub(super) fn rising_means(values: &[f64], n: usize) -> Vec<f64> {
    over::<true, true>(values, n, triangle(n))
}

/// `1 + 2 + … + n`, for windows below 2^32.
fn triangle(n: usize) -> u64 {
    let n = n as u64;
    n / 2 * (n + 1) + n % 2 * n.div_ceil(2)
}

/// A divisor beyond this is not divided by in doubles.
const MOST_DIVISOR: u64 = 1 << 26;

/// Sums of all weights together `total`, or means. What stands before the first number is left out.
fn over<const RISING: bool, const MEAN: bool>(values: &[f64], n: usize, total: u64) -> Vec<f64> {
    let first = values.iter().position(|value| value.is_finite());
    let first = first.unwrap_or(values.len());
    let mut result = vec![f64::NAN; values.len()];
    let (values, out) = (&values[first..], &mut result[first..]);
    if n > values.len() {
        return result;
    }
    let fits = |grid: Grid| grid.halves(total) && (total <= MOST_DIVISOR || !MEAN);
    let mut grid = Grid::roughly(values);
    if !fits(grid) {
        grid = Grid::exactly(values);
    }
    let divisor = if MEAN { total } else { 1 };
    if !fits(grid) {
        windows::<_, RISING, true>(values, n, &Largest::new(grid, divisor), out);
    } else if grid.holes {
        windows::<_, RISING, true>(values, n, &Halves::<MEAN>::new(grid, divisor), out);
    } else {
        windows::<_, RISING, false>(values, n, &Halves::<MEAN>::new(grid, divisor), out);
    }
    result
}

/// Values that are looked at together.
const LANES: usize = 4;

/// The unit of a column, how large its values are, and whether some are no numbers.
#[derive(Debug, Clone, Copy)]
struct Grid {
    /// Every value is a whole multiple of `2 ** unit`.
    unit: i32,
    /// No value reaches `2 ** top`.
    top: i32,
    holes: bool,
}

impl Grid {
    /// By the least and the largest exponent: all mantissas may be odd. In lanes, which the
    /// compiler makes one instruction of.
    fn roughly(values: &[f64]) -> Self {
        let mut least = [f64::INFINITY; LANES];
        let mut most = [0.0; LANES];
        let mut holes = [0.0; LANES];
        let (blocks, rest) = values.as_chunks::<LANES>();
        let mut padded = [0.0; LANES];
        padded[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter().chain([&padded]) {
            for lane in 0..LANES {
                let size = block[lane].abs();
                let low = if size > 0.0 { size } else { f64::INFINITY };
                let high = if size < f64::INFINITY { size } else { 0.0 };
                least[lane] = if low < least[lane] { low } else { least[lane] };
                most[lane] = if high > most[lane] { high } else { most[lane] };
                // Nothing for a number, and NaN for what is none.
                holes[lane] += block[lane] * 0.0;
            }
        }
        let least = least.into_iter().fold(f64::INFINITY, f64::min);
        let most = most.into_iter().fold(0.0, f64::max);
        let holes = holes.iter().any(|hole| hole.is_nan());
        if most == 0.0 {
            return Self {
                unit: 0,
                top: 0,
                holes,
            };
        }
        Self {
            unit: parts(least).1,
            top: parts(most).1 + 53,
            holes,
        }
    }

    /// By the lowest bit of all mantissas.
    fn exactly(values: &[f64]) -> Self {
        let rough = Self::roughly(values);
        let unit = values
            .iter()
            .filter(|value| value.is_finite() && **value != 0.0)
            .map(|value| {
                let (mantissa, exponent) = parts(*value);
                exponent + mantissa.trailing_zeros().cast_signed()
            })
            .min();
        Self {
            unit: unit.unwrap_or(0),
            ..rough
        }
    }

    /// Where a value is cut in two.
    fn cut(self) -> i32 {
        self.unit + (self.top - self.unit + 1) / 2
    }

    /// Whether sums of the halves of so many values are doubles, and nothing else is lost on the
    /// way to a quotient: no number is near the ends of the range of doubles.
    fn halves(self, count: u64) -> bool {
        let count = (u64::BITS - count.leading_zeros()).cast_signed();
        let bits = (self.top - self.unit + 1) / 2 + 1;
        bits + count <= 52 && self.unit >= -900 && self.top <= 900
    }
}

/// Mantissa without its sign, and the power of two that it counts in.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | (1 << 52), exponent - 1075)
    }
}

/// Numbers that are added without rounding, and what is read off them.
trait Arithmetic {
    type Number: Copy;
    fn read(&self, value: f64) -> Self::Number;
    fn plus(a: Self::Number, b: Self::Number) -> Self::Number;
    fn minus(a: Self::Number, b: Self::Number) -> Self::Number;
    fn times(a: Self::Number, count: i64) -> Self::Number;
    /// Divided and rounded once.
    fn quotient(&self, sum: Self::Number) -> f64;
}

/// How many sums are formed before any is divided: one after the other the first, side by side the
/// others.
const BLOCK: usize = 64;

/// The quotient of each window without a hole; there are at least n values.
fn windows<A: Arithmetic, const RISING: bool, const HOLES: bool>(
    values: &[f64],
    n: usize,
    numbers: &A,
    result: &mut [f64],
) {
    let mut window = Window::<A, RISING, HOLES>::new(numbers, n);
    for (i, value) in values[..n].iter().enumerate() {
        window.fill(*value, i + 1);
    }
    if window.is_whole(n) {
        result[n - 1] = numbers.quotient(window.read_off());
    }
    let mut sums = [numbers.read(0.0); BLOCK];
    let mut whole = [true; BLOCK];
    let entering = values[n..].chunks(BLOCK);
    let blocks = entering.zip(values.chunks(BLOCK));
    let mut end = n;
    for (out, (entering, leaving)) in result[n..].chunks_mut(BLOCK).zip(blocks) {
        let kept = sums.iter_mut().zip(&mut whole);
        for ((sum, whole), (entering, leaving)) in kept.zip(entering.iter().zip(leaving)) {
            end += 1;
            window.slide(*entering, *leaving, end);
            *sum = window.read_off();
            *whole = window.is_whole(end);
        }
        for ((out, sum), whole) in out.iter_mut().zip(&sums).zip(&whole) {
            let quotient = numbers.quotient(*sum);
            *out = if HOLES && !whole { f64::NAN } else { quotient };
        }
    }
}

/// Sums of the values of a window, and where it is whole.
struct Window<'a, A: Arithmetic, const RISING: bool, const HOLES: bool> {
    numbers: &'a A,
    sum: A::Number,
    rising: A::Number,
    /// What the newest value counts in `rising`.
    most: i64,
    length: usize,
    /// Windows that end before this place hold something that is no number.
    whole_from: usize,
}

impl<'a, A: Arithmetic, const RISING: bool, const HOLES: bool> Window<'a, A, RISING, HOLES> {
    fn new(numbers: &'a A, length: usize) -> Self {
        let nothing = numbers.read(0.0);
        Self {
            numbers,
            sum: nothing,
            rising: nothing,
            most: i64::try_from(length).unwrap_or(i64::MAX),
            length,
            whole_from: length,
        }
    }

    #[inline]
    fn read(&self, value: f64) -> A::Number {
        let present = !HOLES || value.is_finite();
        self.numbers.read(if present { value } else { 0.0 })
    }

    /// Takes the next of the first values; it is the window's newest and makes it end there.
    fn fill(&mut self, value: f64, end: usize) {
        self.look(value, end);
        let number = self.read(value);
        let weight = i64::try_from(end).unwrap_or(i64::MAX);
        self.sum = A::plus(self.sum, number);
        self.rising = A::plus(self.rising, A::times(number, weight));
    }

    /// Takes a value and lets the oldest go.
    #[inline]
    fn slide(&mut self, entering: f64, leaving: f64, end: usize) {
        self.look(entering, end);
        let number = self.read(entering);
        if RISING {
            let change = A::minus(A::times(number, self.most), self.sum);
            self.rising = A::plus(self.rising, change);
        }
        let change = A::minus(number, self.read(leaving));
        self.sum = A::plus(self.sum, change);
    }

    #[inline]
    fn look(&mut self, value: f64, end: usize) {
        if HOLES && !value.is_finite() {
            self.whole_from = end + self.length;
        }
    }

    #[inline]
    fn is_whole(&self, end: usize) -> bool {
        !HOLES || end >= self.whole_from
    }

    #[inline]
    fn read_off(&self) -> A::Number {
        if RISING { self.rising } else { self.sum }
    }
}

/// Values in two halves, each a double.
struct Halves<const MEAN: bool> {
    /// Added and taken away again, it rounds to the place of the cut.
    rounder: f64,
    divisor: f64,
    inverse: f64,
}

impl<const MEAN: bool> Halves<MEAN> {
    #[expect(clippy::cast_precision_loss, reason = "at most 2^26")]
    fn new(grid: Grid, divisor: u64) -> Self {
        let divisor = divisor as f64;
        Self {
            rounder: 1.5 * power_of_two(52 + grid.cut()),
            divisor,
            inverse: 1.0 / divisor,
        }
    }
}

impl<const MEAN: bool> Arithmetic for Halves<MEAN> {
    type Number = [f64; 2];

    #[inline]
    fn read(&self, value: f64) -> [f64; 2] {
        let front = (value + self.rounder) - self.rounder;
        [front, value - front]
    }

    #[inline]
    fn plus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] + b[0], a[1] + b[1]]
    }

    #[inline]
    fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] - b[0], a[1] - b[1]]
    }

    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "windows are below 2^32")]
    fn times(a: [f64; 2], count: i64) -> [f64; 2] {
        let count = count as f64;
        [a[0] * count, a[1] * count]
    }

    /// The sum is a double and what its rounding lost (Knuth). The first quotient may be off by two
    /// units in the last place; what it leaves is exact (Dekker 1971), and its quotient is the
    /// correction.
    #[inline]
    fn quotient(&self, [front, back]: [f64; 2]) -> f64 {
        let sum = front + back;
        if !MEAN {
            return sum;
        }
        let of_back = sum - front;
        let lost = (front - (sum - of_back)) + (back - of_back);
        let quotient = sum * self.inverse;
        let scaled = 134_217_729.0 * quotient;
        let high = scaled - (scaled - quotient);
        let low = quotient - high;
        let rest = ((sum - high * self.divisor) - low * self.divisor) + lost;
        quotient + rest / self.divisor
    }
}

/// A value in units: mantissa and shift.
fn shifted(value: f64, unit: i32) -> (i64, u32) {
    let (mantissa, exponent) = parts(value);
    if mantissa == 0 {
        return (0, 0);
    }
    // The shift lies below 0 where the mantissa ends in as many zeros.
    let shift = exponent - unit;
    let whole = (mantissa >> (-shift).clamp(0, 63)).cast_signed();
    (
        if value < 0.0 { -whole } else { whole },
        shift.max(0).cast_unsigned(),
    )
}

/// Sums of any doubles.
struct Largest {
    unit: i32,
    divisor: u64,
}

impl Largest {
    fn new(grid: Grid, divisor: u64) -> Self {
        Self {
            unit: grid.unit,
            divisor,
        }
    }
}

impl Arithmetic for Largest {
    type Number = Widest;

    fn read(&self, value: f64) -> Widest {
        let (whole, shift) = shifted(value, self.unit);
        Widest::shifted(whole, shift)
    }

    fn plus(a: Widest, b: Widest) -> Widest {
        a.plus(b)
    }

    fn minus(a: Widest, b: Widest) -> Widest {
        a.minus(b)
    }

    fn times(a: Widest, count: i64) -> Widest {
        a.times(Widest::shifted(count, 0))
    }

    fn quotient(&self, sum: Widest) -> f64 {
        sum.quotient(self.divisor, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by the widest numbers.
    fn widest<const RISING: bool>(values: &[f64], n: usize, divisor: u64) -> Vec<f64> {
        let grid = Grid::exactly(values);
        let mut result = vec![f64::NAN; values.len()];
        windows::<_, RISING, true>(values, n, &Largest::new(grid, divisor), &mut result);
        result
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn all_widths_round_alike() {
        let prices: Vec<f64> = (0..600)
            .map(|i| f64::from(157_000 + (i * 7919) % 613) / 100_000.0)
            .collect();
        let volumes: Vec<f64> = (0..600_u32)
            .map(|i| f64::from((i * 7919) % 613) * 10_f64.powi(i.cast_signed() % 4 - 2))
            .collect();
        for values in [&prices, &volumes] {
            assert!(Grid::exactly(values).halves(5050));
            for n in [1, 2, 3, 6, 7, 20, 33, 100] {
                let expected = widest::<false>(values, n, n as u64);
                assert_eq!(bits(&means(values, n)), bits(&expected), "{n}");
                let expected = widest::<true>(values, n, triangle(n));
                assert_eq!(bits(&rising_means(values, n)), bits(&expected), "{n}");
                let expected = widest::<false>(values, n, 1);
                assert_eq!(bits(&sums(values, n)), bits(&expected), "{n}");
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
}
