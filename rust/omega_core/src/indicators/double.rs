//! Sums of twice the precision of a double, so that a rolling sum depends on its window alone.
//!
//! Knuth's two-sum and Dekker's product (Dekker 1971, "A floating-point technique for extending
//! the available precision"); no fused operation, so that every machine gives the same bits.

/// An unevaluated sum `hi + lo` with `|lo|` at most half a unit in the last place of `hi`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Double {
    hi: f64,
    lo: f64,
}

impl Double {
    pub(super) fn value(self) -> f64 {
        self.hi
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let (sum, error) = two_sum(self.hi, other.hi);
        renormalised(sum, error + (self.lo + other.lo))
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(Self {
            hi: -other.hi,
            lo: -other.lo,
        })
    }

    pub(super) fn squared(self) -> Self {
        let product = square(self.hi);
        renormalised(product.hi, product.lo + 2.0 * self.hi * self.lo)
    }

    pub(super) fn over(self, divisor: f64) -> Self {
        let quotient = self.hi / divisor;
        let back = product(quotient, divisor);
        let rest = ((self.hi - back.hi) - back.lo) + self.lo;
        renormalised(quotient, rest / divisor)
    }
}

impl From<f64> for Double {
    fn from(value: f64) -> Self {
        Self { hi: value, lo: 0.0 }
    }
}

/// The exact square of a double.
pub(super) fn square(value: f64) -> Double {
    product(value, value)
}

fn product(a: f64, b: f64) -> Double {
    let hi = a * b;
    let (a_high, a_low) = split(a);
    let (b_high, b_low) = split(b);
    let lo = ((a_high * b_high - hi) + a_high * b_low + a_low * b_high) + a_low * b_low;
    Double { hi, lo }
}

fn split(value: f64) -> (f64, f64) {
    let scaled = 134_217_729.0 * value;
    let high = scaled - (scaled - value);
    (high, value - high)
}

fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

fn renormalised(hi: f64, lo: f64) -> Double {
    let sum = hi + lo;
    Double {
        hi: sum,
        lo: lo - (sum - hi),
    }
}
