//! What exact sums over windows have in common: the grid of a column, and whole numbers on it.
//!
//! A double is a whole multiple of a power of two. In units of a power that all values of a stretch
//! are multiples of, sums of values and of products are whole numbers; they are exact, and each
//! result is rounded once. The grid of a stretch decides how it is computed and changes no result.

use crate::interrupt::Pace;

/// A kind of sums over windows, which by [`of_windows`] gives one value for each.
pub(super) trait Sums<const C: usize> {
    /// Whether `quickly` is exact for columns on these grids.
    fn is_small(&self, grids: &[Grid; C]) -> bool;
    /// The value of each window, n − 1 fewer than there are rows.
    fn quickly(&self, columns: [&[f64]; C], grids: [Grid; C], out: &mut [f64]);
    /// The same of any columns, their values rounded to whole multiples of `2 ** unit`.
    fn widely(&self, columns: [&[f64]; C], units: [i32; C], out: &mut [f64]);
}

/// Windows that have a grid of their own; more if they are long. Prices of a few hundred bars lie
/// so close together that one double holds the sum of their differences.
const BLOCK: usize = 512;

/// One value for each row: NaN where a window of n is not full, or holds what is not finite.
pub(super) fn of_windows<const C: usize>(
    columns: [&[f64]; C],
    n: usize,
    sums: &impl Sums<C>,
) -> Vec<f64> {
    let rows = columns[0].len();
    let mut result = Vec::with_capacity(rows);
    result.resize((n - 1).min(rows), f64::NAN);
    // Each block reads the n − 1 rows before its first window again; with four windows' worth of
    // rows that is a quarter more work at most.
    let length = BLOCK.max(4 * n);
    let mut pace = Pace::default();
    while result.len() < rows {
        let first = result.len();
        let end = rows.min(first + length);
        if pace.is_over(end - first + n) {
            break;
        }
        // A block at a time, so that it is still in the cache when its values are written.
        result.resize(end, f64::NAN);
        let part = columns.map(|column| &column[first + 1 - n..end]);
        of_block(part, n, sums, &mut result[first..]);
    }
    result.resize(rows, f64::NAN);
    result
}

/// Splits a block at holes, and in halves as long as its values are too far apart.
fn of_block<const C: usize>(columns: [&[f64]; C], n: usize, sums: &impl Sums<C>, out: &mut [f64]) {
    let part = |rows: std::ops::Range<usize>| columns.map(|column| &column[rows.clone()]);
    let mut grids = columns.map(Grid::roughly);
    // No window with such a value has a result, and one infinite value would make the grid of the
    // whole block meaningless.
    if grids.iter().any(|grid| grid.holes) {
        let is_hole = |row: &usize| columns.iter().any(|column| !column[*row].is_finite());
        let rows = columns[0].len();
        let mut start = 0;
        for end in (0..rows).filter(is_hole).chain([rows]) {
            if end - start >= n {
                of_block(part(start..end), n, sums, &mut out[start..=end - n]);
            }
            start = end + 1;
        }
        return;
    }
    if !sums.is_small(&grids) {
        // The lowest bit in use takes a second pass. Prices rarely need it: they fit even if all 53
        // bits of the smallest value are taken to be used. Where they do not fit by the bits that
        // this one does use, they do not by those of all.
        let at_best = grids.map(|grid| Grid {
            unit: grid.of_least,
            ..grid
        });
        if sums.is_small(&at_best) {
            for (grid, values) in grids.iter_mut().zip(columns) {
                grid.unit = lowest_bit(values);
            }
        }
    }
    let limits = grids.map(|grid| grid.top - places(n));
    let fits = |(grid, limit): (&Grid, &i32)| grid.unit >= *limit;
    if sums.is_small(&grids) {
        sums.quickly(columns, grids, out);
    } else if out.len() == 1 || grids.iter().zip(&limits).all(fits) {
        // `max` rounds values only where a window stands alone: a unit that depends on a longer
        // stretch would let a later bar change earlier results (docs/decisions/exact-sums.md).
        let units = std::array::from_fn(|c| grids[c].unit.max(limits[c]));
        sums.widely(columns, units, out);
    } else {
        let half = out.len() / 2;
        let (before, after) = out.split_at_mut(half);
        of_block(part(0..half + n - 1), n, sums, before);
        of_block(part(half..columns[0].len()), n, sums, after);
    }
}

/// How far below the power of two above a window's largest value its values are still told apart:
/// sums of so many, weighted by up to n, fit 127 bits, and those of products 254.
fn places(n: usize) -> i32 {
    125 - 2 * bits(n as u64)
}

/// How many bits a number has.
pub(super) fn bits(number: u64) -> i32 {
    (u64::BITS - number.leading_zeros()).cast_signed()
}

/// Values that are compared side by side, which the compiler turns into vector instructions.
const LANES: usize = 8;

