//! The portfolio that the loop drives: it keeps the account and writes one equity row for each bar.

use crate::execution::{Account, Lows, Position};
use crate::portfolio::{self, Trade};

/// Keeps the account and writes one equity row for each bar.
pub trait Portfolio: Account {
    /// Whether it has to see every bar, also those in which nothing can happen.
    fn watches(&self) -> bool {
        false
    }
    /// Equity at the last mark.
    fn marked_equity(&self) -> f64;
    /// Closed trades so far that are kept, in the order of their exits.
    fn trades(&self) -> &[Trade];
    /// Lets go of trades that the strategy has seen, of a run that keeps none; gives how many.
    fn forget_trades(&mut self) -> usize {
        0
    }
    /// The row of a bar that was walked, with positions marked to its close, and their profit.
    fn write_row(&mut self, open: &[Position], profit: f64);
    /// The row of a bar in which nothing happened: the open profit at its close, and at its worst
    /// price where that is noted.
    fn write_quiet_row(&mut self, profit: f64, open_positions: usize, low: Option<f64>);
    /// The rows of bars in which nothing happened: one for each open profit.
    fn write_rows(&mut self, profits: &[f64], open_positions: usize, lows: Option<Lows<'_>>);
    /// The rows of so many bars without open positions.
    fn write_flat_rows(&mut self, bars: usize);
    /// Writes the last row again, after positions were closed at the last close (L4).
    fn rewrite_last_row(&mut self);
}

impl Portfolio for portfolio::Portfolio {
    fn marked_equity(&self) -> f64 {
        self.marked_equity()
    }

    fn trades(&self) -> &[Trade] {
        self.trades()
    }

    fn forget_trades(&mut self) -> usize {
        self.forget_trades()
    }

    fn write_row(&mut self, open: &[Position], profit: f64) {
        self.write_row(profit, open.len());
    }

    #[inline]
    fn write_quiet_row(&mut self, profit: f64, open_positions: usize, low: Option<f64>) {
        if let Some(low) = low {
            self.note_equity(self.balance() + low);
        }
        self.write_row(profit, open_positions);
    }

    #[inline]
    fn write_rows(&mut self, profits: &[f64], open_positions: usize, lows: Option<Lows<'_>>) {
        self.write_rows(profits, open_positions, lows);
    }

    #[inline]
    fn write_flat_rows(&mut self, bars: usize) {
        self.write_flat_rows(bars);
    }

    fn rewrite_last_row(&mut self) {
        self.rewrite_last_row();
    }
}
