//! The order book: the rows of the orders, those that wait for a price, and those that wait for the
//! next bar of their symbol.

use super::distance::trailed;
use super::oco_groups::Groups;
use super::orders::Orders;
use super::queue::QueuedOrder;
pub(super) use super::queue::{CloseRequest, QueuedTask};
use super::restated::Restated;
use super::{
    CloseTarget, Concern, Distance, Order, OrderStatus, OrderType, RejectReason, SymbolBar, Trigger,
};
use crate::types::{Days, OrderId, SymbolId};

/// An order that waits for a price, with the kind it has by now: one with two prices becomes a
/// limit when the first of them arms it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Working {
    pub(super) id: OrderId,
    /// Its row among the orders.
    pub(super) row: usize,
    pub(super) symbol: SymbolId,
    pub(super) kind: OrderType,
    /// The prices at which it reacts; made anew when the kind changes.
    // Kept, because a bar compares every order that waits, and few of them change.
    pub(super) trigger: Trigger,
    /// How far it follows the best price for it.
    pub(super) trail: Option<Distance>,
    /// Whether this bar armed it: it works again from the next bar on (F4).
    pub(super) armed_now: bool,
    /// Whether it has ended, and leaves when the list is settled.
    pub(super) is_gone: bool,
}

/// Orders by number. Rows ascend in both lists, because an order joins a list with its row.
#[derive(Debug, Default)]
pub(super) struct OrderBook {
    pub(super) orders: Orders,
    pub(super) working: Vec<Working>,
    queued: Vec<QueuedOrder>,
    /// How many of both lists have ended since they were settled.
    // They leave together: a bar that ends many would move all others for each.
    gone: usize,
    pub(super) groups: Groups,
    next_order: u32,
    /// Whether an order that works at one open only, or one that follows the market, may wait: most
    /// runs have neither, and no bar has to look for them.
    has_immediate: bool,
    pub(super) has_trailing: bool,
    /// Counts every change, so that a reader knows whether to look again.
    pub(super) changes: u64,
}

