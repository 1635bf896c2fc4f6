//! When nothing may be opened: sessions, blackouts, cool-downs and the number of positions.

use std::sync::Arc;

use super::RejectReason;
use crate::types::SymbolId;

/// The limits of a run; times in the unit of the time column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Open positions at most, over all symbols.
    pub max_positions: Option<usize>,
    /// Open positions at most, for each symbol.
    pub max_positions_per_symbol: Option<usize>,
    /// Bars that must lie between two entries in a symbol.
    pub cooldown_bars: usize,
    /// Time that must lie between two entries in a symbol.
    pub cooldown_entry: i64,
    /// Time that must lie between an exit and the next entry in a symbol.
    pub cooldown_exit: i64,
    /// Times of day `[from, to)` in UTC in which positions may be opened; always, where there is
    /// none.
    pub sessions: Vec<(i64, i64)>,
    /// When the sessions of a calendar begin and end, in turn, of each symbol; outside of them
    /// nothing is opened. Empty where orders are taken at any time.
    pub session_times: Vec<Arc<[i64]>>,
    /// When a symbol joins and leaves the universe, in turn, of each symbol; outside of it nothing
    /// is opened. Empty where every symbol is always in it (U1).
    pub member_times: Vec<Arc<[i64]>>,
    /// Intervals `[from, to)` in which nothing is opened, in order.
    pub blackouts: Vec<(i64, i64)>,
}

/// When a symbol was last entered and left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastTrades {
    /// Bar and time of the last entry.
    pub entry: Option<(usize, i64)>,
    /// Time of the last exit.
    pub exit: Option<i64>,
}

impl Limits {
    /// Whether a position of a symbol may be opened at this bar, as far as the clock is concerned.
    ///
    /// # Errors
    /// The first limit that forbids it.
    pub fn check_time(
        &self,
        symbol: SymbolId,
        index: usize,
        time: i64,
        units_per_day: i64,
        last: &LastTrades,
    ) -> Result<(), RejectReason> {
        // In the order of F12.1: of several reasons, the orders table shows the first.
        let begun = |times: &Arc<[i64]>| times.partition_point(|&change| change <= time);
        if !self.is_member(symbol, time) {
            return Err(RejectReason::NotMember);
        }
        if !self.sessions.is_empty() {
            // Euclidean, so that times before 1970 have a time of day.
            let of_day = time.rem_euclid(units_per_day);
            if !self.sessions.iter().any(|span| holds(*span, of_day)) {
                return Err(RejectReason::SessionClosed);
            }
        }
        if self
            .session_times
            .get(symbol.index())
            .is_some_and(|times| begun(times) % 2 == 0)
        {
            return Err(RejectReason::SessionClosed);
        }
        let before = self.blackouts.partition_point(|(from, _)| *from <= time);
        // Not only the last that has begun: intervals may overlap, and an earlier one may end
        // later.
        if self.blackouts[..before].iter().any(|(_, to)| time < *to) {
            return Err(RejectReason::Blackout);
        }
        let rested = last.entry.is_none_or(|(entry_index, entry_time)| {
            index - entry_index >= self.cooldown_bars
                && time.saturating_sub(entry_time) >= self.cooldown_entry
        }) && last
            .exit
            .is_none_or(|exit| time.saturating_sub(exit) >= self.cooldown_exit);
        if rested {
            Ok(())
        } else {
            Err(RejectReason::Cooldown)
        }
    }

    /// Whether a symbol is in the universe at a time (U1).
    #[must_use]
    pub fn is_member(&self, symbol: SymbolId, time: i64) -> bool {
        self.member_times
            .get(symbol.index())
            .is_none_or(|times| times.partition_point(|&change| change <= time) % 2 == 1)
    }

    /// Whether one more position fits.
    ///
    /// # Errors
    /// `MaxPositions` where it does not.
    pub fn check_count(&self, all: usize, of_symbol: usize) -> Result<(), RejectReason> {
        let full = self.max_positions.is_some_and(|most| all >= most)
            || self
                .max_positions_per_symbol
                .is_some_and(|most| of_symbol >= most);
        if full {
            Err(RejectReason::MaxPositions)
        } else {
            Ok(())
        }
    }
}

/// Whether a session holds a time of day; one that ends before it begins goes over midnight.
fn holds((from, to): (i64, i64), of_day: i64) -> bool {
    if from < to {
        from <= of_day && of_day < to
    } else {
        of_day >= from || of_day < to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const FIRST: SymbolId = SymbolId(0);

    fn check(limits: &Limits, time: i64) -> Result<(), RejectReason> {
        limits.check_time(FIRST, 10, time, DAY, &LastTrades::default())
    }

    #[test]
    fn sessions_may_go_over_midnight() {
        let limits = Limits {
            sessions: vec![(22 * 3600, 2 * 3600)],
            ..Limits::default()
        };
        assert_eq!(check(&limits, DAY + 23 * 3600), Ok(()));
        assert_eq!(check(&limits, DAY + 3600), Ok(()));
        assert_eq!(
            check(&limits, DAY + 2 * 3600),
            Err(RejectReason::SessionClosed)
        );
    }

    #[test]
    fn blackouts_hold_their_start_and_not_their_end() {
        let limits = Limits {
            blackouts: vec![(100, 500), (200, 300)],
            ..Limits::default()
        };
        for (time, open) in [
            (99, true),
            (100, false),
            (350, false),
            (499, false),
            (500, true),
        ] {
            assert_eq!(check(&limits, time).is_ok(), open, "{time}");
        }
    }

    #[test]
    fn cooldowns_count_from_the_last_entry_and_the_last_exit() {
        let limits = Limits {
            cooldown_bars: 3,
            cooldown_exit: 60,
            ..Limits::default()
        };
        let entered = LastTrades {
            entry: Some((8, 0)),
            exit: None,
        };
        assert_eq!(
            limits.check_time(FIRST, 10, 0, DAY, &entered),
            Err(RejectReason::Cooldown)
        );
        assert_eq!(limits.check_time(FIRST, 11, 0, DAY, &entered), Ok(()));
        let left = LastTrades {
            entry: None,
            exit: Some(100),
        };
        assert_eq!(
            limits.check_time(FIRST, 10, 159, DAY, &left),
            Err(RejectReason::Cooldown)
        );
        assert_eq!(limits.check_time(FIRST, 10, 160, DAY, &left), Ok(()));
    }

    #[test]
    fn sessions_of_a_calendar_begin_and_end_in_turn() {
        let limits = Limits {
            session_times: vec![[10, 20, 30, 40].into(), [10, 40].into()],
            ..Limits::default()
        };
        let open = [9, 10, 19, 20, 30, 40].map(|time| check(&limits, time).is_ok());
        assert_eq!(open, [false, true, true, false, true, false]);
        let last = LastTrades::default();
        assert_eq!(limits.check_time(SymbolId(1), 10, 20, DAY, &last), Ok(()));
    }
}
