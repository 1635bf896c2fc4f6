//! Rolls: what is open of a contract is closed in it and opened in the next one, at the open of a
//! bar that both have (R3).

use super::Simulator;
use super::fills::{Closing, ENTRY_LEG};
use crate::execution::costs::FeeBasis;
use crate::execution::dated_events::Roll;
use crate::execution::restated::Restated;
use crate::execution::{Account, ExitReason, Fill, Live, SymbolBar};
use crate::types::Side;

impl Roll {
    /// The price at which a side of the old contract is traded.
    fn price(&self, side: Side) -> f64 {
        match side {
            Side::Bid => self.bid,
            Side::Ask => self.ask,
        }
    }
}

impl Simulator {
    /// Rolls what is open of a symbol, and restates what waits in the prices of the new contract.
    pub(super) fn roll<A: Account>(
        &mut self,
        roll: &Roll,
        now: &SymbolBar,
        account: &mut A,
    ) -> Restated {
        let by = Restated::rolled(roll.bid, now.bar.bid.open, roll.by_ratio);
        self.restate_orders(now.symbol, &by);
        let mut index = 0;
        while index < self.positions.open.len() {
            let is_own = self.positions.open[index].symbol == now.symbol;
            let stays = !is_own || self.roll_position(index, roll, &by, now, account);
            index += usize::from(stays);
        }
        by
    }

    /// Rolls a position; gives whether anything is held of it in the new contract.
    fn roll_position<A: Account>(
        &mut self,
        index: usize,
        roll: &Roll,
        by: &Restated,
        now: &SymbolBar,
        account: &mut A,
    ) -> bool {
        let position = &self.positions.open[index];
        let direction = position.direction;
        let old = roll.price(direction.exit_side());
        let new = now.bar.side(direction.entry_side()).open;
        let closing = Closing {
            slips: true,
            ..Closing::without_order(index, position.lots, old, ExitReason::Roll)
        };
        let lots = if roll.same_notional {
            let instrument = self.instrument(now.symbol);
            instrument.order_size(position.lots * old.abs() / new.abs())
        } else {
            Ok(position.lots)
        };
        let Ok(lots) = lots else {
            self.close_position(&closing, now, account);
            return false;
        };
        let (_, exit) = self.book_closing(&closing, now, account);
        let (entry, notional) = self.rolled_entry(index, (new, lots), now);
        let best = now.bar.side(direction.exit_side()).open;
        let position = &mut self.positions.open[index];
        position.origin = Some(position.origin());
        position.restate(by);
        position.lots = lots;
        (position.entry_index, position.entry_time) = (entry.index, entry.time);
        (position.entry_price, position.entry_fee) = (entry.price, entry.fee);
        position.swap = 0.0;
        position.initial_stop = position.stop_loss;
        (position.best_price, position.worst_price) = (best, best);
        (position.marked_price, position.marked_profit) = (entry.price, 0.0);
        position.value = notional;
        position.live = Live::FromOpen;
        position.exit_legs += 2;
        position.alternative_pnl = None;
        account.book_entry(position, &entry);
        self.positions.rolled(exit, entry);
        true
    }

    /// The fill in the new contract, under the number of the order that opened the position; and
    /// what it is worth.
    fn rolled_entry(
        &self,
        index: usize,
        (price, lots): (f64, f64),
        now: &SymbolBar,
    ) -> (Fill, f64) {
        let position = &self.positions.open[index];
        let symbol = &self.settings.symbols[now.symbol.index()];
        // After the leg of the exit (M4).
        let leg = ENTRY_LEG + 2 + position.exit_legs;
        let order = position.order;
        let slippage = self.slippage((price, lots), (order.0, leg), now);
        let price = price + position.direction.sign() * slippage;
        let units = lots * symbol.instrument.contract_size;
        let notional = (units * price * now.rate).abs();
        let fee = self.fee(&FeeBasis {
            symbol: now.symbol,
            direction: position.direction,
            lots,
            units,
            price,
            notional,
            is_maker: false,
            is_entry: true,
            time: now.bar.time,
            order,
        });
        let fill = Fill {
            order,
            trade: position.id,
            symbol: now.symbol,
            direction: position.direction,
            time: now.bar.time,
            index: now.index,
            price,
            lots,
            fee,
            slippage,
            rate: now.rate,
            closes: false,
        };
        (fill, notional)
    }
}
