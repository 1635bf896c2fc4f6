//! Fills that close a position or a part of one, with their costs.

use super::Simulator;
use super::fills::{Closing, ENTRY_LEG};
use crate::execution::costs::FeeBasis;
use crate::execution::positions::ClosedShare;
use crate::execution::{Account, Exit, ExitReason, Fill, SymbolBar};

impl Simulator {
    /// Closes lots of a position.
    pub(super) fn close_position<A: Account>(
        &mut self,
        closing: &Closing,
        now: &SymbolBar,
        account: &mut A,
    ) {
        self.is_stopped(self.positions.open.len() / 8);
        if self.has_dates {
            self.fund_leaving(closing.index, now, account);
        }
        let (share, fill) = self.book_closing(closing, now, account);
        self.positions.close(closing.index, &share, fill);
    }

    /// Books an exit while the position is as it was. Returns the share that is closed, and the
    /// fill.
    pub(super) fn book_closing<A: Account>(
        &self,
        closing: &Closing,
        now: &SymbolBar,
        account: &mut A,
    ) -> (ClosedShare, Fill) {
        let position = &self.positions.open[closing.index];
        let fill = self.exit_fill(closing, now);
        // A trade shows the position as it was.
        let share = ClosedShare::of(position, closing.lots);
        account.book_exit(&Exit {
            position,
            fill: &fill,
            reason: closing.reason,
            entry_fee: share.entry_fee,
            swap: share.swap,
            rate: now.rate,
            alternative_pnl: share.alternative_pnl,
        });
        (share, fill)
    }

    fn exit_fill(&self, closing: &Closing, now: &SymbolBar) -> Fill {
        let position = &self.positions.open[closing.index];
        let symbol = &self.settings.symbols[position.symbol.index()];
        // An order closes each position at most once, so that the trade's number keys its legs; a
        // position's own exits count on from its entry (M4).
        let (key, leg) = match closing.order {
            Some(order) => (order, position.id.0),
            None => (position.order, ENTRY_LEG + 1 + position.exit_legs),
        };
        let slippage = if closing.slips {
            self.slippage((closing.price, closing.lots), (key.0, leg), now)
        } else {
            0.0
        };
        let price = closing.price - position.direction.sign() * slippage;
        let units = closing.lots * symbol.instrument.contract_size;
        let notional = (units * price * now.rate).abs();
        let basis = FeeBasis {
            symbol: position.symbol,
            direction: position.direction.opposite(),
            lots: closing.lots,
            units,
            price,
            notional,
            is_maker: closing.is_maker,
            is_entry: false,
            time: now.bar.time,
            order: key,
        };
        Fill {
            order: key,
            trade: position.id,
            symbol: position.symbol,
            direction: position.direction.opposite(),
            time: now.bar.time,
            index: now.index,
            price,
            lots: closing.lots,
            fee: self.exit_fee(&basis, closing.reason),
            slippage,
            rate: now.rate,
            closes: true,
        }
    }

    /// The fee of an exit, with the liquidation fee of a forced close (M9).
    fn exit_fee(&self, basis: &FeeBasis, reason: ExitReason) -> f64 {
        let instrument = self.instrument(basis.symbol);
        let liquidation = match reason {
            // Cash for what a split leaves over is no trade.
            ExitReason::SplitCash => return 0.0,
            ExitReason::StopOut | ExitReason::Ruin => {
                basis.notional * instrument.liquidation_fee / 100.0
            }
            _ => 0.0,
        };
        self.fee(basis) + liquidation
    }
}