impl OrderBook {
    /// Whether no order waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.working.is_empty() && self.queued.is_empty()
    }

    /// The row of the oldest order that waits; where none does, that of the next one.
    #[inline]
    pub(super) fn oldest_waiting(&self) -> usize {
        let working = self.working.first().map(|waiting| waiting.row);
        let queued = self.queued.first().map(|queued| queued.row);
        let rows = working.into_iter().chain(queued);
        rows.fold(self.orders.len(), usize::min)
    }

    #[inline]
    pub(super) fn has_queued(&self) -> bool {
        !self.queued.is_empty()
    }

    /// The number that the next action will take.
    #[inline]
    pub(super) fn next_order(&self) -> u32 {
        self.next_order
    }

    #[inline]
    pub(super) fn take_number(&mut self) -> OrderId {
        let id = OrderId(self.next_order);
        self.next_order += 1;
        self.changes += 1;
        id
    }

    /// Adds a row; gives its place.
    #[inline]
    pub(super) fn add(&mut self, order: Order) -> usize {
        self.orders.push(order);
        self.orders.len() - 1
    }

    /// Adds the row of an order that is refused.
    pub(super) fn refuse(&mut self, order: Order, reason: RejectReason) -> RejectReason {
        self.orders.push(Order {
            status: OrderStatus::Rejected(reason),
            ..order
        });
        reason
    }

    /// Lets the order of a row wait for its price.
    pub(super) fn work(&mut self, row: usize) {
        // At the end of the list: orders come in the order of their numbers, which searches rely
        // on.
        let order = &self.orders[row];
        self.has_immediate |= order.expiry.is_immediate();
        self.has_trailing |= order.trail.is_some();
        self.groups.join(order, row);
        self.working.push(Working {
            id: order.id,
            row,
            symbol: order.symbol,
            kind: order.kind,
            trigger: Trigger::of_order(order.kind, order.direction),
            trail: order.trail,
            armed_now: false,
            is_gone: false,
        });
    }

    /// Lets the order of a row wait for the next bar of its symbol.
    pub(super) fn queue(&mut self, row: usize, task: QueuedTask) {
        self.groups.join(&self.orders[row], row);
        self.queued.push(QueuedOrder {
            row,
            task,
            is_left: false,
            is_gone: false,
        });
    }

    /// Lets go of what has ended.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.gone > 0 {
            self.working.retain(|waiting| !waiting.is_gone);
            self.queued.retain(|queued| !queued.is_gone);
            self.gone = 0;
        }
    }

    /// Takes the first order of a symbol out of the queue that is at or after a row and fills at
    /// its open, or at its close. A fill may cancel others of the queue (F8), so a caller goes on
    /// by row and not by place.
    pub(super) fn take_due(
        &mut self,
        symbol: SymbolId,
        from_row: usize,
        at_close: bool,
    ) -> Option<QueuedOrder> {
        // By row, which no removal shifts.
        let from = self.queued.partition_point(|queued| queued.row < from_row);
        let mut rest = self.queued[from..].iter();
        let index = rest.position(|queued| {
            let is_due = match queued.task {
                QueuedTask::AtClose => at_close,
                QueuedTask::Open | QueuedTask::Close(_) => !at_close,
                QueuedTask::Rebalance => false,
            };
            is_due && !queued.is_gone && !queued.is_left && self.orders[queued.row].symbol == symbol
        })?;
        self.changes += 1;
        self.gone += 1;
        let due = &mut self.queued[from + index];
        due.is_gone = true;
        Some(*due)
    }

    /// Lets what a fill left of an order wait for the next bar of its symbol.
    // In the queue from now on, so that it is seen, cancelled, and ended with the account.
    pub(super) fn queue_left(&mut self, row: usize, task: QueuedTask) {
        let place = self.queued.partition_point(|queued| queued.row < row);
        let left = QueuedOrder {
            row,
            task,
            is_left: true,
            is_gone: false,
        };
        self.queued.insert(place, left);
        self.changes += 1;
    }

    /// A step ends: what its fills left may fill in the next one.
    pub(super) fn release_left(&mut self) {
        for queued in &mut self.queued {
            queued.is_left = false;
        }
    }

    /// Lets the order of a row wait for its price from the next bar on.
    pub(super) fn work_later(&mut self, row: usize) {
        self.work(row);
        if let Some(waiting) = self.working.last_mut() {
            waiting.armed_now = true;
        }
        self.changes += 1;
    }

    /// Takes the queued order of a row out of the queue.
    pub(super) fn take_queued(&mut self, row: usize) {
        if let Ok(index) = self.queued.binary_search_by_key(&row, |queued| queued.row) {
            self.queued[index].is_gone = true;
            self.gone += 1;
            self.changes += 1;
        }
    }

    #[inline]
    pub(super) fn index_of_working(&self, order: OrderId) -> Option<usize> {
        let index = self
            .working
            .binary_search_by_key(&order, |waiting| waiting.id);
        index.ok().filter(|&index| !self.working[index].is_gone)
    }

    /// Whether the order of a row waits to close something.
    pub(super) fn is_queued_close(&self, row: usize) -> bool {
        let queued = self.queued.binary_search_by_key(&row, |queued| queued.row);
        queued.is_ok_and(|index| {
            let queued = &self.queued[index];
            !queued.is_gone && matches!(queued.task, QueuedTask::Close(_))
        })
    }

    /// Why an order of this number is not there to be cancelled or changed (F13).
    pub(super) fn why_gone(&self, order: OrderId) -> RejectReason {
        if self.orders.has_filled(order) {
            RejectReason::Filled
        } else {
            RejectReason::NotFound
        }
    }

    /// Replaces the order of a row by its changed form. An armed order stays armed unless the price
    /// that armed it changes.
    pub(super) fn replace(&mut self, row: usize, order: Order) {
        if let Some(index) = self.index_of_working(order.id) {
            let waiting = &mut self.working[index];
            let before = self.orders[row].kind;
            if waiting.kind != before && order.kind.price() == before.price() {
                waiting.kind = order.kind.armed();
            } else {
                waiting.kind = order.kind;
                waiting.armed_now = false;
            }
            waiting.trigger = Trigger::of_order(waiting.kind, order.direction);
            self.has_immediate |= order.expiry.is_immediate();
        }
        self.orders[row] = order;
    }

    /// A bar begins: what one before it armed works now.
    #[inline]
    pub(super) fn begin_bar(&mut self, symbol: SymbolId) {
        // Of this symbol alone: what is armed in another one waits for a bar of its own (X2).
        for waiting in self.working.iter_mut().filter(|w| w.symbol == symbol) {
            waiting.armed_now = false;
        }
    }

    /// The price that arms an order was reached: its limit works from now on, or from the next bar
    /// (F4, F16).
    pub(super) fn arm(&mut self, index: usize, from_now: bool) {
        // No change is counted: the row keeps its kind, and a bar that arms is walked in full,
        // which has ended any quiet range.
        let waiting = &mut self.working[index];
        waiting.kind = waiting.kind.armed();
        let direction = self.orders[waiting.row].direction;
        waiting.trigger = Trigger::of_order(waiting.kind, direction);
        waiting.armed_now = !from_now;
    }

    /// Takes out an order that fills.
    pub(super) fn take_working(&mut self, index: usize) -> Working {
        self.changes += 1;
        self.gone += 1;
        let waiting = &mut self.working[index];
        waiting.is_gone = true;
        *waiting
    }

    /// Cancels an order that waits; false where none of this number does.
    pub(super) fn cancel(&mut self, order: OrderId) -> bool {
        let waiting = self.orders.waiting(order);
        if let Some(row) = waiting {
            self.end(row, OrderStatus::Cancelled(None));
        }
        waiting.is_some()
    }

    /// Takes the waiting order of a row out of its list under a status.
    pub(super) fn end(&mut self, row: usize, status: OrderStatus) {
        // Not counted as a change: the action that ends an order has taken a number, which is.
        if let Ok(index) = self
            .working
            .binary_search_by_key(&row, |waiting| waiting.row)
        {
            self.working[index].is_gone = true;
        } else if let Ok(index) = self.queued.binary_search_by_key(&row, |queued| queued.row) {
            self.queued[index].is_gone = true;
        }
        self.gone += 1;
        self.orders[row].status = status;
    }

    /// Whether the order of a row is in one of the lists.
    pub(super) fn is_waiting(&self, row: usize) -> bool {
        let queued = self.queued.binary_search_by_key(&row, |q| q.row);
        self.index_of_row(row).is_some() || queued.is_ok_and(|index| !self.queued[index].is_gone)
    }

    /// The place of the order of a row among those that wait for a price.
    pub(super) fn index_of_row(&self, row: usize) -> Option<usize> {
        let index = self.working.binary_search_by_key(&row, |w| w.row);
        index.ok().filter(|&index| !self.working[index].is_gone)
    }

    /// A split or a roll of a symbol, for what waits (A1, R3).
    pub(super) fn restate(&mut self, symbol: SymbolId, by: &Restated) {
        self.settle();
        for waiting in self.working.iter_mut().filter(|w| w.symbol == symbol) {
            let order = &mut self.orders[waiting.row];
            order.restate(by);
            waiting.kind = waiting.kind.restated(by);
            waiting.trail = order.trail;
            waiting.trigger = Trigger::of_order(waiting.kind, order.direction);
        }
        for queued in &self.queued {
            let order = &mut self.orders[queued.row];
            if order.symbol == symbol {
                order.restate(by);
            }
        }
    }

    /// Moves the waiting orders of a symbol to another one (A6).
    pub(super) fn rename(&mut self, from: SymbolId, to: SymbolId) {
        for waiting in self.working.iter_mut().filter(|w| w.symbol == from) {
            waiting.symbol = to;
            self.orders[waiting.row].symbol = to;
        }
        for queued in &mut self.queued {
            let order = &mut self.orders[queued.row];
            if order.symbol == from {
                order.symbol = to;
                if let QueuedTask::Close(request) = &mut queued.task
                    && request.target == CloseTarget::Symbol(from)
                {
                    request.target = CloseTarget::Symbol(to);
                }
            }
        }
    }

    /// Cancels everything that waits, for a reason.
    pub(super) fn cancel_all(&mut self, reason: RejectReason) {
        if self.end_where(OrderStatus::Cancelled(Some(reason)), |_, _| true) {
            self.changes += 1;
        }
    }

    /// Cancels everything of a symbol that waits, for a reason.
    pub(super) fn cancel_of(&mut self, symbol: SymbolId, reason: RejectReason) {
        let status = OrderStatus::Cancelled(Some(reason));
        if self.end_where(status, |_, order| order.symbol == symbol) {
            self.changes += 1;
        }
    }

    /// Ends the orders of a symbol whose time ran out before this bar (F5).
    pub(super) fn expire(&mut self, now: &SymbolBar, days: &Days) {
        if self.is_empty() {
            return;
        }
        let ended = self.end_where(OrderStatus::Expired, |_, order| {
            order.symbol == now.symbol && order.is_over(now.bar.time, days)
        });
        // Nothing else counts an expiry, and a callback would go on seeing the order.
        if ended {
            self.changes += 1;
        }
    }

    /// Ends the orders of a symbol that worked at the open of its bar only (F16).
    #[inline]
    pub(super) fn end_immediate(&mut self, symbol: SymbolId) {
        if !self.has_immediate {
            return;
        }
        let cancelled = OrderStatus::Cancelled(Some(RejectReason::Ioc));
        self.end_where(cancelled, |_, order| {
            order.symbol == symbol && order.expiry.is_immediate()
        });
        // The rest is of other symbols.
        let mut rows = self.working.iter().map(|waiting| waiting.row);
        self.has_immediate = rows.any(|row| self.orders[row].expiry.is_immediate());
        self.changes += 1;
    }

    /// Moves the stop orders that follow the market behind the best price of a bar, which works
    /// from the next bar (F16, I4).
    #[inline]
    pub(super) fn trail(&mut self, now: &SymbolBar) {
        if !self.has_trailing {
            return;
        }
        self.has_trailing = self.working.iter().any(|waiting| waiting.trail.is_some());
        for waiting in self.working.iter_mut().filter(|w| w.symbol == now.symbol) {
            let (Some(distance), OrderType::Stop(stop)) = (waiting.trail, waiting.kind) else {
                continue;
            };
            let order = &mut self.orders[waiting.row];
            let price = trailed(order.direction, distance, |bar| bar.low, &now.bar);
            // Nearer to the market only, as a stop loss that trails.
            if price * order.direction.sign() < stop * order.direction.sign() {
                order.kind = OrderType::Stop(price);
                waiting.kind = order.kind;
                waiting.trigger = Trigger::of_order(order.kind, order.direction);
                self.changes += 1;
            }
        }
    }

    /// Takes waiting orders out of both lists under a status; whether there were any.
    fn end_where(&mut self, status: OrderStatus, is_over: impl Fn(usize, &Order) -> bool) -> bool {
        self.settle();
        let before = self.working.len() + self.queued.len();
        let orders = &mut self.orders;
        let mut keep = |row: usize| {
            let is_kept = !is_over(row, &orders[row]);
            if !is_kept {
                orders[row].status = status;
            }
            is_kept
        };
        self.working.retain(|waiting| keep(waiting.row));
        self.queued.retain(|queued| keep(queued.row));
        self.working.len() + self.queued.len() != before
    }

    /// Whether an order of a symbol waits.
    pub(super) fn waits_for(&self, symbol: SymbolId) -> bool {
        let mut queued = self.queued.iter();
        self.working.iter().any(|waiting| waiting.symbol == symbol)
            || queued.any(|queued| self.orders[queued.row].symbol == symbol)
    }

    /// Marks the symbols of the orders that wait.
    pub(super) fn mark_symbols(&self, symbols: &mut [Concern], concern: Concern) {
        for waiting in &self.working {
            symbols[waiting.symbol.index()] = concern;
        }
        for queued in &self.queued {
            symbols[self.orders[queued.row].symbol.index()] = concern;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three orders: rows 0 and 1 in one group, row 2 alone; row 0 of another symbol.
    fn book(wait: impl Fn(&mut OrderBook, usize)) -> OrderBook {
        let mut book = OrderBook::default();
        for (symbol, group) in [(1, Some("g")), (0, Some("g")), (0, None)] {
            let id = book.take_number();
            let row = book.add(Order::stop_limit(id, symbol, group));
            wait(&mut book, row);
        }
        book
    }

    #[test]
    fn a_group_that_ends_while_the_queue_is_served_leaves_the_rest_in_order() {
        let mut book = book(|book, row| book.queue(row, QueuedTask::Open));
        let first = book.take_due(SymbolId(0), 0, false).map(|due| due.row);
        assert_eq!(first, Some(1));
        book.cancel_group(1);
        assert_eq!(book.orders[0].status, OrderStatus::Cancelled(None));
        let second = book.take_due(SymbolId(0), 2, false).map(|due| due.row);
        assert_eq!(second, Some(2));
        book.settle();
        assert!(book.is_empty());
    }

    #[test]
    fn an_armed_stop_limit_waits_for_its_limit_from_the_next_bar_on() {
        let mut book = book(OrderBook::work);
        book.arm(2, false);
        let armed = book.working[2];
        assert_eq!(armed.kind, OrderType::Limit(104.0));
        assert_eq!(armed.trigger.below, 104.0);
        assert!(armed.armed_now && !book.working[1].armed_now);
        book.begin_bar(SymbolId(0));
        assert!(!book.working[2].armed_now);
    }

    #[test]
    fn cancelling_finds_an_order_in_either_list_once() {
        let mut book = book(|book, row| {
            if row == 1 {
                book.queue(row, QueuedTask::Open);
            } else {
                book.work(row);
            }
        });
        assert!(book.cancel(OrderId(1)) && book.cancel(OrderId(2)));
        assert!(!book.cancel(OrderId(1)) && !book.cancel(OrderId(7)));
        let statuses: Vec<_> = book
            .orders
            .from(0)
            .iter()
            .map(|order| order.status)
            .collect();
        let cancelled = OrderStatus::Cancelled(None);
        assert_eq!(statuses, [OrderStatus::Working, cancelled, cancelled]);
    }
}
