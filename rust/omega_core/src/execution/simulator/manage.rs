//! The end of a bar: position managers, nights, and the stop-out.

use super::change::close_order;
use super::fills::Closing;
use super::{Moment, Simulator};
use crate::error::OmegaError;
use crate::execution::managers::{Wish, trail};
use crate::execution::{
    Account, Action, CloseTarget, ExitReason, OrderStatus, Position, RejectReason,
};
use crate::types::TradeId;

/// A close that a manager asked for, to be filled at the next bar.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedClose {
    row: usize,
    trade: TradeId,
    fraction: f64,
    reason: ExitReason,
}

impl Simulator {
    /// Books the nights between the last bar and this one (M4).
    pub fn book_nights<A: Account>(&mut self, now: &Moment, account: &mut A) {
        let per_day = self.settings.units_per_day;
        let (from, to) = (
            now.last.time.div_euclid(per_day),
            now.bar.time.div_euclid(per_day),
        );
        if from >= to {
            return;
        }
        for position in &mut self.positions {
            let swap = &self.settings.symbols[position.symbol.index()].swap;
            let (per_night, nights) = (swap.per_night(position.direction), swap.nights(from, to));
            if per_night == 0.0 || nights == 0.0 {
                continue;
            }
            let amount = per_night * position.lots * position.contract_size * now.rate * nights;
            position.swap += amount;
            account.book_swap(position, amount, now.bar.time);
        }
    }

    /// Fills the closes that managers asked for on the last bar.
    pub fn fill_asked<A: Account>(&mut self, now: &Moment, account: &mut A) {
        if self.asked.is_empty() {
            return;
        }
        for asked in std::mem::take(&mut self.asked) {
            self.changes += 1;
            let what = (asked.fraction, asked.reason);
            self.orders[asked.row].status = if self.place(asked.trade).is_none() {
                OrderStatus::Cancelled
            } else if self.close_part(asked.trade, asked.row, what, now, account) {
                OrderStatus::Filled
            } else {
                let reason = RejectReason::Size;
                self.refuse_late(self.orders[asked.row].id, reason, now);
                OrderStatus::Rejected(reason)
            };
        }
    }

    /// Runs the built-in managers over the open positions: MANAGE of the loop.
    pub fn manage(&mut self, now: &Moment) {
        let managers = std::mem::take(&mut self.settings.managers);
        for place in 0..self.positions.len() {
            let position = &mut self.positions[place];
            let before = position.stop_loss;
            if let Some(distance) = position.trailing_stop {
                trail(position, distance);
            }
            for (which, manager) in managers.iter().enumerate() {
                let position = &mut self.positions[place];
                match manager.apply(which, position, now.index, now.bar.time) {
                    Wish::None => {}
                    Wish::Close(fraction, reason) => {
                        let trade = position.id;
                        self.ask_close(trade, fraction, reason, now);
                    }
                }
            }
            if self.positions[place].stop_loss != before {
                self.changes += 1;
            }
        }
        self.settings.managers = managers;
    }

    /// Takes an action of a manager written by the user: levels move at once, closes wait.
    ///
    /// # Errors
    /// `OmegaError::OrderRejected` where it is refused and the run is strict; `Config` where it is
    /// neither a change of levels nor a close.
    pub fn process_managed(&mut self, action: &Action, now: &Moment) -> Result<(), OmegaError> {
        match *action {
            Action::Modify {
                trade,
                stop_loss,
                take_profit,
            } => {
                let id = self.take_number();
                let closes = now.bar;
                let refused = self.modify(id, trade, (stop_loss, take_profit), &closes, now);
                self.answer(id, refused, now)
            }
            Action::Close {
                target: CloseTarget::Trade(trade),
                fraction,
                reason,
            } => {
                self.ask_close(trade, fraction, reason, now);
                Ok(())
            }
            Action::Close {
                target: CloseTarget::Symbol(symbol),
                fraction,
                reason,
            } => {
                let of_symbol = |p: &&Position| p.symbol == symbol;
                let open = self.positions.iter().filter(of_symbol).map(|p| p.id);
                for trade in open.collect::<Vec<_>>() {
                    self.ask_close(trade, fraction, reason, now);
                }
                Ok(())
            }
            Action::Open(_) | Action::Cancel(_) => Err(OmegaError::Config {
                parameter: "position manager".into(),
                given: "a Signal or a Cancel".into(),
                expected: "Modify or Close".into(),
                hint: "Open positions and cancel orders in the strategy".into(),
            }),
        }
    }

    fn ask_close(&mut self, trade: TradeId, fraction: f64, reason: ExitReason, now: &Moment) {
        let Some(position) = self.position(trade) else {
            return;
        };
        let (symbol, direction) = (position.symbol, position.direction);
        let id = self.take_number();
        let row = self.orders.len();
        self.orders
            .push(close_order(id, symbol, Some(direction), now));
        self.asked.push(AskedClose {
            row,
            trade,
            fraction,
            reason,
        });
    }

    /// Closes the position with the largest loss where equity is below the stop-out level (M6);
    /// true where it closed one, and equity has to be looked at again.
    pub fn stop_out<A: Account>(&mut self, now: &Moment, account: &mut A) -> bool {
        let Some(level) = self.settings.stop_out_level else {
            return false;
        };
        if self.positions.is_empty() || self.equity(account) >= level * self.margin_held() {
            return false;
        }
        let mut place = 0;
        for (other, position) in self.positions.iter().enumerate() {
            if position.marked_profit < self.positions[place].marked_profit {
                place = other;
            }
        }
        let position = &self.positions[place];
        let price = now.bar.side(position.direction.exit_side()).close;
        let (lots, reason) = (position.lots, ExitReason::StopOut);
        let closing = Closing {
            place,
            lots,
            price,
            reason,
            order: None,
            slips: true,
        };
        self.leave(&closing, now, account);
        true
    }
}
