//! Actions in: checked, sized, numbered; refused ones become rows (F12).

use super::Simulator;
use super::fills::EntryPrice;
use crate::error::OmegaError;
use crate::execution::book::{CloseRequest, QueuedTask};
use crate::execution::distance::trailed;
use crate::execution::{
    Account, Action, CloseTarget, Distance, Instrument, Labels, OpenRequest, Order, OrderStatus,
    OrderType, PositionMode, ReduceOnly, RejectReason, Semantics, Sizer, SizingBasis, StepBars,
    SymbolBar,
};
use crate::types::{Direction, OrderId, SymbolId, TradeId};

impl Simulator {
    /// Takes one action of the strategy at the open of a bar. Where its symbol has no bar at this
    /// step, it is taken all the same, and waits for the next one to fill.
    pub(super) fn process<A: Account>(
        &mut self,
        action: &mut Action,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        let now = bars.of(self.symbol_of(action));
        // Before any test, because a refused action counts as well: `buy()` can then give the
        // number in the callback, before the order exists (F9.1).
        let id = self.book.take_number();
        let refused = match action {
            Action::Open(request) => self.open(id, request, now, account),
            Action::Close {
                target,
                fraction,
                reason,
            } => {
                let request = CloseRequest {
                    target: *target,
                    fraction: *fraction,
                    reason: *reason,
                };
                self.close(id, &request, now, account)
            }
            Action::Cancel(order) => self.cancel(id, *order, now),
            Action::Modify(request) => self.modify(id, request, now),
            Action::Rebalance(request) => {
                self.rebalancing.requested.push(request.clone());
                None
            }
        };
        // First, because a fee that failed came before the answer.
        self.raise_late_error()?;
        self.answer(id, refused, now)
    }

    /// The symbol of an action; the first symbol where it names none.
    #[inline]
    pub(super) fn symbol_of(&self, action: &Action) -> SymbolId {
        let of_trade = |trade: TradeId| {
            let position = self.positions.get(trade).map(|position| position.symbol);
            position.or_else(|| Some(self.book.orders[self.waiting_order(trade)?].symbol))
        };
        let symbol = match action {
            Action::Open(request) => Some(request.symbol),
            Action::Close { target, .. } => match *target {
                CloseTarget::Symbol(symbol) => Some(symbol),
                CloseTarget::Trade(trade) => of_trade(trade),
                CloseTarget::All => None,
            },
            Action::Modify(request) => of_trade(request.trade),
            Action::Cancel(_) | Action::Rebalance(_) => None,
        };
        symbol.unwrap_or(SymbolId(0))
    }

