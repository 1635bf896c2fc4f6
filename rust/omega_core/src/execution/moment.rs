//! Where the symbols of a run stand at a step.

use super::MarketFill;
use crate::types::{Bar, Side, SymbolId};

/// One symbol at one step of the loop: the bar that the engine is at, and the newest complete one.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The symbol.
    pub symbol: SymbolId,
    /// Index of its bar; of its next one where it has none at this step.
    pub index: usize,
    /// Whether it has a bar at this step. Where it has none, nothing fills (X2).
    pub trades: bool,
    /// The bar that orders are matched against; only its time counts where there is none.
    pub bar: Bar,
    /// Open time of its bar at the step before, from which nights are counted.
    pub since: i64,
    /// The newest bar that the strategy saw; NaN before the first.
    pub last: Bar,
    /// Account currency per unit of quote currency, at this bar.
    pub rate: f64,
    /// The same at the last bar, which is what sizes may know.
    pub last_rate: f64,
}

impl Moment {
    /// Where market orders fill on a side (F1, L3).
    pub(super) fn market_price(&self, side: Side, rule: MarketFill) -> f64 {
        match rule {
            MarketFill::NextOpen => self.bar.side(side).open,
            MarketFill::LastClose => self.last.side(side).close,
        }
    }
}

/// The symbols that matter at a step, in their order; at least the first one.
#[derive(Debug, Clone, Default)]
pub struct Moments(Vec<Moment>);

impl Moments {
    /// A run of one symbol has one.
    #[must_use]
    pub fn of_one(now: Moment) -> Self {
        Self(vec![now])
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds that of the next symbol.
    pub fn push(&mut self, now: Moment) {
        self.0.push(now);
    }

    /// That of a symbol.
    ///
    /// # Panics
    /// Where the loop did not look at a symbol that has something open or that an action means.
    #[inline]
    #[must_use]
    pub fn of(&self, symbol: SymbolId) -> &Moment {
        let found = self.0.binary_search_by_key(&symbol, |now| now.symbol);
        assert!(found.is_ok(), "the loop looks at each symbol that matters");
        &self.0[found.unwrap_or(0)]
    }

    /// That of a symbol that has a bar at this step.
    #[inline]
    #[must_use]
    pub fn trading_of(&self, symbol: SymbolId) -> Option<&Moment> {
        let place = self.0.binary_search_by_key(&symbol, |now| now.symbol);
        place
            .ok()
            .map(|place| &self.0[place])
            .filter(|now| now.trades)
    }

    /// All, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Moment] {
        &self.0
    }

    /// Those of the symbols that have a bar at this step.
    pub fn trading(&self) -> impl Iterator<Item = &Moment> {
        self.0.iter().filter(|now| now.trades)
    }

    /// All, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        self.0.iter_mut()
    }
}
