//! Protective exits of open positions (F6, F11), and the end of the data (L4).

use super::Simulator;
use super::fills::Closing;
use crate::error::OmegaError;
use crate::execution::costs::FeeBasis;
use crate::execution::{
    Account, AccountStop, ExitReason, Outcome, Position, StepBars, SymbolBar, Trigger, facing_path,
    low_comes_first, resolve, target_at_open,
};
use crate::types::{Direction, Ohlc, TradeId};

impl Simulator {
    /// The exit that the open price itself triggers (F6): price and reason.
    fn open_exit(&self, position: &Position, now: &SymbolBar) -> Option<(f64, ExitReason)> {
        let sign = position.direction.sign();
        // Facing the position, so that the stop is below and the target above for shorts as well.
        let (bar, exits) = (
            exit_bar(position, now),
            facing(position, position.own_exits()),
        );
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
        // Again for as long as the account closes something, which may be another position: each
        // close moves the price of the next (M9).
        while self.exit_once(trade, now, account) == Some(Closed::ByAccount) {}
    }

    fn exit_once<A: Account>(
        &mut self,
        trade: TradeId,
        now: &SymbolBar,
        account: &mut A,
    ) -> Option<Closed> {
        let index = self.positions.index_of(trade)?;
        // After every fill (M9).
        self.renew_account_stop(index, now, account);
        let outcome = self.resolve_inside(index, now);
        if let Some((stop, price)) = self.account_stop_hit(index, outcome, now) {
            self.close_for_account(stop, price, now, account);
            return Some(Closed::ByAccount);
        }
        let position = &self.positions.open[index];
        let (bar, exits) = (exit_bar(position, now), facing(position, position.exits()));
        let (level, reason) = match outcome {
            Outcome::Open => return None,
            Outcome::Stop => (exits.below, position.stop_reason),
            Outcome::Target => (exits.above, ExitReason::TakeProfit),
        };
        let price = price_inside(level, &bar) * position.direction.sign();
        self.close_protected(index, price, reason, now, account);
        Some(Closed::ByItsLevel)
    }

    /// The outcome of a bar for a position (I1, I2).
    fn resolve_inside(&mut self, index: usize, now: &SymbolBar) -> Outcome {
        let position = &self.positions.open[index];
        let (bar, exits) = (exit_bar(position, now), facing(position, position.exits()));
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
        resolution.chosen
    }

    /// The account's stop and the price at which it closes, where it is the outcome of a bar.
    fn account_stop_hit(
        &self,
        index: usize,
        outcome: Outcome,
        now: &SymbolBar,
    ) -> Option<(AccountStop, f64)> {
        let position = &self.positions.open[index];
        if outcome != Outcome::Stop || !position.is_stopped_by_account() {
            return None;
        }
        let stop = position.account_stop?;
        let sign = position.direction.sign();
        let price = price_inside(stop.price * sign, &exit_bar(position, now)) * sign;
        Some((stop, price))
    }

