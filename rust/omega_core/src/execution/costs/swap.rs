//! Financing over the nights that a position stays open (M4).

use crate::types::Direction;

/// What a percentage a year is divided by for one night (M4.3).
const DAYS_PER_YEAR: f64 = 365.0;

/// Swap of one symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swap {
    /// Price units a night for long positions; negative when paid.
    pub long: f64,
    /// Price units a night for short positions; negative when paid.
    pub short: f64,
    /// Percent a year of the value of long positions; negative when paid.
    pub long_percent: f64,
    /// Percent a year of the value of short positions; negative when paid.
    pub short_percent: f64,
    /// Day of the week whose night counts three times, Monday being 0, while those of other
    /// Saturdays and Sundays count nothing; none where each night counts once.
    pub triple_day: Option<i64>,
}

/// None; the triple day is Wednesday, whose night settles over the weekend.
impl Default for Swap {
    fn default() -> Self {
        Self {
            long: 0.0,
            short: 0.0,
            long_percent: 0.0,
            short_percent: 0.0,
            triple_day: Some(2),
        }
    }
}

impl Swap {
    /// Whether any night is booked.
    #[inline]
    #[must_use]
    pub fn is_charged(&self) -> bool {
        let rates = [self.long, self.short, self.long_percent, self.short_percent];
        rates.iter().any(|&rate| rate != 0.0)
    }

    /// Price units a night for a direction, at the price of the last mark.
    #[must_use]
    pub fn per_night(&self, direction: Direction, mark: f64) -> f64 {
        let (points, percent) = match direction {
            Direction::Long => (self.long, self.long_percent),
            Direction::Short => (self.short, self.short_percent),
        };
        // As a magnitude: a position at a price below 0 is financed as well.
        points + mark.abs() * percent / 100.0 / DAYS_PER_YEAR
    }

    /// Nights from one day of the calendar (T4) to another, days counted from 1970-01-01, a
    /// Thursday (M4.3): one at the end of each day; with a triple day three at it, and none at the
    /// weekend.
    #[must_use]
    pub fn nights(&self, from_day: i64, to_day: i64) -> f64 {
        // Whole weeks at once, since a gap may have as many days as fit a 64-bit time.
        let weeks = (to_day - from_day) / 7;
        let rest = self.nights_one_by_one(from_day + weeks * 7, to_day);
        #[expect(clippy::cast_precision_loss, reason = "2^53 nights are enough")]
        let nights = (weeks * self.nights_one_by_one(0, 7) + rest) as f64;
        nights
    }

    fn nights_one_by_one(&self, from_day: i64, to_day: i64) -> i64 {
        let Some(triple_day) = self.triple_day else {
            return to_day - from_day;
        };
        (from_day..to_day)
            .map(|day| match (day + 3).rem_euclid(7) {
                weekday if weekday == triple_day => 3,
                5 | 6 => 0,
                _ => 1,
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: i64 = 4; // 1970-01-05

    fn swap(triple_day: Option<i64>) -> Swap {
        Swap {
            long: -1.0,
            short: 0.5,
            triple_day,
            ..Swap::default()
        }
    }

    #[test]
    fn a_week_has_seven_nights_and_wednesday_counts_three() {
        let swap = swap(Some(2));
        assert_eq!(swap.nights(MONDAY, MONDAY + 7), 7.0);
        assert_eq!(swap.nights(MONDAY + 2, MONDAY + 3), 3.0);
        assert_eq!(swap.nights(MONDAY + 4, MONDAY + 7), 1.0);
        assert_eq!(swap.nights(MONDAY, MONDAY), 0.0);
    }

    #[test]
    fn without_a_triple_day_each_night_counts_once() {
        for from in MONDAY..MONDAY + 7 {
            assert_eq!(swap(None).nights(from, from + 1), 1.0);
        }
        assert_eq!(swap(None).nights(MONDAY + 4, MONDAY + 28), 24.0);
    }

    #[test]
    fn a_percentage_a_year_is_of_the_value_at_the_mark() {
        let yearly = Swap {
            long_percent: -7.3,
            ..swap(None)
        };
        // 7.3 % of 50 are 3.65 a year and 0.01 a night, beside a point of 1.
        assert_eq!(yearly.per_night(Direction::Long, 50.0), -1.01);
        assert_eq!(yearly.per_night(Direction::Long, -50.0), -1.01);
        assert_eq!(yearly.per_night(Direction::Short, 50.0), 0.5);
        assert!(yearly.is_charged() && !Swap::default().is_charged());
    }

    #[test]
    fn nights_over_any_gap_are_counted_at_once() {
        for swap in [swap(Some(2)), swap(Some(6)), swap(None)] {
            for from in 0..7 {
                for to in from..from + 30 {
                    #[expect(clippy::cast_precision_loss, reason = "a small number")]
                    let counted = swap.nights_one_by_one(from, to) as f64;
                    assert_eq!(swap.nights(from, to), counted);
                }
            }
        }
        let day = i64::MAX / 86_400;
        assert!(swap(Some(2)).nights(-day, day) > 1e14);
    }
}