    /// A refusal ends a strict run and is a row in any other.
    #[inline]
    pub(super) fn answer(
        &self,
        id: OrderId,
        refused: Option<RejectReason>,
        now: &SymbolBar,
    ) -> Result<(), OmegaError> {
        match refused {
            Some(reason) if self.settings.strict => Err(OmegaError::OrderRejected {
                order: id.0,
                bar: now.index,
                reason: reason.name(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// A refusal after acceptance: when a waiting order, or a manager's close, came to its fill.
    pub(super) fn refuse_late(&mut self, id: OrderId, reason: RejectReason, now: &SymbolBar) {
        // Kept until the bar is over: to stop inside it, every function on the way to a fill would
        // have to hand the error on, and what the rest of the bar does is dropped with the run.
        if let Err(refusal) = self.answer(id, Some(reason), now) {
            self.keep_error(refusal);
        }
    }

    /// Keeps an error until the bar is over, unless there is one already.
    pub(super) fn keep_error(&self, error: OmegaError) {
        // The first is the one to be raised; what came after may be its consequence.
        self.late_error.get_or_init(|| error);
    }

    /// Counts steps of work. Returns whether the bar should end early: after an interrupt, or since
    /// an error ends the run anyway.
    #[inline]
    pub(super) fn is_stopped(&mut self, steps: usize) -> bool {
        if self.pace.is_over(steps) {
            self.keep_error(OmegaError::Stopped);
        }
        self.late_error.get().is_some()
    }

    /// The same for work that takes a step for each open position.
    #[inline]
    pub(super) fn is_stopped_among_open(&mut self) -> bool {
        self.is_stopped(self.positions.open.len())
    }

    /// Ends the run with the error that was kept.
    #[inline]
    pub(super) fn raise_late_error(&mut self) -> Result<(), OmegaError> {
        // Few bars have one, and to take it moves all of it.
        if self.late_error.get().is_none() {
            return Ok(());
        }
        self.late_error.take().map_or(Ok(()), Err)
    }

    fn open<A: Account>(
        &mut self,
        id: OrderId,
        request: &mut OpenRequest,
        now: &SymbolBar,
        account: &mut A,
    ) -> Option<RejectReason> {
        let size = request.size.unwrap_or(self.settings.sizer);
        let mut order = order_row(id, request, now);
        order.scales = size.scales();
        match self.accept(&order, size, now, account) {
            Ok(lots) => order.lots = lots,
            Err(reason) => return Some(self.book.refuse(order, reason)),
        }
        let (kind, direction) = (order.kind, order.direction);
        let is_over = order.is_over(now.bar.time, self.settings.days(now.symbol));
        let of_filled = self.book.groups.has_filled(&order);
        let row = self.book.add(order);
        // Requested together, or filled by what waited for this very open: one of a group fills.
        if of_filled && self.settings.semantics == Semantics::Two {
            self.book.orders[row].status = OrderStatus::Cancelled(None);
            return None;
        }
        if kind == OrderType::AtClose && !is_over {
            self.book.queue(row, QueuedTask::AtClose);
            return None;
        }
        if kind == OrderType::Market && !now.trades {
            self.book.queue(row, QueuedTask::Open);
            return None;
        }
        if kind == OrderType::Market {
            let price = now.market_price(direction.entry_side(), self.settings.market_fill);
            return self
                .enter(row, EntryPrice::at_market(price), now, account)
                .err();
        }
        // The expiry of this bar was before, so that an order whose time is over already would work
        // for a bar (F5.1).
        if is_over {
            self.book.orders[row].status = OrderStatus::Expired;
            return None;
        }
        self.book.work(row);
        None
    }

    /// The size of an order that may be taken, or why it may not: levels, size, limits.
    fn accept<A: Account>(
        &self,
        order: &Order,
        size: Sizer,
        now: &SymbolBar,
        account: &A,
    ) -> Result<f64, RejectReason> {
        if self.is_ruined {
            return Err(RejectReason::Ruin);
        }
        if self.is_gone(order.symbol, now.bar.time) {
            return Err(RejectReason::Delisted);
        }
        if self.is_stale(now) {
            return Err(RejectReason::Stale);
        }
        // In the order of F12.1: of several reasons, the row shows the first.
        let price = check_prices(order, now)?;
        let lots = self.size(order, size, price, now, account)?;
        self.check_limits(order, now)?;
        Ok(lots)
    }

    /// Whether the limits of the run allow an order (F12.3).
    #[inline]
    pub(super) fn check_limits(&self, order: &Order, now: &SymbolBar) -> Result<(), RejectReason> {
        // They concern what is opened.
        if order.reduce_only != ReduceOnly::No {
            return Ok(());
        }
        let last = &self.positions.last_trades[order.symbol.index()];
        let per_day = self.settings.units_per_day;
        self.settings
            .limits
            .check_time(order.symbol, now.index, now.bar.time, per_day, last)?;
        // In netting mode the order may close positions first; what is left to open is tested when
        // it fills (F12.3).
        if self.settings.position_mode == PositionMode::Hedging {
            self.check_short_of(order.symbol, order.direction, now.bar.time)?;
            self.check_count(order.symbol)?;
        }
        Ok(())
    }

    fn size<A: Account>(
        &self,
        order: &Order,
        size: Sizer,
        price: f64,
        now: &SymbolBar,
        account: &A,
    ) -> Result<f64, RejectReason> {
        let instrument = &self.settings.symbols[order.symbol.index()].instrument;
        let basis = SizingBasis {
            price,
            stop_loss: order.levels(price)[0],
            equity: self.positions.equity(account),
            // Of the last bar: the rate of this one was not known when the strategy decided (L1).
            rate: now.last_rate,
        };
        order_size(order, size.lots(&basis, instrument)?, instrument)
    }
}

/// The row of an order, which takes the texts of its request.
fn order_row(id: OrderId, request: &mut OpenRequest, now: &SymbolBar) -> Order {
    // A refused order shows the size that it named; one left to a sizer has none.
    let named = match request.size {
        Some(Sizer::FixedLots(lots)) => lots,
        Some(
            Sizer::FixedUnits(_)
            | Sizer::RiskAmount(_)
            | Sizer::RiskPercent(_)
            | Sizer::EquityPercent(_),
        )
        | None => 0.0,
    };
    Order {
        id,
        symbol: request.symbol,
        direction: request.direction,
        kind: match request.trail {
            Some(distance) => OrderType::Stop(trailed(
                request.direction,
                distance,
                |bar| bar.close,
                &now.last,
            )),
            None => request.kind,
        },
        lots: named,
        stop_loss: request.stop_loss,
        take_profit: request.take_profit,
        submitted_time: now.bar.time,
        expiry: request.expiry,
        status: OrderStatus::Working,
        trailing_stop: request.trailing_stop,
        scales: false,
        is_scaled: false,
        is_cut: false,
        trail: request.trail,
        reduce_only: request.reduce_only,
        labels: Labels::new(
            request.group.take(),
            request.reason.take(),
            std::mem::take(&mut request.tags),
        ),
    }
}

/// The size of an order, rounded down and within the limits of the instrument. A reduce-only order
/// is cut at its fill instead (F14).
#[inline]
pub(super) fn order_size(
    order: &Order,
    lots: f64,
    instrument: &Instrument,
) -> Result<f64, RejectReason> {
    match order.reduce_only {
        ReduceOnly::No => instrument.order_size(lots),
        _ if lots > 0.0 && lots.is_finite() => Ok(lots),
        ReduceOnly::Any | ReduceOnly::Tagged | ReduceOnly::Owned => Err(RejectReason::Size),
    }
}

/// The price that levels are judged against: the order's own, or the last close of the side that a
/// market order will fill on (F12).
fn reference_price(order: &Order, now: &SymbolBar) -> f64 {
    match order.kind {
        OrderType::Limit(price) | OrderType::Stop(price) => price,
        OrderType::StopLimit { limit, .. } | OrderType::LimitIfTouched { limit, .. } => limit,
        OrderType::Market | OrderType::AtClose | OrderType::Modify | OrderType::Cancel => {
            now.last.side(order.direction.entry_side()).close
        }
    }
}

/// Tests the prices and levels of an order; gives its reference price.
pub(super) fn check_prices(order: &Order, now: &SymbolBar) -> Result<f64, RejectReason> {
    if !now.is_ready {
        return Err(RejectReason::NotReady);
    }
    // Nothing is known of a symbol before its first bar is complete.
    if now.last.bid.close.is_nan() {
        return Err(RejectReason::Price);
    }
    let has_prices = match order.kind {
        OrderType::Limit(price) | OrderType::Stop(price) => price.is_finite(),
        OrderType::StopLimit { stop: arms, limit }
        | OrderType::LimitIfTouched { touch: arms, limit } => arms.is_finite() && limit.is_finite(),
        OrderType::Market | OrderType::AtClose | OrderType::Modify | OrderType::Cancel => true,
    };
    let has_distances = order.trailing_stop.is_none_or(Distance::is_valid)
        && order.trail.is_none_or(Distance::is_valid);
    if !(has_prices && has_distances) {
        return Err(RejectReason::Price);
    }
    let price = reference_price(order, now);
    let [stop, target] = order.levels(price);
    check_sides(order.direction, price, stop, target)?;
    Ok(price)
}

/// A stop loss belongs on the losing side of the price and a take profit on the winning side.
pub(super) fn check_sides(
    direction: Direction,
    price: f64,
    stop: Option<f64>,
    target: Option<f64>,
) -> Result<(), RejectReason> {
    let is_a_price = |level: Option<f64>| level.is_none_or(f64::is_finite);
    if !(is_a_price(stop) && is_a_price(target)) {
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
