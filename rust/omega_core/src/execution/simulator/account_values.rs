//! Equity and margin of an account at given prices, and what they are made of (M9).

use crate::execution::{AccountStop, Exposure, Instrument, Rest, SymbolBar};
use crate::types::SymbolId;

/// An account at given prices.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) equity: f64,
    pub(super) margin: f64,
}

impl Standing {
    /// Adds the positions of a symbol, at the open of its bar.
    #[inline]
    pub(super) fn add(&mut self, exposure: &Exposure, now: &SymbolBar, instrument: &Instrument) {
        if !exposure.is_empty() {
            let (bid, ask) = (now.bar.bid.open, now.bar.ask.open);
            self.equity += exposure.profit(bid, ask);
            self.margin += instrument.maintenance_rate * exposure.value(bid, ask);
        }
    }
}

/// An account as one symbol sees it: the symbol's own positions, and the rest.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SymbolAccount {
    pub(super) exposure: Exposure,
    pub(super) rest: Rest,
    /// The open profits of the rest at their last marks.
    pub(super) marks: f64,
    /// How many of the open positions are in it.
    pub(super) positions: usize,
    pub(super) balance: f64,
    /// Whether a position may have been entered inside the bar at hand.
    pub(super) has_entries: bool,
    /// Whether the account's stop has been computed from it.
    pub(super) has_stop: bool,
    /// The account's stop, where there is one.
    pub(super) stop: Option<AccountStop>,
    /// Whether every position of the symbol has that stop.
    pub(super) is_spread: bool,
    pub(super) made_of: Option<MadeOf>,
}

impl SymbolAccount {
    /// The bar is over, and whatever comes next comes after its entries.
    #[inline]
    pub(super) fn forget_entries(&mut self) {
        self.has_entries = false;
    }
}

/// What these sums depend on, besides new positions and the balance; floats by their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MadeOf {
    pub(super) symbol: SymbolId,
    pub(super) closes: u64,
    pub(super) marks: u64,
    pub(super) rate: u64,
}
