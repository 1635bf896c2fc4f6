//! Volatility by GARCH(1,1) with given weights.

use super::dispersion::{float, of_spreads};
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Parameters, window_sums};
use crate::interrupt::Pace;

/// Weights and start of a GARCH(1,1) volatility.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Garch {
    /// Weight of the last squared shock.
    pub alpha: f64,
    /// Weight of the last variance; with alpha below 1.
    pub beta: f64,
    /// The constant term; none for the one that keeps the first variance.
    pub omega: Option<f64>,
    /// Returns that mean and start variance are taken from, two or more.
    pub min_periods: usize,
    /// Whether returns are logarithms of ratios; else ratios less 1.
    pub log_returns: bool,
    /// What returns are multiplied by while the variance is computed.
    pub scale: f64,
    /// Values that each result is computed from alone; none for all that came before.
    pub lookback: Option<usize>,
}

impl Garch {
    /// From parameters in the order of the fields, the first at a place.
    pub(super) fn read(of: &Parameters<'_>, at: usize) -> Self {
        Self {
            alpha: of.number(at),
            beta: of.number(at + 1),
            omega: of.optional_number(at + 2),
            min_periods: of.whole(at + 3),
            log_returns: of.whole(at + 4) > 0,
            scale: of.number(at + 5),
            lookback: of.optional_whole(at + 6),
        }
    }

    pub(super) fn warmup(&self) -> usize {
        self.lookback.unwrap_or(self.min_periods + 1)
    }
}

/// Standard deviation of the next return, from the returns before it: `v = ω + α e² + β v` with
/// the shock e and the variance of the bar before. Mean and first variance (a sample's) are those
/// of the first `min_periods` returns; the first value stands at the last of them. What is not
/// finite and above 0 counts as NaN; a return leads from the last value that is none.
#[must_use]
pub fn garch_volatility(values: &[f64], garch: &Garch) -> Vec<f64> {
    match garch.lookback {
        None => along(values, garch),
        Some(lookback) => anew(values, garch, lookback),
    }
}

/// The scaled return of each value that is above 0 from the one before it, the first one's NaN.
fn returns<'a>(values: &'a [f64], garch: &'a Garch) -> impl Iterator<Item = Option<f64>> + 'a {
    let mut last = f64::NAN;
    values.iter().map(move |value| {
        let usable = *value > 0.0 && value.is_finite();
        usable.then(|| {
            let ratio = value / last;
            last = *value;
            let part = if garch.log_returns {
                ratio.ln()
            } else {
                ratio - 1.0
            };
            garch.scale * part
        })
    })
}

fn along(values: &[f64], garch: &Garch) -> Vec<f64> {
    let mut first = Vec::with_capacity(garch.min_periods);
    let mut state: Option<State> = None;
    returns(values, garch)
        .map(|step| {
            let Some(step) = step.filter(|step| !step.is_nan()) else {
                return f64::NAN;
            };
            if let Some(state) = &mut state {
                state.next(step, garch);
            } else {
                first.push(step);
                if first.len() < garch.min_periods {
                    return f64::NAN;
                }
                state = Some(State::started(&first, garch));
            }
            state
                .as_ref()
                .map_or(f64::NAN, |state| state.volatility(garch))
        })
        .collect()
}

