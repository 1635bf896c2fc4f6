//! The falls of the equity below its peak so far.

use super::inputs::Inputs;
use super::{Drawdowns, MetricValue, count, days, float, number, ratio, sum};

pub(super) fn metrics(inputs: &Inputs<'_>) -> Drawdowns {
    let (times, walked) = (&inputs.times, &inputs.walked);
    let per_day = inputs.shared.unit.per_day();
    let days = walked
        .span
        .map(|(peak, end)| days(times[end] - times[peak], per_day));
    let known = walked.money.is_some();
    let some = |value: MetricValue| if known { value } else { MetricValue::Null };
    let falls = number(walked.falls);
    let depth = walked.fraction.and_then(|_| ratio(walked.depths, falls));
    let (initial, last) = (inputs.initial, walked.last);
    let profit = initial.zip(last).map(|(initial, last)| last - initial);
    let recovery = profit
        .zip(walked.money)
        .and_then(|(profit, money)| ratio(profit, money));
    Drawdowns {
        max_drawdown: float(walked.fraction),
        max_drawdown_intrabar: float(walked.fraction.map(|deepest| {
            let inside = inputs.extremes.map_or(0.0, |extremes| extremes.drawdown);
            if inside > deepest { inside } else { deepest }
        })),
        max_drawdown_money: float(walked.money),
        max_drawdown_bars: walked.span.map_or(MetricValue::Null, |(a, b)| count(b - a)),
        max_drawdown_days: float(days),
        drawdowns: some(count(walked.falls)),
        average_drawdown: float(depth),
        average_drawdown_days: float(ratio(walked.days, falls)),
        longest_drawdown_bars: some(count(walked.longest_rows)),
        longest_drawdown_days: some(float(Some(walked.longest_days))),
        ulcer_index: float(initial.and_then(|initial| ulcer_index(initial, &walked.day_closes))),
        recovery_factor: float(recovery),
    }
}

/// The root of the mean square of how far each day ends below the peak.
fn ulcer_index(initial: f64, closes: &[f64]) -> Option<f64> {
    if closes.is_empty() || initial <= 0.0 || initial.is_nan() {
        return None;
    }
    let mut peak = initial;
    let squares = sum(closes.iter().map(|&close| {
        if close > peak {
            peak = close;
        }
        let part = (peak - close) / peak;
        part * part
    }));
    Some((squares / number(closes.len())).sqrt())
}
