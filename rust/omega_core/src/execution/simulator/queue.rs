//! What waits for the next bar without a price of its own: closes that managers asked for, and
//! market orders and closes on a symbol that had no bar when they were asked for.

use super::Simulator;
use crate::execution::{Account, CloseTarget, ExitReason, Live, Moment, OrderStatus, RejectReason};

/// An order that fills at the open of the next bar of its symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Its row among the orders.
    pub(super) row: usize,
    /// What is to be done.
    pub(super) wish: Wish,
}

/// What an order of the queue is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wish {
    /// Open a position.
    Enter,
    /// Close a fraction of positions for a reason.
    Close(CloseTarget, f64, ExitReason),
}

impl Simulator {
    /// Fills what waits for this bar of its symbol, in the order of asking.
    pub fn fill_asked<A: Account>(&mut self, now: &Moment, account: &mut A) {
        let is_due = |this: &Self, asked: &Asked| this.orders[asked.row].symbol == now.symbol;
        if !self.asked.iter().any(|asked| is_due(self, asked)) {
            return;
        }
        // A fill may cancel others of the queue (F8), so places shift; rows only ever ascend in it.
        let mut next_row = 0;
        loop {
            let from = self.asked.partition_point(|asked| asked.row < next_row);
            let due = self.asked[from..]
                .iter()
                .position(|asked| is_due(self, asked));
            let Some(place) = due else {
                return;
            };
            let asked = self.asked.remove(from + place);
            next_row = asked.row + 1;
            self.changes += 1;
            match asked.wish {
                Wish::Enter => self.enter_asked(asked.row, now, account),
                Wish::Close(target, fraction, reason) => {
                    self.close_asked(asked.row, target, (fraction, reason), now, account);
                }
            }
        }
    }

    fn enter_asked<A: Account>(&mut self, row: usize, now: &Moment, account: &mut A) {
        let side = self.orders[row].direction.entry_side();
        let price = now.market_price(side, self.settings.market_fill);
        if let Err(reason) = self.enter(row, (price, Live::FromOpen), now, account) {
            self.refuse_late(self.orders[row].id, reason, now);
        }
    }

    fn close_asked<A: Account>(
        &mut self,
        row: usize,
        target: CloseTarget,
        what: (f64, ExitReason),
        now: &Moment,
        account: &mut A,
    ) {
        let mut meant = Vec::new();
        self.positions_meant(target, &mut meant);
        if meant.is_empty() {
            self.orders[row].status = OrderStatus::Cancelled;
            return;
        }
        let mut closed = false;
        for trade in meant {
            closed |= self.close_part(trade, row, what, now, account);
        }
        self.orders[row].status = if closed {
            OrderStatus::Filled
        } else {
            self.refuse_late(self.orders[row].id, RejectReason::Size, now);
            OrderStatus::Rejected(RejectReason::Size)
        };
    }

    /// Takes an order out of the queue; its row, where it was there.
    pub(super) fn unask(&mut self, order: crate::types::OrderId) -> Option<usize> {
        let place = (self.asked.iter()).position(|asked| self.orders[asked.row].id == order)?;
        Some(self.asked.remove(place).row)
    }
}
