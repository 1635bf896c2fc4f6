//! The bars of a symbol within steps that are taken together: their range and their last close.

use crate::execution::marks::PriceRange;
use crate::execution::{Position, Semantics};
use crate::store::{Prices, Stretch};
use crate::types::Direction;

/// The bars of a symbol from a step on, one at each.
#[derive(Debug, Clone, Copy)]
pub struct OwnBars<'a> {
    /// The bars.
    pub bars: Stretch<'a>,
    /// The index of the first of them.
    pub first: usize,
    /// The rate that holds for all of them.
    pub rate: f64,
}

/// Range and last close of bars in a row, on the exit side of a direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) direction: Direction,
    range: PriceRange,
    /// The last close.
    close: f64,
}

impl Seen {
    pub(super) fn of(direction: Direction, bars: &Stretch<'_>) -> Self {
        let prices = prices(direction, bars);
        let mut range = PriceRange::EMPTY;
        range.widen_by(&prices);
        let last = bars.len().checked_sub(1);
        Self {
            direction,
            range,
            close: last.map_or(f64::NAN, |last| prices.close_at(last)),
        }
    }

    /// Widens the range of prices of a position.
    fn observe(&self, position: &mut Position) {
        match self.direction {
            Direction::Long => position.observe(self.range.low, self.range.high),
            Direction::Short => position.observe(-self.range.high, -self.range.low),
        }
    }

    /// Gives a position the range of its bars and the mark of the last one.
    pub(super) fn pass(&self, position: &mut Position, rate: f64) {
        self.observe(position);
        position.mark(self.close, rate, Semantics::Two);
        position.account_stop = None;
    }
}

/// Widens the range of prices of a position by its bars.
pub(super) fn observe(position: &mut Position, bars: &Stretch<'_>) {
    Seen::of(position.direction, bars).observe(position);
}

/// The prices of the exit side of a direction.
pub(super) fn prices<'a>(direction: Direction, own: &Stretch<'a>) -> Prices<'a> {
    match direction {
        Direction::Long => own.bid(),
        Direction::Short => own.ask(),
    }
}
