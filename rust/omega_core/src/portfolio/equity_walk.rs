//! One walk over the equity rows: their sum, the lowest, the last of each day, and the falls below
//! the peak so far.

use arrow_buffer::ScalarBuffer;

use crate::execution::{greatest, least};
use crate::types::Days;

/// Rows looked at together.
const BLOCK: usize = 128;

/// Sums and extremes of the rows of an equity curve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Walked {
    /// How many they are.
    pub(crate) rows: usize,
    /// All equities, added up from the first row on.
    pub(crate) sum: f64,
    /// The last equity; none for an empty curve.
    pub(crate) last: Option<f64>,
    /// The last equity of each day (T4) that has a bar.
    pub(crate) day_closes: Vec<f64>,
    /// The lowest equity; none for an empty curve.
    pub(crate) lowest: Option<f64>,
    /// Largest fall below the peak, in money; none for an empty curve.
    pub(crate) money: Option<f64>,
    /// Largest fall below the peak, as a part of the peak; none where the peak is not above 0.
    pub(crate) fraction: Option<f64>,
    /// Rows of the peak before the deepest fall (by fraction) and of its recovery or of the end.
    pub(crate) span: Option<(usize, usize)>,
    /// Number of falls, from peak to peak.
    pub(crate) falls: usize,
    /// The depths of all falls added up, and their days.
    pub(crate) depths: f64,
    pub(crate) days: f64,
    /// Rows and days of the longest fall.
    pub(crate) longest_rows: usize,
    pub(crate) longest_days: f64,
}

/// The rows of an equity curve added up one part after the other.
#[derive(Debug)]
pub(crate) struct EquityWalk {
    /// Of all rows, also of those to come.
    times: ScalarBuffer<i64>,
    days: Days,
    per_day: i64,
    initial: Option<f64>,
    found: Walked,
    fall: Fall,
    /// The first row of the next day.
    day_end: usize,
}

/// A drawdown from its peak on; none yet where the lowest equity is infinite.
#[derive(Debug, Clone, Copy)]
struct Fall {
    peak: f64,
    peak_row: usize,
    lowest: f64,
    is_falling: bool,
}

impl EquityWalk {
    /// Begins before the first row. The peak starts at the cash at the start.
    pub(crate) fn new(
        times: ScalarBuffer<i64>,
        (days, per_day): (Days, i64),
        initial: Option<f64>,
    ) -> Self {
        // Without cash at the start no fall is known, as below a peak of NaN.
        let peak = initial.unwrap_or(f64::NAN);
        Self {
            found: Walked {
                money: initial.map(|_| 0.0),
                // Of a peak that is not above 0 a fall has no fraction; money it still has.
                fraction: (peak > 0.0).then_some(0.0),
                ..Walked::default()
            },
            fall: Fall::from(peak, 0),
            day_end: 0,
            times,
            days,
            per_day,
            initial,
        }
    }

    /// Walks the next rows.
    pub(crate) fn add(&mut self, equity: &[f64]) {
        let Some(&first) = equity.first() else {
            return;
        };
        // In variables of their own, which stay in registers.
        let (mut sum, mut lowest) = (self.found.sum, self.found.lowest.unwrap_or(first));
        let mut fall = self.fall;
        for (block, rows) in equity.chunks(BLOCK).enumerate() {
            sum = rows.iter().fold(sum, |sum, now| sum + now);
            let (least, most) = (least(rows), greatest(rows));
            if least < lowest {
                lowest = least;
            }
            // Mostly a block lies below the peak: of its rows the lowest alone counts.
            if most < fall.peak {
                fall.is_falling = true;
                if least < fall.lowest {
                    fall.lowest = least;
                }
                continue;
            }
            for (row, &now) in (self.found.rows + block * BLOCK..).zip(rows) {
                // Not strict: an equity that equals the peak is a new peak. It ends a fall, and of
                // equal peaks the last one begins the next.
                if now >= fall.peak {
                    if fall.is_falling {
                        self.end_fall(&fall, row);
                    }
                    fall = Fall::from(now, row);
                } else {
                    fall.is_falling = true;
                    if now < fall.lowest {
                        fall.lowest = now;
                    }
                }
            }
        }
        self.fall = fall;
        (self.found.sum, self.found.lowest) = (sum, Some(lowest));
        self.end_days(equity);
        self.found.last = equity.last().copied();
        self.found.rows += equity.len();
    }

    /// Notes the last equities of the days that end within the next rows.
    fn end_days(&mut self, equity: &[f64]) {
        let first = self.found.rows;
        while self.day_end < first + equity.len() {
            let row = self.day_end;
            // The last row of the day before, which may have been the last one of the part before.
            let close = row.checked_sub(first + 1).map(|place| equity[place]);
            let close = close.or(self.found.last);
            self.found.day_closes.extend(close);
            let day = self.days.span(self.times[row]);
            self.day_end = row + 1 + rows_within(&self.times[row + 1..], day);
        }
    }

