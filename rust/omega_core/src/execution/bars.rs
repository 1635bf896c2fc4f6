//! Where the symbols of a run stand at a step.

use super::MarketFill;
use crate::types::{Bar, Side, SymbolId};

/// One symbol at one step of the loop: the bar that the engine is at, and the newest complete one.
#[derive(Debug, Clone, Copy)]
pub struct SymbolBar {
    /// The symbol.
    pub symbol: SymbolId,
    /// Index of its bar; of its next one where it has none at this step.
    pub index: usize,
    /// Whether it has a bar at this step. Where it has none, nothing fills (X2).
    pub trades: bool,
    /// Whether it has had the bars that the strategy needs of it: before, no order is taken (L2).
    pub is_ready: bool,
    /// The bar that orders are matched against, which may be a finer one inside the symbol's own;
    /// only its time counts where there is none.
    pub bar: Bar,
    /// Whether the symbol's own bar closes with it.
    pub closes: bool,
    /// Open time of the symbol's own bar.
    pub opens: i64,
    /// Open time of its bar at the step before, from which nights are counted.
    pub since: i64,
    /// The newest bar that the strategy saw; NaN before the first.
    pub last: Bar,
    /// Account currency per unit of quote currency, at this bar.
    pub rate: f64,
    /// The same at the last bar, which is what sizes may know.
    pub last_rate: f64,
    /// The volume that orders may take a share of; NaN where none is limited (W10).
    pub volume: f64,
}

impl SymbolBar {
    /// Where market orders fill on a side (F1, L3).
    #[inline]
    pub(super) fn market_price(&self, side: Side, rule: MarketFill) -> f64 {
        match rule {
            MarketFill::NextOpen => self.bar.side(side).open,
            MarketFill::LastClose => self.last.side(side).close,
        }
    }

    /// The same under the open time of the symbol's own bar, at which a manager's actions are
    /// submitted.
    pub(super) fn at_own_open(&self) -> Self {
        // The user's own manager runs once a step, whatever finer bars there are, so that its
        // orders carry the time of the step; `bar` has that of the last finer bar by now (I5.1).
        let bar = Bar {
            time: self.opens,
            ..self.bar
        };
        Self { bar, ..*self }
    }

    /// The symbol at a time before its first finer bar, where it has none yet.
    #[must_use]
    pub fn before(&self, time: i64) -> Self {
        let bar = Bar { time, ..self.last };
        Self {
            bar,
            trades: false,
            ..*self
        }
    }

    /// A finer bar that follows this one inside the symbol's own bar: its nights are booked.
    #[must_use]
    pub fn finer(&self, bar: Bar, closes: bool) -> Self {
        Self {
            bar,
            closes,
            // The finer bar before it, as in a run on the finer series (I5).
            last: self.bar,
            // From the bar's own open to the same open: no night is booked a second time (I5.1).
            since: self.opens,
            ..*self
        }
    }
}

/// What a step has to do with a symbol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Concern {
    /// Nothing.
    #[default]
    Nothing,
    /// Something where it has a bar: it has positions, or orders that wait for one.
    ItsBar,
    /// Something in any case, such as an action on it.
    Itself,
}

/// The symbols that a step concerns, in their order.
#[derive(Debug, Clone, Copy)]
pub struct StepBars<'a>(pub &'a [SymbolBar]);

impl<'a> StepBars<'a> {
    /// The bar of a symbol.
    ///
    /// # Panics
    /// Where the loop left out a symbol that has something open or that an action is about.
    #[inline]
    #[must_use]
    pub fn of(self, symbol: SymbolId) -> &'a SymbolBar {
        let found = self.find(symbol);
        // An `assert!`, since the bar of another symbol would give a price that nothing shows to be
        // wrong.
        assert!(found.is_some(), "the loop loads each symbol of a step");
        found.unwrap_or(&self.0[0])
    }

    /// The bar of a symbol, if the step concerns it.
    #[inline]
    pub(super) fn get(self, symbol: SymbolId) -> Option<&'a SymbolBar> {
        self.find(symbol)
    }

    /// The bar of a symbol, if it has one at this step.
    #[inline]
    #[must_use]
    pub fn trading_of(self, symbol: SymbolId) -> Option<&'a SymbolBar> {
        self.find(symbol).filter(|now| now.trades)
    }

    /// The bars of the symbols that have one at this step.
    #[inline]
    pub fn trading(self) -> impl Iterator<Item = &'a SymbolBar> {
        self.0.iter().filter(|now| now.trades)
    }

    /// The place of a symbol's bar.
    #[inline]
    pub(super) fn place_of(self, symbol: SymbolId) -> Option<usize> {
        // Mostly each symbol has a part in a step, and is where its number is.
        let own = symbol.index();
        if self.0.get(own).is_some_and(|now| now.symbol == symbol) {
            return Some(own);
        }
        self.0.binary_search_by_key(&symbol, |now| now.symbol).ok()
    }

    #[inline]
    fn find(self, symbol: SymbolId) -> Option<&'a SymbolBar> {
        Some(&self.0[self.place_of(symbol)?])
    }
}
