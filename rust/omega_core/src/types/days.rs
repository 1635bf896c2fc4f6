//! Which day an instant belongs to (T4).

use std::sync::Arc;

use super::TimeUnit;

/// The days of a run, numbered by their date: that of 1970-01-01 is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    /// From midnight to midnight in UTC, of this length.
    Utc(i64),
    /// Of a calendar: where they begin, ascending, and the number of the first.
    // Known from outside for the whole range of the data: the rules of time zones are no part of
    // the core, and both backends are to read the same ones.
    Local {
        /// Where days begin; one more than there are days.
        starts: Arc<[i64]>,
        /// Number of the day that begins first.
        first: i64,
    },
}

impl Days {
    /// The days of UTC, for times in a unit.
    #[must_use]
    pub fn utc(unit: TimeUnit) -> Self {
        Self::Utc(unit.per_day())
    }

    /// The number of the day of a time.
    #[inline]
    #[must_use]
    pub fn of(&self, time: i64) -> i64 {
        match self {
            // Euclidean, since division towards zero makes one day of the two around 1970-01-01.
            Self::Utc(length) => time.div_euclid(*length),
            Self::Local { starts, first } => {
                let begun = starts.partition_point(|&start| start <= time);
                #[expect(clippy::cast_possible_wrap, reason = "a list is shorter than 2^63")]
                let begun = begun as i64;
                first + begun - 1
            }
        }
    }

    /// Begin and end of the day of a time; beyond the days known there is no end.
    #[must_use]
    pub fn span(&self, time: i64) -> (i64, i64) {
        match self {
            Self::Utc(length) => {
                let day = time.div_euclid(*length);
                // Saturating, since the first and the last day of a nanosecond clock go beyond 64
                // bits.
                let (begin, end) = (day.saturating_mul(*length), day.saturating_add(1));
                (begin, end.saturating_mul(*length))
            }
            Self::Local { starts, .. } => {
                let past = starts.partition_point(|&start| start <= time);
                let before = past.checked_sub(1).and_then(|place| starts.get(place));
                (
                    before.copied().unwrap_or(i64::MIN),
                    starts.get(past).copied().unwrap_or(i64::MAX),
                )
            }
        }
    }

    /// When the day of a time ends, which is where the next one begins.
    #[must_use]
    pub fn end(&self, time: i64) -> i64 {
        self.span(time).1
    }
}

/// Year, month and day of a number of days since 1970, in the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a month is at most 12 and a day at most 31"
)]
#[must_use]
pub fn date_of(days: i64) -> (i64, u8, u8) {
    // Counted from 1 March of year 0: the leap day is the last of its year, and 400 years repeat.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leaps = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153; // 0 is March
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year, month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_utc_are_numbered_on_both_sides_of_1970() {
        let days = Days::utc(TimeUnit::Second);
        assert_eq!([-86_401, -1, 0, 86_400].map(|t| days.of(t)), [-2, -1, 0, 1]);
        assert_eq!(days.span(-1), (-86_400, 0));
        assert_eq!(Days::utc(TimeUnit::Nanosecond).end(i64::MAX), i64::MAX);
    }

    #[test]
    fn days_of_a_calendar_are_as_long_as_they_are() {
        // 23, 24 and 25 hours.
        let starts = [0, 82_800, 169_200, 259_200].into();
        let days = Days::Local { starts, first: 7 };
        assert_eq!(
            [0, 82_799, 82_800, 169_200].map(|t| days.of(t)),
            [7, 7, 8, 9]
        );
        assert_eq!(days.span(90_000), (82_800, 169_200));
        assert_eq!(days.span(-1), (i64::MIN, 0));
        assert_eq!(days.end(259_200), i64::MAX);
    }

    #[test]
    fn a_date_that_a_zone_left_out_has_no_time() {
        let starts = [0, 10, 10, 20].into();
        let days = Days::Local { starts, first: 0 };
        assert_eq!([9, 10, 19].map(|t| days.of(t)), [0, 2, 2]);
    }
}
