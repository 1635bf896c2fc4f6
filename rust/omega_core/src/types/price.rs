//! The prices of one bar, read from the columns where they lie.

use super::{Direction, Side};

/// Open, high, low and close of one side of one bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ohlc {
    /// First price of the interval.
    pub open: f64,
    /// Highest price of the interval.
    pub high: f64,
    /// Lowest price of the interval.
    pub low: f64,
    /// Last price of the interval.
    pub close: f64,
}

/// Both sides of one bar and its open time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Open time in the unit of the symbol's time column.
    pub time: i64,
    /// The side that sell orders trade on.
    pub bid: Ohlc,
    /// The side that buy orders trade on.
    pub ask: Ohlc,
}

impl Bar {
    /// The prices of one side.
    #[inline]
    #[must_use]
    pub fn side(&self, side: Side) -> &Ohlc {
        match side {
            Side::Bid => &self.bid,
            Side::Ask => &self.ask,
        }
    }
}

impl Ohlc {
    /// The prices as a trade of this direction faces them: unchanged for long; for short negated,
    /// with high and low exchanged. Rules written for buying then hold for selling as well, and
    /// negation is exact, so that mirrored runs give mirrored results to the last bit.
    #[inline]
    #[must_use]
    pub fn facing(&self, direction: Direction) -> Self {
        match direction {
            Direction::Long => *self,
            Direction::Short => Self {
                open: -self.open,
                // Exchanged, since the lowest price is the highest once negated.
                high: -self.low,
                low: -self.high,
                close: -self.close,
            },
        }
    }
}
