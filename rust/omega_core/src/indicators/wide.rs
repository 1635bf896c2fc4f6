//! Whole numbers that wrap around: 128 bits, or as many limbs as the range of a double asks for.
//!
//! Sums, products and differences are exact modulo two to the width; a result that fits the width
//! is therefore exact, whatever its parts did on the way.

/// A wrapping signed integer.
pub(super) trait Whole: Copy {
    /// `value << shift`.
    fn shifted(value: i64, shift: u32) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// The double next to `self * 2 ** exponent`, ties to even.
    fn rounded(self, exponent: i32) -> f64;
}

/// The caller keeps exponents where no result is subnormal or too large.
impl Whole for i128 {
    fn shifted(value: i64, shift: u32) -> Self {
        Self::from(value).wrapping_shl(shift)
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    fn rounded(self, exponent: i32) -> f64 {
        let magnitude = self.unsigned_abs();
        let value = match magnitude >> 64 {
            0 => to_double(low_limb(magnitude)) * power_of_two(exponent),
            high => {
                let empty = low_limb(high).leading_zeros();
                let shifted = magnitude << empty;
                let rest = u64::from(low_limb(shifted) != 0);
                let kept = low_limb(shifted >> 64) | rest;
                to_double(kept) * power_of_two(exponent + 64 - empty.cast_signed())
            }
        };
        if self < 0 { -value } else { value }
    }
}

/// The nearest double, ties to even; the lowest bit may stand for all that were cut off below it.
#[expect(
    clippy::cast_precision_loss,
    reason = "the cast is the one rounding that is meant"
)]
fn to_double(bits: u64) -> f64 {
    // Halved, it is converted by one instruction as a signed number.
    let halved = (bits >> 1) | (bits & 1);
    if bits >> 63 == 0 {
        bits.cast_signed() as f64
    } else {
        halved.cast_signed() as f64 * 2.0
    }
}

/// A wrapping signed integer of `L` limbs, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide<const L: usize>([u64; L]);

impl<const L: usize> Wide<L> {
    const ZERO: Self = Self([0; L]);

    fn is_negative(self) -> bool {
        self.0[L - 1] >> 63 == 1
    }

    /// The absolute value, as an unsigned number.
    fn magnitude(self) -> Self {
        if self.is_negative() {
            Self::ZERO.minus(self)
        } else {
            self
        }
    }

    /// The limbs from the first to the last that is not 0.
    fn significant(&self) -> std::ops::Range<usize> {
        let first = self.0.iter().position(|limb| *limb != 0).unwrap_or(0);
        let last = self.0.iter().rposition(|limb| *limb != 0);
        first..last.map_or(first, |last| last + 1)
    }

    /// The bits from `from` on, as far as they fit 64.
    fn bits_from(&self, from: usize) -> u64 {
        let (limb, shift) = (from / 64, from % 64);
        let low = self.0.get(limb).copied().unwrap_or(0) >> shift;
        match self.0.get(limb + 1) {
            Some(next) if shift > 0 => low | (next << (64 - shift)),
            _ => low,
        }
    }

    fn any_below(&self, place: usize) -> bool {
        let (limb, shift) = (place / 64, place % 64);
        self.0.iter().take(limb).any(|limb| *limb != 0)
            || self
                .0
                .get(limb)
                .is_some_and(|limb| limb << (63 - shift) << 1 != 0 && shift > 0)
    }

    /// Product of two magnitudes.
    fn product(&self, other: &Self) -> Self {
        let mut result = [0_u64; L];
        for i in self.significant() {
            let mut carry = 0_u128;
            let span = other.significant();
            let used = span.end;
            for j in span.start..L - i {
                if j >= used && carry == 0 {
                    break;
                }
                let term = u128::from(self.0[i]) * u128::from(other.0[j]);
                let sum = term + u128::from(result[i + j]) + carry;
                result[i + j] = low_limb(sum);
                carry = sum >> 64;
            }
        }
        Self(result)
    }
}

impl<const L: usize> Wide<L> {
    /// The double next to `self * 2 ** exponent / divisor`, ties to even. Two limbs of the width
    /// must be free: the quotient is taken to 128 bits more, and what is left marks the last bit.
    pub(super) fn quotient(self, divisor: u64, exponent: i32) -> f64 {
        let magnitude = self.magnitude();
        let mut limbs = [0; L];
        limbs[2..].copy_from_slice(&magnitude.0[..L - 2]);
        let mut rest = 0_u128;
        for limb in limbs.iter_mut().rev() {
            let part = (rest << 64) | u128::from(*limb);
            *limb = low_limb(part / u128::from(divisor));
            rest = part % u128::from(divisor);
        }
        limbs[0] |= u64::from(rest != 0);
        let value = Self(limbs).rounded(exponent - 128);
        if self.is_negative() { -value } else { value }
    }
}

