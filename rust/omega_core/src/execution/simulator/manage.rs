//! The end of a bar: position managers, nights, and the stop-out.

use super::Simulator;
use super::close::market_order;
use crate::error::OmegaError;
use crate::execution::book::{CloseRequest, QueuedTask};
use crate::execution::managers::{Request, trail};
use crate::execution::{Account, Action, CloseTarget, ExitReason, Position, StepBars, SymbolBar};
use crate::types::TradeId;

impl Simulator {
    /// Books the nights between the last bar and this one (M4).
    pub(super) fn book_nights<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        let per_day = self.settings.units_per_day;
        let (from, to) = (now.since.div_euclid(per_day), now.opens.div_euclid(per_day));
        // Finer bars end here: they count from the open of their own bar (I5.1).
        if from >= to {
            return;
        }
        let open = self.positions.open.iter_mut();
        for position in open.filter(|p| p.symbol == now.symbol) {
            let swap = &self.settings.symbols[position.symbol.index()].swap;
            let (per_night, nights) = (swap.per_night(position.direction), swap.nights(from, to));
            // A line of 0 in the ledger would look like a night that was charged (M4.3).
            if per_night == 0.0 || nights == 0.0 {
                continue;
            }
            let amount = per_night * position.lots * position.contract_size * now.rate * nights;
            position.swap += amount;
            account.book_swap(position, amount, now.opens);
        }
    }

    /// Runs the built-in managers over the open positions: MANAGE of the loop (L1.5).
    pub(super) fn manage(&mut self, now: &SymbolBar) {
        let managers = std::mem::take(&mut self.settings.managers);
        for index in 0..self.positions.open.len() {
            let position = &mut self.positions.open[index];
            if position.symbol != now.symbol {
                continue;
            }
            let before = position.stop_loss;
            if let Some(distance) = position.trailing_stop {
                trail(position, distance);
            }
            for (which, manager) in managers.iter().enumerate() {
                let position = &mut self.positions.open[index];
                let trade = position.id;
                match manager.apply(which, position, now.index, now.bar.time) {
                    Request::None => {}
                    Request::Close(fraction, reason) => {
                        self.queue_close(trade, fraction, reason, now);
                    }
                }
            }
            // No order and no fill counts it, and a callback would go on seeing the old stop.
            if self.positions.open[index].stop_loss != before {
                self.positions.changes += 1;
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
        bars: StepBars<'_>,
    ) -> Result<(), OmegaError> {
        let now = &bars.of(self.symbol_of(action)).at_own_open();
        match *action {
            Action::Modify {
                trade,
                stop_loss,
                take_profit,
            } => {
                let id = self.book.take_number();
                let refused = self.modify(id, trade, [stop_loss, take_profit], now);
                self.answer(id, refused, now)
            }
            Action::Close {
                target,
                fraction,
                reason,
            } => {
                let is_target = |p: &&Position| match target {
                    CloseTarget::All => true,
                    CloseTarget::Symbol(symbol) => p.symbol == symbol,
                    CloseTarget::Trade(trade) => p.id == trade,
                };
                // One order for each position: each may be gone by the next bar, and is then
                // cancelled alone.
                let open = self.positions.open.iter().filter(is_target);
                for trade in open.map(|p| p.id).collect::<Vec<_>>() {
                    self.queue_close(trade, fraction, reason, now);
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

    fn queue_close(&mut self, trade: TradeId, fraction: f64, reason: ExitReason, now: &SymbolBar) {
        let Some(position) = self.positions.get(trade) else {
            return;
        };
        let (symbol, direction) = (position.symbol, position.direction);
        let id = self.book.take_number();
        let order = market_order(id, symbol, Some(direction), now.bar.time);
        let row = self.book.add(order);
        let request = CloseRequest {
            target: CloseTarget::Trade(trade),
            fraction,
            reason,
        };
        // Not filled now: the bar is over, and its close is known to the manager (L1).
        self.book.queue(row, QueuedTask::Close(request));
    }

    /// Closes the position with the largest loss where equity is below the stop-out level, until it
    /// is not (M6). A position whose symbol has no bar at this step cannot be closed.
    pub(super) fn stop_out<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let Some(level) = self.settings.stop_out_level else {
            return;
        };
        // Again after each: what one close gives back may be enough. Without margin the threshold
        // is an equity of 0 (M6.2).
        while !self.positions.open.is_empty()
            && self.positions.equity(account) < level * self.positions.margin()
        {
            let Some(index) = self.positions.largest_loss(bars) else {
                return;
            };
            let position = &self.positions.open[index];
            let now = bars.of(position.symbol);
            let price = now.bar.side(position.direction.exit_side()).close;
            self.close_protected(index, price, ExitReason::StopOut, now, account);
        }
    }
}
