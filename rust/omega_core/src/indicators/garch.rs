//! Volatility by GARCH(1,1) with given weights.

use super::spread::float;
use super::{Definition, Kind, Need, Parameters};
use crate::interrupt::Pace;

/// Weights and start of a GARCH(1,1) volatility.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Garch {
    /// Weight of the last squared shock.
    pub alpha: f64,
    /// Weight of the last variance; with alpha below 1.
    pub beta: f64,
    /// What is added each time; none: what keeps the start variance where it is.
    pub omega: Option<f64>,
    /// Returns that mean and start variance are taken from, two or more.
    pub min_periods: usize,
    /// Logarithms of ratios, or ratios less 1.
    pub log_returns: bool,
    /// What returns are multiplied by while the variance is computed.
    pub scale: f64,
    /// Values that each result is computed from anew; none: all that came before.
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

/// Each value from the last `lookback` values alone.
fn anew(values: &[f64], garch: &Garch, lookback: usize) -> Vec<f64> {
    let steps: Vec<Option<f64>> = returns(values, garch).collect();
    let (mut known, mut pace) = (Vec::with_capacity(lookback), Pace::default());
    (0..values.len())
        .map_while(|i| {
            if i + 1 < lookback || steps[i].is_none() {
                return Some(f64::NAN);
            }
            if pace.is_over(lookback) {
                return None;
            }
            // The first return of the window is dropped: it starts from a value outside it.
            known.clear();
            known.extend(steps[i + 1 - lookback..=i].iter().flatten().skip(1));
            Some(last_of(&known, garch))
        })
        .collect()
}

fn last_of(steps: &[f64], garch: &Garch) -> f64 {
    if steps.len() < garch.min_periods {
        return f64::NAN;
    }
    let (first, rest) = steps.split_at(garch.min_periods);
    let mut state = State::started(first, garch);
    for step in rest {
        state.next(*step, garch);
    }
    state.volatility(garch)
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
    needs: &[Need::Source],
    days: false,
    outputs: 1,
    warmup: |of| Garch::read(of, 0).warmup(),
    compute: |of, inputs| {
        let [values] = inputs.columns();
        vec![garch_volatility(values, &Garch::read(of, 0))]
    },
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
            let alone = garch_volatility(&values[i - 4..=i], &GARCH);
            assert_eq!(result[i], alone[4], "{i}");
        }
    }
}
