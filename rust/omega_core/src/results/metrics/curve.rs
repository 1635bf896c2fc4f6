//! Return, growth, volatility and the ratios made of them.

use super::super::{RunTables, read};
use super::drawdown::Drawdown;
use super::{MetricValue, Metrics, count, float, number, ratio, sum};

/// Days in a year of the calendar.
const DAYS_PER_YEAR: f64 = 365.25;

pub(super) fn metrics(tables: &RunTables) -> Metrics {
    let times = read::times(&tables.equity, "time");
    let equity = read::f64s(&tables.equity, "equity");
    let per_day = tables.shared.unit.per_day();
    let closes = day_closes(times, equity, per_day);
    let years = years(times, per_day);
    let per_year = years.map(|years| number(closes.len()) / years);
    let (initial, last) = (tables.initial_equity(), equity.last().copied());
    let profit = both(initial, last, |initial, last| Some(last - initial));
    let growth = both(last, initial, ratio);
    let cagr = both(growth, years, cagr);
    let calmar = both(cagr, Drawdown::of(tables).fraction, ratio);
    let returns = initial.and_then(|initial| daily_returns(initial, &closes));
    let spread = returns.map(|returns| Spread::of(&returns));
    let deviation = spread.and_then(|spread| spread.deviation);
    let sharpe = spread.and_then(|spread| ratio(spread.mean, spread.deviation?));
    let sortino = spread.and_then(|spread| ratio(spread.mean, spread.downside));
    let annual = |value| both(value, per_year, |value, n| Some(value * n.sqrt()));
    let time = |time: Option<&i64>| time.map_or(MetricValue::Null, |&time| MetricValue::Time(time));
    vec![
        ("start", time(times.first())),
        ("end", time(times.last())),
        ("bars", count(times.len())),
        ("days", count(closes.len())),
        ("years", float(years)),
        ("periods_per_year", float(per_year)),
        ("initial_equity", float(initial)),
        ("final_equity", float(last)),
        ("net_profit", float(profit)),
        ("total_return", float(growth.map(|growth| growth - 1.0))),
        ("cagr", float(cagr)),
        ("volatility", float(annual(deviation))),
        ("sharpe", float(annual(sharpe))),
        ("sortino", float(annual(sortino))),
        ("calmar", float(calmar)),
    ]
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
fn years(times: &[i64], per_day: i64) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    let days = last.div_euclid(per_day) - first.div_euclid(per_day) + 1;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a number of days is far below 2^53"
    )]
    let days = days as f64;
    Some(days / DAYS_PER_YEAR)
}

/// The last equity of each UTC day that has a bar.
fn day_closes(times: &[i64], equity: &[f64], per_day: i64) -> Vec<f64> {
    let mut closes = Vec::new();
    let mut today = None;
    for (time, &equity) in times.iter().zip(equity) {
        let day = Some(time.div_euclid(per_day));
        if day == today {
            closes.pop();
        }
        closes.push(equity);
        today = day;
    }
    closes
}

/// The return of each day; the first day's is on the cash at the start. None once the equity that a
/// return is taken on is not above 0.
fn daily_returns(initial: f64, closes: &[f64]) -> Option<Vec<f64>> {
    let before = std::iter::once(initial).chain(closes.iter().copied());
    let growth = before
        .zip(closes)
        .map(|(before, &close)| ratio(close, before));
    growth
        .map(|growth| growth.map(|growth| growth - 1.0))
        .collect()
}

fn cagr(growth: f64, years: f64) -> Option<f64> {
    (growth >= 0.0).then(|| growth.powf(1.0 / years) - 1.0)
}

/// Mean and spread of daily returns.
#[derive(Clone, Copy)]
struct Spread {
    mean: f64,
    /// Sample standard deviation; none below two returns.
    deviation: Option<f64>,
    /// Root of the mean square of the returns below 0, all days counted.
    downside: f64,
}

impl Spread {
    fn of(returns: &[f64]) -> Self {
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
