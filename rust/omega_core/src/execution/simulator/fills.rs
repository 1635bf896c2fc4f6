//! Fills: a position opened, or a part of one closed, with its costs.

use super::{Event, Moment, Simulator};
use crate::execution::{
    Account, Exit, ExitReason, Fill, Live, OrderStatus, OrderType, Position, RejectReason,
};
use crate::types::{OrderId, TradeId};

/// The leg of an entry; the exits of a position count on from it (M4).
const ENTRY_LEG: u32 = 0;

impl Simulator {
    /// Fills an entry order at a price before slippage; the margin is checked first (M6).
    pub(super) fn enter<A: Account>(
        &mut self,
        row: usize,
        raw_price: f64,
        live: Live,
        now: &Moment,
        account: &mut A,
    ) -> Result<TradeId, RejectReason> {
        let order = &self.orders[row];
        let symbol = &self.settings.symbols[order.symbol.index()];
        let slips = matches!(order.kind, OrderType::Market | OrderType::Stop(_));
        let slippage = if slips {
            symbol
                .slippage
                .distance(self.settings.seed, order.id.0, ENTRY_LEG)
        } else {
            0.0
        };
        let price = raw_price + order.direction.sign() * slippage;
        let notional = (order.lots * symbol.instrument.contract_size * price * now.rate).abs();
        let margin = notional * symbol.instrument.margin_rate;
        if margin > 0.0 && margin > self.free_margin(account) {
            let reason = RejectReason::Margin;
            self.orders[row].status = OrderStatus::Rejected(reason);
            return Err(reason);
        }
        let fee = symbol.fees.of(order.lots, notional);
        let trade = TradeId(self.next_trade);
        self.next_trade += 1;
        let exit_price = now.bar.side(order.direction.exit_side()).open;
        let position = Position {
            id: trade,
            order: order.id,
            symbol: order.symbol,
            direction: order.direction,
            lots: order.lots,
            contract_size: symbol.instrument.contract_size,
            entry_index: now.index,
            entry_time: now.bar.time,
            entry_price: price,
            entry_fee: fee,
            swap: 0.0,
            stop_loss: order.stop_loss,
            stop_reason: ExitReason::StopLoss,
            take_profit: order.take_profit,
            initial_stop: order.stop_loss,
            live,
            best_price: if live == Live::FromOpen {
                exit_price
            } else {
                price
            },
            worst_price: if live == Live::FromOpen {
                exit_price
            } else {
                price
            },
            marked_profit: 0.0,
            margin,
            exit_legs: 0,
            turned_down: None,
            reason: order.reason.clone(),
            tags: order.tags.clone(),
        };
        let fill = Fill {
            order: order.id,
            trade,
            symbol: order.symbol,
            direction: order.direction,
            time: now.bar.time,
            index: now.index,
            price,
            lots: order.lots,
            fee,
            slippage,
        };
        account.book_entry(&position, &fill);
        self.orders[row].status = OrderStatus::Filled;
        self.positions.push(position);
        self.record(fill);
        Ok(trade)
    }

    /// Closes lots of a position at a price before slippage. A take profit is a limit order and does
    /// not slip; every other exit does. `order` is the close order, if it was not a protective exit.
    pub(super) fn leave<A: Account>(
        &mut self,
        place: usize,
        lots: f64,
        raw_price: f64,
        reason: ExitReason,
        order: Option<OrderId>,
        now: &Moment,
        account: &mut A,
    ) {
        let position = &self.positions[place];
        let symbol = &self.settings.symbols[position.symbol.index()];
        let (key, leg) = match order {
            Some(order) => (order, position.id.0),
            None => (position.order, ENTRY_LEG + 1 + position.exit_legs),
        };
        let slippage = if reason == ExitReason::TakeProfit {
            0.0
        } else {
            symbol.slippage.distance(self.settings.seed, key.0, leg)
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

    /// Balance plus the open profit of the last mark, in position order.
    pub(super) fn equity<A: Account>(&self, account: &A) -> f64 {
        let open = self
            .positions
            .iter()
            .fold(0.0, |sum, position| sum + position.marked_profit);
        account.balance() + open
    }

    fn free_margin<A: Account>(&self, account: &A) -> f64 {
        let used = self
            .positions
            .iter()
            .fold(0.0, |sum, position| sum + position.margin);
        self.equity(account) - used
    }
}
