//! Statistics of daily returns: mean and spread, shape, tails.

use super::{MetricValue, Shape, Tails, float, number, ratio, sum};

/// The part of the days that counts as a tail.
const TAIL: f64 = 0.05;

/// The return of each day; the first day's is on the cash at the start. None once the equity that a
/// return is taken on is not above 0, or where there is no day.
///
/// On the day of a ruin the return is at least -1, and 0 from then on (M8), so that a ruined run
/// has a place among others.
pub(super) fn daily(initial: f64, closes: &[f64], ruin: Option<usize>) -> Option<Vec<f64>> {
    if let Some(day) = ruin {
        let mut returns = daily(initial, closes.get(..=day)?, None)?;
        if let Some(last) = returns.last_mut().filter(|last| **last < -1.0) {
            *last = -1.0;
        }
        returns.resize(closes.len(), 0.0);
        return Some(returns);
    }
    let before = std::iter::once(initial).chain(closes.iter().copied());
    let growth = before
        .zip(closes)
        .map(|(before, &close)| ratio(close, before));
    // All or none: after a debt no later return has a meaning, and leaving days out would flatter
    // the rest.
    let returns: Option<Vec<f64>> = growth
        .map(|growth| growth.map(|growth| growth - 1.0))
        .collect();
    returns.filter(|returns| !returns.is_empty())
}

/// Mean and spread of daily returns.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    pub(super) mean: f64,
    /// Sample standard deviation; none below two returns.
    pub(super) deviation: Option<f64>,
    /// Root of the mean square of the returns below 0, all days counted.
    pub(super) downside: f64,
}

impl Spread {
    pub(super) fn of(returns: &[f64]) -> Self {
        let n = number(returns.len());
        let mean = sum(returns.iter().copied()) / n;
        let squares = sum(returns.iter().map(|r| (r - mean) * (r - mean)));
        let losses = sum(returns.iter().filter(|&&r| r < 0.0).map(|r| r * r));
        Self {
            mean,
            deviation: (returns.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
            downside: (losses / n).sqrt(),
        }
    }
}

/// Skewness and excess kurtosis, corrected for the size of the sample.
pub(super) fn shape(returns: Option<&[f64]>) -> Shape {
    let (skewness, kurtosis) = returns.map_or((None, None), moments);
    Shape {
        skewness: float(skewness),
        kurtosis: float(kurtosis),
    }
}

fn moments(returns: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = number(returns.len());
    let mean = sum(returns.iter().copied()) / n;
    let mean_of = |power: fn(f64) -> f64| sum(returns.iter().map(|r| power(r - mean))) / n;
    let second = mean_of(|d| d * d);
    let third = ratio(mean_of(|d| d * d * d), second * second.sqrt());
    // In pairs, as documented: `powi` has no stated order of multiplications (D2).
    let fourth = ratio(mean_of(|d| (d * d) * (d * d)), second * second);
    let skewness = third
        .filter(|_| n > 2.0)
        .map(|third| third * ((n * (n - 1.0)).sqrt() / (n - 2.0)));
    let kurtosis = fourth.filter(|_| n > 3.0).map(|fourth| {
        let factor = (n - 1.0) / ((n - 2.0) * (n - 3.0));
        factor * ((n + 1.0) * (fourth - 3.0) + 6.0)
    });
    (skewness, kurtosis)
}

/// The best and the worst days, and gains beside losses.
pub(super) fn tails(returns: Option<&[f64]>) -> Tails {
    let all = returns.unwrap_or_default();
    let gains = sum(all.iter().copied().filter(|&r| r > 0.0));
    let losses = sum(all.iter().copied().filter(|&r| r < 0.0));
    let mut ascending = all.to_vec();
    // A total order, since a comparison that fails for NaN would make the order depend on the
    // algorithm; NaN is sorted out below.
    ascending.sort_by(f64::total_cmp);
    let finite = all.iter().all(|r| r.is_finite());
    let known = Some(ascending.as_slice()).filter(|days| finite && !days.is_empty());
    let of =
        |take: fn(&[f64]) -> Option<f64>| known.map_or(MetricValue::Null, |days| float(take(days)));
    Tails {
        best_day: of(|days| days.last().copied()),
        worst_day: of(|days| days.first().copied()),
        value_at_risk: of(|days| Some(quantile(days, TAIL))),
        conditional_value_at_risk: of(|days| Some(mean_of_the_worst(days))),
        tail_ratio: of(|days| ratio(quantile(days, 1.0 - TAIL).abs(), quantile(days, TAIL).abs())),
        // `0 − x` as documented, not `−x`, which would be −0.0 for a sum of 0.
        omega_ratio: float(ratio(gains, 0.0 - losses)),
    }
}

fn mean_of_the_worst(ascending: &[f64]) -> f64 {
    let count = whole(TAIL * number(ascending.len() - 1)) + 1;
    sum(ascending[..count].iter().copied()) / number(count)
}

/// The value below which a part of some values lies, on the line between two of them.
fn quantile(ascending: &[f64], part: f64) -> f64 {
    let place = part * number(ascending.len() - 1);
    let below = whole(place);
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + (ascending[above] - ascending[below]) * (place - number(below))
}

/// A place in a list, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not below 0, and below the length of a list"
)]
fn whole(place: f64) -> usize {
    place as usize
}
