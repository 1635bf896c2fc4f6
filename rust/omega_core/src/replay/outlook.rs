//! The steps after one, as far as the account cannot change until then.

use crate::store::Stretch;

/// What a strategy reads at steps for which it decides before the loop has reached them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foresight {
    /// It decides at one step at a time.
    Never,
    /// Bars, positions and orders.
    Bars,
    /// The same, and it keeps nothing of what it decides: where something happens before a step,
    /// what it decided from there on is dropped, and it decides again.
    // No bar has to be examined first: it decides as far ahead as a strategy sleeps.
    Anew,
    /// The account's equity too.
    Equity,
}

/// A step that a strategy may decide at before the loop has reached it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NextStep {
    /// Its time.
    pub time: i64,
    /// Equity at the close before it.
    pub equity: f64,
}

/// The steps after one that a strategy decides at, handed out one by one: nothing is filled, closed
/// or booked before any of them, unless the strategy requests it.
// An iterator, so that a strategy takes a step only after it has decided at the one before.
#[derive(Debug)]
pub struct Outlook<'a> {
    bars: Stretch<'a>,
    balance: f64,
    /// Open profits at the closes of the bars; none where nothing is open.
    profits: &'a [f64],
    taken: usize,
    steps: usize,
}

impl<'a> Outlook<'a> {
    /// The steps at the bars of a stretch but the first, which the strategy is at. Without open
    /// profits equity is the balance.
    pub(super) fn new(bars: Stretch<'a>, balance: f64, profits: &'a [f64]) -> Self {
        Self {
            bars,
            balance,
            profits,
            taken: 0,
            steps: bars.len().saturating_sub(1),
        }
    }

    /// The same, ending after so many steps.
    #[must_use]
    pub fn cut(mut self, steps: usize) -> Self {
        self.steps = self.steps.min(steps);
        self
    }

    /// Times of all steps that are left.
    #[must_use]
    pub fn times(&self) -> &'a [i64] {
        let times = self.bars.times();
        let past = (self.steps + 1).min(times.len());
        times.get(self.taken + 1..past).unwrap_or_default()
    }

    /// The balance, and open profits at the closes before them, where anything is open.
    #[must_use]
    pub fn account(&self) -> (f64, &'a [f64]) {
        (
            self.balance,
            self.profits.get(self.taken..).unwrap_or_default(),
        )
    }
}

impl Iterator for Outlook<'_> {
    type Item = NextStep;

    #[inline]
    fn next(&mut self) -> Option<NextStep> {
        if self.taken >= self.steps {
            return None;
        }
        let profit = self.profits.get(self.taken);
        self.taken += 1;
        Some(NextStep {
            time: self.bars.time(self.taken)?,
            // The sum of the row that the portfolio will write.
            equity: profit.map_or(self.balance, |profit| self.balance + profit),
        })
    }
}
