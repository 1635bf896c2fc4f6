//! A level that follows the price, and the score of the distance from it.

use super::garch::{Garch, garch_volatility};
use super::spec::OF_WINDOW;
use super::statistics::{differences, scores, std};
use super::{Definition, Kind, Parameters};

/// Variances of a random-walk level: of what is measured, and of the level's own steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kalman {
    /// Of the measurement, above 0.
    pub measurement: f64,
    /// Of the level, 0 or above.
    pub process: f64,
}

impl Kalman {
    /// From parameters in the order of the fields, the first at a place.
    fn read(of: &Parameters<'_>, at: usize) -> Self {
        Self {
            measurement: of.number(at),
            process: of.number(at + 1),
        }
    }
}

/// The level of a random walk that is measured with noise, by Kalman's filter; it starts at the
/// first value, with the variance of a measurement.
#[must_use]
pub fn kalman_mean(values: &[f64], kalman: Kalman) -> Vec<f64> {
    let mut state: Option<(f64, f64)> = None;
    values
        .iter()
        .copied()
        .map(|value| {
            if value.is_nan() {
                return f64::NAN;
            }
            let (level, variance) = match state {
                None => (value, kalman.measurement),
                Some((level, variance)) => {
                    let predicted = variance + kalman.process;
                    let gain = predicted / (predicted + kalman.measurement);
                    (level + gain * (value - level), (1.0 - gain) * predicted)
                }
            };
            state = Some((level, variance));
            level
        })
        .collect()
}

/// Distance from the Kalman mean, over the sample standard deviation of that distance in the last
/// n values. The distance itself is not centred.
#[must_use]
pub fn kalman_zscore(values: &[f64], n: usize, kalman: Kalman) -> Vec<f64> {
    let residuals = differences(values, &kalman_mean(values, kalman));
    scores(&residuals, &std(&residuals, n, 1))
}

/// Distance from the Kalman mean as a part of the value, over the GARCH volatility.
#[must_use]
pub fn kalman_garch_zscore(values: &[f64], kalman: Kalman, garch: &Garch) -> Vec<f64> {
    let volatility = garch_volatility(values, garch);
    let residuals = differences(values, &kalman_mean(values, kalman));
    let scale: Vec<f64> = values
        .iter()
        .zip(&volatility)
        // The magnitude, since instruments that trade below zero are allowed and a scale must not
        // be negative.
        .map(|(value, volatility)| value.abs() * volatility)
        .collect();
    scores(&residuals, &scale)
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "kalman_mean",
        parameters: &[
            ("measurement_variance", Kind::Number(0.0)),
            ("process_variance", Kind::Number(0.0)),
        ],
        warmup: |_| 1,
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![kalman_mean(values, Kalman::read(of, 0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "kalman_zscore",
        parameters: &[
            ("window", Kind::Whole(2)),
            ("measurement_variance", Kind::Number(0.0)),
            ("process_variance", Kind::Number(0.0)),
        ],
        compute: |of, inputs| {
            let [values] = inputs.columns();
            vec![kalman_zscore(values, of.whole(0), Kalman::read(of, 1))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "kalman_garch_zscore",
        parameters: &[
            ("measurement_variance", Kind::Number(0.0)),
            ("process_variance", Kind::Number(0.0)),
            ("alpha", Kind::Number(0.0)),
            ("beta", Kind::Number(0.0)),
            ("omega", Kind::OptionalNumber(0.0)),
            ("min_periods", Kind::Whole(2)),
            ("log_returns", Kind::Choice(2)),
            ("scale", Kind::Number(0.0)),
            ("lookback", Kind::OptionalWhole(3)),
        ],
        warmup: |of| Garch::read(of, 2).warmup(),
        compute: |of, inputs| {
            let [values] = inputs.columns();
            let garch = Garch::read(of, 2);
            vec![kalman_garch_zscore(values, Kalman::read(of, 0), &garch)]
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    const KALMAN: Kalman = Kalman {
        measurement: 1.0,
        process: 1.0,
    };

    #[test]
    fn the_level_starts_at_the_first_value_and_skips_holes() {
        let values = [f64::NAN, 2.0, 5.0, f64::NAN, 3.0];
        let result = kalman_mean(&values, KALMAN);
        assert!(result[0].is_nan() && result[3].is_nan());
        assert_eq!(result[1], 2.0);
        assert_eq!(result[2], 4.0); // gain 2/3
        assert_eq!(result[4], 4.0 - 0.625); // gain (2/3 + 1) / (2/3 + 2)
    }

    #[test]
    fn a_score_needs_a_full_window_that_varies() {
        let values = [1.0, 1.0, 1.0, 2.0, 1.5];
        let result = kalman_zscore(&values, 3, KALMAN);
        assert!(result[1].is_nan() && result[2].is_nan());
        assert!(result[3] > 0.0 && result[4] < 0.0);
    }
}
