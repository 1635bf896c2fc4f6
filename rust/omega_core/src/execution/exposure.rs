//! What the open positions of one symbol are worth at a price, as one line for each side of the
//! quote: the tests for ruin and stop-out solve it for the price (M9).

use super::Position;
use crate::types::Direction;

/// The positions of one symbol added up, longs and shorts apart, in account currency.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Exposure {
    long: Sums,
    short: Sums,
}

/// Positions of one direction: their profit at a price is `units × price - cost`, or the negative.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sums {
    /// Units times rate: what one unit of price is worth.
    units: f64,
    /// Units times rate times entry price.
    cost: f64,
    positions: usize,
}

impl Exposure {
    /// Adds up positions, in order of entry, at a conversion rate.
    #[must_use]
    pub fn of<'a>(positions: impl Iterator<Item = &'a Position>, rate: f64) -> Self {
        let mut exposure = Self::default();
        positions.for_each(|position| exposure.add(position, rate));
        exposure
    }

    /// Adds a position, at a conversion rate.
    #[inline]
    pub fn add(&mut self, position: &Position, rate: f64) {
        let sums = match position.direction {
            Direction::Long => &mut self.long,
            Direction::Short => &mut self.short,
        };
        let size = position.lots * position.contract_size;
        let units = size * rate;
        // What a cash account paid was converted at the rate of the purchase (M11).
        let paid = position.entry_rate.map_or(units, |own| size * own);
        sums.units += units;
        sums.cost += paid * position.entry_price;
        sums.positions += 1;
    }

    /// The direction of all positions, where they have one.
    #[inline]
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        match (self.long.positions, self.short.positions) {
            (0, 0) => None,
            (_, 0) => Some(Direction::Long),
            (0, _) => Some(Direction::Short),
            _ => None,
        }
    }

    /// Whether there are positions of both directions.
    #[inline]
    #[must_use]
    pub fn is_hedged(&self) -> bool {
        self.long.positions > 0 && self.short.positions > 0
    }

    /// Whether there are no positions.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.long.positions == 0 && self.short.positions == 0
    }

    /// Open profit at a bid and an ask.
    #[inline]
    #[must_use]
    pub fn profit(&self, bid: f64, ask: f64) -> f64 {
        // A side without positions is left out, so that its prices need not be numbers.
        match (self.long.positions, self.short.positions) {
            (0, 0) => 0.0,
            (_, 0) => self.long.units * bid - self.long.cost,
            (0, _) => self.short.cost - self.short.units * ask,
            _ => {
                (self.long.units * bid - self.long.cost)
                    + (self.short.cost - self.short.units * ask)
            }
        }
    }

    /// What the positions are worth at a bid and an ask, both directions added up: margin is a
    /// share of it.
    #[must_use]
    pub fn value(&self, bid: f64, ask: f64) -> f64 {
        match (self.long.positions, self.short.positions) {
            (0, 0) => 0.0,
            (_, 0) => self.long.units * bid.abs(),
            (0, _) => self.short.units * ask.abs(),
            _ => self.long.units * bid.abs() + self.short.units * ask.abs(),
        }
    }

    /// The price, of the side that the positions are left on, at which an account that has so much
    /// besides has no more than `level` times its margin; none where no price does that (M9).
    #[must_use]
    pub fn price_at(&self, rest: &Rest, level: f64, maintenance_rate: f64) -> Option<f64> {
        let (needed, share) = (level * rest.margin, level * maintenance_rate);
        match self.direction()? {
            Direction::Long if share >= 1.0 => None,
            Direction::Long => {
                let Sums { units, cost, .. } = self.long;
                let value = cost - rest.equity + needed;
                // Below 0 the margin of longs grows as the price falls.
                let grows = if value < 0.0 {
                    1.0 + share
                } else {
                    1.0 - share
                };
                Some(value / (units * grows))
            }
            Direction::Short => {
                let Sums { units, cost, .. } = self.short;
                let value = cost + rest.equity - needed;
                let grows = if value < 0.0 {
                    1.0 - share
                } else {
                    1.0 + share
                };
                (grows > 0.0).then(|| value / (units * grows))
            }
        }
    }

    /// How far prices may move against every position at once before the equity has fallen by so
    /// much and the margin has grown with it.
    #[must_use]
    pub fn distance_of(&self, loss: f64, level: f64, maintenance_rate: f64) -> f64 {
        let units = self.long.units + self.short.units;
        loss / (units * (1.0 + level * maintenance_rate))
    }
}

/// An account without the positions of one symbol.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rest {
    /// Balance plus the open profit of the other positions at their last marks.
    pub equity: f64,
    /// Margin of the other positions, at their maintenance rates.
    pub margin: f64,
}

/// The price at which the account closes positions of a symbol, and why (M9).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccountStop {
    /// The price, of the side that the positions are left on.
    pub price: f64,
    /// `StopOut` or `Ruin`.
    pub reason: super::ExitReason,
}
