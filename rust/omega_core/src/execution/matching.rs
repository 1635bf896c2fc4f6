//! Where orders fill inside a bar (F1 to F4), for a buyer; a seller sees the bar mirrored
//! (`Ohlc::facing`), and the fill is mirrored back by the caller.

use super::{OrderType, Trigger};
use crate::types::{Direction, Ohlc};

/// From when on a position is live within the bar in which it was filled (F11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// The whole bar follows: it was there before, or it filled at the open.
    FromOpen,
    /// It filled on the way down to a limit: the low follows for certain.
    FromLimit,
    /// It filled on the way up to a stop: the high follows for certain.
    FromStop,
    /// It filled on the way back from an armed stop to a limit, or at the close: only the close is
    /// certain.
    FromPullback,
}

impl Live {
    /// Whether the bar's low comes after the fill on every path (I1).
    #[must_use]
    pub fn low_follows(self) -> bool {
        match self {
            Self::FromOpen | Self::FromLimit => true,
            Self::FromStop | Self::FromPullback => false,
        }
    }

    /// Whether the bar's high comes after the fill on every path (I1).
    #[must_use]
    pub fn high_follows(self) -> bool {
        match self {
            Self::FromOpen | Self::FromStop => true,
            Self::FromLimit | Self::FromPullback => false,
        }
    }

    /// The leg of a path on which the fill happened: 0 from the open to the first extreme, 1 to the
    /// second, 2 to the close (I2).
    #[must_use]
    pub fn leg(self, low_first: bool) -> usize {
        match (self, low_first) {
            (Self::FromOpen, _) | (Self::FromLimit, true) | (Self::FromStop, false) => 0,
            (Self::FromLimit | Self::FromPullback, false) | (Self::FromStop, true) => 1,
            (Self::FromPullback, true) => 2,
        }
    }
}

/// What a bar does to a working order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Match {
    /// Nothing.
    None,
    /// The price that arms its limit was reached. Where the open reached it the limit works in the
    /// rest of the bar, else from the next bar on (F4).
    Armed,
    /// It fills at this price, before slippage.
    Filled(f64, Live),
}

/// What the open price itself does to a buy order (F2 to F4).
#[must_use]
pub fn at_open(kind: OrderType, bar: &Ohlc, improve: bool) -> Match {
    // The trigger of a buyer, whatever the direction: kind and bar are mirrored by the caller.
    if !Trigger::of_order(kind, Direction::Long).is_reached_at_open(bar) {
        return Match::None;
    }
    match kind {
        OrderType::Limit(price) => Match::Filled(limit_price(price, bar, improve), Live::FromOpen),
        OrderType::Stop(_) => Match::Filled(bar.open, Live::FromOpen),
        OrderType::StopLimit { limit, .. } | OrderType::LimitIfTouched { limit, .. }
            if bar.open <= limit =>
        {
            Match::Filled(bar.open, Live::FromOpen)
        }
        OrderType::StopLimit { .. } | OrderType::LimitIfTouched { .. } => Match::Armed,
        // Each kind by name: behind a wildcard, a new kind would compile and never fill.
        OrderType::Market | OrderType::AtClose | OrderType::Modify | OrderType::Cancel => {
            Match::None
        }
    }
}

/// What the bar after its open does to a buy order that the open left alone (F2 to F4).
#[must_use]
pub fn in_bar(kind: OrderType, bar: &Ohlc) -> Match {
    if !Trigger::of_order(kind, Direction::Long).is_reached(bar) {
        return Match::None;
    }
    match kind {
        OrderType::Limit(price) => Match::Filled(price, Live::FromLimit),
        OrderType::Stop(price) => Match::Filled(price, Live::FromStop),
        // On its way up through the stop the price is within the limit, whatever comes after.
        OrderType::StopLimit { stop, limit } if stop <= limit => {
            Match::Filled(stop, Live::FromStop)
        }
        // Not the low: it may have come before the stop was reached. The close comes after it for
        // certain (F4.1).
        OrderType::StopLimit { limit, .. } if bar.close <= limit => {
            Match::Filled(limit, Live::FromPullback)
        }
        // On its way down the price passes the one that arms the limit before the limit itself.
        OrderType::LimitIfTouched { touch, limit } if touch <= limit => {
            Match::Filled(touch, Live::FromLimit)
        }
        OrderType::LimitIfTouched { limit, .. } if bar.low <= limit => {
            Match::Filled(limit, Live::FromLimit)
        }
        OrderType::StopLimit { .. } | OrderType::LimitIfTouched { .. } => Match::Armed,
        OrderType::Market | OrderType::AtClose | OrderType::Modify | OrderType::Cancel => {
            Match::None
        }
    }
}

