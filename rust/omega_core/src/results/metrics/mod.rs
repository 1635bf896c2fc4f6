//! Metrics, from the result tables alone.
//!
//! Every number is made of `+ - * / sqrt`, and of one `powf` for the growth rate, in the order that
//! `docs/concepts/results.md` writes down; sums run from the first row to the last and start at 0.
//! A metric that is undefined, or not finite, is [`MetricValue::Null`], never 0.

mod costs;
mod curve;
mod drawdown;
mod returns;
mod trades;

use super::RunTables;

/// The value of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricValue {
    /// A ratio, a price or an amount of money.
    Float(f64),
    /// A count.
    Int(u64),
    /// A time in the unit of the run.
    Time(i64),
    /// Undefined for this run.
    Null,
}

/// Names and values in the order in which they are shown.
pub type Metrics = Vec<(&'static str, MetricValue)>;

impl RunTables {
    /// All metrics of the run.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let closes = curve::day_closes(self);
        let drawdown = drawdown::Drawdown::of(self);
        let mut metrics = curve::metrics(self, &closes, &drawdown);
        metrics.extend(drawdown::metrics(self, &closes, &drawdown));
        metrics.extend(trades::metrics(self));
        metrics.extend(costs::metrics(self));
        metrics
    }

    /// The cash at the start: the first line of the ledger.
    fn initial_equity(&self) -> Option<f64> {
        super::read::f64s(&self.ledger, "amount").first().copied()
    }
}

/// The value where there is one and it is finite.
fn float(value: Option<f64>) -> MetricValue {
    match value {
        // An infinite ratio is no result that could be ranked or stored as JSON.
        Some(value) if value.is_finite() => MetricValue::Float(value),
        _ => MetricValue::Null,
    }
}

fn count(value: usize) -> MetricValue {
    MetricValue::Int(value as u64)
}

/// `a / b` where `b` is above 0.
fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

/// Added up from the first to the last, starting at 0.
fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    // Spelled out: `Iterator::sum` starts at −0.0, which an empty sum would return, and the
    // order of additions is part of every definition.
    values.into_iter().fold(0.0, |total, value| total + value)
}

/// A length of time in days.
#[expect(clippy::cast_precision_loss, reason = "the metric is a number of days")]
fn days(length: i64, per_day: i64) -> f64 {
    length as f64 / per_day as f64
}

/// A count as a number.
#[expect(
    clippy::cast_precision_loss,
    reason = "fewer than 2^53 rows fit into memory"
)]
fn number(value: usize) -> f64 {
    value as f64
}
