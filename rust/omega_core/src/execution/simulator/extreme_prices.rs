//! The prices inside a bar at which the equity of an account is tested (M9).

use crate::execution::{Exposure, Live, Position, SymbolBar};
use crate::types::{Direction, Side};

/// A price of a bar at which the equity is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extreme {
    Open,
    Low,
    High,
}

impl Extreme {
    /// The prices at which the equity of a bar may be the lowest: the adverse extreme for positions
    /// of one direction; open, low and high for both directions.
    #[inline]
    pub(super) fn worst_for(exposure: &Exposure) -> &'static [Self] {
        match exposure.direction() {
            Some(Direction::Long) => &[Self::Low],
            Some(Direction::Short) => &[Self::High],
            None if exposure.is_empty() => &[],
            None => &[Self::Open, Self::Low, Self::High],
        }
    }

    /// Bid and ask there.
    #[inline]
    pub(super) fn of(self, now: &SymbolBar) -> (f64, f64) {
        let (bid, ask) = (&now.bar.bid, &now.bar.ask);
        match self {
            Self::Open => (bid.open, ask.open),
            Self::Low => (bid.low, ask.low),
            Self::High => (bid.high, ask.high),
        }
    }

    pub(super) fn price(self, position: &Position, now: &SymbolBar) -> f64 {
        let (bid, ask) = self.of(now);
        match position.direction.exit_side() {
            Side::Bid => bid,
            Side::Ask => ask,
        }
    }

    /// Whether it certainly came after a position's entry.
    pub(super) fn certainly_followed(self, position: &Position) -> bool {
        let (live, is_long) = (position.live, position.direction.exit_side() == Side::Bid);
        match self {
            Self::Open => live == Live::FromOpen,
            Self::Low if is_long => live.low_follows(),
            Self::Low => live.high_follows(),
            Self::High if is_long => live.high_follows(),
            Self::High => live.low_follows(),
        }
    }
}