    /// A fall is over, or the curve is.
    fn end_fall(&mut self, fall: &Fall, last: usize) {
        let found = &mut self.found;
        // Rounding keeps the order: the deepest row of a fall has its largest difference and its
        // largest part.
        let money = fall.peak - fall.lowest;
        if found.money.is_some_and(|most| money > most) {
            found.money = Some(money);
        }
        let part = (fall.peak > 0.0).then(|| money / fall.peak);
        let depth = part.filter(|&part| part > 0.0).unwrap_or(0.0);
        let first = fall.peak_row;
        let days = days(self.times[last] - self.times[first], self.per_day);
        found.falls += 1;
        found.depths += depth;
        found.days += days;
        found.longest_rows = found.longest_rows.max(last - first);
        if days > found.longest_days {
            found.longest_days = days;
        }
        // Strict, so that of equally deep falls the first one is reported.
        if found.fraction.is_some_and(|deepest| depth > deepest) {
            (found.fraction, found.span) = (Some(depth), Some((first, last)));
        }
    }

    /// What all rows come to.
    pub(crate) fn finish(mut self) -> Walked {
        let Some(last) = self.found.rows.checked_sub(1) else {
            return Walked::default();
        };
        self.found.day_closes.extend(self.found.last);
        if self.initial.is_none() {
            let Walked {
                rows,
                sum,
                last,
                day_closes,
                lowest,
                ..
            } = self.found;
            return Walked {
                rows,
                sum,
                last,
                day_closes,
                lowest,
                ..Walked::default()
            };
        }
        if self.fall.is_falling {
            let fall = self.fall;
            self.end_fall(&fall, last);
        }
        // Nothing ever fell: a span of no rows, so that the lengths are 0 and not undefined.
        if self.found.fraction == Some(0.0) {
            self.found.span = Some((0, 0));
        }
        self.found
    }
}

/// A length of time in days.
#[expect(clippy::cast_precision_loss, reason = "the metric is a number of days")]
pub(crate) fn days(length: i64, per_day: i64) -> f64 {
    length as f64 / per_day as f64
}

/// How many rows at the head open within a day.
// In steps that double, then by halves: a day has many bars, and their times ascend.
fn rows_within(times: &[i64], (begin, end): (i64, i64)) -> usize {
    let is_within = |time: &i64| begin <= *time && *time < end;
    let (mut within, mut step) = (0, 1);
    while times.get(within + step - 1).is_some_and(is_within) {
        within += step;
        step *= 2;
    }
    let last = times.len().min(within + step);
    within + times[within..last].partition_point(is_within)
}

impl Fall {
    fn from(peak: f64, peak_row: usize) -> Self {
        Self {
            peak,
            peak_row,
            lowest: f64::INFINITY,
            is_falling: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::TimeUnit;

    /// One value after the other: lowest, falls and largest fall in money of the rows.
    fn row_by_row(initial: f64, rows: &[f64]) -> (f64, usize, f64) {
        let (mut peak, mut lowest, mut falls, mut money) = (initial, rows[0], 0, 0.0);
        let mut is_falling = false;
        for &now in rows {
            lowest = if now < lowest { now } else { lowest };
            if now >= peak {
                (peak, is_falling) = (now, false);
            } else {
                falls += usize::from(!is_falling);
                is_falling = true;
                money = if peak - now > money {
                    peak - now
                } else {
                    money
                };
            }
        }
        (lowest, falls, money)
    }

    #[test]
    fn blocks_come_to_what_their_rows_come_to_one_by_one() {
        let mut state = 7_u64;
        for length in [1, 127, 128, 129, 1_000, 3_000] {
            let mut equity = 1_000.0;
            let rows: Vec<f64> = (0..length)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    equity += f64::from(u32::try_from(state >> 60).unwrap()) - 7.0;
                    equity
                })
                .collect();
            let walked = |part: usize| {
                let clock = (Days::utc(TimeUnit::Second), 86_400);
                let times = (0..length).map(|row| row * 90).collect();
                let mut walk = EquityWalk::new(times, clock, Some(1_000.0));
                rows.chunks(part).for_each(|part| walk.add(part));
                walk.finish()
            };
            let whole = walked(rows.len());
            assert_eq!(walked(1), whole);
            assert_eq!(walked(512), whole);
            let walked = whole;
            let (lowest, falls, money) = row_by_row(1_000.0, &rows);
            assert_eq!(walked.lowest, Some(lowest));
            assert_eq!((walked.falls, walked.money), (falls, Some(money)));
            assert_eq!(walked.sum, rows.iter().fold(0.0, |sum, now| sum + now));
            let ends = (960..=rows.len()).step_by(960).map(|end| rows[end - 1]);
            let rest = (!rows.len().is_multiple_of(960)).then(|| rows[rows.len() - 1]);
            assert!(walked.day_closes.into_iter().eq(ends.chain(rest)));
        }
    }

    #[test]
    fn a_day_has_the_rows_that_open_within_it() {
        for rows in 0..70 {
            for within in 0..=rows {
                let times: Vec<i64> = (0..rows)
                    .map(|row| if row < within { row } else { 1_000 + row })
                    .collect();
                let found = rows_within(&times, (0, 1_000));
                assert_eq!(i64::try_from(found), Ok(within), "{rows}");
            }
        }
    }
}
