//! Identifiers, as 32-bit numbers.

/// A symbol's place in the store, in the order in which the symbols were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
// 32 bits, like the identifier columns of the result tables.
pub struct SymbolId(pub u32);

/// An order's number, in the order of submission; every action takes one, also one that is refused
/// (F9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderId(pub u32);

/// A trade's number: that of the order whose fill opened it, so that trades may be opened in
/// another order than that of their numbers (F13).
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
