//! One walk over the equity rows: their sum, the lowest, and the falls below the peak so far.

use super::inputs::Inputs;
use super::{days, ratio};
use crate::execution::{greatest, least};

/// Rows looked at together.
const BLOCK: usize = 128;

/// What the rows of an equity curve come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Walked {
    /// All equities, added up from the first row on.
    pub(super) sum: f64,
    /// The lowest equity; none for an empty curve.
    pub(super) lowest: Option<f64>,
    /// Largest fall below the peak, in money; none for an empty curve.
    pub(super) money: Option<f64>,
    /// Largest fall below the peak, as a part of the peak; none where the peak is not above 0.
    pub(super) fraction: Option<f64>,
    /// Rows of the peak before the deepest fall (by fraction) and of its recovery or of the end.
    pub(super) span: Option<(usize, usize)>,
    /// Number of falls, from peak to peak.
    pub(super) falls: usize,
    /// The depths of all falls added up, and their days.
    pub(super) depths: f64,
    pub(super) days: f64,
    /// Rows and days of the longest fall.
    pub(super) longest_rows: usize,
    pub(super) longest_days: f64,
}

/// A fall from its peak on; no fall yet where the lowest equity is infinite.
struct Fall {
    peak: f64,
    peak_row: usize,
    lowest: f64,
    is_falling: bool,
}

impl Walked {
    /// Walks the curve once. The peak starts at the cash at the start, and an equity that equals
    /// the peak is a new peak.
    pub(super) fn over(inputs: &Inputs<'_>) -> Self {
        let Some(&first) = inputs.equity.first() else {
            return Self::default();
        };
        // Without cash at the start no fall is known, as below a peak of NaN.
        let initial = inputs.initial.unwrap_or(f64::NAN);
        let mut found = Self {
            lowest: Some(first),
            money: inputs.initial.map(|_| 0.0),
            // Of a peak that is not above 0 a fall has no fraction; money it still has.
            fraction: (initial > 0.0).then_some(0.0),
            ..Self::default()
        };
        let mut fall = Fall::from(initial, 0);
        // In variables of their own, which stay in registers.
        let (mut sum, mut lowest) = (0.0, first);
        for (block, rows) in inputs.equity.chunks(BLOCK).enumerate() {
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
            for (row, &now) in (block * BLOCK..).zip(rows) {
                // Not strict: back at the peak ends a fall, and of equal peaks the last one begins
                // the next.
                if now >= fall.peak {
                    if fall.is_falling {
                        found.finish(&fall, row, inputs);
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
        (found.sum, found.lowest) = (sum, Some(lowest));
        if inputs.initial.is_none() {
            return Self {
                sum,
                lowest: found.lowest,
                ..Self::default()
            };
        }
        if fall.is_falling {
            found.finish(&fall, inputs.equity.len() - 1, inputs);
        }
        // Nothing ever fell: a span of no rows, so that the lengths are 0 and not undefined.
        if found.fraction == Some(0.0) {
            found.span = Some((0, 0));
        }
        found
    }

    /// A fall is over, or the curve is.
    fn finish(&mut self, fall: &Fall, last: usize, inputs: &Inputs<'_>) {
        // Rounding keeps the order: the deepest row of a fall has its largest difference and its
        // largest part.
        let money = fall.peak - fall.lowest;
        if self.money.is_some_and(|most| money > most) {
            self.money = Some(money);
        }
        let part = ratio(money, fall.peak).filter(|&part| part > 0.0);
        let depth = part.unwrap_or(0.0);
        let first = fall.peak_row;
        let length = inputs.times[last] - inputs.times[first];
        let days = days(length, inputs.shared.unit.per_day());
        self.falls += 1;
        self.depths += depth;
        self.days += days;
        self.longest_rows = self.longest_rows.max(last - first);
        if days > self.longest_days {
            self.longest_days = days;
        }
        // Strict, so that of equally deep falls the first one is reported.
        if self.fraction.is_some_and(|deepest| depth > deepest) {
            (self.fraction, self.span) = (Some(depth), Some((first, last)));
        }
    }
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
    use super::super::super::schema::Shared;
    use super::super::inputs::{Booked, FillSums};
    use super::*;
    use crate::types::{Days, TimeUnit};

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
            let shared = Shared {
                symbols: Vec::new(),
                unit: TimeUnit::Second,
                timezone: None,
                days: Days::utc(TimeUnit::Second),
                first_decision: None,
            };
            let inputs = Inputs {
                shared: &shared,
                extremes: None,
                trades: Vec::new(),
                fills: FillSums {
                    fees: 0.0,
                    slippage: None,
                    notional: None,
                },
                initial: Some(1_000.0),
                booked: Booked::default(),
                times: (0..length).collect(),
                equity: rows.clone().into(),
                busy: 0,
            };
            let walked = Walked::over(&inputs);
            let (lowest, falls, money) = row_by_row(1_000.0, &rows);
            assert_eq!(walked.lowest, Some(lowest));
            assert_eq!((walked.falls, walked.money), (falls, Some(money)));
            assert_eq!(walked.sum, rows.iter().fold(0.0, |sum, now| sum + now));
        }
    }
}
