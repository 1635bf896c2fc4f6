//! Levels, and distances from a price.

use super::restated::Restated;
use crate::types::{Bar, Direction, Ohlc};

/// How far a level is from a price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distance {
    /// In price.
    Price(f64),
    /// In percent of the price that it counts from.
    Percent(f64),
}

impl Distance {
    /// In price, from a price.
    #[inline]
    #[must_use]
    pub fn from(self, price: f64) -> f64 {
        match self {
            Self::Price(distance) => distance,
            // Prices may be negative where the instrument allows it (T3).
            Self::Percent(percent) => price.abs() * percent / 100.0,
        }
    }

    /// The same in the prices after a split or a roll (A1, R3).
    pub(super) fn restated(self, by: &Restated) -> Self {
        match self {
            Self::Price(distance) => Self::Price(by.distance(distance)),
            Self::Percent(_) => self,
        }
    }

    /// Whether something can be this far away.
    pub(super) fn is_valid(self) -> bool {
        let (Self::Price(distance) | Self::Percent(distance)) = self;
        distance.is_finite() && distance > 0.0
    }
}

/// Where a protective exit stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// At a price.
    At(f64),
    /// So far from the price at which its position is entered (F6).
    Away(Distance),
}

impl Level {
    /// Its price for an entry at a price; a sign of 1 is above that, -1 below.
    #[must_use]
    pub fn from(self, entry: f64, sign: f64) -> f64 {
        match self {
            Self::At(price) => price,
            Self::Away(distance) => entry + sign * distance.from(entry),
        }
    }

    /// The same in the prices after a split or a roll (A1, R3).
    pub(super) fn restated(self, by: &Restated) -> Self {
        match self {
            Self::At(price) => Self::At(by.price(price)),
            Self::Away(distance) => Self::Away(distance.restated(by)),
        }
    }

    /// Its price, where it is known before the entry.
    #[must_use]
    pub fn price(self) -> Option<f64> {
        match self {
            Self::At(price) => Some(price),
            Self::Away(_) => None,
        }
    }
}

/// The price of a stop order that is so far behind a price of a bar, of the side that it fills on
/// and as it faces it.
pub(super) fn trailed(
    direction: Direction,
    distance: Distance,
    price: impl Fn(&Ohlc) -> f64,
    bar: &Bar,
) -> f64 {
    let price = price(&bar.side(direction.entry_side()).facing(direction));
    let level = (price + distance.from(price)) * direction.sign();
    // One NaN for all, whatever its sign: the bits of a refused order's price are hashed.
    if level.is_nan() { f64::NAN } else { level }
}
