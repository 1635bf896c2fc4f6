//! Bars of the only symbol in which nothing can happen, and the range that takes them.

use super::Simulator;
use crate::execution::{Account, Live, Lows, Position, QuietBar, Semantics, StepBars};
use crate::store::Stretch;
use crate::types::Bar;

impl Simulator {
    /// Takes one bar if nothing can happen in it; gives the open profit at its close. Only a run of
    /// one symbol has such bars. One alone is none that the strategy skips together with others.
    #[inline]
    pub fn advance_quiet_bar(
        &mut self,
        bar: &Bar,
        rate: f64,
        balance: f64,
        is_alone: bool,
    ) -> Option<QuietBar<'_>> {
        if !self.quiet.is_on {
            if !is_alone {
                // As in `advance_quiet`: the strategy skips the next bar as well.
                self.settled = self.changes();
            }
            self.begin_quiet(balance);
        }
        if self.quiet.is_on {
            self.quiet.take_bar(bar, rate)
        } else {
            None
        }
    }

    /// Takes such bars from the head of a stretch, and hands on their open profits in blocks; gives
    /// how many they are.
    pub fn advance_quiet(
        &mut self,
        stretch: &Stretch<'_>,
        rate: f64,
        balance: f64,
        write: impl FnMut(&[f64], Lows<'_>),
    ) -> usize {
        // The strategy skips these bars, so that nothing but a bar changes anything: no need to
        // wait for one that does not.
        self.settled = self.changes();
        if !self.quiet.is_on {
            self.begin_quiet(balance);
        }
        if self.quiet.is_on {
            self.quiet.take_bars(stretch, rate, write)
        } else {
            0
        }
    }

    /// How many such bars are at the head of a stretch, of one block at most; none is taken. Where
    /// they are wanted, gives the open profits at their closes.
    pub fn foresee_quiet(
        &mut self,
        stretch: &Stretch<'_>,
        rate: f64,
        balance: f64,
        profits: Option<&mut Vec<f64>>,
    ) -> usize {
        if self.may_be_quiet(rate, balance) {
            self.quiet.foresee(stretch, rate, profits)
        } else {
            0
        }
    }

    /// Whether such bars may follow at a rate, none of which is looked at.
    pub fn may_be_quiet(&mut self, rate: f64, balance: f64) -> bool {
        // As in `advance_quiet`: the strategy is likely to leave these bars alone.
        self.settled = self.changes();
        if !self.quiet.is_on {
            self.begin_quiet(balance);
        }
        self.quiet.is_on && self.quiet.holds_at(rate)
    }

    /// Prepares a bar that has opened for a range of which it is the first: its opens have moved
    /// the account's stop. False where its rest is to be walked whatever its prices are.
    pub fn begin_quiet_inside<A: Account>(&mut self, opened: StepBars<'_>, account: &A) -> bool {
        let [now] = opened.0 else { return false };
        let Some(direction) = self.positions.open.first().map(|first| first.direction) else {
            return false;
        };
        // What was entered inside the bar has not seen all of it, and positions of both directions
        // are tested from the last mark on, which lies before this open.
        let is_whole = |p: &Position| p.live == Live::FromOpen && p.direction == direction;
        let may_begin = self.settings.semantics == Semantics::Two
            && !self.has_dates
            && !self.is_ruined
            && self.late_error.get().is_none()
            && self.rebalancing.is_measured()
            && self.positions.open.iter().all(is_whole);
        if may_begin {
            self.renew_account_stops(now, account);
        }
        may_begin
    }

    /// Merges all triggers, unless something has just changed: a run that changes something on each
    /// bar would build a range for one bar, which costs more than to walk it.
    fn begin_quiet(&mut self, balance: f64) {
        let mut until = i64::MAX;
        if self.has_dates {
            if self.actions.is_owed() {
                return;
            }
            until = self.next_event().min(self.next_carry(self.walked));
        }
        let changes = self.changes();
        if changes != self.settled {
            // This bar is walked in full. Where it changes something again, no range was built for
            // it.
            self.settled = changes;
            return;
        }
        let last = (self.walked, self.mark, until);
        let (settings, book) = (&self.settings, &self.book);
        self.quiet
            .begin(settings, book, &self.positions, last, balance);
    }

    /// Ends the quiet range: positions get what its bars brought.
    pub(super) fn end_quiet(&mut self) {
        if self.quiet.is_on {
            self.mark = self.quiet.last_mark().or(self.mark);
            self.quiet.end(&mut self.positions.open);
            self.positions.forget_sums();
        }
    }
}
