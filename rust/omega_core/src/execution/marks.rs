//! Marks of a quiet range: where prices have been, and the open profits of all positions, in
//! columns.

use super::{Position, open_profit};
use crate::store::{Prices, Spread, Stretch};
use crate::types::Ohlc;

/// Values compared side by side.
const LANES: usize = 8;

/// The lowest and highest price so far.
#[derive(Debug, Clone, Copy)]
pub struct PriceRange {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl PriceRange {
    pub(super) const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    pub(super) fn include(&mut self, other: &Self) {
        self.low = lesser(self.low, other.low);
        self.high = -lesser(-self.high, -other.high);
    }

    #[inline]
    pub(super) fn widen(&mut self, bar: &Ohlc) {
        if bar.low < self.low {
            self.low = bar.low;
        }
        if bar.high > self.high {
            self.high = bar.high;
        }
    }

    /// Widens it by bars that are quiet, so that their prices are numbers.
    pub(super) fn widen_by(&mut self, prices: &Prices<'_>) {
        let (low, high) = match prices.spread {
            Spread::None => (least(prices.low), greatest(prices.high)),
            // Rounding keeps the order: the least sum is that of the least price.
            Spread::Constant(spread) => {
                (least(prices.low) + spread, greatest(prices.high) + spread)
            }
            Spread::Each(_) => {
                let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
                for_each_price(prices, prices.low, |_, price| {
                    low = lesser(low, price);
                });
                for_each_price(prices, prices.high, |_, price| {
                    high = -lesser(-high, -price);
                });
                (low, high)
            }
        };
        self.low = lesser(self.low, low);
        self.high = -lesser(-self.high, -high);
    }
}

/// What marking needs of each position, in columns: the profits are independent of each other and
/// computed side by side; their sum is taken in the order of entry (M5).
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) entry_price: Vec<f64>,
    pub(super) sign: Vec<f64>,
    pub(super) lots: Vec<f64>,
    pub(super) contract_size: Vec<f64>,
    pub(super) profit: Vec<f64>,
    /// The open profits of a block of bars: memory alone.
    pub(super) block: Vec<f64>,
}

impl Marks {
    pub(super) fn clear(&mut self) {
        self.entry_price.clear();
        self.sign.clear();
        self.lots.clear();
        self.contract_size.clear();
        self.profit.clear();
    }

    pub(super) fn push(&mut self, position: &Position) {
        self.entry_price.push(position.entry_price);
        self.sign.push(position.direction.sign());
        self.lots.push(position.lots);
        self.contract_size.push(position.contract_size);
        self.profit.push(0.0);
    }

    /// The open profit at the closes of bid and ask.
    #[inline]
    pub(super) fn profit(&mut self, [bid, ask]: [f64; 2], rate: f64) -> f64 {
        let sizes = self.lots.iter().zip(&self.contract_size);
        let positions = self.entry_price.iter().zip(&self.sign).zip(sizes);
        for (profit, ((entry, sign), (lots, size))) in self.profit.iter_mut().zip(positions) {
            // A long position is left on the bid, a short one on the ask.
            let close = if *sign > 0.0 { bid } else { ask };
            *profit = open_profit(close, *entry, *sign, *lots, *size, rate);
        }
        // Apart from the loop above: profits may be computed side by side, but their sum keeps its
        // order (M5.1).
        self.profit.iter().fold(0.0, |sum, profit| sum + profit)
    }

    /// The open profit at each close of a block, position by position.
    pub(super) fn profits(&self, block: &Stretch<'_>, rate: f64, profits: &mut [f64]) {
        profits.fill(0.0);
        // Position by position, each adding to all sums of the block: every bar's sum is still
        // taken in the order of entry, and no addition waits for the one before it. It
        // costs 0.44 ns for each position and bar.
        for place in 0..self.entry_price.len() {
            let (entry, sign) = (self.entry_price[place], self.sign[place]);
            // A sign changes no bit but one, so it may be taken into the lots; and a factor of 1
            // changes none, so that it is left out where the compiler can see it.
            let (lots, size) = (sign * self.lots[place], self.contract_size[place]);
            // A long position is left on the bid, a short one on the ask.
            let prices = if sign > 0.0 { block.bid() } else { block.ask() };
            if size.to_bits() == 1.0_f64.to_bits() && rate.to_bits() == 1.0_f64.to_bits() {
                add_at_closes(profits, &prices, |close| {
                    open_profit(close, entry, 1.0, lots, 1.0, 1.0)
                });
            } else {
                add_at_closes(profits, &prices, |close| {
                    open_profit(close, entry, 1.0, lots, size, rate)
                });
            }
        }
    }
}

/// Adds what a position makes at each close.
#[inline]
fn add_at_closes(sums: &mut [f64], prices: &Prices<'_>, profit: impl Fn(f64) -> f64) {
    // In pairs and not by place: a check of each place would keep the loop from being vectorised.
    let pairs = sums.iter_mut().zip(prices.close);
    match prices.spread {
        Spread::None => pairs.for_each(|(sum, &close)| *sum += profit(close)),
        Spread::Constant(spread) => pairs.for_each(|(sum, &close)| *sum += profit(close + spread)),
        Spread::Each(spreads) => pairs
            .zip(spreads)
            .for_each(|((sum, &close), spread)| *sum += profit(close + spread)),
    }
}

/// Hands on each price of a column, the spread added.
#[inline]
pub(super) fn for_each_price(
    prices: &Prices<'_>,
    column: &[f64],
    mut take: impl FnMut(usize, f64),
) {
    let numbered = column.iter().enumerate();
    match prices.spread {
        Spread::None => numbered.for_each(|(bar, &price)| take(bar, price)),
        Spread::Constant(spread) => numbered.for_each(|(bar, &price)| take(bar, price + spread)),
        Spread::Each(spreads) => numbered
            .zip(spreads)
            .for_each(|((bar, &price), spread)| take(bar, price + spread)),
    }
}

#[inline]
pub(super) fn lesser(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// The greatest of some values.
pub(crate) fn greatest(values: &[f64]) -> f64 {
    extreme(values, f64::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

/// The least of some values.
pub(crate) fn least(values: &[f64]) -> f64 {
    extreme(values, f64::INFINITY, lesser)
}

/// The extreme of some values, in lanes: which of equal ones it is makes no difference.
#[inline]
fn extreme(values: &[f64], none: f64, of: impl Fn(f64, f64) -> f64) -> f64 {
    let Some(end) = values.last_chunk::<LANES>() else {
        return values.iter().fold(none, |all, &value| of(all, value));
    };
    // Each lane has an extreme of its own, because a single one would make every comparison wait
    // for the one before.
    let mut lanes = [none; LANES];
    let mut take = |block: &[f64; LANES]| {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane = of(*lane, value);
        }
    };
    values.as_chunks().0.iter().for_each(&mut take);
    // Some of the last block a second time, which changes no extreme.
    take(end);
    lanes.into_iter().fold(none, of)
}
