//! The normal distribution, of `+ - * /`, `exp`, `ln` and `sqrt` alone.
//!
//! The error function of a platform's library is not used: it has other last bits elsewhere.

use std::f64::consts::{PI, SQRT_2};

use super::{number, same};

/// Below it the series is the exact one, above it the continued fraction.
const SERIES_BELOW: f64 = 1.0;
/// Steps of the continued fraction: enough for the last bit from 1 on, and from 2 on.
const STEPS_NEAR: u32 = 200;
const STEPS_FAR: u32 = 60;
/// Beyond it the complement is below the smallest number.
const FARTHEST: f64 = 27.3;

/// The complement of the error function.
fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(0.0 - x);
    }
    if x < SERIES_BELOW {
        return 1.0 - series(x);
    }
    if x > FARTHEST {
        return 0.0;
    }
    let steps = if x < 2.0 { STEPS_NEAR } else { STEPS_FAR };
    let mut fraction = x;
    for step in (1..=steps).rev() {
        fraction = x + 0.5 * f64::from(step) / fraction;
    }
    (0.0 - x * x).exp() / (PI.sqrt() * fraction)
}

/// The error function by a series of positive terms (Abramowitz and Stegun 7.1.6).
fn series(x: f64) -> f64 {
    let (mut term, mut total, mut odd) = (x, x, 1.0);
    loop {
        odd += 2.0;
        term = term * (2.0 * x * x) / odd;
        let next = total + term;
        if same(next, total) {
            return 2.0 / PI.sqrt() * (0.0 - x * x).exp() * total;
        }
        total = next;
    }
}

/// The probability of a value up to `z`.
#[must_use]
pub fn cdf(z: f64) -> f64 {
    if z.is_nan() {
        return z;
    }
    0.5 * erfc((0.0 - z) / SQRT_2)
}

/// The density at `z`.
fn density(z: f64) -> f64 {
    (0.0 - 0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Coefficients of Acklam's rational approximation, numerators and denominators.
const MIDDLE_OVER: [f64; 6] = [
    -3.969_683_028_665_376e1,
    2.209_460_984_245_205e2,
    -2.759_285_104_469_687e2,
    1.383_577_518_672_69e2,
    -3.066_479_806_614_716e1,
    2.506_628_277_459_239,
];
const MIDDLE_UNDER: [f64; 6] = [
    -5.447_609_879_822_406e1,
    1.615_858_368_580_409e2,
    -1.556_989_798_598_866e2,
    6.680_131_188_771_972e1,
    -1.328_068_155_288_572e1,
    1.0,
];
const TAIL_OVER: [f64; 6] = [
    -7.784_894_002_430_293e-3,
    -3.223_964_580_411_365e-1,
    -2.400_758_277_161_838,
    -2.549_732_539_343_734,
    4.374_664_141_464_968,
    2.938_163_982_698_783,
];
const TAIL_UNDER: [f64; 5] = [
    7.784_695_709_041_462e-3,
    3.224_671_290_700_398e-1,
    2.445_134_137_142_996,
    3.754_408_661_907_416,
    1.0,
];
const TAIL: f64 = 0.024_25;

/// The value below which a part `p` of all lies; infinite at 0 and 1.
///
/// Acklam's approximation, then one step of Halley's method.
#[must_use]
pub fn ppf(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p > 0.5 {
        // The lower half alone, where probabilities keep their digits.
        return 0.0 - ppf(1.0 - p);
    }
    let z = if p < TAIL {
        let q = (0.0 - 2.0 * p.ln()).sqrt();
        polynomial(&TAIL_OVER, q) / polynomial(&TAIL_UNDER, q)
    } else {
        let q = p - 0.5;
        let r = q * q;
        polynomial(&MIDDLE_OVER, r) * q / polynomial(&MIDDLE_UNDER, r)
    };
    let step = (cdf(z) - p) / density(z);
    let halley = z - step / (1.0 + 0.5 * z * step);
    if halley.is_finite() { halley } else { z }
}

/// By Horner, the highest power first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients
        .iter()
        .fold(0.0, |total, coefficient| total * x + coefficient)
}

/// Halves of the range of the integral, and its even number of steps.
const REACH: f64 = 9.0;
const STEPS: usize = 4_000;

/// Mean and variance of the largest of `count` normal numbers, by Simpson's rule.
///
/// `F^n` is the distribution of the maximum; its density is `n·F^(n−1)·f`.
#[must_use]
pub fn maximum(count: f64) -> (f64, f64) {
    let width = 2.0 * REACH / number(STEPS);
    let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
    for step in 0..=STEPS {
        let z = number(step) * width - REACH;
        let below = cdf(z);
        if below <= 0.0 {
            continue;
        }
        let weight = match step {
            0 | STEPS => 1.0,
            _ if step % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let part = weight * count * ((count - 1.0) * below.ln()).exp() * density(z);
        mass += part;
        first += part * z;
        second += part * (z * z);
    }
    let mean = first / mass;
    (mean, second / mass - mean * mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_directions_are_inverse() {
        for p in [1e-300, 1e-12, 0.001, 0.024, 0.025, 0.3, 0.5, 0.7, 0.999] {
            let z = ppf(p);
            let back = cdf(z);
            // Far out the last bit of `z` is worth z² of those of the probability.
            let most = 1e-15 * (20.0 + z * z);
            assert!((back - p).abs() <= most * p, "{p}: {back}");
        }
        assert_eq!(cdf(0.0), 0.5);
        assert_eq!(ppf(0.5), 0.0);
    }

    #[test]
    fn known_values() {
        assert!((cdf(1.0) - 0.841_344_746_068_542_9).abs() < 2e-16);
        assert!((cdf(-6.0) - 9.865_876_450_376_98e-10).abs() < 1e-23);
        assert!((ppf(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }

    #[test]
    fn the_largest_of_ten() {
        let (mean, variance) = maximum(10.0);
        assert!((mean - 1.538_753).abs() < 1e-6);
        assert!((variance - 0.344_344).abs() < 1e-6);
    }
}