/// Each value from the last `lookback` values alone: mean and first variance from exact sums, and
/// `v = βᵏ v₀ + Σ βʲ (ω + α e²)` over the k shocks since, j from 0 for the newest.
fn anew(values: &[f64], garch: &Garch, lookback: usize) -> Vec<f64> {
    let mut result = vec![f64::NAN; values.len()];
    let rows: Vec<Option<f64>> = returns(values, garch).collect();
    let steps: Vec<f64> = rows.iter().flatten().copied().collect();
    let windows = windows(&rows, garch.min_periods, lookback);
    let count = float(garch.min_periods);
    let means = window_sums::means(&steps, garch.min_periods);
    let variances = of_spreads(&steps, garch.min_periods, |spread| {
        spread / (count * (count - 1.0))
    });
    let shocks = Shocks::of_windows(&steps, garch.beta, &windows);
    for (window, shocks) in windows.iter().zip(shocks) {
        let (mean, variance) = (means[window.start], variances[window.start]);
        let level = (1.0 - garch.alpha - garch.beta) * variance;
        let omega = garch.omega.unwrap_or(level);
        let variance = shocks.map_or(variance, |shocks| {
            let news = omega * shocks.weight + garch.alpha * shocks.squares_around(mean);
            shocks.share * variance + news
        });
        result[window.row] = variance.sqrt() / garch.scale;
    }
    result
}

/// The returns that a value is computed from.
struct Window {
    row: usize,
    /// The last of those that mean and first variance are taken from.
    start: usize,
    /// How many have moved the variance since.
    shocks: usize,
}

/// The windows that hold enough returns. The first one of a window is none of it: it leads from a
/// value outside.
fn windows(rows: &[Option<f64>], min_periods: usize, lookback: usize) -> Vec<Window> {
    let (mut returns, mut gone) = (0, 0);
    let mut result = Vec::new();
    for (row, step) in rows.iter().enumerate() {
        if let Some(before) = row.checked_sub(lookback) {
            gone += usize::from(rows[before].is_some());
        }
        if step.is_none() {
            continue;
        }
        let newest = returns;
        returns += 1;
        let start = gone + min_periods;
        if row + 1 >= lookback && start <= newest {
            result.push(Window {
                row,
                start,
                shocks: newest - start,
            });
        }
    }
    result
}

/// Shocks after each other, each newer one counted `1 / β` times as much: what is needed of them
/// for any mean, and for a variance before them.
#[derive(Clone, Copy)]
struct Shocks {
    /// What is left of a variance before them.
    share: f64,
    /// `Σ βʲ`.
    weight: f64,
    /// The returns' mean by these weights, and the sum of squared distances from it.
    mean: f64,
    squares: f64,
}

impl Shocks {
    fn one(step: f64, beta: f64) -> Self {
        Self {
            share: beta,
            weight: 1.0,
            mean: step,
            squares: 0.0,
        }
    }

    /// These after older ones (Chan, Golub and `LeVeque` 1979, with weights): no difference of
    /// large sums is taken.
    #[inline]
    fn after(self, older: Self) -> Self {
        let left = self.share * older.weight;
        let weight = left + self.weight;
        let part = left / weight;
        let distance = older.mean - self.mean;
        Self {
            share: self.share * older.share,
            weight,
            mean: self.mean + part * distance,
            squares: (self.share * older.squares + self.squares)
                + (distance * distance) * (part * self.weight),
        }
    }

    /// `Σ βʲ e²` for shocks from another mean.
    fn squares_around(&self, mean: f64) -> f64 {
        let distance = self.mean - mean;
        self.squares + self.weight * (distance * distance)
    }

    /// Those of each window, put together from its newest 1, 2, 4 and so on, as many as there are
    /// in its number: in this order by definition, so that a window means the same wherever it
    /// stands, and each bar takes as many steps as the number has bits.
    fn of_windows(steps: &[f64], beta: f64, windows: &[Window]) -> Vec<Option<Self>> {
        let mut runs: Vec<Self> = steps.iter().map(|step| Self::one(*step, beta)).collect();
        let mut found: Vec<Option<Self>> = vec![None; windows.len()];
        let most = windows.iter().map(|window| window.shocks).max();
        let (mut length, mut pace) = (1, Pace::default());
        while length <= most.unwrap_or(0) && !pace.is_over(8 * runs.len()) {
            for (found, window) in found.iter_mut().zip(windows) {
                if window.shocks & length > 0 {
                    // The newest return moves no variance yet.
                    let newest = window.start + window.shocks - 1;
                    let run = runs[newest - (window.shocks & (length - 1))];
                    *found = Some(found.map_or(run, |newer| newer.after(run)));
                }
            }
            // From the newest on, so that the older run is still of the length before.
            for place in (length..runs.len()).rev() {
                runs[place] = runs[place].after(runs[place - length]);
            }
            length *= 2;
        }
        found
    }
}

