//! Changes of an order that waits, and of the protective exits of a position (F13).

use super::Simulator;
use super::accept::{check_prices, check_sides, order_size};
use super::close::market_order;
use crate::execution::{
    ExitReason, Expiry, Level, LevelChange, ModifyRequest, OrderStatus, OrderType, RejectReason,
    Semantics, SymbolBar,
};
use crate::types::{OrderId, SymbolId, TradeId};

impl Simulator {
    /// The row of the order that waits under a number; none in version 1 of the rules, in which a
    /// position has a number of another series.
    pub(super) fn waiting_order(&self, number: TradeId) -> Option<usize> {
        match self.settings.semantics {
            Semantics::One => None,
            Semantics::Two => self.book.orders.waiting(OrderId(number.0)),
        }
    }

    /// Changes the order that waits under a number, or else the exits of its position.
    pub(super) fn modify(
        &mut self,
        id: OrderId,
        request: &ModifyRequest,
        now: &SymbolBar,
    ) -> Option<RejectReason> {
        // The row of a refusal is of the side that the order trades on, or an exit would.
        let mut row = market_order(id, SymbolId(0), None, now.bar.time);
        row.kind = OrderType::Modify;
        let changed = if let Some(waiting) = self.waiting_order(request.trade) {
            let order = &self.book.orders[waiting];
            (row.symbol, row.direction) = (order.symbol, order.direction);
            self.modify_order(waiting, request, now)
        } else if let Some(index) = self.positions.index_of(request.trade) {
            let position = &self.positions.open[index];
            (row.symbol, row.direction) = (position.symbol, position.direction.opposite());
            self.modify_position(index, request, now)
        } else {
            Err(RejectReason::NotFound)
        };
        let refused = changed.err();
        refused.map(|reason| self.book.refuse(row, reason))
    }

    /// Changes a waiting order, which keeps its number and its place; what it becomes is judged as
    /// a new order is (F12.1).
    fn modify_order(
        &mut self,
        row: usize,
        request: &ModifyRequest,
        now: &SymbolBar,
    ) -> Result<(), RejectReason> {
        if self.book.is_queued_close(row) {
            return Err(RejectReason::NotFound);
        }
        let days = self.settings.days(now.symbol);
        let mut order = self.book.orders[row].clone();
        order.kind = repriced(order.kind, request)?;
        order.stop_loss = changed(order.stop_loss, request.stop_loss);
        order.take_profit = changed(order.take_profit, request.take_profit);
        order.expiry = match request.expiry {
            // The day of the change: that of the order may be over.
            Some(Expiry::Day) => Expiry::GoodTillTime(days.end(now.bar.time)),
            Some(expiry) => expiry,
            None => order.expiry,
        };
        check_prices(&order, now)?;
        let instrument = &self.settings.symbols[order.symbol.index()].instrument;
        // A size that is named is refused whole (M3).
        order.scales &= request.lots.is_none();
        order.lots = order_size(&order, request.lots.unwrap_or(order.lots), instrument)?;
        self.check_limits(&order, now)?;
        let is_over = order.is_over(now.bar.time, days);
        self.book.replace(row, order);
        if is_over {
            self.book.end(row, OrderStatus::Expired);
        }
        Ok(())
    }

    /// Moves the levels of a position, judged against the newest closes that the strategy saw.
    fn modify_position(
        &mut self,
        index: usize,
        request: &ModifyRequest,
        now: &SymbolBar,
    ) -> Result<(), RejectReason> {
        if !request.is_of_exits() {
            return Err(RejectReason::Filled);
        }
        let position = &mut self.positions.open[index];
        let direction = position.direction;
        let close = now.last.side(direction.exit_side()).close;
        let (entry, sign) = (position.entry_price, direction.sign());
        let stop = changed(position.stop_loss.map(Level::At), request.stop_loss);
        let target = changed(position.take_profit.map(Level::At), request.take_profit);
        let stop = stop.map(|level| level.from(entry, -sign));
        let target = target.map(|level| level.from(entry, sign));
        check_sides(direction, close, stop, target)?;
        // A level that the strategy sets is its own, also where a manager had moved it before.
        if stop != position.stop_loss {
            position.stop_reason = ExitReason::StopLoss;
        }
        position.stop_loss = stop;
        position.take_profit = target;
        Ok(())
    }
}

/// An order at the prices that a request names; one that it does not have is refused.
fn repriced(kind: OrderType, request: &ModifyRequest) -> Result<OrderType, RejectReason> {
    let price = |now: f64| request.price.unwrap_or(now);
    match kind {
        OrderType::StopLimit { stop, limit } => Ok(OrderType::StopLimit {
            stop: price(stop),
            limit: request.limit_price.unwrap_or(limit),
        }),
        OrderType::LimitIfTouched { touch, limit } => Ok(OrderType::LimitIfTouched {
            touch: price(touch),
            limit: request.limit_price.unwrap_or(limit),
        }),
        OrderType::Limit(now) if request.limit_price.is_none() => Ok(OrderType::Limit(price(now))),
        OrderType::Stop(now) if request.limit_price.is_none() => Ok(OrderType::Stop(price(now))),
        _ if request.price.or(request.limit_price).is_none() => Ok(kind),
        _ => Err(RejectReason::Price),
    }
}

fn changed(now: Option<Level>, change: LevelChange) -> Option<Level> {
    match change {
        LevelChange::Keep => now,
        LevelChange::Set(level) => level,
    }
}
