//! Averages over a window, and averages that never forget.

use super::recursive::Smoother;
use super::spec::OF_WINDOW;
use super::{Definition, Kind, recursive, window_sums};

/// What an exponential average starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// The plain mean of the first n values, which is the first average (TA-Lib).
    Mean,
    /// The first value.
    First,
}

/// Mean of the last n values, rounded once.
#[must_use]
pub fn sma(values: &[f64], n: usize) -> Vec<f64> {
    window_sums::means(values, n)
}

/// Exponential average, `alpha = 2 / (n + 1)`.
#[must_use]
pub fn ema(values: &[f64], n: usize, seed: Seed) -> Vec<f64> {
    match seed {
        Seed::Mean => recursive::ema(values, n),
        Seed::First => recursive::ema_from_first(values, n),
    }
}

/// Wilder's average, `alpha = 1 / n`, started with the plain mean of the first n.
#[must_use]
pub fn rma(values: &[f64], n: usize) -> Vec<f64> {
    recursive::rma(values, n)
}

/// Mean of the last n values, the newest counted n times and the oldest once, rounded once.
#[must_use]
pub fn wma(values: &[f64], n: usize) -> Vec<f64> {
    window_sums::rising_means(values, n)
}

/// Twice the exponential average less its own exponential average.
#[must_use]
pub fn dema(values: &[f64], n: usize) -> Vec<f64> {
    let averages = [Smoother::ema(n); 2];
    recursive::chain(values, averages, |[once, twice]| 2.0 * once - twice)
}

/// `3 a − 3 b + c` of the exponential average, that of it, and that of that.
#[must_use]
pub fn tema(values: &[f64], n: usize) -> Vec<f64> {
    let averages = [Smoother::ema(n); 3];
    // Bracketed as in the reference: a sum of three has other last bits in another order.
    recursive::chain(values, averages, |[a, b, c]| (3.0 * a - 3.0 * b) + c)
}

/// The weighted mean over `√n` of twice that over `n / 2` less that over n; roots and halves
/// rounded down.
#[must_use]
pub fn hma(values: &[f64], n: usize) -> Vec<f64> {
    // Half of 1, as a kind of average that others take, is 1.
    let (half, whole) = (wma(values, (n / 2).max(1)), wma(values, n));
    let pairs = half.iter().zip(&whole);
    let ahead: Vec<f64> = pairs.map(|(half, whole)| 2.0 * half - whole).collect();
    wma(&ahead, n.isqrt())
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "sma",
        compute: |of, inputs| vec![sma(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "ema",
        parameters: &[("window", Kind::Whole(1)), ("seed", Kind::Choice(2))],
        warmup: |of| if of.whole(1) == 0 { of.whole(0) } else { 1 },
        compute: |of, inputs| {
            let seed = if of.whole(1) == 0 {
                Seed::Mean
            } else {
                Seed::First
            };
            vec![ema(inputs.column(0), of.whole(0), seed)]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "rma",
        compute: |of, inputs| vec![rma(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "wma",
        compute: |of, inputs| vec![wma(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "dema",
        // The second average starts with the mean of n values of the first, which begins at bar n.
        warmup: |of| 2 * of.whole(0) - 1,
        compute: |of, inputs| vec![dema(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "tema",
        warmup: |of| 3 * of.whole(0) - 2,
        compute: |of, inputs| vec![tema(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "hma",
        // 2, because half of 1 would be a window without a bar.
        parameters: &[("window", Kind::Whole(2))],
        warmup: |of| of.whole(0) + of.whole(0).isqrt() - 1,
        compute: |of, inputs| vec![hma(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_weighs_most() {
        let result = wma(&[1.0, 2.0, 4.0], 3);
        assert!(result[1].is_nan());
        assert_eq!(result[2], 17.0 / 6.0);
    }

    #[test]
    fn averages_of_averages_follow_a_line_without_lag() {
        let line: Vec<f64> = (0..40).map(f64::from).collect();
        for result in [dema(&line, 5), tema(&line, 5)] {
            assert!((result[39] - 39.0).abs() < 1e-12);
        }
        assert!((hma(&line, 9)[39] - 39.0).abs() < 1.0);
        assert_eq!(ema(&line, 3, Seed::First)[0], 0.0);
    }
}
