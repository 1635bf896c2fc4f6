//! A symbol without a bar for many days is given up: its positions are closed, and its waiting
//! orders are cancelled (F15).

use super::Simulator;
use crate::execution::{Account, ExitReason, RejectReason, StepBars, SymbolBar};
use crate::types::Bar;

impl Simulator {
    /// Whether a symbol has been without a bar for too long.
    #[inline]
    pub(super) fn is_stale(&self, now: &SymbolBar) -> bool {
        let days = self.settings.days(now.symbol);
        !now.trades
            && self.settings.stale.as_ref().is_some_and(|stale| {
                // From the bar that opened last, which a strategy may not see yet.
                stale.is_stale(now.symbol, days, now.since, now.bar.time)
            })
    }

    /// Gives up the symbols that are stale at the first step of a day.
    pub(super) fn release_stale<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let Some(first) = bars.0.first() else { return };
        // Only where a day begins does the count of days grow.
        if self.settings.stale.is_none() || first.bar.time < self.stale_from {
            return;
        }
        // So it is between finer bars; the check of the day is then still to come.
        if bars.0.iter().all(|now| now.trades) {
            return;
        }
        let ends = bars.0.iter().map(|now| {
            let days = self.settings.days(now.symbol);
            days.end(now.bar.time)
        });
        self.stale_from = ends.min().unwrap_or(i64::MAX);
        // With finer bars the step is over with the last of them (I5).
        let over = bars.trading().map(|now| now.bar.time).max();
        let over = over.unwrap_or(first.bar.time);
        for now in bars.0 {
            if self.is_stale(now) {
                self.book.expire(now, self.settings.days(now.symbol));
                self.book.cancel_of(now.symbol, RejectReason::Stale);
                self.close_stale(now, over, account);
            }
        }
    }

    /// Closes the positions of a symbol at its last close, at the end of this step.
    fn close_stale<A: Account>(&mut self, now: &SymbolBar, over: i64, account: &mut A) {
        let last = SymbolBar {
            index: now.index.saturating_sub(1),
            bar: Bar {
                time: over,
                ..now.bar
            },
            ..*now
        };
        while let Some(index) = self.positions.first_of(now.symbol) {
            let position = &self.positions.open[index];
            let close = position.marked_price;
            // Its true value is unknown: the other end of the interval is a price of 0.
            let worthless = self.net_at(position, (0.0, false, 0.0), &last);
            let position = &mut self.positions.open[index];
            position.widen_alternatives(worthless, worthless);
            self.close_protected(index, close, ExitReason::Stale, &last, account);
        }
    }
}
