//! The money side of execution: the balance that it reads and the bookings that it reports. The
//! portfolio stage implements it.

use super::{ExitReason, Fill, Position};

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
    /// Worst and best net profit of the outcomes that a policy did not choose, as far as they
    /// belong to the part closed (I3).
    pub alternative_pnl: Option<(f64, f64)>,
}

/// The money side of a run, as execution sees it.
pub trait Account {
    /// Cash after all booked profits and costs.
    fn balance(&self) -> f64;

    /// Notes the equity at a price inside a bar, for the lowest one of a run (M9).
    fn note_equity(&mut self, _equity: f64) {}

    /// Whether an equity inside a bar is certainly neither the lowest nor the deepest fall.
    fn is_ordinary(&self, _equity: f64) -> bool {
        false
    }

    /// Notes the time at which the account was ruined (M8).
    fn note_ruin(&mut self, _time: i64) {}

    /// Books the fee of an entry.
    fn book_entry(&mut self, position: &Position, fill: &Fill);

    /// Books financing of an open position.
    fn book_swap(&mut self, position: &Position, amount: f64, time: i64);

    /// Books profit and fee of an exit; the closed trade becomes the last of the trades.
    fn book_exit(&mut self, exit: &Exit<'_>);
}
