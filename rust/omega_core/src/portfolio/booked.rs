//! The sums of the lines of a ledger.

use super::LedgerKind;

/// Sums of the ledger by kind, of closed and open positions alike.
#[derive(Debug, Clone, Copy, Default)]
pub struct Booked {
    pub(crate) swap: f64,
    pub(crate) borrow: f64,
    pub(crate) funding: f64,
    /// After tax.
    pub(crate) dividends: f64,
    pub(crate) interest: f64,
}

impl Booked {
    /// Adds a line, in the order of the ledger.
    #[inline]
    pub(crate) fn add(&mut self, kind: LedgerKind, amount: f64) {
        match kind {
            LedgerKind::Swap => self.swap += amount,
            LedgerKind::Borrow => self.borrow += amount,
            LedgerKind::Funding => self.funding += amount,
            LedgerKind::Dividend | LedgerKind::Tax => self.dividends += amount,
            LedgerKind::Interest => self.interest += amount,
            LedgerKind::Deposit
            | LedgerKind::Pnl
            | LedgerKind::Fee
            | LedgerKind::SplitCash
            | LedgerKind::Delisting => {}
        }
    }
}
