//! The falls of the equity below its peak so far.

use super::super::{RunTables, read};
use super::{Drawdowns, MetricValue, count, days, float, number, ratio, sum};

/// The drawdowns of an equity curve.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Drawdown {
    /// Largest fall below the peak, in money; none for an empty curve.
    pub(super) money: Option<f64>,
    /// Largest fall below the peak, as a part of the peak; none where the peak is not above 0.
    pub(super) fraction: Option<f64>,
    /// Rows of the peak before the deepest fall (by fraction) and of its recovery or of the end.
    span: Option<(usize, usize)>,
    /// Number of falls, from peak to peak.
    falls: usize,
    /// The depths of all falls added up, and their days.
    depths: f64,
    days: f64,
    /// Rows and days of the longest fall.
    longest_rows: usize,
    longest_days: f64,
    /// Depth of the current fall, and whether it is the deepest so far.
    depth: f64,
    is_deepest: bool,
}

pub(super) fn metrics(tables: &RunTables, closes: &[f64], drawdown: &Drawdown) -> Drawdowns {
    let times = read::times(&tables.equity, "time");
    let per_day = tables.shared.unit.per_day();
    let days = drawdown
        .span
        .map(|(peak, end)| days(times[end] - times[peak], per_day));
    let known = drawdown.money.is_some();
    let some = |value: MetricValue| if known { value } else { MetricValue::Null };
    let falls = number(drawdown.falls);
    let depth = drawdown
        .fraction
        .and_then(|_| ratio(drawdown.depths, falls));
    let initial = tables.initial_equity();
    let last = read::f64s(&tables.equity, "equity").last();
    let profit = initial.zip(last).map(|(initial, last)| last - initial);
    let recovery = profit
        .zip(drawdown.money)
        .and_then(|(profit, money)| ratio(profit, money));
    Drawdowns {
        max_drawdown: float(drawdown.fraction),
        max_drawdown_intrabar: float(drawdown.fraction.map(|deepest| {
            let inside = tables.extremes.map_or(0.0, |extremes| extremes.drawdown);
            if inside > deepest { inside } else { deepest }
        })),
        max_drawdown_money: float(drawdown.money),
        max_drawdown_bars: drawdown
            .span
            .map_or(MetricValue::Null, |(a, b)| count(b - a)),
        max_drawdown_days: float(days),
        drawdowns: some(count(drawdown.falls)),
        average_drawdown: float(depth),
        average_drawdown_days: float(ratio(drawdown.days, falls)),
        longest_drawdown_bars: some(count(drawdown.longest_rows)),
        longest_drawdown_days: some(float(Some(drawdown.longest_days))),
        ulcer_index: float(initial.and_then(|initial| ulcer_index(initial, closes))),
        recovery_factor: float(recovery),
    }
}

impl Drawdown {
    /// Walks the curve once. The peak starts at the cash at the start, and an equity that equals
    /// the peak is a new peak.
    pub(super) fn of(tables: &RunTables) -> Self {
        let equity = read::f64s(&tables.equity, "equity");
        let Some(initial) = tables.initial_equity().filter(|_| !equity.is_empty()) else {
            return Self::default();
        };
        let mut found = Self {
            money: Some(0.0),
            // Of a peak that is not above 0 a fall has no fraction; money it still has.
            fraction: (initial > 0.0).then_some(0.0),
            ..Self::default()
        };
        let times = read::times(&tables.equity, "time");
        let per_day = tables.shared.unit.per_day();
        let length = |first: usize, last: usize| days(times[last] - times[first], per_day);
        let (mut peak, mut peak_row, mut is_falling) = (initial, 0, false);
        for (row, &now) in equity.iter().enumerate() {
            // Not strict: back at the peak ends a fall, and of equal peaks the last one begins the
            // next.
            if now >= peak {
                if is_falling {
                    found.finish(peak_row, row, length(peak_row, row));
                }
                (peak, peak_row, is_falling) = (now, row, false);
                continue;
            }
            if !is_falling {
                is_falling = true;
                found.begin();
            }
            found.deepen(peak, now);
        }
        if is_falling {
            let last = equity.len() - 1;
            found.finish(peak_row, last, length(peak_row, last));
        }
        // Nothing ever fell: a span of no rows, so that the lengths are 0 and not undefined.
        if found.fraction == Some(0.0) {
            found.span = Some((0, 0));
        }
        found
    }

    fn begin(&mut self) {
        self.falls += 1;
        (self.depth, self.is_deepest) = (0.0, false);
    }

    /// The equity is below its peak.
    fn deepen(&mut self, peak: f64, now: f64) {
        let fall = peak - now;
        if self.money.is_some_and(|money| fall > money) {
            self.money = Some(fall);
        }
        let Some(part) = ratio(fall, peak) else {
            return;
        };
        if part > self.depth {
            self.depth = part;
        }
        // Strict, so that of equally deep falls the first one is reported.
        if self.fraction.is_some_and(|deepest| part > deepest) {
            (self.fraction, self.is_deepest) = (Some(part), true);
        }
    }

    /// A fall is over, or the curve is.
    fn finish(&mut self, first: usize, last: usize, days: f64) {
        self.depths += self.depth;
        self.days += days;
        self.longest_rows = self.longest_rows.max(last - first);
        if days > self.longest_days {
            self.longest_days = days;
        }
        if self.is_deepest {
            self.span = Some((first, last));
        }
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
