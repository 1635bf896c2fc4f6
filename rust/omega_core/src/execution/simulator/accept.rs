//! Actions in: checked, sized, numbered; refused ones become rows (F12).

use super::{MarketFill, Moment, Simulator, Working};
use crate::error::OmegaError;
use crate::execution::{
    Account, Action, CloseTarget, ExitReason, Expiry, LevelChange, Live, OpenRequest, Order,
    OrderStatus, OrderType, RejectReason, Sizer, SizingBasis,
};
use crate::types::{Direction, OrderId, SymbolId, TradeId};

impl Simulator {
    /// Takes one action of the strategy at the open of a bar.
    ///
    /// # Errors
    /// `OmegaError::OrderRejected` where it is refused and the run is strict.
    pub fn process<A: Account>(
        &mut self,
        action: Action,
        now: &Moment,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        let id = OrderId(self.next_order);
        self.next_order += 1;
        self.changes += 1;
        let refused = match action {
            Action::Open(request) => self.open(id, request, now, account),
            Action::Close {
                target,
                fraction,
                on_time,
            } => self.close_on_request(id, target, fraction, on_time, now, account),
            Action::Cancel(order) => self.cancel(id, order, now),
            Action::Modify {
                trade,
                stop_loss,
                take_profit,
            } => self.modify(id, trade, stop_loss, take_profit, now),
        };
        match refused {
            Some(reason) if self.settings.strict => Err(OmegaError::OrderRejected {
                order: id.0,
                bar: now.index,
                reason: reason.name(),
            }),
            _ => Ok(()),
        }
    }

    fn open<A: Account>(
        &mut self,
        id: OrderId,
        request: OpenRequest,
        now: &Moment,
        account: &mut A,
    ) -> Option<RejectReason> {
        let price = reference_price(&request, now);
        let size =
            check_levels(&request, price).and_then(|()| self.size(&request, price, now, account));
        let status = match size {
            Ok(_) => OrderStatus::Working,
            Err(reason) => OrderStatus::Rejected(reason),
        };
        let row = self.orders.len();
        self.orders.push(Order {
            id,
            symbol: request.symbol,
            direction: request.direction,
            kind: request.kind,
            lots: size.unwrap_or_else(|_| requested_lots(&request)),
            stop_loss: request.stop_loss,
            take_profit: request.take_profit,
            submitted_time: now.bar.time,
            expiry: request.expiry,
            status,
            reason: request.reason,
            tags: request.tags,
        });
        if let OrderStatus::Rejected(reason) = status {
            return Some(reason);
        }
        if request.kind == OrderType::Market {
            let side = request.direction.entry_side();
            let price = match self.settings.market_fill {
                MarketFill::NextOpen => now.bar.side(side).open,
                MarketFill::LastClose => now.last.side(side).close,
            };
            return self.enter(row, price, Live::FromOpen, now, account).err();
        }
        self.working.push(Working {
            id,
            row,
            kind: request.kind,
        });
        None
    }

    fn size<A: Account>(
        &self,
        request: &OpenRequest,
        price: f64,
        now: &Moment,
        account: &A,
    ) -> Result<f64, RejectReason> {
        let instrument = &self.settings.symbols[request.symbol.index()].instrument;
        let basis = SizingBasis {
            price,
            stop_loss: request.stop_loss,
            equity: self.equity(account),
            rate: now.rate,
        };
        let sizer = request.size.unwrap_or(self.settings.sizer);
        instrument.order_size(sizer.lots(&basis, instrument)?)
    }

    fn close_on_request<A: Account>(
        &mut self,
        id: OrderId,
        target: CloseTarget,
        fraction: f64,
        on_time: bool,
        now: &Moment,
        account: &mut A,
    ) -> Option<RejectReason> {
        let (symbol, mut meant) = self.positions_meant(target);
        let direction = meant
            .first()
            .and_then(|&trade| self.position(trade))
            .map(|p| p.direction);
        if !(fraction > 0.0 && fraction <= 1.0) {
            return self.refuse(
                id,
                OrderType::Market,
                symbol,
                direction,
                RejectReason::Size,
                now,
            );
        }
        if meant.is_empty() {
            return self.refuse(
                id,
                OrderType::Market,
                symbol,
                None,
                RejectReason::NotFound,
                now,
            );
        }
        let row = self.orders.len();
        let direction = direction.unwrap_or(Direction::Long).opposite();
        self.orders
            .push(plain_order(id, OrderType::Market, symbol, direction, now));
        meant.retain(|&trade| {
            self.close_part(trade, fraction, row, on_time, now, account)
                .is_some()
        });
        let filled = !meant.is_empty();
        self.orders[row].status = if filled {
            OrderStatus::Filled
        } else {
            OrderStatus::Rejected(RejectReason::Size)
        };
        if filled {
            None
        } else {
            Some(RejectReason::Size)
        }
    }

    /// Closes a fraction of one position at the market; `None` where less than a step would go.
    fn close_part<A: Account>(
        &mut self,
        trade: TradeId,
        fraction: f64,
        row: usize,
        on_time: bool,
        now: &Moment,
        account: &mut A,
    ) -> Option<()> {
        let place = self.place(trade)?;
        let position = &self.positions[place];
        let instrument = &self.settings.symbols[position.symbol.index()].instrument;
        let lots = if fraction < 1.0 {
            instrument.order_size(position.lots * fraction).ok()?
        } else {
            position.lots
        };
        let side = position.direction.exit_side();
        let price = match self.settings.market_fill {
            MarketFill::NextOpen => now.bar.side(side).open,
            MarketFill::LastClose => now.last.side(side).close,
        };
        let reason = if on_time {
            ExitReason::Time
        } else {
            ExitReason::Signal
        };
        let order = self.orders[row].id;
        self.orders[row].lots += lots;
        self.leave(place, lots, price, reason, Some(order), now, account);
        Some(())
    }

