//! Levels, and distances from a price.

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

    /// Its price, where it is known before the entry.
    #[must_use]
    pub fn price(self) -> Option<f64> {
        match self {
            Self::At(price) => Some(price),
            Self::Away(_) => None,
        }
    }
}
