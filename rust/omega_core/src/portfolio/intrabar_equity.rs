//! The lowest equity inside the bars of a run, and the largest fall to one (M9).

use crate::execution::{Lows, greatest};

/// The extremes of the equity inside bars, beside the rows at their closes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extremes {
    /// The lowest equity.
    pub lowest: f64,
    /// The largest fall from the peak of the rows before, as a part of the peak.
    pub drawdown: f64,
    /// When the account was ruined.
    pub ruin: Option<i64>,
}

/// The extremes so far.
#[derive(Debug)]
pub(super) struct Noted {
    extremes: Extremes,
    /// The highest of the cash at the start and of the rows so far.
    peak: f64,
}

impl Noted {
    pub(super) fn new(cash: f64) -> Self {
        Self {
            extremes: Extremes {
                lowest: f64::INFINITY,
                drawdown: 0.0,
                ruin: None,
            },
            peak: cash,
        }
    }

    /// What was noted; none where nothing was. Costs at the end may ruin an account for which no
    /// equity inside a bar was noted.
    pub(super) fn extremes(&self) -> Option<Extremes> {
        let is_noted = self.extremes.lowest < f64::INFINITY || self.extremes.ruin.is_some();
        is_noted.then_some(self.extremes)
    }

    /// Notes the equity at a price inside the bar whose row comes next.
    #[inline]
    pub(super) fn note(&mut self, equity: f64) {
        if equity < self.extremes.lowest {
            self.extremes.lowest = equity;
        }
        if self.may_deepen(self.peak, equity) {
            self.deepen(equity);
        }
    }

    /// Whether an equity would change nothing.
    pub(super) fn is_ordinary(&self, equity: f64) -> bool {
        equity >= self.extremes.lowest && !self.may_deepen(self.peak, equity)
    }

    /// Notes the time of the ruin; of several the first.
    pub(super) fn note_ruin(&mut self, time: i64) {
        self.extremes.ruin.get_or_insert(time);
    }

    /// A row was written with this equity.
    #[inline]
    pub(super) fn raise_peak(&mut self, equity: f64) {
        if equity > self.peak {
            self.peak = equity;
        }
    }

    /// Notes the equities inside quiet bars, whose rows are written.
    pub(super) fn note_block(&mut self, balance: f64, profits: &[f64], lows: &Lows<'_>) {
        // Rounding keeps the order: the bounds of the sums are the sums of the bounds.
        let (least, most) = (balance + lows.least(), balance + lows.most());
        if most <= self.peak && lows.is_exact() {
            // No row raises the peak, and one bar is as low: it is the only one that counts.
            self.note(least);
            return;
        }
        let bound = if most > self.peak { most } else { self.peak };
        if least < self.extremes.lowest || self.may_deepen(bound, least) {
            lows.for_each(|bar, low| {
                self.note(balance + low);
                self.raise_peak(balance + profits[bar]);
            });
        } else if most > self.peak {
            self.raise_peak(balance + greatest(profits));
        }
    }

    /// Whether an equity may be a larger fall: not where it is none even from a bound of the peak.
    #[inline]
    fn may_deepen(&self, bound: f64, equity: f64) -> bool {
        // A little more than the fall so far, since the product is rounded.
        bound - equity > self.extremes.drawdown * bound * 0.999_999
    }

    fn deepen(&mut self, equity: f64) {
        let fall = (self.peak - equity) / self.peak;
        if self.peak > 0.0 && fall > self.extremes.drawdown {
            self.extremes.drawdown = fall;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_counts_from_the_peak_of_the_rows_before_it() {
        let mut noted = Noted::new(100.0);
        noted.raise_peak(120.0);
        noted.note(90.0);
        noted.raise_peak(150.0);
        noted.note(120.0);
        let extremes = noted.extremes();
        assert_eq!(extremes.map(|e| (e.lowest, e.drawdown)), Some((90.0, 0.25)));
    }

    #[test]
    fn a_ruin_counts_where_no_equity_is_a_number() {
        let mut noted = Noted::new(100.0);
        noted.note(f64::NAN);
        noted.note_ruin(7);
        assert_eq!(noted.extremes().and_then(|e| e.ruin), Some(7));
    }

    #[test]
    fn a_run_without_positions_has_noted_nothing() {
        assert_eq!(Noted::new(100.0).extremes(), None);
    }
}
