//! The columns of trades and orders out of their rows, for whoever takes columns.

use super::columns::narrow;
use crate::execution::{Level, Order, RejectReason};
use crate::portfolio::Trade;
use crate::types::{Direction, SymbolId};

/// Takes the columns of a table, one after the other, in the order of its schema.
// A table keeps them all. The fingerprint needs one at a time, so that a sweep, whose tables are
// seldom read, makes none.
pub(super) trait TakeColumns<'a> {
    fn u32s(&mut self, values: impl Iterator<Item = u32>);
    fn f64s(&mut self, values: impl Iterator<Item = f64>);
    fn optional_f64s(&mut self, values: impl Iterator<Item = Option<f64>>);
    fn times(&mut self, values: impl Iterator<Item = i64>);
    fn bools(&mut self, values: impl Iterator<Item = bool>);
    fn symbols(&mut self, values: impl Iterator<Item = SymbolId>);
    /// Names out of the closed list that the schema states.
    fn names(&mut self, values: impl Iterator<Item = &'static str>);
    fn texts(&mut self, values: impl Iterator<Item = Option<&'a str>>);
    fn tags(&mut self, values: impl Iterator<Item = &'a [String]>);
}

/// All columns of the trades.
pub(super) fn trades<'a>(rows: &'a [Trade], to: &mut impl TakeColumns<'a>) {
    to.u32s(rows.iter().map(|r| r.id.0));
    to.symbols(rows.iter().map(|r| r.symbol));
    to.names(rows.iter().map(|r| direction_name(r.direction)));
    to.f64s(rows.iter().map(|r| r.lots));
    to.f64s(rows.iter().map(|r| r.units));
    to.u32s(rows.iter().map(|r| narrow(r.entry_index)));
    to.times(rows.iter().map(|r| r.entry_time));
    to.f64s(rows.iter().map(|r| r.entry_price));
    to.u32s(rows.iter().map(|r| narrow(r.exit_index)));
    to.times(rows.iter().map(|r| r.exit_time));
    to.f64s(rows.iter().map(|r| r.exit_price));
    to.optional_f64s(rows.iter().map(|r| r.stop_loss));
    to.optional_f64s(rows.iter().map(|r| r.take_profit));
    to.names(rows.iter().map(|r| r.exit_reason.name()));
    to.bools(rows.iter().map(|r| r.ambiguous));
    to.f64s(rows.iter().map(|r| r.gross_pnl));
    to.f64s(rows.iter().map(|r| r.fees));
    to.f64s(rows.iter().map(|r| r.swap));
    to.f64s(rows.iter().map(|r| r.net_pnl));
    to.optional_f64s(rows.iter().map(|r| r.r_multiple));
    to.f64s(rows.iter().map(|r| r.mae));
    to.f64s(rows.iter().map(|r| r.mfe));
    to.u32s(rows.iter().map(|r| narrow(r.bars_held)));
    to.texts(rows.iter().map(|r| r.labels.reason()));
    to.tags(rows.iter().map(|r| r.labels.tags()));
}

/// The columns of the orders that are hashed.
pub(super) fn hashed_orders<'a>(rows: &'a [Order], to: &mut impl TakeColumns<'a>) {
    to.u32s(rows.iter().map(|r| r.id.0));
    to.symbols(rows.iter().map(|r| r.symbol));
    to.names(rows.iter().map(|r| side_name(r.direction)));
    to.names(rows.iter().map(|r| r.kind.name()));
    to.f64s(rows.iter().map(|r| r.lots));
    to.optional_f64s(rows.iter().map(|r| r.kind.price()));
    to.optional_f64s(rows.iter().map(|r| r.stop_loss.and_then(Level::price)));
    to.optional_f64s(rows.iter().map(|r| r.take_profit.and_then(Level::price)));
    to.times(rows.iter().map(|r| r.submitted_time));
    to.names(rows.iter().map(|r| r.status.name()));
    to.texts(
        rows.iter()
            .map(|r| r.status.reason().map(RejectReason::name)),
    );
}

pub(super) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

fn side_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "buy",
        Direction::Short => "sell",
    }
}