    fn positions_meant(&self, target: CloseTarget) -> (SymbolId, Vec<TradeId>) {
        match target {
            CloseTarget::Symbol(symbol) => {
                let open = self.positions.iter().filter(|p| p.symbol == symbol);
                (symbol, open.map(|p| p.id).collect())
            }
            CloseTarget::Trade(trade) => match self.position(trade) {
                Some(position) => (position.symbol, vec![trade]),
                None => (SymbolId(0), Vec::new()),
            },
        }
    }

    fn cancel(&mut self, id: OrderId, order: OrderId, now: &Moment) -> Option<RejectReason> {
        let Some(place) = self.working.iter().position(|waiting| waiting.id == order) else {
            let reason = RejectReason::NotFound;
            return self.refuse(id, OrderType::Cancel, SymbolId(0), None, reason, now);
        };
        let waiting = self.working.remove(place);
        self.orders[waiting.row].status = OrderStatus::Cancelled;
        None
    }

    fn modify(
        &mut self,
        id: OrderId,
        trade: TradeId,
        stop_loss: LevelChange,
        take_profit: LevelChange,
        now: &Moment,
    ) -> Option<RejectReason> {
        let kind = OrderType::Modify;
        let Some(place) = self.place(trade) else {
            return self.refuse(id, kind, SymbolId(0), None, RejectReason::NotFound, now);
        };
        let position = &self.positions[place];
        let (symbol, direction) = (position.symbol, position.direction);
        let close = now.last.side(direction.exit_side()).close;
        let stop = changed(position.stop_loss, stop_loss);
        let target = changed(position.take_profit, take_profit);
        let moved = stop != position.stop_loss;
        if let Err(reason) = check_sides(direction, close, stop, target) {
            return self.refuse(id, kind, symbol, Some(direction), reason, now);
        }
        let position = &mut self.positions[place];
        position.stop_loss = stop;
        position.take_profit = target;
        if moved {
            position.stop_reason = ExitReason::StopLoss;
        }
        None
    }

    fn refuse(
        &mut self,
        id: OrderId,
        kind: OrderType,
        symbol: SymbolId,
        direction: Option<Direction>,
        reason: RejectReason,
        now: &Moment,
    ) -> Option<RejectReason> {
        let direction = direction.map_or(Direction::Short, Direction::opposite);
        let mut order = plain_order(id, kind, symbol, direction, now);
        order.status = OrderStatus::Rejected(reason);
        self.orders.push(order);
        Some(reason)
    }

    /// An open position by its number.
    #[must_use]
    pub fn position(&self, trade: TradeId) -> Option<&crate::execution::Position> {
        self.place(trade).map(|place| &self.positions[place])
    }

    pub(super) fn place(&self, trade: TradeId) -> Option<usize> {
        self.positions
            .binary_search_by_key(&trade, |position| position.id)
            .ok()
    }
}

fn plain_order(
    id: OrderId,
    kind: OrderType,
    symbol: SymbolId,
    direction: Direction,
    now: &Moment,
) -> Order {
    Order {
        id,
        symbol,
        direction,
        kind,
        lots: 0.0,
        stop_loss: None,
        take_profit: None,
        submitted_time: now.bar.time,
        expiry: Expiry::GoodTillCancelled,
        status: OrderStatus::Working,
        reason: None,
        tags: Vec::new(),
    }
}

fn requested_lots(request: &OpenRequest) -> f64 {
    match request.size {
        Some(Sizer::FixedLots(lots)) => lots,
        _ => 0.0,
    }
}

/// The price that levels are judged against: the order's own, or the last close of the side that a
/// market order will fill on (F12).
fn reference_price(request: &OpenRequest, now: &Moment) -> f64 {
    match request.kind {
        OrderType::Limit(price) | OrderType::Stop(price) => price,
        OrderType::StopLimit { limit, .. } => limit,
        _ => now.last.side(request.direction.entry_side()).close,
    }
}

fn check_levels(request: &OpenRequest, price: f64) -> Result<(), RejectReason> {
    let own = match request.kind {
        OrderType::Limit(price) | OrderType::Stop(price) => [Some(price), None],
        OrderType::StopLimit { stop, limit } => [Some(stop), Some(limit)],
        _ => [None, None],
    };
    let finite = own.iter().flatten().all(|level| level.is_finite());
    if !finite {
        return Err(RejectReason::Price);
    }
    check_sides(
        request.direction,
        price,
        request.stop_loss,
        request.take_profit,
    )
}

/// A stop loss belongs on the losing side of the price and a take profit on the winning side.
fn check_sides(
    direction: Direction,
    price: f64,
    stop: Option<f64>,
    target: Option<f64>,
) -> Result<(), RejectReason> {
    if [stop, target]
        .iter()
        .flatten()
        .any(|level| !level.is_finite())
    {
        return Err(RejectReason::Price);
    }
    let sign = direction.sign();
    if stop.is_some_and(|level| level * sign >= price * sign) {
        return Err(RejectReason::StopLossSide);
    }
    if target.is_some_and(|level| level * sign <= price * sign) {
        return Err(RejectReason::TakeProfitSide);
    }
    Ok(())
}

fn changed(now: Option<f64>, change: LevelChange) -> Option<f64> {
    match change {
        LevelChange::Keep => now,
        LevelChange::Set(level) => level,
    }
}
