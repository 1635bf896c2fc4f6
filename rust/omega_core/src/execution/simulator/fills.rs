//! Fills: a position opened, or a part of one closed, with its costs.

use std::sync::Arc;

use super::affordable::Entry;
use super::{STEPS_OF_AN_ORDER, Simulator};
use crate::error::OmegaError;
use crate::execution::costs::{FeeBasis, Fees};
use crate::execution::{
    Account, AccountKind, ExitReason, Fill, Level, Live, Order, OrderStatus, OrderType, Position,
    PositionMode, ReduceOnly, RejectReason, Semantics, SymbolBar,
};
use crate::types::{OrderId, SymbolId, TradeId};

/// The leg of an entry; the exits of a position count on from it (M4).
pub(super) const ENTRY_LEG: u32 = 0;

/// Where an entry order fills.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryPrice {
    /// Before slippage.
    pub(super) price: f64,
    /// From when on in the bar a position filled at it is live.
    pub(super) live: Live,
    /// Whether the order rested in the book until then (M4.4).
    pub(super) is_maker: bool,
}

impl EntryPrice {
    /// That of an order that fills at the market.
    #[inline]
    pub(super) fn at_market(price: f64) -> Self {
        Self {
            price,
            live: Live::FromOpen,
            is_maker: false,
        }
    }
}

/// Lots of a position that are about to be closed.
pub(super) struct Closing {
    /// Place of the position.
    pub(super) index: usize,
    pub(super) lots: f64,
    /// Before slippage.
    pub(super) price: f64,
    pub(super) reason: ExitReason,
    /// The order that closes it; none where its own protective exit does.
    pub(super) order: Option<OrderId>,
    /// Whether the fill slips; limit orders do not (F2).
    pub(super) slips: bool,
    /// Whether it rested in the book until then (M4.4).
    pub(super) is_maker: bool,
}

impl Closing {
    /// At a price that is not traded: without slippage.
    pub(super) fn without_order(index: usize, lots: f64, price: f64, reason: ExitReason) -> Self {
        Self {
            index,
            lots,
            price,
            reason,
            order: None,
            slips: false,
            is_maker: false,
        }
    }
}

impl Simulator {
    /// Fills an order at a price before slippage: opposite positions first in netting mode, then a
    /// position for what is left, if number and margin allow it (F7, M6). One that only reduces
    /// opens none (F14).
    pub(super) fn enter<A: Account>(
        &mut self,
        row: usize,
        at: EntryPrice,
        now: &SymbolBar,
        account: &mut A,
    ) -> Result<Option<TradeId>, RejectReason> {
        let order = &self.book.orders[row];
        let (symbol, direction) = (order.symbol, order.direction);
        let opens = order.reduce_only == ReduceOnly::No;
        let fills_before = self.positions.fills.len();
        let Some(lots) = self.within_volume(row, now) else {
            return Ok(None);
        };
        let left = if opens && self.settings.position_mode == PositionMode::Hedging {
            lots
        } else {
            self.close_opposite(row, lots, at, now, account)
        };
        let closed = self.positions.fills.len() > fills_before;
        let opened = if left > 0.0 && opens {
            self.settings.symbols[symbol.index()]
                .instrument
                .order_size(left)
                .and_then(|lots| {
                    self.check_short_of(symbol, direction, now.bar.time)
                        .map(|()| lots)
                })
                // Again, after acceptance: others may have opened while it waited (F12.1).
                .and_then(|lots| self.check_count(symbol).map(|()| lots))
                .and_then(|lots| self.open_position(row, lots, at, now, account))
                .map(Some)
        } else {
            Ok(None)
        };
        self.book.orders[row].status = match opened {
            // Nothing is left to reduce: no refusal, since the order was valid when accepted (F14).
            Ok(_) if !opens && !closed => OrderStatus::Cancelled(Some(RejectReason::ReduceOnly)),
            Ok(_) => OrderStatus::Filled,
            Err(reason) => OrderStatus::Rejected(reason),
        };
        self.note_volume(fills_before, now);
        if opened.is_ok() {
            self.carry_over(row, lots);
        }
        // A closing part fills even where what it leaves to open is refused.
        if self.positions.fills.len() > fills_before {
            self.book.cancel_group(row);
        }
        opened
    }

