//! The end of a bar: position managers, nights, and the stop-out.

use super::Simulator;
use super::change::close_order;
use super::fills::Closing;
use super::queue::{Asked, Wish as Waits};
use crate::error::OmegaError;
use crate::execution::managers::{Wish, trail};
use crate::execution::{Account, Action, CloseTarget, ExitReason, Moment, Moments, Position};
use crate::types::TradeId;

impl Simulator {
    /// Books the nights between the last bar and this one (M4).
    pub fn book_nights<A: Account>(&mut self, now: &Moment, account: &mut A) {
        let per_day = self.settings.units_per_day;
        let (from, to) = (
            now.since.div_euclid(per_day),
            now.bar.time.div_euclid(per_day),
        );
        if from >= to {
            return;
        }
        for position in self.positions.iter_mut().filter(|p| p.symbol == now.symbol) {
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

    /// Runs the built-in managers over the open positions: MANAGE of the loop.
    pub fn manage(&mut self, now: &Moment) {
        let managers = std::mem::take(&mut self.settings.managers);
        for place in 0..self.positions.len() {
            let position = &mut self.positions[place];
            if position.symbol != now.symbol {
                continue;
            }
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
    pub fn process_managed(
        &mut self,
        action: &Action,
        moments: &Moments,
    ) -> Result<(), OmegaError> {
        let now = moments.of(self.symbol_of(action));
        match *action {
            Action::Modify {
                trade,
                stop_loss,
                take_profit,
            } => {
                let id = self.take_number();
                let closes = now.last;
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
        let target = CloseTarget::Trade(trade);
        self.asked.push(Asked {
            row,
            wish: Waits::Close(target, fraction, reason),
        });
    }

    /// Closes the position with the largest loss where equity is below the stop-out level (M6);
    /// true where it closed one, and equity has to be looked at again. A position whose symbol has
    /// no bar at this step cannot be closed.
    pub fn stop_out<A: Account>(&mut self, moments: &Moments, account: &mut A) -> bool {
        let Some(level) = self.settings.stop_out_level else {
            return false;
        };
        if self.positions.is_empty() || self.equity(account) >= level * self.margin_held() {
            return false;
        }
        let trading = |p: &Position| moments.trading_of(p.symbol).is_some();
        let mut places = (0..self.positions.len()).filter(|&p| trading(&self.positions[p]));
        let Some(mut place) = places.next() else {
            return false;
        };
        for other in places {
            if self.positions[other].marked_profit < self.positions[place].marked_profit {
                place = other;
            }
        }
        let position = &self.positions[place];
        let now = moments.of(position.symbol);
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
