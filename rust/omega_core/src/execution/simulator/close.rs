//! Closing at the market, cancelling, and moving levels.

use super::Simulator;
use super::accept::check_sides;
use super::queue::{Asked, Wish};
use crate::execution::{
    Account, CloseTarget, ExitReason, Expiry, Labels, LevelChange, Moment, Order, OrderStatus,
    OrderType, Position, RejectReason,
};
use crate::types::{Bar, Direction, OrderId, SymbolId, TradeId};

impl Simulator {
    pub(super) fn close_on_request<A: Account>(
        &mut self,
        id: OrderId,
        target: CloseTarget,
        (fraction, reason): (f64, ExitReason),
        now: &Moment,
        account: &mut A,
    ) -> Option<RejectReason> {
        let mut meant = std::mem::take(&mut self.meant);
        let symbol = self.positions_meant(target, &mut meant);
        let refused = self.close_meant(
            id,
            (symbol, &meant),
            (target, fraction, reason),
            now,
            account,
        );
        self.meant = meant;
        refused
    }

    fn close_meant<A: Account>(
        &mut self,
        id: OrderId,
        (symbol, meant): (SymbolId, &[TradeId]),
        (target, fraction, reason): (CloseTarget, f64, ExitReason),
        now: &Moment,
        account: &mut A,
    ) -> Option<RejectReason> {
        let direction = meant
            .first()
            .and_then(|&trade| self.position(trade))
            .map(|p| p.direction);
        let row = self.orders.len();
        self.orders.push(close_order(id, symbol, direction, now));
        let refused = if !is_fraction(fraction) {
            Some(RejectReason::Size)
        } else if meant.is_empty() {
            Some(RejectReason::NotFound)
        } else if !now.trades {
            let wish = Wish::Close(target, fraction, reason);
            self.asked.push(Asked { row, wish });
            return None;
        } else {
            let mut closed = false;
            for &trade in meant {
                closed |= self.close_part(trade, row, (fraction, reason), now, account);
            }
            if closed {
                None
            } else {
                Some(RejectReason::Size)
            }
        };
        self.orders[row].status = refused.map_or(OrderStatus::Filled, OrderStatus::Rejected);
        refused
    }

    /// Closes a fraction of one position at the market; false where less than a step would go.
    pub(super) fn close_part<A: Account>(
        &mut self,
        trade: TradeId,
        row: usize,
        (fraction, reason): (f64, ExitReason),
        now: &Moment,
        account: &mut A,
    ) -> bool {
        let Some(place) = self.place(trade) else {
            return false;
        };
        let position = &self.positions[place];
        let instrument = &self.settings.symbols[position.symbol.index()].instrument;
        if !is_fraction(fraction) {
            return false;
        }
        let lots = if fraction < 1.0 {
            match instrument.order_size(position.lots * fraction) {
                Ok(lots) if lots < position.lots => lots,
                Ok(_) => position.lots,
                Err(_) => return false,
            }
        } else {
            position.lots
        };
        let side = position.direction.exit_side();
        let price = now.market_price(side, self.settings.market_fill);
        let order = self.orders[row].id;
        self.orders[row].lots += lots;
        let closing = super::fills::Closing {
            place,
            lots,
            price,
            reason,
            order: Some(order),
            slips: true,
        };
        self.leave(&closing, now, account);
        true
    }

    /// Finds the positions that a close means, and the symbol that it is on.
    pub(super) fn positions_meant(
        &self,
        target: CloseTarget,
        meant: &mut Vec<TradeId>,
    ) -> SymbolId {
        meant.clear();
        match target {
            CloseTarget::Symbol(symbol) => {
                let open = self.positions.iter().filter(|p| p.symbol == symbol);
                meant.extend(open.map(|p| p.id));
                symbol
            }
            CloseTarget::Trade(trade) => self.position(trade).map_or(SymbolId(0), |position| {
                meant.push(trade);
                position.symbol
            }),
        }
    }

    pub(super) fn cancel(
        &mut self,
        id: OrderId,
        order: OrderId,
        now: &Moment,
    ) -> Option<RejectReason> {
        let waiting = self.working.iter().position(|waiting| waiting.id == order);
        let taken = match waiting {
            Some(place) => Some(self.working.remove(place).row),
            None => self.unask(order),
        };
        let Some(taken) = taken else {
            let row = Order {
                kind: OrderType::Cancel,
                ..close_order(id, SymbolId(0), None, now)
            };
            return Some(self.refuse(row, RejectReason::NotFound));
        };
        self.orders[taken].status = OrderStatus::Cancelled;
        None
    }

    /// Moves the levels of a position, judged against the closes of a bar.
    pub(super) fn modify(
        &mut self,
        id: OrderId,
        trade: TradeId,
        (stop_loss, take_profit): (LevelChange, LevelChange),
        closes: &Bar,
        now: &Moment,
    ) -> Option<RejectReason> {
        let Some(place) = self.place(trade) else {
            let row = Order {
                kind: OrderType::Modify,
                ..close_order(id, SymbolId(0), None, now)
            };
            return Some(self.refuse(row, RejectReason::NotFound));
        };
        let position = &self.positions[place];
        let (symbol, direction) = (position.symbol, position.direction);
        let close = closes.side(direction.exit_side()).close;
        let stop = changed(position.stop_loss, stop_loss);
        let target = changed(position.take_profit, take_profit);
        if let Err(reason) = check_sides(direction, close, stop, target) {
            let row = close_order(id, symbol, Some(direction), now);
            return Some(self.refuse(
                Order {
                    kind: OrderType::Modify,
                    ..row
                },
                reason,
            ));
        }
        let position = &mut self.positions[place];
        if stop != position.stop_loss {
            position.stop_reason = ExitReason::StopLoss;
        }
        position.stop_loss = stop;
        position.take_profit = target;
        None
    }

    fn refuse(&mut self, row: Order, reason: RejectReason) -> RejectReason {
        self.orders.push(Order {
            status: OrderStatus::Rejected(reason),
            ..row
        });
        reason
    }

    /// An open position by its number.
    #[must_use]
    pub fn position(&self, trade: TradeId) -> Option<&Position> {
        self.place(trade).map(|place| &self.positions[place])
    }

    pub(super) fn place(&self, trade: TradeId) -> Option<usize> {
        self.positions
            .binary_search_by_key(&trade, |position| position.id)
            .ok()
    }
}

/// The row of an order that acts on a position of this direction; it trades the other way.
pub(super) fn close_order(
    id: OrderId,
    symbol: SymbolId,
    direction: Option<Direction>,
    now: &Moment,
) -> Order {
    Order {
        id,
        symbol,
        direction: direction.map_or(Direction::Short, Direction::opposite),
        kind: OrderType::Market,
        lots: 0.0,
        stop_loss: None,
        take_profit: None,
        submitted_time: now.bar.time,
        expiry: Expiry::GoodTillCancelled,
        status: OrderStatus::Working,
        trailing_stop: None,
        labels: Labels::default(),
    }
}

/// Whether a part of a position can be closed: NaN cannot.
fn is_fraction(part: f64) -> bool {
    part > 0.0 && part <= 1.0
}

fn changed(now: Option<f64>, change: LevelChange) -> Option<f64> {
    match change {
        LevelChange::Keep => now,
        LevelChange::Set(level) => level,
    }
}
