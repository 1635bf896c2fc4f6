//! The money side of execution: the balance that it reads and the bookings that it reports. The
//! portfolio stage implements it.

use super::{ExitReason, Fill, Position};
use crate::types::TradeId;

/// A position, or a part of one, that was just closed.
#[derive(Debug)]
pub struct Exit<'a> {
    /// The position as it was before.
    pub position: &'a Position,
    /// The fill that closed it.
    pub fill: &'a Fill,
    /// Why.
    pub reason: ExitReason,
    /// Entry fee that belongs to the part closed.
    pub entry_fee: f64,
    /// Financing that belongs to the part closed.
    pub swap: f64,
    /// Account currency per unit of quote currency.
    pub rate: f64,
    /// Worst and best net profit of the outcomes that a policy did not choose, for the part closed
    /// (I3).
    pub alternative_pnl: Option<(f64, f64)>,
}

/// What a ledger line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKind {
    /// The cash at the start.
    Deposit,
    /// Profit or loss of a closed part, before costs.
    Pnl,
    /// A fee of an entry or exit leg; the amount is negative.
    Fee,
    /// Financing over a night.
    Swap,
    /// A dividend, before tax (A2).
    Dividend,
    /// Tax withheld from a dividend; the amount is negative.
    Tax,
    /// Cash in lieu of lots (A1, A6).
    SplitCash,
    /// Profit or loss of a position in a symbol that was delisted (A7).
    Delisting,
    /// Interest on cash (C1).
    Interest,
    /// The cost of borrowing for a short sale (C2).
    Borrow,
    /// A payment between the longs and the shorts of a perpetual future (C3).
    Funding,
}

impl LedgerKind {
    const ALL: [Self; 11] = [
        Self::Deposit,
        Self::Pnl,
        Self::Fee,
        Self::Swap,
        Self::Dividend,
        Self::Tax,
        Self::SplitCash,
        Self::Delisting,
        Self::Interest,
        Self::Borrow,
        Self::Funding,
    ];

    /// The kind of a name in result tables.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name used in result tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Pnl => "pnl",
            Self::Fee => "fee",
            Self::Swap => "swap",
            Self::Dividend => "dividend",
            Self::Tax => "tax",
            Self::SplitCash => "split_cash",
            Self::Delisting => "delisting",
            Self::Interest => "interest",
            Self::Borrow => "borrow",
            Self::Funding => "funding",
        }
    }
}

/// Money that comes or goes without a fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Booking {
    /// What it is for.
    pub kind: LedgerKind,
    /// The trade that it belongs to, where it belongs to one.
    pub trade: Option<TradeId>,
    /// What is added to the balance.
    pub amount: f64,
    /// When.
    pub time: i64,
}

/// The money side of a run, as execution sees it.
pub trait Account {
    /// Cash after all booked profits and costs.
    fn balance(&self) -> f64;

    /// Notes the equity at a price inside a bar, for the lowest one of a run (M9).
    fn note_equity(&mut self, _equity: f64) {}

    /// Whether an equity inside a bar can be neither the lowest of the run nor its deepest
    /// drawdown.
    fn is_ordinary(&self, _equity: f64) -> bool {
        false
    }

    /// Notes the time at which the account was ruined (M8).
    fn note_ruin(&mut self, _time: i64) {}

    /// Books the fee of an entry.
    fn book_entry(&mut self, position: &Position, fill: &Fill);

    /// Books financing of an open position.
    fn book_swap(&mut self, position: &Position, amount: f64, time: i64);

    /// Books money that comes or goes without a fill.
    fn book(&mut self, booking: &Booking);

    /// Notes the sum of all dividends earned and not yet paid.
    fn note_receivable(&mut self, _amount: f64) {}

    /// Dividends earned and not yet paid, which are equity but not cash (A2).
    fn receivable(&self) -> f64 {
        0.0
    }

    /// Books profit and fee of an exit; the closed trade becomes the last of the trades.
    fn book_exit(&mut self, exit: &Exit<'_>);
}
