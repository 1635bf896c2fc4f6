//! The rows of orders, by number: all of them, or in a run that keeps none those that may still
//! change.

use std::ops::{Index, IndexMut};

use super::{Order, OrderStatus};
use crate::allocation;
use crate::error::OmegaError;
use crate::types::OrderId;

/// Rows that are let go of together.
// So many that a short run lets go of none, which took 4 % of its time; 1 MB. Few where runs are
// tested, so that short ones meet it.
const TOGETHER: usize = if cfg!(debug_assertions) { 16 } else { 4096 };

/// The orders of a run by row: an order keeps its row, however many before it are no more.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Whether those that have ended are let go of.
    pub(super) forgets: bool,
    kept: Vec<Order>,
    /// So many rows before those that are kept are no more.
    gone: usize,
    /// Of those the numbers of the orders that filled, one bit each.
    gone_filled: Vec<u64>,
}

impl Orders {
    /// No orders, in the memory of others.
    pub(super) fn in_memory(mut rows: Vec<Order>) -> Self {
        rows.clear();
        Self {
            kept: rows,
            ..Self::default()
        }
    }

    /// The row that the next order will have.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.gone + self.kept.len()
    }

    #[inline]
    pub(super) fn push(&mut self, order: Order) {
        self.kept.push(order);
    }

    /// Makes room for more rows.
    #[inline]
    pub(super) fn grow(&mut self, by: usize) -> Result<(), OmegaError> {
        allocation::grow(&mut self.kept, by, "orders")
    }

    /// Those from a row on, all of which are kept.
    #[inline]
    pub(super) fn from(&self, row: usize) -> &[Order] {
        &self.kept[row - self.gone..]
    }

    /// Lets go of those before a row, where they are many and more than the rest.
    #[inline]
    pub(super) fn forget_before(&mut self, row: usize) {
        let ended = row - self.gone;
        if self.forgets && ended >= TOGETHER.max(self.kept.len() / 2) {
            self.forget(ended);
        }
    }

    #[inline(never)]
    fn forget(&mut self, rows: usize) {
        self.gone += rows;
        for order in self.kept.drain(..rows) {
            if order.status == OrderStatus::Filled {
                let (word, bit) = place(order.id);
                if self.gone_filled.len() <= word {
                    self.gone_filled.resize(word + 1, 0);
                }
                self.gone_filled[word] |= bit;
            }
        }
    }

    /// The row of an order of this number; none where it has none that is kept.
    fn row_of(&self, order: OrderId) -> Option<usize> {
        let row = self.kept.binary_search_by_key(&order, |order| order.id);
        row.ok().map(|row| self.gone + row)
    }

    /// The row of an order of this number that waits.
    pub(super) fn waiting(&self, order: OrderId) -> Option<usize> {
        self.row_of(order).filter(|&row| self.is_waiting(row))
    }

    /// Whether the order of a row waits.
    pub(super) fn is_waiting(&self, row: usize) -> bool {
        row >= self.gone && self[row].status == OrderStatus::Working
    }

    /// Whether an order of this number has filled.
    pub(super) fn has_filled(&self, order: OrderId) -> bool {
        let (word, bit) = place(order);
        match self.row_of(order) {
            Some(row) => self[row].status == OrderStatus::Filled,
            None => self.gone_filled.get(word).is_some_and(|all| all & bit != 0),
        }
    }

    /// All that are kept.
    pub(super) fn into_rows(self) -> Vec<Order> {
        self.kept
    }
}

/// The word and the bit of a number.
fn place(order: OrderId) -> (usize, u64) {
    (order.0 as usize / 64, 1 << (order.0 % 64))
}

impl Index<usize> for Orders {
    type Output = Order;

    #[inline]
    fn index(&self, row: usize) -> &Order {
        &self.kept[row - self.gone]
    }
}

impl IndexMut<usize> for Orders {
    #[inline]
    fn index_mut(&mut self, row: usize) -> &mut Order {
        &mut self.kept[row - self.gone]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_keeps_its_row_and_is_known_to_have_filled_when_those_before_it_are_no_more() {
        let mut orders = Orders {
            forgets: true,
            ..Orders::default()
        };
        for number in 0..3 * TOGETHER {
            let status = match number % 3 {
                0 => OrderStatus::Filled,
                1 => OrderStatus::Cancelled(None),
                _ => OrderStatus::Working,
            };
            // Every second number is taken by something else.
            let id = OrderId(2 * u32::try_from(number).unwrap());
            orders.push(Order {
                status,
                ..Order::stop_limit(id, 0, None)
            });
        }
        let (kept, all) = (2 * TOGETHER, 3 * TOGETHER);
        orders.forget_before(TOGETHER / 2);
        assert_eq!(orders.from(0).len(), all, "too few to be worth it");
        orders.forget_before(kept);
        assert_eq!((orders.len(), orders.from(kept).len()), (all, TOGETHER));
        for row in 0..all {
            let id = OrderId(2 * u32::try_from(row).unwrap());
            assert_eq!(orders.has_filled(id), row % 3 == 0, "{row}");
            assert!(!orders.has_filled(OrderId(id.0 + 1)), "{row}");
            let waits = row % 3 == 2 && row >= kept;
            assert_eq!(orders.waiting(id), waits.then_some(row), "{row}");
            assert!(row < kept || orders[row].id == id);
        }
    }
}
