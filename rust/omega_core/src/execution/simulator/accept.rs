//! Actions in: checked, sized, numbered; refused ones become rows (F12).

use super::queue::{Asked, Wish};
use super::{Simulator, Working};
use crate::error::OmegaError;
use crate::execution::{
    Account, Action, CloseTarget, Labels, Live, Moment, Moments, OpenRequest, Order, OrderStatus,
    OrderType, PositionMode, RejectReason, Sizer, SizingBasis,
};
use crate::types::{Direction, OrderId, SymbolId};

impl Simulator {
    /// Takes one action of the strategy at the open of a bar. Where its symbol has no bar at this
    /// step, it is taken all the same, and waits for the next one to fill.
    ///
    /// # Errors
    /// `OmegaError::OrderRejected` where it is refused and the run is strict.
    pub fn process<A: Account>(
        &mut self,
        action: Action,
        moments: &Moments,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        let now = moments.of(self.symbol_of(&action));
        let id = self.take_number();
        let refused = match action {
            Action::Open(request) => self.open(id, request, now, account),
            Action::Close {
                target,
                fraction,
                reason,
            } => self.close_on_request(id, target, (fraction, reason), now, account),
            Action::Cancel(order) => self.cancel(id, order, now),
            Action::Modify {
                trade,
                stop_loss,
                take_profit,
            } => {
                let closes = now.last;
                self.modify(id, trade, (stop_loss, take_profit), &closes, now)
            }
        };
        self.answer(id, refused, now)
    }

    /// The symbol whose moment decides on an action; of one that means nothing, the first.
    #[must_use]
    pub fn symbol_of(&self, action: &Action) -> SymbolId {
        let of_trade = |trade| self.position(trade).map(|position| position.symbol);
        let meant = match action {
            Action::Open(request) => Some(request.symbol),
            Action::Close { target, .. } => match *target {
                CloseTarget::Symbol(symbol) => Some(symbol),
                CloseTarget::Trade(trade) => of_trade(trade),
            },
            Action::Modify { trade, .. } => of_trade(*trade),
            Action::Cancel(_) => None,
        };
        meant.unwrap_or(SymbolId(0))
    }

    /// A refusal ends a strict run and is a row in any other.
    pub(super) fn answer(
        &self,
        id: OrderId,
        refused: Option<RejectReason>,
        now: &Moment,
    ) -> Result<(), OmegaError> {
        match refused {
            Some(reason) if self.settings.strict => Err(OmegaError::OrderRejected {
                order: id.0,
                bar: now.index,
                reason: reason.name(),
            }),
            _ => Ok(()),
        }
    }

    /// A refusal after acceptance: when a waiting order, or a manager's close, came to its fill.
    pub(super) fn refuse_late(&mut self, id: OrderId, reason: RejectReason, now: &Moment) {
        if let (None, Err(refusal)) = (&self.refused, self.answer(id, Some(reason), now)) {
            self.refused = Some(refusal);
        }
    }

    /// Gives the first such refusal of a strict run, once.
    ///
    /// # Errors
    /// `OmegaError::OrderRejected`.
    pub fn late_refusal(&mut self) -> Result<(), OmegaError> {
        self.refused.take().map_or(Ok(()), Err)
    }

    fn open<A: Account>(
        &mut self,
        id: OrderId,
        request: OpenRequest,
        now: &Moment,
        account: &mut A,
    ) -> Option<RejectReason> {
        let accepted = self.accept(&request, now, account);
        let status = match accepted {
            Ok(_) => OrderStatus::Working,
            Err(reason) => OrderStatus::Rejected(reason),
        };
        let row = self.orders.len();
        let (kind, direction) = (request.kind, request.direction);
        self.orders
            .push(order_row(id, request, accepted.ok(), status, now));
        if let Err(reason) = accepted {
            return Some(reason);
        }
        if kind == OrderType::Market && !now.trades {
            self.asked.push(Asked {
                row,
                wish: Wish::Enter,
            });
            return None;
        }
        if kind == OrderType::Market {
            let price = now.market_price(direction.entry_side(), self.settings.market_fill);
            return self.enter(row, (price, Live::FromOpen), now, account).err();
        }
        if self.orders[row].is_over(now.bar.time, self.settings.units_per_day) {
            self.orders[row].status = OrderStatus::Expired;
            return None;
        }
        self.working.push(Working {
            id,
            row,
            symbol: now.symbol,
            kind,
            rests: false,
        });
        None
    }

    /// The size of an order that may be taken, or why it may not: levels, size, limits.
    fn accept<A: Account>(
        &self,
        request: &OpenRequest,
        now: &Moment,
        account: &A,
    ) -> Result<f64, RejectReason> {
        // Nothing is known of a symbol before its first bar is complete.
        if now.last.bid.close.is_nan() {
            return Err(RejectReason::Price);
        }
        let price = reference_price(request, now);
        check_levels(request, price)?;
        let lots = self.size(request, price, now, account)?;
        let last = &self.last_trades[request.symbol.index()];
        let per_day = self.settings.units_per_day;
        self.settings
            .limits
            .check_time(now.index, now.bar.time, per_day, last)?;
        if self.settings.position_mode == PositionMode::Hedging {
            self.check_count(request.symbol)?;
        }
        Ok(lots)
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
            rate: now.last_rate,
        };
        let sizer = request.size.unwrap_or(self.settings.sizer);
        instrument.order_size(sizer.lots(&basis, instrument)?)
    }
}

fn order_row(
    id: OrderId,
    request: OpenRequest,
    lots: Option<f64>,
    status: OrderStatus,
    now: &Moment,
) -> Order {
    Order {
        id,
        symbol: request.symbol,
        direction: request.direction,
        kind: request.kind,
        lots: lots.unwrap_or(match request.size {
            Some(Sizer::FixedLots(lots)) => lots,
            _ => 0.0,
        }),
        stop_loss: request.stop_loss,
        take_profit: request.take_profit,
        submitted_time: now.bar.time,
        expiry: request.expiry,
        status,
        trailing_stop: request.trailing_stop,
        labels: Labels::new(request.group, request.reason, request.tags),
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
    let distance = request.trailing_stop;
    if !own
        .iter()
        .chain([&distance])
        .flatten()
        .all(|level| level.is_finite())
    {
        return Err(RejectReason::Price);
    }
    if distance.is_some_and(|distance| distance <= 0.0) {
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
pub(super) fn check_sides(
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
