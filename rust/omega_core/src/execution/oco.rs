//! OCO groups: of the orders of one that wait, a fill cancels the others (F8).

use super::OrderStatus;
use super::book::{OrderBook, Working};

impl OrderBook {
    /// The orders of the group of one that wait for a price, by number.
    pub(super) fn working_of_group(&self, row: usize) -> impl Iterator<Item = &Working> {
        let rows = self.groups.rows(&self.orders[row]).iter();
        let found = rows.filter_map(|row| self.index_of_row(*row));
        found.map(|index| &self.working[index])
    }

    /// Cancels what else waits in the OCO group of an order that filled (F8).
    pub(super) fn cancel_group(&mut self, filled: usize) {
        // Of all symbols, since a group may span them (X3.1).
        let rows = self.groups.fill(&self.orders[filled]);
        for row in rows {
            if row != filled && self.is_waiting(row) {
                self.end(row, OrderStatus::Cancelled(None));
            }
        }
    }
}
