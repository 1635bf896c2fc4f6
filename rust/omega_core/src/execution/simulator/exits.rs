//! Protective exits of open positions (F6, F11), and the end of the data (L4).

use super::Simulator;
use super::fills::Closing;
use crate::execution::{
    Account, ExitReason, Outcome, Position, StepBars, SymbolBar, Trigger, facing_path,
    low_comes_first, resolve, target_at_open,
};
use crate::types::{Direction, Ohlc, TradeId};

impl Simulator {
    /// The exit that the open price itself triggers (F6): price and reason.
    fn open_exit(&self, position: &Position, now: &SymbolBar) -> Option<(f64, ExitReason)> {
        let sign = position.direction.sign();
        // Facing the position, so that the stop is below and the target above for shorts as well.
        let (bar, exits) = (exit_bar(position, now), facing_exits(position));
        if exits.is_below(bar.open) {
            return Some((bar.open * sign, position.stop_reason));
        }
        if !exits.is_above(bar.open) {
            return None;
        }
        let price = target_at_open(exits.above, &bar, self.settings.limit_improvement);
        Some((price * sign, ExitReason::TakeProfit))
    }

    pub(super) fn exit_at_open<A: Account>(
        &mut self,
        trade: TradeId,
        now: &SymbolBar,
        account: &mut A,
    ) {
        let Some(index) = self.positions.index_of(trade) else {
            return;
        };
        if let Some((price, reason)) = self.open_exit(&self.positions.open[index], now) {
            self.close_protected(index, price, reason, now, account);
        }
    }

    pub(super) fn exit_inside<A: Account>(
        &mut self,
        trade: TradeId,
        now: &SymbolBar,
        account: &mut A,
    ) {
        let Some(index) = self.positions.index_of(trade) else {
            return;
        };
        let position = &self.positions.open[index];
        let (bar, exits) = (exit_bar(position, now), facing_exits(position));
        let policy = self.settings.intrabar;
        let path = facing_path(low_comes_first(policy, &now.bar), position.direction);
        let resolution = resolve(policy, path, &bar, &exits, position.live);
        // Before the outcome: an exit reports the range to the portfolio, and a position that stays
        // open keeps it for a later bar (I3.1).
        if resolution.is_ambiguous() {
            let worst = self.net_of(position, resolution.worst, now);
            let best = self.net_of(position, resolution.best, now);
            self.positions.open[index].widen_alternatives(worst, best);
        }
        let position = &self.positions.open[index];
        let (level, reason) = match resolution.chosen {
            Outcome::Open => return,
            Outcome::Stop => (exits.below, position.stop_reason),
            Outcome::Target => (exits.above, ExitReason::TakeProfit),
        };
        let price = price_inside(level, &bar) * position.direction.sign();
        self.close_protected(index, price, reason, now, account);
    }

    /// Net profit of a position had a bar ended in this outcome; still open counts as closed at the
    /// bar's close (I3).
    fn net_of(&self, position: &Position, outcome: Outcome, now: &SymbolBar) -> f64 {
        let symbol = &self.settings.symbols[position.symbol.index()];
        let sign = position.direction.sign();
        let (bar, exits) = (exit_bar(position, now), facing_exits(position));
        let close = bar.close * sign;
        // A level that is not there stands at infinity, and its outcome is never possible.
        let at = |level: f64| {
            if level.is_finite() {
                price_inside(level, &bar) * sign
            } else {
                close
            }
        };
        // The draw that the exit itself has, so that the outcome that is taken is in the range to
        // the last bit.
        let leg = 1 + position.exit_legs;
        let slip = symbol
            .slippage
            .distance(self.settings.seed, position.order.0, leg);
        let price = match outcome {
            Outcome::Stop => at(exits.below) - sign * slip,
            Outcome::Target => at(exits.above),
            Outcome::Open => close - sign * slip,
        };
        let units = position.lots * symbol.instrument.contract_size;
        let gross = position.profit(price, position.lots, now.rate);
        let fee = symbol
            .fees
            .of(position.lots, (units * price * now.rate).abs());
        gross - (position.entry_fee + fee) + position.swap
    }

    /// Closes what is still open at the close of the last bar of its symbol (L4).
    pub fn close_at_end<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        // Always the first: closing removes it, and the next oldest is the first then (L4.1).
        while let Some(position) = self.positions.open.first() {
            let now = bars.of(position.symbol);
            let price = now.bar.side(position.direction.exit_side()).close;
            self.close_protected(0, price, ExitReason::EndOfData, now, account);
        }
    }

    /// Closes a whole position without an order of its own; a take profit does not slip (F2).
    pub(super) fn close_protected<A: Account>(
        &mut self,
        index: usize,
        price: f64,
        reason: ExitReason,
        now: &SymbolBar,
        account: &mut A,
    ) {
        let closing = Closing {
            index,
            lots: self.positions.open[index].lots,
            price,
            reason,
            order: None,
            slips: reason != ExitReason::TakeProfit,
        };
        self.close_position(&closing, now, account);
    }
}

/// The price at which an exit level fills inside a bar, facing the position. The exit side may lie
/// beyond a level as a whole where the position was entered inside the bar; then the price at
/// which it stood is unknown, and the worst one is taken (F10).
fn price_inside(level: f64, bar: &Ohlc) -> f64 {
    if bar.low <= level && level <= bar.high {
        level
    } else {
        bar.low
    }
}

/// The bar of the side that the position is left on, as the position faces it.
fn exit_bar(position: &Position, now: &SymbolBar) -> Ohlc {
    now.bar
        .side(position.direction.exit_side())
        .facing(position.direction)
}

/// Its exits as the position faces them: the stop loss below, the take profit above.
fn facing_exits(position: &Position) -> Trigger {
    let sign = position.direction.sign();
    let facing = |level: Option<f64>| level.map(|level| level * sign);
    let (stop, target) = (facing(position.stop_loss), facing(position.take_profit));
    Trigger::of_exits(Direction::Long, stop, target)
}
