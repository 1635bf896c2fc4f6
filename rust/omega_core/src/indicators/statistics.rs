//! Statistics of a window: spread, extremes, values by rank, trend, correlation, scores.

use super::dispersion::float;
pub use super::dispersion::std;
use super::extremes::{highest, lowest, ranked};
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Need, Parameters, dispersion, recursive, window_sums};

/// Smallest of the last n values.
#[must_use]
pub fn min(values: &[f64], n: usize) -> Vec<f64> {
    lowest(values, n)
}

/// Largest of the last n values.
#[must_use]
pub fn max(values: &[f64], n: usize) -> Vec<f64> {
    highest(values, n)
}

/// Median of the last n values: the middle one, or the mean of the two in the middle.
#[must_use]
pub fn median(values: &[f64], n: usize) -> Vec<f64> {
    if n % 2 == 1 {
        ranked(values, n, n / 2, |middle, _| middle)
    } else {
        ranked(values, n, n / 2 - 1, |below, above| 0.5 * (below + above))
    }
}

/// Quantile q of the last n values, 0 to 1, on the line between the two nearest ranks.
#[must_use]
pub fn quantile(values: &[f64], n: usize, q: f64) -> Vec<f64> {
    let (rank, fraction) = place(q, n);
    ranked(values, n, rank, |below, above| {
        // At the last rank there is no value above, and NaN times 0 would be NaN.
        if fraction == 0.0 {
            below
        } else {
            below + (above - below) * fraction
        }
    })
}

/// The rank at or below a quantile, from 0, and how far the quantile is on the way to the next.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a quantile of a window is a place in it"
)]
pub(super) fn place(q: f64, n: usize) -> (usize, f64) {
    let place = q * float(n - 1);
    let rank = place.floor();
    // The catalog refuses a q above 1, but `Kind` has no upper bound: the index stays inside.
    ((rank as usize).min(n - 1), place - rank)
}

/// Slope, a bar, of the line through the last n values by least squares.
#[must_use]
pub fn slope(values: &[f64], n: usize) -> Vec<f64> {
    let count = float(n);
    // `trends` has doubled weights, to be whole numbers for even n, so that the denominator is
    // twice n (n² − 1) / 12.
    let divisor = count * (count * count - 1.0) / 6.0;
    let mut result = window_sums::trends(values, n);
    for value in &mut result {
        *value /= divisor;
    }
    result
}

/// Pearson's correlation of the last n pairs, within −1 and 1; NaN where one side does not vary.
#[must_use]
pub fn correlation(x: &[f64], y: &[f64], n: usize) -> Vec<f64> {
    dispersion::of_covariances([x, y], n, |[of_x, of_y, both]| {
        let scale = (of_x * of_y).sqrt();
        let found = both / scale;
        // Root and quotient are rounded, so that a perfect correlation could come out above 1.
        let found = if found > 1.0 { 1.0 } else { found };
        let found = if found < -1.0 { -1.0 } else { found };
        if scale > 0.0 { found } else { f64::NAN }
    })
}

/// The mean that a z-score measures from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mean {
    /// Of the window.
    Rolling,
    /// An exponential average of this period, started with the mean of its first values.
    Ema(usize),
}

/// Distance from a mean in sample standard deviations of the last n: of the distances themselves
/// where `residual`, else of the values; NaN where the deviation is 0.
#[must_use]
pub fn zscore(values: &[f64], n: usize, mean: Mean, residual: bool) -> Vec<f64> {
    let mean = match mean {
        Mean::Rolling => window_sums::means(values, n),
        Mean::Ema(period) => recursive::ema(values, period),
    };
    let residuals = differences(values, &mean);
    let scale = if residual {
        std(&residuals, n, 1)
    } else {
        std(values, n, 1)
    };
    scores(&residuals, &scale)
}

/// Mean and kind of deviation. The period of an exponential mean defaults to the window; deviations
/// are by default those of the residuals, for a rolling mean those of the values.
fn zscore_settings(of: &Parameters<'_>) -> (Mean, bool) {
    let mean = if of.whole(1) == 0 {
        Mean::Rolling
    } else {
        Mean::Ema(of.optional_whole(2).unwrap_or(of.whole(0)))
    };
    let residual = of
        .optional_whole(3)
        .map_or(mean != Mean::Rolling, |flag| flag > 0);
    (mean, residual)
}

fn zscore_warmup(of: &Parameters<'_>) -> usize {
    let window = of.whole(0);
    let (mean, residual) = zscore_settings(of);
    let first = match mean {
        Mean::Rolling => window,
        Mean::Ema(period) => period,
    };
    if residual {
        first + window - 1
    } else {
        first.max(window)
    }
}

pub(super) fn differences(values: &[f64], from: &[f64]) -> Vec<f64> {
    values.iter().zip(from).map(|(x, m)| x - m).collect()
}