    /// Fills a queued market order at the open.
    pub(super) fn open_queued<A: Account>(&mut self, row: usize, now: &SymbolBar, account: &mut A) {
        let order = &self.book.orders[row];
        let (id, side) = (order.id, order.direction.entry_side());
        let price = now.market_price(side, self.settings.market_fill);
        if let Err(reason) = self.enter(row, EntryPrice::at_market(price), now, account) {
            self.refuse_late(id, reason, now);
        }
    }

    /// Fills the orders at the close of a symbol, with its own bar and not a finer one; where the
    /// calendar has sessions, with the bar that holds the end of one (F16).
    pub(super) fn fill_at_close<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        if !self.book.has_queued() {
            return;
        }
        let ends = &self.settings.symbols[now.symbol.index()].session_ends;
        // By the open of the symbol's own bar, which a finer one inside it does not have.
        let closes_session = |ends: &Arc<[i64]>| ends.binary_search(&now.opens).is_ok();
        if !now.closes || !ends.as_ref().is_none_or(closes_session) {
            return;
        }
        let mut next_row = 0;
        while let Some(due) = self.book.take_due(now.symbol, next_row, true) {
            next_row = due.row + 1;
            let order = &self.book.orders[due.row];
            let (id, side) = (order.id, order.direction.entry_side());
            let price = now.bar.side(side).close;
            let at = EntryPrice {
                live: Live::FromPullback,
                ..EntryPrice::at_market(price)
            };
            if let Err(reason) = self.enter(due.row, at, now, account) {
                self.refuse_late(id, reason, now);
            }
            if self.is_stopped(STEPS_OF_AN_ORDER) {
                break;
            }
        }
        self.book.settle();
    }

    fn open_position<A: Account>(
        &mut self,
        row: usize,
        lots: f64,
        at: EntryPrice,
        now: &SymbolBar,
        account: &mut A,
    ) -> Result<TradeId, RejectReason> {
        let order = &self.book.orders[row];
        let symbol = &self.settings.symbols[order.symbol.index()];
        let basis = self.entry_basis(row, lots, &at, now);
        let entry = Entry::new(symbol, basis, self.entry_rate(now));
        let size = self.affordable(&entry, order.scales, account)?;
        let is_smaller = size.basis.lots < lots;
        let trade = self.open_funded(row, &at, (size.basis, size.own), now, account);
        self.book.orders[row].is_scaled = is_smaller;
        Ok(trade)
    }

    /// What the fee of an entry at a price before slippage is based on, but for its notional.
    pub(super) fn entry_basis(
        &self,
        row: usize,
        lots: f64,
        at: &EntryPrice,
        now: &SymbolBar,
    ) -> FeeBasis {
        let order = &self.book.orders[row];
        let slippage = self.entry_slippage(order, (at.price, lots), now);
        FeeBasis {
            symbol: order.symbol,
            direction: order.direction,
            lots,
            units: 0.0,
            price: at.price + order.direction.sign() * slippage,
            notional: 0.0,
            is_maker: at.is_maker,
            is_entry: true,
            time: now.bar.time,
            order: order.id,
        }
    }

    /// Opens a position of a size that the account pays for; with the result of the fee function
    /// for it, where it was called.
    pub(super) fn open_funded<A: Account>(
        &mut self,
        row: usize,
        at: &EntryPrice,
        (basis, own): (FeeBasis, Option<f64>),
        now: &SymbolBar,
        account: &mut A,
    ) -> TradeId {
        let order = &self.book.orders[row];
        let symbol = &self.settings.symbols[order.symbol.index()];
        let lots = basis.lots;
        // Of the size that fills, which may be less than the one that was tested.
        let slippage = self.entry_slippage(order, (at.price, lots), now);
        let price = at.price + order.direction.sign() * slippage;
        let basis = FeeBasis { price, ..basis };
        let entry = Entry::new(symbol, basis, self.entry_rate(now));
        let is_cash = self.settings.account.kind == AccountKind::Cash;
        // A purchase of a cash account is paid at the rate that it was tested with, so that it
        // takes no more cash than there is (M11, M12).
        let rate = if is_cash { now.last_rate } else { now.rate };
        let fee = self.entry_fee(&entry, own, rate);
        let fill = Fill {
            order: order.id,
            trade: match self.settings.semantics {
                Semantics::One => TradeId(self.positions.entries()),
                Semantics::Two => TradeId(order.id.0),
            },
            symbol: order.symbol,
            direction: order.direction,
            time: now.bar.time,
            index: now.index,
            price,
            lots,
            fee,
            slippage,
            rate,
            closes: false,
        };
        let position = Position {
            live: at.live,
            value: entry.full.notional,
            entry_rate: is_cash.then_some(rate),
            contract_size: symbol.instrument.contract_size,
            entry: self.positions.entries(),
            ..new_position(order, &fill, at.live, now)
        };
        let order = &mut self.book.orders[row];
        // The row shows what came of a distance.
        order.stop_loss = position.stop_loss.map(Level::At);
        order.take_profit = position.take_profit.map(Level::At);
        account.book_entry(&position, &fill);
        let trade = fill.trade;
        self.note_entry(trade);
        self.positions.open(position, fill);
        trade
    }

    /// The slippage of an entry of so many lots at a price.
    #[inline]
    fn entry_slippage(&self, order: &Order, at: (f64, f64), now: &SymbolBar) -> f64 {
        if slips(order) {
            self.slippage(at, (order.id.0, ENTRY_LEG), now)
        } else {
            0.0
        }
    }

    /// The slippage of so many lots at a price, for a leg of an order (M4).
    #[inline]
    pub(super) fn slippage(
        &self,
        (price, lots): (f64, f64),
        (order, leg): (u32, u32),
        now: &SymbolBar,
    ) -> f64 {
        let symbol = &self.settings.symbols[now.symbol.index()];
        let units = lots * symbol.instrument.contract_size;
        symbol
            .slippage
            .distance(price, self.settings.seed, order, leg)
            + symbol.slippage.impact(price, units, now.index)
    }

    /// The fee of a fill; 0 where its function fails, which ends the run when the bar is over.
    pub(super) fn fee(&self, basis: &FeeBasis) -> f64 {
        self.checked_fee(basis, |fees| fees.of(basis))
    }

    /// A fee, or 0 where its function fails.
    pub(super) fn checked_fee(
        &self,
        basis: &FeeBasis,
        fee: impl FnOnce(&Fees) -> Result<f64, OmegaError>,
    ) -> f64 {
        // After a failure nothing of the bar is kept, and the function is not called again.
        if self.late_error.get().is_some() {
            return 0.0;
        }
        fee(&self.settings.symbols[basis.symbol.index()].fees).unwrap_or_else(|error| {
            self.keep_error(error);
            0.0
        })
    }

    /// Whether one more position of a symbol fits.
    #[inline]
    pub(super) fn check_count(&self, symbol: SymbolId) -> Result<(), RejectReason> {
        let (all, of_symbol) = (self.positions.open.len(), self.positions.count_of(symbol));
        self.settings.limits.check_count(all, of_symbol)
    }
}

