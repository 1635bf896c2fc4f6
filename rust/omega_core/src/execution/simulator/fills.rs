//! Fills: a position opened, or a part of one closed, with its costs.

use super::{Event, Simulator};
use crate::execution::{
    Account, Exit, ExitReason, Fill, Live, Moment, Order, OrderStatus, OrderType, Position,
    PositionMode, RejectReason,
};
use crate::types::{OrderId, SymbolId, TradeId};

/// The leg of an entry; the exits of a position count on from it (M4).
const ENTRY_LEG: u32 = 0;

/// Sizes within this fraction of each other are equal (F7).
const EQUAL_SIZES: f64 = 1e-9;

/// Lots of a position that are about to be closed.
pub(super) struct Closing {
    pub(super) place: usize,
    pub(super) lots: f64,
    /// Before slippage.
    pub(super) price: f64,
    pub(super) reason: ExitReason,
    /// The order that closes it; none where its own protective exit does.
    pub(super) order: Option<OrderId>,
    /// Whether the fill slips; limit orders do not (F2).
    pub(super) slips: bool,
}

impl Simulator {
    /// Fills an entry order at a price before slippage: opposite positions first in netting mode,
    /// then a position for what is left, if number and margin allow it (F7, M6).
    pub(super) fn enter<A: Account>(
        &mut self,
        row: usize,
        (price, live): (f64, Live),
        now: &Moment,
        account: &mut A,
    ) -> Result<Option<TradeId>, RejectReason> {
        let symbol = self.orders[row].symbol;
        let fills_before = self.fills.len();
        let left = match self.settings.position_mode {
            PositionMode::Hedging => self.orders[row].lots,
            PositionMode::Netting => self.net(row, price, now, account),
        };
        let opened = if left > 0.0 {
            self.settings.symbols[symbol.index()]
                .instrument
                .order_size(left)
                .and_then(|lots| self.check_count(symbol).map(|()| lots))
                .and_then(|lots| self.open_position(row, lots, (price, live), now, account))
                .map(Some)
        } else {
            Ok(None)
        };
        self.orders[row].status = match opened {
            Ok(_) => OrderStatus::Filled,
            Err(reason) => OrderStatus::Rejected(reason),
        };
        // A closing part fills even where what it leaves to open is refused.
        if self.fills.len() > fills_before {
            self.cancel_group(row);
        }
        opened
    }

    /// Closes positions of the other direction, oldest first; gives the lots that are left.
    fn net<A: Account>(&mut self, row: usize, price: f64, now: &Moment, account: &mut A) -> f64 {
        let order = &self.orders[row];
        let (id, symbol, direction) = (order.id, order.symbol, order.direction);
        let slips = slips(order);
        let mut left = order.lots;
        while left > 0.0 {
            let opposite = |p: &Position| p.symbol == symbol && p.direction != direction;
            let Some(place) = self.positions.iter().position(opposite) else {
                break;
            };
            let open = self.positions[place].lots;
            let all = left >= open * (1.0 - EQUAL_SIZES);
            let lots = if all { open } else { left };
            left = if all && left <= open * (1.0 + EQUAL_SIZES) {
                0.0
            } else {
                left - lots
            };
            let reason = ExitReason::Signal;
            let order = Some(id);
            self.leave(
                &Closing {
                    place,
                    lots,
                    price,
                    reason,
                    order,
                    slips,
                },
                now,
                account,
            );
        }
        left
    }

    fn open_position<A: Account>(
        &mut self,
        row: usize,
        lots: f64,
        (raw_price, live): (f64, Live),
        now: &Moment,
        account: &mut A,
    ) -> Result<TradeId, RejectReason> {
        let order = &self.orders[row];
        let symbol = &self.settings.symbols[order.symbol.index()];
        let slippage = if slips(order) {
            symbol
                .slippage
                .distance(self.settings.seed, order.id.0, ENTRY_LEG)
        } else {
            0.0
        };
        let price = raw_price + order.direction.sign() * slippage;
        let notional = (lots * symbol.instrument.contract_size * price * now.rate).abs();
        if !notional.is_finite() {
            return Err(RejectReason::Size);
        }
        let margin = notional * symbol.instrument.margin_rate;
        if margin > 0.0 && margin > self.free_margin(account) {
            return Err(RejectReason::Margin);
        }
        let fill = Fill {
            order: order.id,
            trade: TradeId(self.next_trade),
            symbol: order.symbol,
            direction: order.direction,
            time: now.bar.time,
            index: now.index,
            price,
            lots,
            fee: symbol.fees.of(lots, notional),
            slippage,
            rate: now.rate,
        };
        let position = new_position(
            order,
            &fill,
            symbol.instrument.contract_size,
            margin,
            live,
            now,
        );
        account.book_entry(&position, &fill);
        self.next_trade += 1;
        self.last_trades[fill.symbol.index()].entry = Some((now.index, now.bar.time));
        self.positions.push(position);
        let trade = fill.trade;
        self.record(fill);
        Ok(trade)
    }