/// A limit that the open is better than fills at the open (F2). Without improvement it fills at its
/// own price, or at the nearest price that the bar traded at.
fn limit_price(price: f64, bar: &Ohlc, improve: bool) -> f64 {
    // Without improvement the price still has to be one of the bar's, which may lie below the limit
    // as a whole (F10).
    if improve {
        bar.open
    } else if price < bar.high {
        price
    } else {
        bar.high
    }
}

/// The fill price of a take profit that the open is beyond, as the position faces it.
#[must_use]
pub fn target_at_open(target: f64, bar: &Ohlc, improve: bool) -> f64 {
    if improve {
        bar.open
    } else if target > bar.low {
        target
    } else {
        bar.low
    }
}

impl OrderType {
    /// The order with its prices as a trade of this direction faces them.
    #[must_use]
    pub fn facing(self, direction: Direction) -> Self {
        let sign = direction.sign();
        match self {
            Self::Limit(price) => Self::Limit(price * sign),
            Self::Stop(price) => Self::Stop(price * sign),
            Self::StopLimit { stop, limit } => Self::StopLimit {
                stop: stop * sign,
                limit: limit * sign,
            },
            Self::LimitIfTouched { touch, limit } => Self::LimitIfTouched {
                touch: touch * sign,
                limit: limit * sign,
            },
            Self::Market | Self::AtClose | Self::Modify | Self::Cancel => self,
        }
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
    fn limits_fill_at_their_price_or_at_a_better_open() {
        assert_eq!(
            at_open(OrderType::Limit(101.0), &BAR, true),
            Match::Filled(100.0, Live::FromOpen)
        );
        assert_eq!(
            in_bar(OrderType::Limit(98.0), &BAR),
            Match::Filled(98.0, Live::FromLimit)
        );
        assert_eq!(
            in_bar(OrderType::Limit(97.0), &BAR),
            Match::Filled(97.0, Live::FromLimit)
        );
        assert_eq!(in_bar(OrderType::Limit(96.9), &BAR), Match::None);
    }

    #[test]
    fn limits_without_improvement_stay_inside_the_bar() {
        assert_eq!(
            at_open(OrderType::Limit(101.0), &BAR, false),
            Match::Filled(101.0, Live::FromOpen)
        );
        assert_eq!(
            at_open(OrderType::Limit(200.0), &BAR, false),
            Match::Filled(106.0, Live::FromOpen)
        );
    }

    #[test]
    fn stops_fill_at_their_price_or_at_a_worse_open() {
        assert_eq!(
            at_open(OrderType::Stop(99.0), &BAR, true),
            Match::Filled(100.0, Live::FromOpen)
        );
        assert_eq!(
            in_bar(OrderType::Stop(105.0), &BAR),
            Match::Filled(105.0, Live::FromStop)
        );
        assert_eq!(in_bar(OrderType::Stop(106.5), &BAR), Match::None);
    }

    #[test]
    fn a_touched_limit_fills_where_the_price_falls_to_it() {
        let order = |touch, limit| OrderType::LimitIfTouched { touch, limit };
        assert_eq!(
            at_open(order(101.0, 100.5), &BAR, true),
            Match::Filled(100.0, Live::FromOpen)
        );
        assert_eq!(at_open(order(101.0, 99.0), &BAR, true), Match::Armed);
        assert_eq!(at_open(order(99.0, 101.0), &BAR, true), Match::None);
        assert_eq!(
            in_bar(order(99.0, 99.5), &BAR),
            Match::Filled(99.0, Live::FromLimit)
        );
        assert_eq!(
            in_bar(order(99.0, 98.0), &BAR),
            Match::Filled(98.0, Live::FromLimit)
        );
        assert_eq!(in_bar(order(98.0, 96.0), &BAR), Match::Armed);
        assert_eq!(in_bar(order(96.0, 96.0), &BAR), Match::None);
    }

    #[test]
    fn stop_limits_fill_only_where_it_is_certain() {
        let order = |stop, limit| OrderType::StopLimit { stop, limit };
        assert_eq!(
            at_open(order(99.0, 101.0), &BAR, true),
            Match::Filled(100.0, Live::FromOpen)
        );
        assert_eq!(at_open(order(99.0, 99.5), &BAR, true), Match::Armed);
        assert_eq!(
            in_bar(order(104.0, 105.0), &BAR),
            Match::Filled(104.0, Live::FromStop)
        );
        assert_eq!(
            in_bar(order(105.0, 104.0), &BAR),
            Match::Filled(104.0, Live::FromPullback)
        );
        assert_eq!(in_bar(order(105.0, 101.0), &BAR), Match::Armed);
        assert_eq!(in_bar(order(107.0, 108.0), &BAR), Match::None);
    }
}
