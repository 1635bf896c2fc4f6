//! Identifiers: dense, given in the order of creation, so that sorting by them is sorting by time.

/// A symbol's place in the store, in the order in which the symbols were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
// 32 bits, like the identifier columns of the result tables.
pub struct SymbolId(pub u32);

/// An order's number; every order request takes one, also one that is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderId(pub u32);

/// A trade's number, given when its entry fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TradeId(pub u32);

impl SymbolId {
    /// The place as an index.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
