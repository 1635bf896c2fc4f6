//! Protective exits of open positions (F6, F11), and the end of the data (L4).

use super::Simulator;
use super::fills::Closing;
use crate::execution::{
    Account, ExitReason, Moment, Moments, Outcome, Position, facing_path, low_comes_first, resolve,
    target_at_open,
};
use crate::types::{Ohlc, TradeId};

impl Simulator {
    /// The exit that the open price itself triggers: price and reason.
    pub(super) fn open_exit(&self, position: &Position, now: &Moment) -> Option<(f64, ExitReason)> {
        let sign = position.direction.sign();
        let bar = exit_bar(position, now);
        if position
            .stop_loss
            .is_some_and(|level| bar.open <= level * sign)
        {
            return Some((bar.open * sign, position.stop_reason));
        }
        let target = position
            .take_profit
            .filter(|level| bar.open >= level * sign)?;
        let price = target_at_open(target * sign, &bar, self.settings.limit_improvement);
        Some((price * sign, ExitReason::TakeProfit))
    }

    /// Whether the bar reaches a level of the position at all.
    pub(super) fn is_reached(position: &Position, now: &Moment) -> bool {
        let sign = position.direction.sign();
        let bar = exit_bar(position, now);
        position
            .stop_loss
            .is_some_and(|level| bar.low <= level * sign)
            || position
                .take_profit
                .is_some_and(|level| bar.high >= level * sign)
    }

    pub(super) fn exit_at_open<A: Account>(
        &mut self,
        trade: TradeId,
        now: &Moment,
        account: &mut A,
    ) {
        let Some(place) = self.place(trade) else {
            return;
        };
        if let Some((price, reason)) = self.open_exit(&self.positions[place], now) {
            self.leave_protected(place, price, reason, now, account);
        }
    }

    pub(super) fn exit_inside<A: Account>(
        &mut self,
        trade: TradeId,
        now: &Moment,
        account: &mut A,
    ) {
        let Some(place) = self.place(trade) else {
            return;
        };
        let position = &self.positions[place];
        let sign = position.direction.sign();
        let policy = self.settings.intrabar;
        let resolution = resolve(
            policy,
            facing_path(low_comes_first(policy, &now.bar), position.direction),
            &exit_bar(position, now),
            position.stop_loss.map(|level| level * sign),
            position.take_profit.map(|level| level * sign),
            position.live,
        );
        if resolution.is_ambiguous() {
            let worst = self.net_of(position, resolution.worst, now);
            let best = self.net_of(position, resolution.best, now);
            let (low, high) = position.turned_down.unwrap_or((worst, best));
            let range = (
                if worst < low { worst } else { low },
                if best > high { best } else { high },
            );
            self.positions[place].turned_down = Some(range);
        }
        let position = &self.positions[place];
        let (level, reason) = match resolution.chosen {
            Outcome::Open => return,
            Outcome::Stop => (position.stop_loss, position.stop_reason),
            Outcome::Target => (position.take_profit, ExitReason::TakeProfit),
        };
        if let Some(level) = level {
            let price = price_inside(level * sign, &exit_bar(position, now)) * sign;
            self.leave_protected(place, price, reason, now, account);
        }
    }

    /// Net profit of a position had a bar ended in this outcome; still open counts as closed at the
    /// bar's close (I3).
    fn net_of(&self, position: &Position, outcome: Outcome, now: &Moment) -> f64 {
        let symbol = &self.settings.symbols[position.symbol.index()];
        let sign = position.direction.sign();
        let bar = exit_bar(position, now);
        let close = bar.close * sign;
        let at = |level: Option<f64>| level.map_or(close, |p| price_inside(p * sign, &bar) * sign);
        let leg = 1 + position.exit_legs;
        let slip = symbol
            .slippage
            .distance(self.settings.seed, position.order.0, leg);
        let price = match outcome {
            Outcome::Stop => at(position.stop_loss) - sign * slip,
            Outcome::Target => at(position.take_profit),
            Outcome::Open => close - sign * slip,
        };
        let units = position.lots * symbol.instrument.contract_size;
        let gross = (price - position.entry_price)
            * sign
            * position.lots
            * symbol.instrument.contract_size
            * now.rate;
        let fee = symbol
            .fees
            .of(position.lots, (units * price * now.rate).abs());
        gross - (position.entry_fee + fee) + position.swap
    }

    /// Closes what is still open at the close of the last bar of its symbol (L4).
    pub fn close_at_end<A: Account>(&mut self, moments: &Moments, account: &mut A) {
        while let Some(position) = self.positions.first() {
            let now = moments.of(position.symbol);
            let price = now.bar.side(position.direction.exit_side()).close;
            self.leave_protected(0, price, ExitReason::EndOfData, now, account);
        }
    }

    /// Closes a whole position without an order of its own; a take profit does not slip.
    fn leave_protected<A: Account>(
        &mut self,
        place: usize,
        price: f64,
        reason: ExitReason,
        now: &Moment,
        account: &mut A,
    ) {
        let lots = self.positions[place].lots;
        let slips = reason != ExitReason::TakeProfit;
        self.leave(
            &Closing {
                place,
                lots,
                price,
                reason,
                order: None,
                slips,
            },
            now,
            account,
        );
    }
}

/// The price at which an exit level fills inside a bar, facing the position. The exit side may lie
/// beyond a level as a whole where the position was entered inside the bar; then nobody knows at
/// which price it stood, and the worst one is taken (F10).
fn price_inside(level: f64, bar: &Ohlc) -> f64 {
    if bar.low <= level && level <= bar.high {
        level
    } else {
        bar.low
    }
}

/// The bar of the side that the position is left on, as the position faces it.
fn exit_bar(position: &Position, now: &Moment) -> Ohlc {
    now.bar
        .side(position.direction.exit_side())
        .facing(position.direction)
}