/// Each residual over its scale; NaN where that is 0.
pub(super) fn scores(residuals: &[f64], scale: &[f64]) -> Vec<f64> {
    residuals
        .iter()
        .zip(scale)
        .map(|(residual, scale)| {
            if *scale > 0.0 {
                residual / scale
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "rolling_mean",
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![window_sums::means(values, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "rolling_std",
        parameters: &[("window", Kind::Whole(2)), ("ddof", Kind::Choice(2))],
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![std(values, of.whole(0), of.whole(1))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "rolling_min",
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![min(values, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "rolling_max",
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![max(values, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "rolling_median",
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![median(values, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "rolling_quantile",
        parameters: &[("window", Kind::Whole(1)), ("quantile", Kind::Number(0.0))],
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![quantile(values, of.whole(0), of.number(1))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "slope",
        parameters: &[("window", Kind::Whole(2))],
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![slope(values, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "correlation",
        parameters: &[("window", Kind::Whole(2))],
        needs: &[Need::Source, Need::Second],
        compute: |of, inputs| {
            let [x, y] = inputs.columns();
            vec![correlation(x, y, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "zscore",
        parameters: &[
            ("window", Kind::Whole(2)),
            ("mean", Kind::Choice(2)),
            ("period", Kind::OptionalWhole(1)),
            ("residual_std", Kind::OptionalWhole(0)),
        ],
        warmup: zscore_warmup,
        compute: |of, inputs| {
            let [values] = inputs.columns();
            let (mean, residual) = zscore_settings(of);
            vec![zscore(values, of.whole(0), mean, residual)]
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::super::averages::sma;
    use super::*;

    fn noise(length: usize) -> Vec<f64> {
        let mut state = 7_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            float((state >> 40) as usize) / 16_777_216.0
        };
        (0..length).map(|_| 1.0 + 0.3 * next() * next()).collect()
    }

    #[test]
    fn deviation_is_the_textbook_one_and_zero_for_equal_values() {
        let values = [1.5, 2.5, 2.5, 2.75, 1.57, 1.57, 1.57];
        let result = std(&values, 3, 1);
        assert!((result[2] - 0.577_350_269_189_625_7).abs() < 1e-15);
        assert_eq!(result[6], 0.0);
        let scores = zscore(&values, 3, Mean::Rolling, false);
        assert!(scores[6].is_nan());
    }

    #[test]
    fn every_width_gives_the_same_bits_and_no_window_knows_what_was_before() {
        let calm = noise(300);
        let extremes = [1e-30, 1e300, -1e-300, 5e-324, 0.0, 3.7e15];
        let wild: Vec<f64> = (0..300).map(|i| extremes[i * i % 6] * calm[i]).collect();
        let of = |x: &[f64], n| [std(x, n, 1), slope(x, n), correlation(x, x, n), sma(x, n)];
        for (n, extreme) in [(20, 1e-30), (20, 1e300), (20, 1.0), (100, 1e300)] {
            let values = [&[extreme], &calm[..], &wild].concat();
            let found = of(&values, n);
            for end in (n..=values.len()).step_by(3) {
                let alone = of(&values[end - n..end], n);
                let [found, alone] = [(&found, end), (&alone, n)]
                    .map(|(results, end)| results.each_ref().map(|one| one[end - 1].to_bits()));
                assert_eq!(found, alone, "{n} {extreme} {end}");
            }
        }
    }

    #[test]
    fn the_slope_of_a_line_is_its_step_and_its_correlation_is_one() {
        let line: Vec<f64> = (0..50).map(|i| 3.0 + 0.25 * f64::from(i)).collect();
        let down: Vec<f64> = line.iter().map(|value| -2.0 * value).collect();
        let (line, down) = (&line, &down);
        assert_eq!(slope(line, 14)[13..], [0.25; 37]);
        assert_eq!(correlation(line, down, 5)[4..], [-1.0; 46]);
        assert!(slope(line, 14)[12].is_nan());
    }

    #[test]
    fn extremes_and_ranks_are_those_of_the_sorted_window() {
        let mut values = noise(200);
        values[50] = f64::NAN;
        values[71] = values[70];
        let series = &values;
        for n in [1, 2, 5, 14] {
            let (low, high) = (min(series, n), max(series, n));
            let (middle, upper) = (median(series, n), quantile(series, n, 0.8));
            for i in n - 1..values.len() {
                let mut window = values[i + 1 - n..=i].to_vec();
                if window.iter().any(|value| value.is_nan()) {
                    assert!(
                        [low[i], high[i], middle[i], upper[i]]
                            .iter()
                            .all(|v| v.is_nan())
                    );
                    continue;
                }
                window.sort_by(f64::total_cmp);
                let half = 0.5 * (window[(n - 1) / 2] + window[n / 2]);
                assert_eq!([low[i], high[i]], [window[0], window[n - 1]]);
                assert_eq!(middle[i], half, "{n} {i}");
                let (rank, fraction) = place(0.8, n);
                let next = window[(rank + 1).min(n - 1)];
                let wanted = window[rank] + (next - window[rank]) * fraction;
                assert_eq!(upper[i], wanted, "{n} {i}");
            }
        }
    }
}
