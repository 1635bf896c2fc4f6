//! A level that follows the price, and the score of the distance from it.

use super::garch::{Garch, garch_volatility};
use super::statistics::{std, differences, scores};

/// Variances of a random-walk level: of what is measured, and of the level's own steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kalman {
    /// Of the measurement, above 0.
    pub measurement: f64,
    /// Of the level, 0 or above.
    pub process: f64,
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
    let residuals = differences(&values, &kalman_mean(&values, kalman));
    scores(&residuals, &std(&residuals, n, 1))
}

/// Distance from the Kalman mean as a part of the value, over the GARCH volatility.
#[must_use]
pub fn kalman_garch_zscore(values: &[f64], kalman: Kalman, garch: &Garch) -> Vec<f64> {
    let volatility = garch_volatility(values, garch);
    let residuals = differences(&values, &kalman_mean(&values, kalman));
    let scale: Vec<f64> = values
        .iter()
        .zip(&volatility)
        .map(|(value, volatility)| value.abs() * volatility)
        .collect();
    scores(&residuals, &scale)
}

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
