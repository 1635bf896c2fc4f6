//! The Sharpe ratio that the best of many trials without any skill would show, and what is left
//! above it (Bailey and López de Prado 2014).

use std::f64::consts::E;

use super::normal::ppf;
use super::sharpe_confidence::{Sample, finite, probabilistic};

const EULER: f64 = 0.577_215_664_901_532_9;
/// More trials than anybody makes.
const MOST: f64 = 1e15;

/// The expected largest of `trials` normal numbers with a deviation of 1, approximately; 0 for one.
#[must_use]
pub fn expected_maximum(trials: f64) -> f64 {
    if trials <= 1.0 {
        // The approximation is infinite there, and one trial is no search.
        return 0.0;
    }
    // `Φ⁻¹(1 − q)` as `−Φ⁻¹(q)`, which keeps the digits of a small `q`.
    let (one, other) = (ppf(1.0 / trials), ppf(1.0 / (trials * E)));
    0.0 - (1.0 - EULER) * one - EULER * other
}

/// Years within which the best of `trials` without skill is expected to show `sr` a year
/// (Bailey, Borwein, López de Prado and Zhu 2014); none unless `sr` is above 0.
#[must_use]
pub fn minimum_backtest_years(trials: f64, sr: f64) -> Option<f64> {
    let ratio = expected_maximum(trials) / sr;
    (sr > 0.0).then_some(ratio * ratio).and_then(finite)
}

/// The probability that the true ratio is above the one that the best of `trials` trials would
/// show without skill, where the ratios of the trials have this variance.
#[must_use]
pub fn deflated(sample: &Sample, trials: f64, variance: f64) -> Option<f64> {
    probabilistic(sample, variance.sqrt() * expected_maximum(trials))
}

/// The largest number of trials at which the deflated ratio is at least `confidence`: 0 where one
/// is too many, none where there is no such number.
#[must_use]
pub fn trials_to_doubt(sample: &Sample, variance: f64, confidence: f64) -> Option<f64> {
    let holds = |trials: f64| deflated(sample, trials, variance).map(|p| p >= confidence);
    if !holds(1.0)? {
        return Some(0.0);
    }
    if holds(MOST)? {
        return None;
    }
    let (mut low, mut high) = (1.0, MOST);
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high).floor();
        if holds(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}
