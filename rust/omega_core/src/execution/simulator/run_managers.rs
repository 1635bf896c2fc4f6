//! The end of a bar: the built-in position managers, and the user's own (I4).

use super::Simulator;
use super::close::market_order;
use crate::error::OmegaError;
use crate::execution::book::{CloseRequest, QueuedTask};
use crate::execution::managers::{Request, trail};
use crate::execution::{Action, CloseTarget, ExitReason, Position, StepBars, SymbolBar};
use crate::types::TradeId;

impl Simulator {
    /// Runs the built-in managers over the open positions: MANAGE of the loop (L1.6).
    pub(super) fn manage(&mut self, now: &SymbolBar) {
        self.book.trail(now);
        if self.settings.managers.is_empty() && !self.positions.has_trailing {
            return;
        }
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
            Action::Modify(request) => {
                let id = self.book.take_number();
                let refused = self.modify(id, &request, now);
                self.answer(id, refused, now)
            }
            Action::Close {
                target,
                fraction,
                reason,
            } => {
                if self.cancel_waiting(target) {
                    // No number was taken, and a callback would go on seeing the order.
                    self.book.changes += 1;
                    return Ok(());
                }
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
            Action::Open(_) | Action::Cancel(_) | Action::Rebalance(_) => Err(OmegaError::Config {
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
}