struct State {
    mean: f64,
    omega: f64,
    shock: f64,
    variance: f64,
}

impl State {
    fn started(first: &[f64], garch: &Garch) -> Self {
        let count = float(first.len());
        // Two passes, since squares summed in one would cancel digits; from the left, as the
        // reference does.
        let mut sum = 0.0;
        for step in first {
            sum += step;
        }
        let mean = sum / count;
        let mut squares = 0.0;
        for step in first {
            let shock = step - mean;
            squares += shock * shock;
        }
        let variance = squares / (count - 1.0);
        Self {
            mean,
            omega: garch
                .omega
                .unwrap_or((1.0 - garch.alpha - garch.beta) * variance),
            shock: first.last().map_or(f64::NAN, |step| step - mean),
            variance,
        }
    }

    fn next(&mut self, step: f64, garch: &Garch) {
        // Before the shock is replaced: a variance depends on the shock of the bar before.
        let news = garch.alpha * (self.shock * self.shock);
        self.variance = self.omega + news + garch.beta * self.variance;
        self.shock = step - self.mean;
    }

    fn volatility(&self, garch: &Garch) -> f64 {
        self.variance.sqrt() / garch.scale
    }
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[Definition {
    name: "garch_volatility",
    parameters: &[
        ("alpha", Kind::Number(0.0)),
        ("beta", Kind::Number(0.0)),
        ("omega", Kind::OptionalNumber(0.0)),
        ("min_periods", Kind::Whole(2)),
        ("log_returns", Kind::Choice(2)),
        ("scale", Kind::Number(0.0)),
        ("lookback", Kind::OptionalWhole(3)),
    ],
    warmup: |of| Garch::read(of, 0).warmup(),
    compute: |of, inputs| {
        let [values] = inputs.columns();
        vec![garch_volatility(values, &Garch::read(of, 0))]
    },
    ..OF_WINDOW
}];

#[cfg(test)]
mod tests {
    use super::*;

    const GARCH: Garch = Garch {
        alpha: 0.25,
        beta: 0.5,
        omega: None,
        min_periods: 2,
        log_returns: false,
        scale: 1.0,
        lookback: None,
    };

    #[test]
    fn the_variance_starts_with_the_first_returns_and_goes_on_from_the_bar_before() {
        // Returns 1, 0, 1, 0: mean 0.5, variance 0.5, shock of the last start return -0.5.
        let values = [1.0, 2.0, 2.0, f64::NAN, 4.0, 4.0];
        let result = garch_volatility(&values, &GARCH);
        assert!(result[1].is_nan() && result[3].is_nan());
        assert_eq!(result[2], 0.5_f64.sqrt());
        let variance = 0.125 + 0.25 * 0.25 + 0.5 * 0.5;
        assert_eq!(result[4], f64::sqrt(variance));
        assert_eq!(result[5], (0.125_f64 + 0.0625 + 0.5 * variance).sqrt());
    }

    #[test]
    fn a_lookback_gives_what_its_window_gives_alone() {
        let values = [1.0, 1.5, 1.2, 1.4, -1.0, 1.3, 1.6, 1.1];
        let local = Garch {
            lookback: Some(5),
            ..GARCH
        };
        let result = garch_volatility(&values, &local);
        assert!(result[3].is_nan() && result[4].is_nan());
        for i in 5..values.len() {
            let window = &values[i - 4..=i];
            assert_eq!(result[i], garch_volatility(window, &local)[4], "{i}");
            let along = garch_volatility(window, &GARCH)[4];
            assert!((result[i] / along - 1.0).abs() < 1e-14, "{i}");
        }
    }
}