    /// Closes positions for as long as the account's stop, which every close moves, is within the
    /// bar (M9).
    pub(super) fn reach_account_stops<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        self.renew_account_stops(now, account);
        while let Some((stop, price)) = self.next_account_stop(now)
            && !self.is_stopped_among_open()
        {
            self.close_for_account(stop, price, now, account);
            self.renew_account_stops(now, account);
        }
    }

    /// The account's stop of the first position, by order number, whose outcome it is.
    fn next_account_stop(&mut self, now: &SymbolBar) -> Option<(AccountStop, f64)> {
        let is_reached = |p: &&Position| {
            let bar = exit_bar(p, now);
            p.account_stop.is_some() && facing(p, p.exits()).is_below(bar.low)
        };
        let open = self.positions.of_symbol(now.symbol).filter(is_reached);
        // Mostly nothing is near the account's stop, and the list stays empty.
        let mut reached: Vec<_> = open.map(|p| (p.order, p.id)).collect();
        reached.sort_unstable();
        reached.into_iter().find_map(|(_, trade)| {
            let index = self.positions.index_of(trade)?;
            let outcome = self.resolve_inside(index, now);
            self.account_stop_hit(index, outcome, now)
        })
    }

    /// Net profit of a position had it stayed open to the close of a bar (I3).
    pub(super) fn net_at_close(&self, position: &Position, now: &SymbolBar) -> f64 {
        self.net_of(position, Outcome::Open, now)
    }

    /// Net profit of a position had a bar ended in this outcome; still open counts as closed at the
    /// bar's close (I3).
    fn net_of(&self, position: &Position, outcome: Outcome, now: &SymbolBar) -> f64 {
        let symbol = &self.settings.symbols[position.symbol.index()];
        let sign = position.direction.sign();
        let (bar, exits) = (exit_bar(position, now), facing(position, position.exits()));
        let close = bar.close * sign;
        // A level that is not there stands at infinity, and its outcome is never possible.
        let at = |level: f64| {
            if level.is_finite() {
                price_inside(level, &bar) * sign
            } else {
                close
            }
        };
        // The draw of the exit itself, so that the outcome that is taken lies in the range to the
        // last bit.
        let leg = 1 + position.exit_legs;
        let slipped = |price: f64| {
            price - sign * self.slippage((price, position.lots), (position.order.0, leg), now)
        };
        let price = match outcome {
            Outcome::Stop => slipped(at(exits.below)),
            Outcome::Target => at(exits.above),
            Outcome::Open => slipped(close),
        };
        let is_stop_out = outcome == Outcome::Stop && position.is_stopped_by_account();
        let liquidation_fee = if is_stop_out {
            symbol.instrument.liquidation_fee
        } else {
            0.0
        };
        let is_maker = outcome == Outcome::Target;
        self.net_at(position, (price, is_maker, liquidation_fee), now)
    }

    /// Net profit of a position closed at a price, as a maker or not, with a liquidation fee in
    /// percent of the notional.
    pub(super) fn net_at(
        &self,
        position: &Position,
        (price, is_maker, liquidation_fee): (f64, bool, f64),
        now: &SymbolBar,
    ) -> f64 {
        let units = position.lots * self.instrument(position.symbol).contract_size;
        let gross = position.profit(price, position.lots, now.rate);
        let notional = (units * price * now.rate).abs();
        let fee = self.fee(&FeeBasis {
            symbol: position.symbol,
            direction: position.direction.opposite(),
            lots: position.lots,
            units,
            price,
            notional,
            is_maker,
            is_entry: false,
            time: now.bar.time,
            order: position.order,
        });
        let fee = fee + notional * liquidation_fee / 100.0;
        gross - (position.entry_fee + fee) + position.swap
    }

    /// Closes what is still open at the close of the last bar of its symbol (L4).
    ///
    /// # Errors
    /// `OmegaError::FeeFailed` where the fee of a close fails.
    pub fn close_at_end<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Result<(), OmegaError> {
        // Always the first: closing removes it, and the next oldest is the first then (L4.1).
        while let Some(position) = self.positions.open.first() {
            let now = bars.of(position.symbol);
            // A position that went on as a symbol without a bar so far has its last mark (A6).
            let price = if now.trades {
                now.bar.side(position.direction.exit_side()).close
            } else {
                position.marked_price
            };
            self.close_protected(0, price, ExitReason::EndOfData, now, account);
        }
        self.test_end(account);
        self.raise_late_error()
    }

    /// Closes a whole position without an order of its own; a take profit is a limit that rested
    /// (M4.4), and does not slip (F2).
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
            is_maker: reason == ExitReason::TakeProfit,
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

/// Exits as the position faces them: the stop loss below, the take profit above.
fn facing(position: &Position, exits: Trigger) -> Trigger {
    match position.direction {
        Direction::Long => exits,
        Direction::Short => Trigger {
            side: exits.side,
            below: -exits.above,
            above: -exits.below,
        },
    }
}

/// What closed a position inside a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    ByItsLevel,
    ByAccount,
}
