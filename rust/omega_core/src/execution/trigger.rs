//! The prices at which an order or a position reacts: the one place where a kind of order and a
//! direction become prices, read by matching, by protective exits and by the quiet range.

use super::OrderType;
use crate::store::{Prices, Spread};
use crate::types::{Direction, Ohlc, Side};

/// Prices of one side at which something happens: at or below one, at or above the other. A price
/// without a level is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trigger {
    /// The side of the quote whose prices count.
    pub side: Side,
    /// Reached by a price at or below it.
    // Infinite and not `None`, so that levels are merged and compared without a branch.
    pub below: f64,
    /// Reached by a price at or above it.
    pub above: f64,
}

impl Trigger {
    /// No price of a side does anything.
    #[inline]
    #[must_use]
    pub const fn never(side: Side) -> Self {
        Self {
            side,
            below: f64::NEG_INFINITY,
            above: f64::INFINITY,
        }
    }

    /// Of an order that waits (F2 to F4).
    #[must_use]
    pub fn of_order(kind: OrderType, direction: Direction) -> Self {
        let never = Self::never(direction.entry_side());
        match (kind, direction) {
            (
                OrderType::Limit(price) | OrderType::LimitIfTouched { touch: price, .. },
                Direction::Long,
            )
            | (
                OrderType::Stop(price) | OrderType::StopLimit { stop: price, .. },
                Direction::Short,
            ) => Self {
                below: price,
                ..never
            },
            (
                OrderType::Limit(price) | OrderType::LimitIfTouched { touch: price, .. },
                Direction::Short,
            )
            | (
                OrderType::Stop(price) | OrderType::StopLimit { stop: price, .. },
                Direction::Long,
            ) => Self {
                above: price,
                ..never
            },
            (OrderType::Market | OrderType::AtClose | OrderType::Modify | OrderType::Cancel, _) => {
                never
            }
        }
    }

    /// Of the protective exits of a position (F6).
    #[inline]
    #[must_use]
    pub fn of_exits(
        direction: Direction,
        stop_loss: Option<f64>,
        take_profit: Option<f64>,
    ) -> Self {
        // As levels of the quote, not facing, because a quiet range merges longs and shorts of a
        // side.
        let (below, above) = match direction {
            Direction::Long => (stop_loss, take_profit),
            Direction::Short => (take_profit, stop_loss),
        };
        Self {
            side: direction.exit_side(),
            below: below.unwrap_or(f64::NEG_INFINITY),
            above: above.unwrap_or(f64::INFINITY),
        }
    }

    /// Whether a price reaches the lower level.
    #[inline]
    #[must_use]
    pub fn is_below(&self, price: f64) -> bool {
        price <= self.below
    }

    /// Whether a price reaches the upper level.
    #[inline]
    #[must_use]
    pub fn is_above(&self, price: f64) -> bool {
        price >= self.above
    }

    /// Whether the open itself reaches it.
    #[inline]
    #[must_use]
    pub fn is_reached_at_open(&self, bar: &Ohlc) -> bool {
        self.is_below(bar.open) || self.is_above(bar.open)
    }

    /// Whether a price of the bar reaches it.
    #[inline]
    #[must_use]
    pub fn is_reached(&self, bar: &Ohlc) -> bool {
        self.is_below(bar.low) || self.is_above(bar.high)
    }

    /// Merges another trigger of the same side into it.
    #[inline]
    pub(super) fn include(&mut self, other: &Self) {
        if other.below > self.below {
            self.below = other.below;
        }
        if other.above < self.above {
            self.above = other.above;
        }
    }

    /// Whether nothing in a bar reaches it. Not the opposite of the two above: a bar with a NaN
    /// reaches nothing and is not quiet either.
    #[inline]
    pub(super) fn is_quiet(&self, bar: &Ohlc) -> bool {
        // The open as well: in data that was not validated it may lie outside of low and high, and
        // orders are matched against it.
        bar.low > self.below
            && bar.high < self.above
            && bar.open > self.below
            && bar.open < self.above
    }

    /// Whether no price can reach it, so that none has to be read.
    #[inline]
    pub(super) fn is_never(&self) -> bool {
        self.below == f64::NEG_INFINITY && self.above == f64::INFINITY
    }

    /// How many bars at the head of a stretch are quiet.
    pub(super) fn quiet_bars(&self, prices: &Prices<'_>) -> usize {
        match prices.spread {
            Spread::None => self.count_quiet(prices, |price, _| price),
            Spread::Constant(spread) => self.count_quiet(prices, |price, _| price + spread),
            Spread::Each(spreads) => self.count_quiet(prices, |price, bar| price + spreads[bar]),
        }
    }