    /// Closes lots of a position.
    pub(super) fn leave<A: Account>(&mut self, closing: &Closing, now: &Moment, account: &mut A) {
        let Closing {
            place,
            lots,
            price: raw_price,
            reason,
            order,
            slips,
        } = *closing;
        let position = &self.positions[place];
        let symbol = &self.settings.symbols[position.symbol.index()];
        let (key, leg) = match order {
            Some(order) => (order, position.id.0),
            None => (position.order, ENTRY_LEG + 1 + position.exit_legs),
        };
        let slippage = if slips {
            symbol.slippage.distance(self.settings.seed, key.0, leg)
        } else {
            0.0
        };
        let price = raw_price - position.direction.sign() * slippage;
        let notional = (lots * symbol.instrument.contract_size * price * now.rate).abs();
        let fill = Fill {
            order: key,
            trade: position.id,
            symbol: position.symbol,
            direction: position.direction.opposite(),
            time: now.bar.time,
            index: now.index,
            price,
            lots,
            fee: symbol.fees.of(lots, notional),
            slippage,
            rate: now.rate,
        };
        let share = if lots < position.lots {
            lots / position.lots
        } else {
            1.0
        };
        let exit = Exit {
            position,
            fill: &fill,
            reason,
            entry_fee: position.entry_fee * share,
            swap: position.swap * share,
            rate: now.rate,
            turned_down: position.turned_down,
        };
        let closed = account.book_exit(&exit);
        let (entry_fee, swap) = (exit.entry_fee, exit.swap);
        self.last_trades[fill.symbol.index()].exit = Some(now.bar.time);
        if share < 1.0 {
            let position = &mut self.positions[place];
            position.lots -= lots;
            position.entry_fee -= entry_fee;
            position.swap -= swap;
            position.margin -= position.margin * share;
            position.marked_profit -= position.marked_profit * share;
            position.exit_legs += 1;
        } else {
            self.positions.remove(place);
        }
        self.record(fill);
        self.events.push(Event::Closed(closed));
    }

    fn record(&mut self, fill: Fill) {
        self.changes += 1;
        self.events.push(Event::Filled(self.fills.len()));
        self.fills.push(fill);
    }

    /// Balance plus the open profit of the last mark, summed by trade number.
    pub(super) fn equity<A: Account>(&self, account: &A) -> f64 {
        account.balance()
            + self
                .positions
                .iter()
                .fold(0.0, |sum, p| sum + p.marked_profit)
    }

    pub(super) fn margin_held(&self) -> f64 {
        self.positions
            .iter()
            .fold(0.0, |sum, position| sum + position.margin)
    }

    fn free_margin<A: Account>(&self, account: &A) -> f64 {
        self.equity(account) - self.margin_held()
    }

    /// Whether one more position of a symbol fits.
    pub(super) fn check_count(&self, symbol: SymbolId) -> Result<(), RejectReason> {
        let of_symbol = self.positions.iter().filter(|p| p.symbol == symbol).count();
        self.settings
            .limits
            .check_count(self.positions.len(), of_symbol)
    }
}

/// Market and stop orders slip, limits do not (F1 to F4).
fn slips(order: &Order) -> bool {
    matches!(order.kind, OrderType::Market | OrderType::Stop(_))
}

fn new_position(
    order: &Order,
    fill: &Fill,
    contract_size: f64,
    margin: f64,
    live: Live,
    now: &Moment,
) -> Position {
    let open = now.bar.side(order.direction.exit_side()).open;
    let first = if live == Live::FromOpen {
        open
    } else {
        fill.price
    };
    Position {
        id: fill.trade,
        order: order.id,
        symbol: order.symbol,
        direction: order.direction,
        lots: fill.lots,
        contract_size,
        entry_index: fill.index,
        entry_time: fill.time,
        entry_price: fill.price,
        entry_fee: fill.fee,
        swap: 0.0,
        stop_loss: order.stop_loss,
        stop_reason: ExitReason::StopLoss,
        take_profit: order.take_profit,
        initial_stop: order.stop_loss,
        live,
        best_price: first,
        worst_price: first,
        marked_profit: 0.0,
        margin,
        exit_legs: 0,
        trailing_stop: order.trailing_stop,
        closing: false,
        parts_closed: Vec::new(),
        turned_down: None,
        labels: order.labels.clone(),
    }
}
