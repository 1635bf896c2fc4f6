//! The line through a window by least squares.

use super::dispersion::float;
use super::spec::OF_WINDOW;
use super::statistics::slope;
use super::{Definition, Kind, window_sums};

/// The line through the last n values by least squares: its value at the newest, its slope a bar,
/// its value at the oldest and one bar ahead, and its angle in degrees (TA-Lib's `LINEARREG`,
/// `LINEARREG_SLOPE`, `LINEARREG_INTERCEPT`, `TSF` and `LINEARREG_ANGLE`).
#[must_use]
pub fn linear_regression(values: &[f64], n: usize) -> [Vec<f64>; 5] {
    let slopes = slope(values, n);
    let half = (float(n) - 1.0) / 2.0;
    // The line passes through the mean, in the middle of the window.
    let mut newest = window_sums::means(values, n);
    let mut rest = [(); 3].map(|()| Vec::with_capacity(values.len()));
    for (mean, slope) in newest.iter_mut().zip(&slopes) {
        let (middle, rise) = (*mean, half * slope);
        *mean = middle + rise;
        rest[0].push(middle - rise);
        rest[1].push(*mean + slope);
        // `atan` is the C library's, as in Python.
        rest[2].push(slope.atan() * (180.0 / std::f64::consts::PI));
    }
    let [oldest, ahead, angles] = rest;
    [newest, slopes, oldest, ahead, angles]
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[Definition {
    name: "linear_regression",
    parameters: &[("window", Kind::Whole(2))],
    outputs: 5,
    compute: |of, inputs| linear_regression(inputs.column(0), of.whole(0)).into(),
    ..OF_WINDOW
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_own() {
        let values: Vec<f64> = (0..9).map(f64::from).collect();
        let found = linear_regression(&values, 5);
        let last = found.each_ref().map(|column| column[8]);
        assert_eq!(last, [8.0, 1.0, 4.0, 9.0, 45.0]);
        assert!(found.iter().all(|column| column[3].is_nan()));
    }
}