    #[inline]
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "a branch for each comparison would keep the loop from being vectorised"
    )]
    fn count_quiet(&self, prices: &Prices<'_>, side: impl Fn(f64, usize) -> f64) -> usize {
        let bars = prices.low.len();
        let (open, high, low) = (
            &prices.open[..bars],
            &prices.high[..bars],
            &prices.low[..bars],
        );
        let is_quiet = |bar: usize| {
            let (open, high, low) = (
                side(open[bar], bar),
                side(high[bar], bar),
                side(low[bar], bar),
            );
            (low > self.below) & (high < self.above) & (open > self.below) & (open < self.above)
        };
        // Mostly all bars are quiet, and a fold finds that out without a branch for each bar.
        if (0..bars).fold(true, |all, bar| all & is_quiet(bar)) {
            return bars;
        }
        (0..bars).position(|bar| !is_quiet(bar)).unwrap_or(bars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAR: Ohlc = Ohlc {
        open: 100.0,
        high: 106.0,
        low: 97.0,
        close: 103.0,
    };

    #[test]
    fn buyers_wait_below_with_limits_and_above_with_stops_and_sellers_the_other_way_round() {
        let stop_limit = OrderType::StopLimit {
            stop: 105.0,
            limit: 104.0,
        };
        let touched = |touch| OrderType::LimitIfTouched { touch, limit: 90.0 };
        for (kind, long_reached, short_reached) in [
            (OrderType::Limit(98.0), true, true), // a sell limit below the open fills there
            (OrderType::Limit(96.0), false, true),
            (OrderType::Stop(105.0), true, true), // a sell stop above the open is behind it
            (OrderType::Stop(107.0), false, true),
            (OrderType::Stop(96.0), true, false),
            (stop_limit, true, true),
            (touched(98.0), true, true),
            (touched(96.0), false, true),
            (OrderType::AtClose, false, false),
            (OrderType::Market, false, false),
            (OrderType::Cancel, false, false),
            (OrderType::Modify, false, false),
        ] {
            let long = Trigger::of_order(kind, Direction::Long);
            let short = Trigger::of_order(kind, Direction::Short);
            assert_eq!((long.side, short.side), (Side::Ask, Side::Bid));
            assert_eq!(long.is_reached(&BAR), long_reached, "{kind:?} long");
            assert_eq!(short.is_reached(&BAR), short_reached, "{kind:?} short");
        }
    }

    #[test]
    fn exits_of_a_short_position_mirror_those_of_a_long_one() {
        let long = Trigger::of_exits(Direction::Long, Some(97.0), Some(110.0));
        assert_eq!(
            (long.side, long.below, long.above),
            (Side::Bid, 97.0, 110.0)
        );
        let short = Trigger::of_exits(Direction::Short, Some(110.0), None);
        assert_eq!(
            (short.side, short.below, short.above),
            (Side::Ask, f64::NEG_INFINITY, 110.0)
        );
        assert!(long.is_reached(&BAR) && !short.is_reached(&BAR));
    }

    #[test]
    fn the_open_reaches_a_level_that_it_is_at_or_beyond() {
        let at = |below, above| {
            let never = Trigger::never(Side::Bid);
            Trigger {
                below,
                above,
                ..never
            }
        };
        assert!(at(100.0, f64::INFINITY).is_reached_at_open(&BAR));
        assert!(at(f64::NEG_INFINITY, 100.0).is_reached_at_open(&BAR));
        assert!(!at(99.0, 101.0).is_reached_at_open(&BAR));
    }

    #[test]
    fn a_bar_is_quiet_where_it_reaches_nothing_and_has_no_nan() {
        let mut range = Trigger::never(Side::Bid);
        assert!(range.is_quiet(&BAR));
        range.include(&Trigger::of_exits(Direction::Long, Some(96.9), Some(106.1)));
        assert!(range.is_quiet(&BAR));
        let nan = Ohlc {
            low: f64::NAN,
            ..BAR
        };
        assert!(!range.is_quiet(&nan) && !range.is_reached(&nan));
        range.include(&Trigger::of_exits(Direction::Long, Some(97.0), None));
        assert!(!range.is_quiet(&BAR));
    }

    #[test]
    fn a_column_has_as_many_quiet_bars_as_its_bars_one_by_one() {
        let column = |values: [f64; 5]| values.to_vec();
        let (open, high) = (
            column([100.0, 101.0, 100.0, 99.0, 100.0]),
            column([102.0, 103.0, 105.0, 100.0, 101.0]),
        );
        let low = column([99.0, 100.0, 98.0, 97.0, 96.0]);
        let spreads = column([0.0, 0.5, 0.0, 2.0, 9.0]);
        for spread in [Spread::None, Spread::Constant(0.5), Spread::Each(&spreads)] {
            let prices = Prices {
                open: &open,
                high: &high,
                low: &low,
                close: &open,
                spread,
            };
            for (below, above) in [(90.0, 110.0), (98.0, 110.0), (96.5, 105.0), (0.0, 103.0)] {
                let trigger = Trigger {
                    side: Side::Ask,
                    below,
                    above,
                };
                let bar = |i: usize| {
                    let added = match spread {
                        Spread::None => 0.0,
                        Spread::Constant(spread) => spread,
                        Spread::Each(spreads) => spreads[i],
                    };
                    Ohlc {
                        open: open[i] + added,
                        high: high[i] + added,
                        low: low[i] + added,
                        close: open[i] + added,
                    }
                };
                let one_by_one = (0..5).take_while(|&i| trigger.is_quiet(&bar(i))).count();
                assert_eq!(trigger.quiet_bars(&prices), one_by_one, "{below}, {above}");
            }
        }
    }
}
