//! What a split or a roll makes of lots and prices that were there before it (A1, R3).

use crate::types::{Bar, Ohlc};

/// How lots, prices and distances read after an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Restated {
    divisor: f64,
    shift: f64,
    lots: f64,
}

impl Restated {
    /// After a split of one lot into so many.
    pub(super) fn split(ratio: f64) -> Self {
        Self {
            divisor: ratio,
            shift: 0.0,
            lots: ratio,
        }
    }

    /// After a roll from a contract at one price into another at a second price: by their ratio, or
    /// else by their difference.
    pub(super) fn rolled(old: f64, new: f64, by_ratio: bool) -> Self {
        let (divisor, shift) = if by_ratio {
            (old / new, 0.0)
        } else {
            (1.0, new - old)
        };
        Self {
            divisor,
            shift,
            lots: 1.0,
        }
    }

    pub(super) fn price(&self, price: f64) -> f64 {
        price / self.divisor + self.shift
    }

    pub(super) fn distance(&self, distance: f64) -> f64 {
        distance / self.divisor
    }

    pub(super) fn lots(&self, lots: f64) -> f64 {
        lots * self.lots
    }

    /// A bar in the prices after it.
    pub(super) fn bar(&self, bar: &Bar) -> Bar {
        let side = |side: &Ohlc| Ohlc {
            open: self.price(side.open),
            high: self.price(side.high),
            low: self.price(side.low),
            close: self.price(side.close),
        };
        Bar {
            time: bar.time,
            bid: side(&bar.bid),
            ask: side(&bar.ask),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_divides_prices_and_a_roll_moves_them() {
        let split = Restated::split(2.0);
        assert_eq!(
            (split.price(30.0), split.distance(3.0), split.lots(5.0)),
            (15.0, 1.5, 10.0)
        );
        let moved = Restated::rolled(100.0, 104.0, false);
        assert_eq!(
            (moved.price(95.0), moved.distance(3.0), moved.lots(5.0)),
            (99.0, 3.0, 5.0)
        );
        let scaled = Restated::rolled(100.0, 200.0, true);
        assert_eq!((scaled.price(95.0), scaled.distance(3.0)), (190.0, 6.0));
    }
}
