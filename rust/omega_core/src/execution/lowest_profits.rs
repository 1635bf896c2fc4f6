//! The open profits at the worst prices inside quiet bars, for the lowest equity of a run (M9).

use super::Exposure;
use super::marks::{PriceRange, lesser};
use crate::store::{Spread, Stretch};
use crate::types::{Bar, Direction};

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
        worst_of(
            self.exposure,
            || at(bar.bid.low, bar.ask.low),
            || at(bar.bid.high, bar.ask.high),
            || at(bar.bid.open, bar.ask.open),
        )
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
        for bar in 0..self.block.len() {
            let spread = match ask.spread {
                Spread::None => 0.0,
                Spread::Constant(spread) => spread,
                Spread::Each(spreads) => spreads[bar],
            };
            let at = |bid: &[f64], ask: &[f64]| self.exposure.profit(bid[bar], ask[bar] + spread);
            let worst = worst_of(
                self.exposure,
                || at(bid.low, ask.low),
                || at(bid.high, ask.high),
                || at(bid.open, ask.open),
            );
            take(bar, worst);
        }
    }
}

/// The least of the open profits at the low, the high and the open of a bar: of positions of one
/// direction it is that at their adverse extreme.
#[inline]
fn worst_of(
    exposure: &Exposure,
    low: impl FnOnce() -> f64,
    high: impl FnOnce() -> f64,
    open: impl FnOnce() -> f64,
) -> f64 {
    match exposure.direction() {
        Some(Direction::Long) => low(),
        Some(Direction::Short) => high(),
        None => lesser(lesser(low(), high()), open()),
    }
}
