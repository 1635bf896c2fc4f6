//! The deepest fall of the equity below its peak so far.

use super::super::{RunTables, read};
use super::{MetricValue, Metrics, count, float, ratio};

/// The deepest drawdown of an equity curve; every field is none for an empty curve.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Drawdown {
    /// Largest fall below the peak, in money.
    pub(super) money: Option<f64>,
    /// Largest fall below the peak, as a part of the peak; none where the peak is not above 0.
    pub(super) fraction: Option<f64>,
    /// Rows of the peak before the deepest fall (by fraction) and of its recovery or of the end.
    span: Option<(usize, usize)>,
}

pub(super) fn metrics(tables: &RunTables) -> Metrics {
    let drawdown = Drawdown::of(tables);
    let times = read::times(&tables.equity, "time");
    let days = drawdown.span.map(|(peak, end)| {
        #[expect(clippy::cast_precision_loss, reason = "the metric is a number of days")]
        let (length, day) = (
            (times[end] - times[peak]) as f64,
            tables.shared.unit.per_day() as f64,
        );
        length / day
    });
    vec![
        ("max_drawdown", float(drawdown.fraction)),
        ("max_drawdown_money", float(drawdown.money)),
        (
            "max_drawdown_bars",
            drawdown
                .span
                .map_or(MetricValue::Null, |(a, b)| count(b - a)),
        ),
        ("max_drawdown_days", float(days)),
    ]
}

impl Drawdown {
    /// Walks the curve once. The peak starts at the cash at the start, and an equity that equals
    /// the peak is a new peak.
    pub(super) fn of(tables: &RunTables) -> Self {
        let equity = read::f64s(&tables.equity, "equity");
        let Some(initial) = tables.initial_equity().filter(|_| !equity.is_empty()) else {
            return Self::default();
        };
        let (mut peak, mut peak_row) = (initial, 0);
        let (mut money, mut fraction) = (0.0_f64, (initial > 0.0).then_some(0.0_f64));
        let (mut start, mut deepest_peak) = (0, initial);
        for (row, &now) in equity.iter().enumerate() {
            if now >= peak {
                (peak, peak_row) = (now, row);
                continue;
            }
            let fall = peak - now;
            if fall > money {
                money = fall;
            }
            if let (Some(deepest), Some(part)) = (fraction, ratio(fall, peak))
                && part > deepest
            {
                fraction = Some(part);
                (start, deepest_peak) = (peak_row, peak);
            }
        }
        let span = fraction.map(|deepest| {
            if deepest == 0.0 {
                (0, 0)
            } else {
                (start, recovery(equity, start, deepest_peak))
            }
        });
        Self {
            money: Some(money),
            fraction,
            span,
        }
    }
}

/// The first row after the fall that reaches the peak again; the last row where none does.
fn recovery(equity: &[f64], start: usize, peak: f64) -> usize {
    let mut fallen = false;
    for (row, &now) in equity.iter().enumerate().skip(start) {
        fallen |= now < peak;
        if fallen && now >= peak {
            return row;
        }
    }
    equity.len() - 1
}
