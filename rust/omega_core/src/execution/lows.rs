//! The open profits at the worst prices inside quiet bars, for the lowest equity of a run (M9).

use super::Exposure;
use super::marks::PriceRange;
use crate::store::{Prices, Spread, Stretch};
use crate::types::Bar;

/// A bar in which nothing happened: the open profit at its close.
#[derive(Debug)]
pub struct QuietBar<'a> {
    /// At the close.
    pub profit: f64,
    pub(super) exposure: &'a Exposure,
}

impl QuietBar<'_> {
    /// The open profit at the worst price of the bar.
    #[inline]
    #[must_use]
    pub fn low(&self, bar: &Bar) -> f64 {
        let at = |bid, ask| self.exposure.profit(bid, ask);
        let low = at(bar.bid.low, bar.ask.low);
        let high = at(bar.bid.high, bar.ask.high);
        let worst = lesser(low, high);
        if self.exposure.is_hedged() {
            lesser(worst, at(bar.bid.open, bar.ask.open))
        } else {
            worst
        }
    }
}

/// Quiet bars in a row.
#[derive(Debug, Clone, Copy)]
pub struct Lows<'a> {
    exposure: &'a Exposure,
    ranges: [PriceRange; 2],
    block: Stretch<'a>,
}

impl<'a> Lows<'a> {
    pub(super) fn of_block(
        exposure: &'a Exposure,
        ranges: [PriceRange; 2],
        block: Stretch<'a>,
    ) -> Self {
        Self {
            exposure,
            ranges,
            block,
        }
    }

    /// No open profit inside the bars is below this one.
    // From the extremes of the block, which marking has found already: hardly any block has to be
    // looked at bar by bar.
    #[must_use]
    pub fn least(&self) -> f64 {
        let [bid, ask] = &self.ranges;
        self.exposure.profit(bid.low, ask.high)
    }

    /// Whether one of them is the least: positions of one direction are worst off at one price.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.exposure.is_hedged()
    }

    /// None is above this one.
    #[must_use]
    pub fn most(&self) -> f64 {
        let [bid, ask] = &self.ranges;
        self.exposure.profit(bid.high, ask.low)
    }

    /// Hands on the open profit at the worst price of each bar.
    pub fn for_each(&self, mut take: impl FnMut(usize, f64)) {
        let (bid, ask) = (self.block.bid(), self.block.ask());
        let is_hedged = self.exposure.is_hedged();
        for bar in 0..self.block.len() {
            let at = |of: fn(&Prices<'a>) -> &'a [f64]| {
                let spread = match ask.spread {
                    Spread::None => 0.0,
                    Spread::Constant(spread) => spread,
                    Spread::Each(spreads) => spreads[bar],
                };
                self.exposure.profit(of(&bid)[bar], of(&ask)[bar] + spread)
            };
            let worst = lesser(at(|side| side.low), at(|side| side.high));
            let worst = if is_hedged {
                lesser(worst, at(|side| side.open))
            } else {
                worst
            };
            take(bar, worst);
        }
    }
}

fn lesser(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}
