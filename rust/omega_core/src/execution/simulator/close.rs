//! Closing at the market, and cancelling.

use super::fills::Closing;
use super::{STEPS_OF_AN_ORDER, Simulator};
use crate::execution::book::{CloseRequest, QueuedTask};
use crate::execution::{
    Account, CloseTarget, Expiry, Labels, Order, OrderStatus, OrderType, ReduceOnly, RejectReason,
    Semantics, SymbolBar,
};
use crate::types::{Direction, OrderId, SymbolId, TradeId};

impl Simulator {
    pub(super) fn close<A: Account>(
        &mut self,
        id: OrderId,
        request: &CloseRequest,
        now: &SymbolBar,
        account: &mut A,
    ) -> Option<RejectReason> {
        if is_fraction(request.fraction) && self.cancel_waiting(request.target) {
            return None;
        }
        // What is open by now, after queued orders and the actions before this one, not what was
        // open when the strategy decided (X2.2).
        let symbol = self.find_targets(request.target);
        let first = self.targets.first();
        let first = first.and_then(|&trade| self.positions.get(trade));
        let direction = first.map(|position| position.direction);
        let row = self
            .book
            .add(market_order(id, symbol, direction, now.bar.time));
        let refused = if !is_fraction(request.fraction) {
            Some(RejectReason::Size)
        } else if self.targets.is_empty() {
            Some(RejectReason::NotFound)
        } else if !now.trades {
            self.book.queue(row, QueuedTask::Close(*request));
            return None;
        } else if self.close_targets(row, request, now, account) {
            None
        } else if self.book.orders[row].is_cut {
            return None;
        } else {
            Some(RejectReason::Size)
        };
        self.book.orders[row].status = refused.map_or(OrderStatus::Filled, OrderStatus::Rejected);
        refused
    }

    /// Cancels the order that waits under the number of a close, which then leaves no row (F13).
    /// Returns whether there is one.
    #[inline]
    pub(super) fn cancel_waiting(&mut self, target: CloseTarget) -> bool {
        let CloseTarget::Trade(number) = target else {
            return false;
        };
        self.settings.semantics == Semantics::Two && self.book.cancel(OrderId(number.0))
    }

