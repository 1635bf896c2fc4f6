//! The side of a quote and the direction of a position.

/// A side of the quote: orders that buy trade on the ask, orders that sell on the bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The price at which the market buys; sell orders fill here.
    Bid,
    /// The price at which the market sells; buy orders fill here.
    Ask,
}

/// Whether a position profits from rising or from falling prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Bought: profits when prices rise.
    Long,
    /// Sold: profits when prices fall.
    Short,
}

impl Direction {
    /// `1.0` for long and `-1.0` for short: the factor of rule M2.
    #[inline]
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            // A factor, so that profit is one product for both directions, exact in its sign.
            Self::Long => 1.0,
            Self::Short => -1.0,
        }
    }

    /// The side on which a position of this direction is entered.
    #[inline]
    #[must_use]
    pub fn entry_side(self) -> Side {
        match self {
            Self::Long => Side::Ask,
            Self::Short => Side::Bid,
        }
    }

    /// The side on which a position of this direction is left, and marked.
    #[inline]
    #[must_use]
    pub fn exit_side(self) -> Side {
        match self {
            Self::Long => Side::Bid,
            Self::Short => Side::Ask,
        }
    }

    /// The other direction: of the order that closes a position of this one.
    #[inline]
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }
}
