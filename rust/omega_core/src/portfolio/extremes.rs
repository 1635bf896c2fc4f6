//! The lowest equity inside the bars of a run, and the largest fall to one (M9).

use super::column::Column;

/// What the equities inside bars come to, beside the rows at their closes.
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
    /// The highest of the cash at the start and of so many rows.
    peak: f64,
    rows: usize,
    /// No row so far is above this one.
    bound: f64,
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
            rows: 0,
            bound: cash,
        }
    }

    /// What was noted; none where nothing was.
    pub(super) fn extremes(&self) -> Option<Extremes> {
        self.extremes.lowest.is_finite().then_some(self.extremes)
    }

    /// Notes the equity at a price inside the bar whose row comes next.
    #[inline]
    pub(super) fn note(&mut self, equity: f64, rows: &Column<f64>) {
        if equity < self.extremes.lowest {
            self.extremes.lowest = equity;
        }
        if self.may_deepen(equity) {
            self.catch_up(rows, rows.len());
            self.deepen(equity);
        }
    }

    /// Notes the time of the ruin; of several the first.
    pub(super) fn note_ruin(&mut self, time: i64) {
        self.extremes.ruin.get_or_insert(time);
    }

    /// No row that was written is above this equity.
    #[inline]
    pub(super) fn bound_rows(&mut self, equity: f64) {
        if equity > self.bound {
            self.bound = equity;
        }
    }

    /// Notes equities of which none is below the first argument, one for each of the last rows; of
    /// an exact one, one of them is as low.
    pub(super) fn note_rows(
        &mut self,
        (least, is_exact): (f64, bool),
        rows: &Column<f64>,
        count: usize,
        for_each: impl Fn(&mut dyn FnMut(usize, f64)),
    ) {
        // A block that cannot change anything costs two comparisons.
        if is_exact && least < self.extremes.lowest {
            self.extremes.lowest = least;
        }
        if least >= self.extremes.lowest && !self.may_deepen(least) {
            return;
        }
        let first = rows.len() - count;
        for_each(&mut |row, equity| {
            self.catch_up(rows, first + row);
            if equity < self.extremes.lowest {
                self.extremes.lowest = equity;
            }
            self.deepen(equity);
        });
        // The peak of all rows is known now, and bounds those to come more closely.
        self.catch_up(rows, rows.len());
        self.bound = self.peak;
    }

    /// Whether an equity may be a larger fall: not where it is none even from the bound.
    #[inline]
    fn may_deepen(&self, equity: f64) -> bool {
        // A little more than the fall so far, since the product is rounded.
        self.bound - equity > self.extremes.drawdown * self.bound * 0.999_999
    }

    fn deepen(&mut self, equity: f64) {
        let fall = (self.peak - equity) / self.peak;
        if self.peak > 0.0 && fall > self.extremes.drawdown {
            self.extremes.drawdown = fall;
        }
    }

    /// Brings the peak up to so many rows.
    fn catch_up(&mut self, rows: &Column<f64>, end: usize) {
        for row in self.rows..end {
            let equity = rows.get(row);
            if equity > self.peak {
                self.peak = equity;
            }
        }
        self.rows = end.max(self.rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[f64]) -> Column<f64> {
        let mut column = Column::with_room(values.len());
        column.extend(values.iter().copied());
        column
    }

    #[test]
    fn a_fall_counts_from_the_peak_of_the_rows_before_it() {
        let mut noted = Noted::new(100.0);
        noted.bound_rows(120.0);
        noted.note(90.0, &rows(&[100.0, 120.0]));
        let extremes = noted.extremes();
        assert_eq!(extremes.map(|e| (e.lowest, e.drawdown)), Some((90.0, 0.25)));
    }

    #[test]
    fn a_block_is_noted_bar_by_bar() {
        let mut noted = Noted::new(100.0);
        noted.bound_rows(200.0);
        let column = rows(&[100.0, 200.0, 150.0]);
        // 90 came before the peak of 200, 120 after it.
        let lows = [90.0, 99.0, 120.0];
        noted.note_rows((90.0, true), &column, 3, |take| {
            for (row, low) in lows.into_iter().enumerate() {
                take(row, low);
            }
        });
        let extremes = noted.extremes();
        assert_eq!(extremes.map(|e| (e.lowest, e.drawdown)), Some((90.0, 0.4)));
    }

    #[test]
    fn a_run_without_positions_has_noted_nothing() {
        assert_eq!(Noted::new(100.0).extremes(), None);
    }
}