/// The unit of some values, and how large they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// Every value is a whole multiple of `2 ** unit`.
    pub(super) unit: i32,
    /// Where the 53 bits of the smallest value other than 0 end: at the unit or below it.
    pub(super) last: i32,
    /// The smallest value other than 0 is a whole multiple of `2 ** of_least`, and no larger power.
    of_least: i32,
    /// No value reaches `2 ** top`.
    pub(super) top: i32,
    /// The largest value less the smallest is below `2 ** range`.
    pub(super) range: i32,
    /// Whether all values have the same sign, and none is 0.
    pub(super) one_sided: bool,
    /// Whether some are not finite; nothing else holds then.
    holes: bool,
}

impl Grid {
    /// By the sizes of the values: all mantissas may be odd.
    pub(super) fn roughly(values: &[f64]) -> Self {
        let mut low = [values[0]; LANES];
        let mut high = low;
        let mut sum = [0.0; LANES];
        let (blocks, rest) = values.as_chunks::<LANES>();
        let mut padded = [values[0]; LANES];
        // Padding repeats a value of the block, so that it moves no extreme and makes no hole.
        padded[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter().chain([&padded]) {
            for lane in 0..LANES {
                let value = block[lane];
                // Comparisons instead of `f64::min`, whose rule for NaN needs more instructions.
                low[lane] = if value < low[lane] { value } else { low[lane] };
                high[lane] = if value > high[lane] {
                    value
                } else {
                    high[lane]
                };
                // Finite only where all values are: a test without a branch.
                sum[lane] += value;
            }
        }
        let finite = sum.iter().all(|sum| sum.is_finite());
        let low = low.into_iter().fold(f64::INFINITY, f64::min);
        let high = high.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let one_sided = low > 0.0 || high < 0.0;
        let least = if one_sided {
            low.abs().min(high.abs())
        } else {
            least_size(values)
        };
        let (place, of_least) = if least.is_finite() {
            (parts(least).1, lowest_bit(&[least]))
        } else {
            (0, 0)
        };
        Self {
            unit: place,
            last: place,
            of_least,
            top: parts(low.abs().max(high)).1 + 53,
            // The power above the difference, and one more where rounding made it smaller.
            range: parts(high - low).1 + 54,
            one_sided,
            // Finite values may add up to what is not.
            holes: !finite && values.iter().any(|value| !value.is_finite()),
        }
    }

    /// Whether no scaling by the unit, or by two of them, meets a subnormal or infinite number.
    pub(super) fn is_ordinary(self) -> bool {
        // A product of two units is then at least 2^-1000, which is normal, and `n Σ x²` is below
        // 2^(64 + 800) for windows below 2^32, which is finite.
        self.unit >= -500 && self.top <= 400
    }
}

/// The smallest size that is not 0; infinite where there is none.
fn least_size(values: &[f64]) -> f64 {
    let mut least = [f64::INFINITY; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    let mut padded = [0.0; LANES];
    padded[..rest.len()].copy_from_slice(rest);
    for block in blocks.iter().chain([&padded]) {
        for lane in 0..LANES {
            let value = block[lane];
            // Zero is a multiple of every power of two, so it must not lower the unit.
            let size = if value == 0.0 {
                f64::INFINITY
            } else {
                value.abs()
            };
            least[lane] = if size < least[lane] {
                size
            } else {
                least[lane]
            };
        }
    }
    least.into_iter().fold(f64::INFINITY, f64::min)
}

/// The largest power of two that all values are whole multiples of.
fn lowest_bit(values: &[f64]) -> i32 {
    let some = values.iter().filter(|value| **value != 0.0);
    let places = some.map(|value| {
        let (mantissa, exponent) = parts(*value);
        exponent + mantissa.trailing_zeros().cast_signed()
    });
    places.min().unwrap_or(0)
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

/// The whole number of units next to a value, halves upward.
pub(super) fn whole(value: f64, unit: i32) -> i128 {
    let (mantissa, exponent) = parts(value);
    let size = i128::from(mantissa);
    let signed = if value < 0.0 { -size } else { size };
    match exponent - unit {
        shift @ 0.. => signed << shift,
        // Halves go upward by definition (docs/decisions/exact-sums.md), and the reference shifts
        // alike. A shift of 128 would overflow; 127 leaves the same 0 or −1.
        shift => ((signed >> (-shift - 1).min(127)) + 1) >> 1,
    }
}

/// All values of a stretch so.
pub(super) fn wholes(values: &[f64], unit: i32) -> Vec<i128> {
    values.iter().map(|value| whole(*value, unit)).collect()
}

/// Whether 2 to this power, and what is up to 2^127 times as large or 2^26 times smaller, is a
/// normal double.
pub(super) fn is_ordinary(unit: i32) -> bool {
    (-900..=800).contains(&unit)
}

/// The double next to `whole * 2 ** unit`, ties to even.
pub(super) fn nearest(whole: i128, unit: i32) -> f64 {
    if is_ordinary(unit) {
        return to_double(whole) * power_of_two(unit);
    }
    let size = rounded(whole.unsigned_abs(), unit);
    if whole < 0 { -size } else { size }
}

/// A whole number as two doubles without a loss, and the power of two that these count in. Of one
/// beyond 100 bits the last of 100 is set where any below it is ("round to odd", Boldo and
/// Melquiond 2008): a quotient by less than 2^26 is on the same side of each tie as with all bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "halves of 48 and 52 bits, which doubles hold"
)]
#[inline]
pub(super) fn in_two(whole: i128) -> ([f64; 2], i32) {
    let more = 28_u32.saturating_sub(whole.unsigned_abs().leading_zeros());
    let kept = whole >> more;
    let kept = kept | i128::from(kept << more != whole);
    let (front, back) = ((kept >> 52) as i64, kept as i64 & ((1 << 52) - 1));
    let halves = [front as f64 * power_of_two(52), back as f64];
    (halves, more.cast_signed())
}

/// The double next to `size * 2 ** exponent`, ties to even. The size is below `2 ** 127`; the
/// lowest bit of one above `2 ** 54` may stand for all below it.
pub(super) fn rounded(size: u128, exponent: i32) -> f64 {
    // A double has 53 bits, and none below 2 ** -1074.
    let length = (u128::BITS - size.leading_zeros()).cast_signed();
    let dropped = (length - 53).max(-1074 - exponent).clamp(0, 127);
    let kept = size >> dropped;
    let rest = size - (kept << dropped);
    let half = (1 << dropped) >> 1;
    // The only rounding: what follows multiplies by powers of two and stays exact, since bits that
    // a subnormal number lacks are dropped here, too.
    let up = rest > half || (rest == half && rest > 0 && kept & 1 == 1);
    let mut value = to_double((kept + u128::from(up)).cast_signed());
    let mut left = exponent + dropped;
    while left != 0 {
        // In steps, because 2^left itself need not be a normal double.
        let step = left.clamp(-1000, 1000);
        value *= power_of_two(step);
        left -= step;
    }
    value
}

/// The nearest double, ties to even. The quick way is for numbers beyond 2^66: the 13 lowest bits
/// are less than half of a last place, so that the highest of them may stand for all, and of the
/// low half 52 bits are left.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "two halves that a double holds, and one rounding that is meant"
)]
#[inline]
pub(super) fn to_double(whole: i128) -> f64 {
    let (high, low) = ((whole >> 64) as i64, whole as u64);
    if i128::from(low.cast_signed()) == whole {
        return low.cast_signed() as f64;
    }
    if high.unsigned_abs().wrapping_sub(5) > 1 << 52 {
        // This conversion calls a routine of the compiler's library, for want of an instruction;
        // the sum of two halves below takes a few instructions in line.
        return whole as f64;
    }
    let low = (low >> 12) | u64::from(low & 0xfff != 0);
    // The low half as the last places of 2^52, which takes no conversion.
    let place = power_of_two(52);
    let low = f64::from_bits(place.to_bits() | low) - place;
    high as f64 * power_of_two(64) + low * 4096.0
}

