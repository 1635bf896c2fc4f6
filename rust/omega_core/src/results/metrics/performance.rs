//! Return, growth, volatility and the ratios made of them.

use super::inputs::Inputs;
use super::returns::{self, Spread};
use super::{Curve, MetricValue, Shape, Tails, count, float, number, ratio};
use crate::types::Days;

/// Days in a year of the calendar.
const DAYS_PER_YEAR: f64 = 365.25;

pub(super) fn metrics(
    inputs: &Inputs<'_>,
    ruined: bool,
    returns: Option<&[f64]>,
) -> (Curve, Shape, Tails) {
    let (times, walked) = (&inputs.times, &inputs.walked);
    let closes = &walked.day_closes;
    let years = years(times, &inputs.shared.days);
    // From the days that have a bar, so that it needs no setting: about 252 for equities, 365.25
    // for a market that never closes.
    let per_year = years.map(|years| number(closes.len()) / years);
    let (initial, last) = (inputs.initial, walked.last);
    let profit = both(initial, last, |initial, last| Some(last - initial));
    let growth = both(last, initial, ratio);
    let cagr = if ruined {
        Some(-1.0)
    } else {
        both(growth, years, cagr)
    };
    let calmar = both(cagr, walked.fraction, ratio);
    let spread = returns.map(Spread::of);
    let deviation = spread.and_then(|spread| spread.deviation);
    let downside = spread.map(|spread| spread.downside);
    let sharpe = spread.and_then(|spread| ratio(spread.mean, spread.deviation?));
    let sortino = spread.and_then(|spread| ratio(spread.mean, spread.downside));
    // Scaled last: `(m / s) · sqrt(P)` rounds in another order than `m · sqrt(P) / s`.
    let annual = |value| both(value, per_year, |value, n| Some(value * n.sqrt()));
    let time = |time: Option<&i64>| time.map_or(MetricValue::Null, |&time| MetricValue::Time(time));
    let curve = Curve {
        start: time(times.first()),
        end: time(times.last()),
        first_decision: time(inputs.shared.first_decision.as_ref()),
        bars: count(times.len()),
        days: count(closes.len()),
        years: float(years),
        periods_per_year: float(per_year),
        initial_equity: float(initial),
        final_equity: float(last),
        lowest_equity: float(lowest(inputs)),
        net_profit: float(profit),
        total_return: float(growth.map(|growth| growth - 1.0)),
        cagr: float(cagr),
        volatility: float(annual(deviation)),
        sharpe: float(annual(sharpe)),
        sortino: float(annual(sortino)),
        calmar: float(calmar),
        downside_volatility: float(annual(downside)),
    };
    (curve, returns::shape(returns), returns::tails(returns))
}

/// The return of each day, where days have one.
pub(super) fn daily(inputs: &Inputs<'_>, ruin: Option<usize>) -> Option<Vec<f64>> {
    inputs
        .initial
        .and_then(|initial| returns::daily(initial, &inputs.walked.day_closes, ruin))
}

/// The lowest equity: of the rows, and inside the bars where that was noted (M9).
fn lowest(inputs: &Inputs<'_>) -> Option<f64> {
    let least = inputs.walked.lowest?;
    let inside = inputs.extremes.map(|extremes| extremes.lowest);
    inside.filter(|&inside| inside < least).or(Some(least))
}

/// What two values give together; none where one of them is missing.
fn both(
    a: Option<f64>,
    b: Option<f64>,
    made_of: impl FnOnce(f64, f64) -> Option<f64>,
) -> Option<f64> {
    made_of(a?, b?)
}

/// Calendar days from the first to the last bar, both counted, over the days in a year.
fn years(times: &[i64], days: &Days) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    let days = days.of(*last) - days.of(*first) + 1;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a number of days is far below 2^53"
    )]
    let days = days as f64;
    Some(days / DAYS_PER_YEAR)
}

/// The day of the ruin, counted among those that have a bar (M8).
pub(super) fn day_of_ruin(inputs: &Inputs<'_>) -> Option<usize> {
    let ruin = inputs.extremes?.ruin?;
    let day = |time: i64| inputs.shared.days.of(time);
    let mut days: Vec<_> = inputs.times.iter().map(|&time| day(time)).collect();
    days.dedup();
    days.iter().position(|&other| other == day(ruin))
}

fn cagr(growth: f64, years: f64) -> Option<f64> {
    // A negative base has no real power; an account below 0 has no growth rate.
    (growth >= 0.0).then(|| growth.powf(1.0 / years) - 1.0)
}
