//! Bars that certainly pass the tests of the account (M8, M9), for which no sums are needed.

use super::Simulator;
use crate::execution::{Account, Position, StepBars, SymbolBar};
use crate::types::{Bar, Direction, SymbolId};

impl Simulator {
    /// Whether a bar of one of several symbols can certainly neither ruin the account nor show an
    /// equity that has to be noted: the adverse extreme of each position, at once, leaves enough.
    // The sums of what is held beside a symbol go over all positions in the order of entry; of 500
    // symbols on each bar they would cost more than all else.
    pub(super) fn is_surely_solvent<A: Account>(
        &self,
        symbol: SymbolId,
        (bar, rate): (&Bar, f64),
        account: &A,
    ) -> bool {
        if self.settings.symbols.len() < 2 || self.settings.account.stop_out_level.is_some() {
            return false;
        }
        let all = account.balance() + self.positions.marked_profit();
        let (mut change, mut size) = (0.0, account.balance().abs() + all.abs());
        for position in self.positions.of_symbol(symbol) {
            // The open as well: of prices that nobody checked it may be beyond.
            let (bid, ask) = (&bar.bid, &bar.ask);
            let price = match position.direction {
                Direction::Long if bid.open < bid.low => bid.open,
                Direction::Long => bid.low,
                Direction::Short if ask.open > ask.high => ask.open,
                Direction::Short => ask.high,
            };
            change += position.profit(price, position.lots, rate);
            change -= position.marked_profit;
            size += position.value + position.marked_profit.abs();
        }
        // Far more than rounding makes of sums in another order.
        let least = all + change - 1e-6 * size;
        least > 0.0 && account.is_ordinary(least)
    }

    /// Removes the account's stop of a symbol, which no price of its bar can reach.
    pub(super) fn clear_account_stops(&mut self, now: &SymbolBar) {
        self.positions.for_each_of(now.symbol, |position| {
            position.account_stop = None;
        });
    }

    /// The open positions where some of their symbols have no bar; none where all have one.
    pub(super) fn open_where_some_wait(&self, bars: StepBars<'_>) -> &[Position] {
        let trading = bars.trading();
        let with_a_bar: usize = trading.map(|now| self.positions.count_of(now.symbol)).sum();
        if with_a_bar == self.positions.open.len() {
            &[]
        } else {
            &self.positions.open
        }
    }
}
