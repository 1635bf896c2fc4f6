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
    let initial = tables.initial_equity();
    let last = equity.last().copied();
    let growth = initial
        .zip(last)
        .and_then(|(initial, last)| ratio(last, initial));
    let cagr = growth
        .zip(years)
        .and_then(|(growth, years)| cagr(growth, years));
    let spread = initial
        .and_then(|initial| daily_returns(initial, &closes))
        .map(|r| Spread::of(&r));
    let scale = per_year.map(f64::sqrt);
    let worst = Drawdown::of(tables).fraction;
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
        (
            "net_profit",
            float(initial.zip(last).map(|(initial, last)| last - initial)),
        ),
        ("total_return", float(growth.map(|growth| growth - 1.0))),
        ("cagr", float(cagr)),
        (
            "volatility",
            float(scaled(spread.and_then(|s| s.deviation), scale)),
        ),
        (
            "sharpe",
            float(scaled(
                spread.and_then(|s| ratio(s.mean, s.deviation?)),
                scale,
            )),
        ),
        (
            "sortino",
            float(scaled(
                spread.and_then(|s| ratio(s.mean, s.downside)),
                scale,
            )),
        ),
        (
            "calmar",
            float(cagr.zip(worst).and_then(|(cagr, worst)| ratio(cagr, worst))),
        ),
    ]
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

fn scaled(value: Option<f64>, scale: Option<f64>) -> Option<f64> {
    value.zip(scale).map(|(value, scale)| value * scale)
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
