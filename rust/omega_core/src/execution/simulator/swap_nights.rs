//! Financing of open positions over the nights between two bars (M4).

use super::Simulator;
use crate::execution::{Account, SymbolBar};

impl Simulator {
    /// Books the nights between the last bar and this one (M4).
    pub(super) fn book_nights<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        // First, since a day is found by a division.
        let swap = &self.settings.symbols[now.symbol.index()].swap;
        if !swap.is_charged() {
            return;
        }
        let days = self.settings.days(now.symbol);
        let (from, to) = (days.of(now.since), days.of(now.opens));
        // Finer bars end here: they count from the open of their own bar (I5.1).
        if from >= to {
            return;
        }
        self.positions.for_each_of(now.symbol, |position| {
            // The newest complete bar: at its close the position was marked last.
            let mark = now.last.side(position.direction.exit_side()).close;
            let per_night = swap.per_night(position.direction, mark);
            let nights = swap.nights(from, to);
            // A line of 0 in the ledger would look like a night that was charged (M4.3).
            if per_night == 0.0 || nights == 0.0 {
                return;
            }
            let amount = per_night * position.lots * position.contract_size * now.rate * nights;
            position.swap += amount;
            account.book_swap(position, amount, now.opens);
        });
    }
}