/// Two to a power that a normal double holds.
pub(super) fn power_of_two(exponent: i32) -> f64 {
    let biased = u64::try_from(exponent + 1023).unwrap_or(0);
    f64::from_bits(biased << 52)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Checks that both widths give the same bits wherever the narrow one suffices.
    pub(crate) fn widths_agree<const C: usize>(
        columns: [&[f64]; C],
        n: usize,
        sums: &impl Sums<C>,
    ) {
        let mut grids = columns.map(Grid::roughly);
        for (grid, values) in grids.iter_mut().zip(columns) {
            grid.unit = lowest_bit(values);
        }
        assert!(sums.is_small(&grids), "{n} {grids:?}");
        let mut found = [0, 1].map(|_| vec![f64::NAN; columns[0].len() - n + 1]);
        sums.quickly(columns, grids, &mut found[0]);
        sums.widely(columns, grids.map(|grid| grid.unit), &mut found[1]);
        assert_eq!(found[0], found[1], "{n}");
    }

    #[test]
    fn halves_round_to_even_and_the_smallest_to_what_there_is() {
        let odd_and_half = ((1_u128 << 53) + 3) << 70;
        assert_eq!(rounded(odd_and_half, -70), 9_007_199_254_740_996.0);
        assert_eq!(rounded(odd_and_half - 1, -70), 9_007_199_254_740_994.0);
        assert_eq!(rounded(3, -1075), 2.0 * f64::from_bits(1));
        assert_eq!(rounded(1, -1075), 0.0);
        assert_eq!(rounded((1 << 126) + 1, -1201), f64::from_bits(1));
        assert_eq!(rounded((1 << 127) - 1, -1202), 0.0);
        assert_eq!(rounded(1, 1024), f64::INFINITY);
    }

    #[test]
    fn values_are_rounded_to_the_nearest_unit() {
        let found = [0.75, 0.5, 0.25, -0.5, -0.75, 5e-324, -0.0].map(|x| whole(x, 0));
        assert_eq!(found, [1, 1, 0, 0, -1, 0, 0]);
        assert_eq!(whole(-5e-324, -1074), -1);
        assert_eq!(whole(3.0, -100), 3 << 100);
    }
}