impl<const L: usize> Whole for Wide<L> {
    fn shifted(value: i64, shift: u32) -> Self {
        let mut limbs = [0; L];
        let limb = shift as usize / 64;
        let spread = u128::from(value.unsigned_abs()) << (shift % 64);
        limbs[limb] = low_limb(spread);
        if limb + 1 < L {
            limbs[limb + 1] = low_limb(spread >> 64);
        }
        let magnitude = Self(limbs);
        if value < 0 {
            Self::ZERO.minus(magnitude)
        } else {
            magnitude
        }
    }

    fn plus(mut self, other: Self) -> Self {
        let mut carry = false;
        for (limb, more) in self.0.iter_mut().zip(other.0) {
            let (sum, first) = limb.overflowing_add(more);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = first || second;
        }
        self
    }

    fn minus(mut self, other: Self) -> Self {
        let mut borrow = false;
        for (limb, less) in self.0.iter_mut().zip(other.0) {
            let (rest, first) = limb.overflowing_sub(less);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            *limb = rest;
            borrow = first || second;
        }
        self
    }

    fn times(self, other: Self) -> Self {
        let product = self.magnitude().product(&other.magnitude());
        if self.is_negative() == other.is_negative() {
            product
        } else {
            Self::ZERO.minus(product)
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "at most 53 bits are kept, and one more by rounding up to a power of two"
    )]
    fn rounded(self, exponent: i32) -> f64 {
        let magnitude = self.magnitude();
        let Some(top) = magnitude.0.iter().rposition(|limb| *limb != 0) else {
            return 0.0;
        };
        let highest = top * 64 + 63 - magnitude.0[top].leading_zeros() as usize;
        // A double has 53 bits, and none below 2 ** -1074.
        let dropped = highest.saturating_sub(52).max(below_least(exponent));
        let mut kept = magnitude.bits_from(dropped);
        if dropped > 0 {
            let half = magnitude.bits_from(dropped - 1) & 1 == 1;
            let more = magnitude.any_below(dropped - 1);
            if half && (more || kept & 1 == 1) {
                kept += 1;
            }
        }
        let value = scaled(kept as f64, i64::from(exponent) + as_i64(dropped));
        if self.is_negative() { -value } else { value }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is meant"
)]
fn low_limb(value: u128) -> u64 {
    value as u64
}

#[expect(clippy::cast_possible_wrap, reason = "places are far below 2^63")]
fn as_i64(place: usize) -> i64 {
    place as i64
}

/// How many of the lowest bits lie below the least double there is.
fn below_least(exponent: i32) -> usize {
    usize::try_from(-1074 - exponent).unwrap_or(0)
}

/// Two to a power that a normal double holds.
pub(super) fn power_of_two(exponent: i32) -> f64 {
    let biased = u64::try_from(exponent + 1023).unwrap_or(0);
    f64::from_bits(biased << 52)
}

/// `value * 2 ** exponent`, in steps that are exact unless the result is too large.
fn scaled(value: f64, exponent: i64) -> f64 {
    let mut value = value;
    let mut left = exponent;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        value *= power_of_two(i32::try_from(step).unwrap_or(0));
        left -= step;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    type Four = Wide<4>;

    fn both(value: i64, shift: u32) -> (i128, Four) {
        (i128::shifted(value, shift), Four::shifted(value, shift))
    }

    #[test]
    fn limbs_do_what_the_machine_does() {
        let values = [0, 1, -1, 7, -12, i64::MAX >> 11, -(i64::MAX >> 11)];
        for a in values {
            for b in values {
                let ((x, wide_x), (y, wide_y)) = (both(a, 9), both(b, 3));
                let pairs = [
                    (x.plus(y), wide_x.plus(wide_y)),
                    (x.minus(y), wide_x.minus(wide_y)),
                    (x.times(y), wide_x.times(wide_y)),
                    (x.times(y).plus(x), wide_x.times(wide_y).plus(wide_x)),
                ];
                for (narrow, wide) in pairs {
                    let expected = narrow.rounded(-104);
                    assert_eq!(wide.rounded(-104).to_bits(), expected.to_bits(), "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn halves_round_to_even_and_the_smallest_to_what_there_is() {
        let odd_and_half = Four::shifted((1 << 53) + 3, 70);
        assert_eq!(odd_and_half.rounded(-70), 9_007_199_254_740_996.0);
        let more = odd_and_half.minus(Four::shifted(1, 0));
        assert_eq!(more.rounded(-70), 9_007_199_254_740_994.0);
        assert_eq!(Four::shifted(3, 0).rounded(-1075), 2.0 * f64::from_bits(1));
        assert_eq!(Four::shifted(1, 0).rounded(-1076), 0.0);
        assert_eq!(Four::shifted(-1, 200).rounded(900), f64::NEG_INFINITY);
    }
}
