//! Financing over the nights that a position stays open (M4).

use crate::types::Direction;

/// Swap of one symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swap {
    /// Price units a night for long positions; negative when paid.
    pub long: f64,
    /// Price units a night for short positions; negative when paid.
    pub short: f64,
    /// Day of the week whose night counts three times, Monday being 0.
    pub triple_day: i64,
}

/// None; the triple day is Wednesday, whose night settles over the week-end.
impl Default for Swap {
    fn default() -> Self {
        Self {
            long: 0.0,
            short: 0.0,
            triple_day: 2,
        }
    }
}

impl Swap {
    /// Price units a night for a direction.
    #[must_use]
    pub fn per_night(&self, direction: Direction) -> f64 {
        match direction {
            Direction::Long => self.long,
            Direction::Short => self.short,
        }
    }

    /// Nights from one UTC day to another, days counted from 1970-01-01, a Thursday (M4.3): one at
    /// the end of each day, none at the week-end, three at the triple day.
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
        (from_day..to_day)
            .map(|day| match (day + 3).rem_euclid(7) {
                weekday if weekday == self.triple_day => 3,
                5 | 6 => 0,
                _ => 1,
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_seven_nights_and_wednesday_counts_three() {
        let swap = Swap {
            long: -1.0,
            short: 0.5,
            triple_day: 2,
        };
        let monday = 4; // 1970-01-05
        assert_eq!(swap.nights(monday, monday + 7), 7.0);
        assert_eq!(swap.nights(monday + 2, monday + 3), 3.0);
        assert_eq!(swap.nights(monday + 4, monday + 7), 1.0);
        assert_eq!(swap.nights(monday, monday), 0.0);
    }

    #[test]
    fn nights_over_any_gap_are_counted_at_once() {
        let swap = Swap {
            long: -1.0,
            short: 0.5,
            triple_day: 2,
        };
        for from in 0..7 {
            for to in from..from + 30 {
                #[expect(clippy::cast_precision_loss, reason = "a small number")]
                let counted = swap.nights_one_by_one(from, to) as f64;
                assert_eq!(swap.nights(from, to), counted);
            }
        }
        let day = i64::MAX / 86_400;
        assert!(swap.nights(-day, day) > 1e14);
    }
}
