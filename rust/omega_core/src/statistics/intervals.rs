//! Intervals of a statistic over resamples.

use super::moments::Moments;
use super::normal::{cdf, ppf};
use super::sharpe_confidence::finite;
use super::trade_order::fall;
use super::{number, sum, whole};

/// What is measured on each resample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Mean of a period.
    Mean,
    /// Sharpe ratio of a period.
    Sharpe,
    /// Deepest fall of the compounded returns below their peak, as a part of it.
    MaxDrawdown,
}

/// How an interval is made of resamples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Quantiles of the resamples.
    Percentile,
    /// Those mirrored at the estimate.
    Basic,
    /// Quantiles corrected for bias and skewness (Efron 1987); for independent values.
    Bca,
}

/// Both ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Statistic {
    /// Of at least one value.
    #[must_use]
    pub fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Mean => sum(values.iter().copied()) / number(values.len()),
            Self::Sharpe => Moments::of(values).sharpe(),
            Self::MaxDrawdown => fall(values.iter().copied(), None).drawdown,
        }
    }
}

/// The statistic over each resample, in order.
#[must_use]
pub fn resampled(values: &[f64], draws: &[u32], statistic: Statistic) -> Vec<f64> {
    let mut sample = vec![0.0; values.len()];
    draws
        .chunks_exact(values.len())
        .map(|draw| {
            for (value, &row) in sample.iter_mut().zip(draw) {
                *value = values[row as usize];
            }
            statistic.of(&sample)
        })
        .collect()
}

/// The value below which a part of ascending values lies, on the line between two of them.
#[must_use]
pub fn quantile(ascending: &[f64], part: f64) -> f64 {
    let place = part * number(ascending.len() - 1);
    let below = whole(place);
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + (ascending[above] - ascending[below]) * (place - number(below))
}

/// The interval that has the true value with a probability of `confidence`; none where it is
/// undefined.
#[must_use]
pub fn interval(
    values: &[f64],
    estimates: &[f64],
    statistic: Statistic,
    method: Method,
    confidence: f64,
) -> Option<Interval> {
    let mut ascending = estimates.to_vec();
    ascending.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    let own = statistic.of(values);
    let (lower, upper) = match method {
        Method::Percentile => (quantile(&ascending, tail), quantile(&ascending, 1.0 - tail)),
        Method::Basic => (
            2.0 * own - quantile(&ascending, 1.0 - tail),
            2.0 * own - quantile(&ascending, tail),
        ),
        Method::Bca => {
            let below = estimates.iter().filter(|&&one| one < own).count();
            let bias = finite(ppf(number(below) / number(estimates.len())))?;
            let skew = acceleration(values, statistic)?;
            let at = |part: f64| {
                let z = bias + ppf(part);
                quantile(&ascending, cdf(bias + z / (1.0 - skew * z)))
            };
            (at(tail), at(1.0 - tail))
        }
    };
    Some(Interval {
        lower: finite(lower)?,
        upper: finite(upper)?,
    })
}

/// A sixth of the skewness of the statistic without each value in turn.
fn acceleration(values: &[f64], statistic: Statistic) -> Option<f64> {
    let without: Vec<f64> = (0..values.len())
        .map(|place| statistic.of(&[&values[..place], &values[place + 1..]].concat()))
        .collect();
    let mean = sum(without.iter().copied()) / number(without.len());
    let squares = sum(without.iter().map(|one| (mean - one) * (mean - one)));
    let cubes = sum(without
        .iter()
        .map(|one| (mean - one) * (mean - one) * (mean - one)));
    finite(cubes / (6.0 * (squares * squares.sqrt())))
}
