//! Netting: a fill closes what is open in the other direction first (F7, F14).

use super::Simulator;
use super::fills::{Closing, EntryPrice, slips};
use crate::execution::instrument::EQUAL_SIZES;
use crate::execution::{Account, ExitReason, Position, SymbolBar};

impl Simulator {
    /// Closes so many lots of the other direction, oldest first; gives those that are left.
    pub(super) fn close_opposite<A: Account>(
        &mut self,
        row: usize,
        mut left: f64,
        at: EntryPrice,
        now: &SymbolBar,
        account: &mut A,
    ) -> f64 {
        let order = &self.book.orders[row];
        let (id, slips) = (order.id, slips(order));
        while left > 0.0 {
            let order = &self.book.orders[row];
            let symbol = order.symbol;
            let may_close = |position: &Position| order.may_close(position);
            let Some(index) = self.positions.find_of(symbol, may_close) else {
                break;
            };
            let open = self.positions.open[index].lots;
            let all = left >= open * (1.0 - EQUAL_SIZES);
            let lots = if all { open } else { left };
            left = if all && left <= open * (1.0 + EQUAL_SIZES) {
                0.0
            } else {
                left - lots
            };
            let closing = Closing {
                index,
                lots,
                price: at.price,
                reason: ExitReason::Signal,
                order: Some(id),
                slips,
                is_maker: at.is_maker,
            };
            self.close_position(&closing, now, account);
        }
        left
    }
}
