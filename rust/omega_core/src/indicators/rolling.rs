//! Indicators over a window: sums that forget exactly what leaves the window.

use super::double::{Double, square};

/// A variance below this fraction of the mean square is the rounding of equal values.
const EQUAL_VALUES: f64 = 8.077_935_669_463_161e-28;

/// Sum and sum of squares over the last `window` values.
struct Window {
    sum: Double,
    squares: Double,
    nan: usize,
    filled: usize,
    length: usize,
}

impl Window {
    fn new(window: usize) -> Self {
        Self {
            sum: Double::default(),
            squares: Double::default(),
            nan: 0,
            filled: 0,
            length: window,
        }
    }

    fn enter(&mut self, value: f64) {
        self.filled += 1;
        if value.is_nan() {
            self.nan += 1;
        } else {
            self.sum = self.sum.plus(value.into());
            self.squares = self.squares.plus(square(value));
        }
    }

    fn leave(&mut self, value: f64) {
        self.filled -= 1;
        if value.is_nan() {
            self.nan -= 1;
        } else {
            self.sum = self.sum.minus(value.into());
            self.squares = self.squares.minus(square(value));
        }
    }

    fn is_full(&self) -> bool {
        self.filled == self.length && self.nan == 0
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "windows are far below 2^53 bars"
    )]
    fn count(&self) -> f64 {
        self.length as f64
    }

    fn mean(&self) -> f64 {
        self.sum.over(self.count()).value()
    }
}

/// Applies a function to each full window and its newest value.
fn over_windows(values: &[f64], window: usize, of: impl Fn(&Window, f64) -> f64) -> Vec<f64> {
    let mut state = Window::new(window);
    let mut leaving = values.iter().copied();
    values
        .iter()
        .copied()
        .map(|value| {
            if state.filled == window
                && let Some(oldest) = leaving.next()
            {
                state.leave(oldest);
            }
            state.enter(value);
            if state.is_full() {
                of(&state, value)
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// Mean of the last n values.
pub(super) fn sma(values: &[f64], n: usize) -> Vec<f64> {
    over_windows(values, n, |window, _| window.mean())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_do_not_drift_and_ties_are_exact() {
        let prices: Vec<f64> = (0..50_000)
            .map(|i| f64::from(157_000 + (i * 7919) % 613) / 100_000.0)
            .collect();
        let values = sma(&prices, 20);
        for i in [19, 613 + 19, 613 * 80 + 19] {
            assert_eq!(values[i].to_bits(), values[19].to_bits(), "bar {i}");
        }
        assert!(values[18].is_nan());
    }

    #[test]
    fn a_nan_empties_the_windows_that_hold_it() {
        let values = [1.0, f64::NAN, 3.0, 4.0, 5.0];
        let result = sma(&values, 2);
        assert!(result[1].is_nan() && result[2].is_nan());
        assert_eq!(&result[3..], &[3.5, 4.5]);
    }
}