/// Market and stop orders slip, limits do not (F1 to F4).
#[inline]
pub(super) fn slips(order: &Order) -> bool {
    match order.kind {
        OrderType::Market | OrderType::AtClose | OrderType::Stop(_) => true,
        OrderType::Limit(_)
        | OrderType::StopLimit { .. }
        | OrderType::LimitIfTouched { .. }
        | OrderType::Modify
        | OrderType::Cancel => false,
    }
}

fn new_position(order: &Order, fill: &Fill, live: Live, now: &SymbolBar) -> Position {
    let open = now.bar.side(order.direction.exit_side()).open;
    let [stop_loss, take_profit] = order.levels(fill.price);
    // The open of a bar came before a fill inside it, and is no price of the position (L1.5).
    let first = if live == Live::FromOpen {
        open
    } else {
        fill.price
    };
    Position {
        id: fill.trade,
        entry: 0,
        order: order.id,
        symbol: order.symbol,
        direction: order.direction,
        lots: fill.lots,
        contract_size: 1.0,
        entry_index: fill.index,
        entry_time: fill.time,
        entry_price: fill.price,
        entry_fee: fill.fee,
        swap: 0.0,
        stop_loss,
        stop_reason: ExitReason::StopLoss,
        take_profit,
        initial_stop: stop_loss,
        live,
        best_price: first,
        worst_price: first,
        marked_price: fill.price,
        marked_profit: 0.0,
        value: 0.0,
        entry_rate: None,
        account_stop: None,
        exit_legs: 0,
        trailing_stop: order.trailing_stop,
        closing: false,
        parts_closed: Vec::new(),
        alternative_pnl: None,
        origin: None,
        labels: order.labels.clone(),
    }
}
