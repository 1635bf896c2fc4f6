//! Indicators that carry a state from bar to bar.

/// A recursion `state += weight × (value - state)` started with the plain mean of the first n.
fn smoothed(values: impl Iterator<Item = f64>, n: usize, weight: f64) -> Vec<f64> {
    let mut state = f64::NAN;
    let mut sum = 0.0;
    let mut seen = 0;
    #[expect(
        clippy::cast_precision_loss,
        reason = "windows are far below 2^53 bars"
    )]
    let count = n as f64;
    values
        .map(|value| {
            if value.is_nan() {
                return f64::NAN;
            }
            seen += 1;
            if seen > n {
                state += weight * (value - state);
            } else {
                sum += value;
                if seen == n {
                    state = sum / count;
                }
            }
            state
        })
        .collect()
}

/// Exponential moving average started with the first value.
#[expect(
    clippy::cast_precision_loss,
    reason = "windows are far below 2^53 bars"
)]
pub(super) fn ema_from_first(values: &[f64], n: usize) -> Vec<f64> {
    smoothed(values.iter().copied(), 1, 2.0 / (n as f64 + 1.0))
}

/// Exponential moving average started with the mean of the first n (TA-Lib's `EMA`).
#[expect(
    clippy::cast_precision_loss,
    reason = "windows are far below 2^53 bars"
)]
pub(super) fn ema(values: &[f64], n: usize) -> Vec<f64> {
    smoothed(values.iter().copied(), n, 2.0 / (n as f64 + 1.0))
}

/// Wilder's smoothing started with the mean of the first n.
#[expect(
    clippy::cast_precision_loss,
    reason = "windows are far below 2^53 bars"
)]
pub(super) fn rma(values: &[f64], n: usize) -> Vec<f64> {
    smoothed(values.iter().copied(), n, 1.0 / n as f64)
}

/// The largest of `high - low` and the distances of both from the close before.
pub(super) fn true_range(high: f64, low: f64, before: f64) -> f64 {
    if before.is_nan() {
        return f64::NAN;
    }
    let mut range = high - low;
    for distance in [(high - before).abs(), (low - before).abs()] {
        if distance > range {
            range = distance;
        }
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ema_starts_with_the_mean_and_skips_nan() {
        let values = [1.0, 2.0, 3.0, f64::NAN, 5.0];
        let result = ema(&values, 3);
        assert!(result[1].is_nan() && result[3].is_nan());
        assert_eq!(result[2], 2.0);
        assert_eq!(result[4], 3.5);
    }
}
