//! The fields of an open position that quiet steps read.

use crate::execution::{Position, open_profit};
use crate::types::{Direction, TradeId};

/// An open position, as far as the sums over quiet steps need it.
// A position is five cache lines; of 5,000 symbols they are read one after the other, once a block,
// and not again symbol by symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldPosition {
    pub(super) id: TradeId,
    pub(super) direction: Direction,
    entry_price: f64,
    lots: f64,
    contract_size: f64,
    pub(super) marked_profit: f64,
}

impl HeldPosition {
    pub(super) fn of(position: &Position) -> Self {
        Self {
            id: position.id,
            direction: position.direction,
            entry_price: position.entry_price,
            lots: position.lots,
            contract_size: position.contract_size,
            marked_profit: position.marked_profit,
        }
    }

    /// The profit at a price, by that price.
    pub(super) fn profit(&self, rate: f64) -> impl Fn(f64) -> f64 + use<> {
        let (entry, sign) = (self.entry_price, self.direction.sign());
        let (lots, size) = (self.lots, self.contract_size);
        move |price| open_profit(price, entry, sign, lots, size, rate)
    }
}
