//! Symbols that other symbols have gone on trading without (F15).

use std::sync::Arc;

use crate::types::{Days, SymbolId};

/// How long a symbol may be without a bar while others have some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Days on which another symbol had a bar.
    pub after: usize,
    /// By `SymbolId`, the numbers of the days on which any symbol has a bar, ascending.
    pub traded_days: Vec<Arc<[i64]>>,
}

impl Stale {
    /// Whether a symbol whose newest bar opened at one time is stale at another.
    #[must_use]
    pub fn is_stale(&self, symbol: SymbolId, days: &Days, newest: i64, now: i64) -> bool {
        let traded = &self.traded_days[symbol.index()];
        let until = |time| {
            let day = days.of(time);
            traded.partition_point(|&other| other <= day)
        };
        // Each of these days has a bar of another symbol: the symbol's own newest bar is before.
        until(now).saturating_sub(until(newest)) >= self.after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::TimeUnit;

    #[test]
    fn days_count_on_which_another_symbol_had_a_bar() {
        let traded_days = vec![[0, 1, 4, 5].into()];
        let stale = Stale {
            after: 2,
            traded_days,
        };
        let days = Days::utc(TimeUnit::Second);
        let is_stale = |now: i64| stale.is_stale(SymbolId(0), &days, 86_399, now * 86_400);
        assert_eq!(
            [0, 1, 3, 4, 5].map(is_stale),
            [false, false, false, true, true]
        );
    }
}