    /// Fills what waits for this bar of its symbol, in the order in which it was queued.
    pub(super) fn fill_queued<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        let mut next_row = 0;
        // By row and not by place: a fill may cancel others of its group in the queue, and a walk
        // by place then skipped the next order, which filled a bar late.
        while let Some(due) = self.book.take_due(now.symbol, next_row, false) {
            next_row = due.row + 1;
            match due.task {
                QueuedTask::Open | QueuedTask::AtClose => {
                    self.open_queued(due.row, now, account);
                }
                QueuedTask::Close(request) => self.close_queued(due.row, &request, now, account),
                // Not taken here: it fills with the others of its step (W6).
                QueuedTask::Rebalance => {}
            }
            if self.is_stopped(STEPS_OF_AN_ORDER) {
                break;
            }
        }
        self.book.settle();
    }

    fn close_queued<A: Account>(
        &mut self,
        row: usize,
        request: &CloseRequest,
        now: &SymbolBar,
        account: &mut A,
    ) {
        // Anew, since what was open when the close was queued may be gone by now. That is no
        // refusal: there was something to close when it was accepted (I4.5, X2.2).
        self.find_targets(request.target);
        let status = if self.targets.is_empty() {
            OrderStatus::Cancelled(None)
        } else if self.close_targets(row, request, now, account) {
            OrderStatus::Filled
        } else if self.book.orders[row].is_cut {
            return;
        } else {
            self.refuse_late(self.book.orders[row].id, RejectReason::Size, now);
            OrderStatus::Rejected(RejectReason::Size)
        };
        self.book.orders[row].status = status;
    }

    /// Finds the positions that a close applies to. Returns its symbol.
    fn find_targets(&mut self, target: CloseTarget) -> SymbolId {
        self.targets.clear();
        match target {
            // Never from a strategy: `submit` has resolved its close of everything.
            CloseTarget::All => {
                self.targets
                    .extend(self.positions.open.iter().map(|p| p.id));
                SymbolId(0)
            }
            CloseTarget::Symbol(symbol) => {
                let open = self.positions.of_symbol(symbol);
                self.targets.extend(open.map(|p| p.id));
                symbol
            }
            CloseTarget::Trade(trade) => {
                if let Some(position) = self.positions.get(trade) {
                    self.targets.push(trade);
                    return position.symbol;
                }
                let waiting = self.waiting_order(trade);
                waiting.map_or(SymbolId(0), |row| self.book.orders[row].symbol)
            }
        }
    }

    /// Closes the positions found; whether any lots were closed.
    fn close_targets<A: Account>(
        &mut self,
        row: usize,
        request: &CloseRequest,
        now: &SymbolBar,
        account: &mut A,
    ) -> bool {
        // Trade numbers and not places, because each close moves those behind it up.
        let targets = std::mem::take(&mut self.targets);
        let mut closed = false;
        for &trade in &targets {
            closed |= self.close_part(trade, row, request, now, account);
        }
        self.targets = targets;
        closed
    }

    /// Closes a fraction of one position at the market. Returns false where nothing is closed, as
    /// for a fraction of less than a step in version 1 of the rules.
    fn close_part<A: Account>(
        &mut self,
        trade: TradeId,
        row: usize,
        request: &CloseRequest,
        now: &SymbolBar,
        account: &mut A,
    ) -> bool {
        let Some(index) = self.positions.index_of(trade) else {
            return false;
        };
        if !is_fraction(request.fraction) {
            return false;
        }
        let position = &self.positions.open[index];
        let instrument = &self.settings.symbols[position.symbol.index()].instrument;
        let lots = if request.fraction >= 1.0 {
            position.lots
        } else if self.settings.semantics == Semantics::Two {
            instrument.part_to_close(position.lots, request.fraction)
        } else {
            match instrument.order_size(position.lots * request.fraction) {
                // Rounding counts what is a billionth short of a step as the step, which may be
                // more than there is (M3.1).
                Ok(lots) if lots < position.lots => lots,
                Ok(_) => position.lots,
                Err(_) => return false,
            }
        };
        let side = position.direction.exit_side();
        let Some(lots) = self.part_within_volume(row, index, lots, request, now) else {
            return false;
        };
        let order = &mut self.book.orders[row];
        order.lots += lots;
        let closing = Closing {
            index,
            lots,
            price: now.market_price(side, self.settings.market_fill),
            reason: request.reason,
            order: Some(order.id),
            slips: true,
            is_maker: false,
        };
        let fills_before = self.positions.fills.len();
        self.close_position(&closing, now, account);
        self.note_volume(fills_before, now);
        true
    }

    pub(super) fn cancel(
        &mut self,
        id: OrderId,
        order: OrderId,
        now: &SymbolBar,
    ) -> Option<RejectReason> {
        if self.book.cancel(order) {
            return None;
        }
        let row = Order {
            kind: OrderType::Cancel,
            ..market_order(id, SymbolId(0), None, now.bar.time)
        };
        let reason = match self.settings.semantics {
            Semantics::One => RejectReason::NotFound,
            Semantics::Two => self.book.why_gone(order),
        };
        Some(self.book.refuse(row, reason))
    }
}

/// The row of a market order on a position of this direction; it trades the other way.
pub(super) fn market_order(
    id: OrderId,
    symbol: SymbolId,
    direction: Option<Direction>,
    submitted_time: i64,
) -> Order {
    Order {
        id,
        symbol,
        direction: direction.map_or(Direction::Short, Direction::opposite),
        kind: OrderType::Market,
        lots: 0.0,
        stop_loss: None,
        take_profit: None,
        submitted_time,
        expiry: Expiry::GoodTillCancelled,
        status: OrderStatus::Working,
        trailing_stop: None,
        scales: false,
        is_scaled: false,
        is_cut: false,
        trail: None,
        reduce_only: ReduceOnly::No,
        labels: Labels::default(),
    }
}

/// Whether it is a fraction of a position: above 0 and at most 1, which NaN is not.
#[inline]
fn is_fraction(part: f64) -> bool {
    part > 0.0 && part <= 1.0
}
