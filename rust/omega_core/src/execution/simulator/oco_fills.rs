//! Which order of an OCO group fills first inside a bar (F8); the book cancels the others.

use super::Simulator;
use super::match_bar::BarPart;
use crate::execution::book::Working;
use crate::execution::{
    Account, IntrabarPolicy, Live, Match, SymbolBar, facing_path, low_comes_first, open_profit,
};
use crate::types::{OrderId, TradeId};

/// An order of a group that the rest of a bar fills.
struct Candidate {
    id: OrderId,
    /// Worth of the fill at the close of the bar, in account currency, without costs.
    worth: f64,
    /// Leg of the path on which it fills, and how far along.
    when: Option<(usize, f64)>,
}

impl Simulator {
    /// Fills what the rest of a bar reaches first: the order itself, or another of its group.
    /// Gives the position that was opened.
    pub(super) fn fill_inside<A: Account>(
        &mut self,
        order: OrderId,
        now: &SymbolBar,
        account: &mut A,
    ) -> Option<TradeId> {
        let index = self.book.index_of_working(order)?;
        let waiting = self.book.working[index];
        let is_grouped = self.book.orders[waiting.row].labels.group().is_some();
        // Few orders have a group, and without one there is nothing to choose from.
        if !is_grouped || self.match_working(&waiting, BarPart::Inside, now) == Match::Armed {
            return self.fill_working(order, BarPart::Inside, now, account);
        }
        self.fill_first_of_group(&waiting, now, account)
    }

    /// Fills the order of a group that comes first inside a bar. One that is refused is followed by
    /// the next choice, until one fills or the order at hand has had its turn.
    fn fill_first_of_group<A: Account>(
        &mut self,
        waiting: &Working,
        now: &SymbolBar,
        account: &mut A,
    ) -> Option<TradeId> {
        loop {
            // It ends: the order chosen leaves the book, whether it fills or is refused.
            let candidates = self.candidates(waiting, now);
            let first = self.choose(&candidates)?;
            let opened = self.fill_working(first, BarPart::Inside, now, account);
            if let Some(trade) = opened
                && candidates.len() > 1
                && let Some(index) = self.positions.index_of(trade)
            {
                let position = &mut self.positions.open[index];
                for candidate in &candidates {
                    position.widen_alternatives(candidate.worth, candidate.worth);
                }
            }
            if opened.is_some() || self.book.index_of_working(waiting.id).is_none() {
                return opened;
            }
        }
    }

    /// The orders of a group in this symbol that the rest of the bar fills.
    fn candidates(&self, waiting: &Working, now: &SymbolBar) -> Vec<Candidate> {
        let working = self.book.working_of_group(waiting.row);
        working
            .filter(|w| w.symbol == now.symbol)
            .filter_map(|w| match self.match_working(w, BarPart::Inside, now) {
                Match::Filled(price, live) => Some(self.candidate(w.row, price, live, now)),
                Match::None | Match::Armed => None,
            })
            .collect()
    }

    /// What filling an order at a price, facing it, would be worth, and when its path gets there.
    fn candidate(&self, row: usize, price: f64, live: Live, now: &SymbolBar) -> Candidate {
        let order = &self.book.orders[row];
        let sign = order.direction.sign();
        let instrument = &self.settings.symbols[order.symbol.index()].instrument;
        let close = now.bar.side(order.direction.exit_side()).close;
        let size = instrument.contract_size;
        // No costs: only the order that is taken has any (F8.1).
        let worth = open_profit(close, price * sign, sign, order.lots, size, now.rate);
        let low_first = facing_path(
            low_comes_first(self.settings.intrabar, &now.bar),
            order.direction,
        );
        let bar = now
            .bar
            .side(order.direction.entry_side())
            .facing(order.direction);
        let when = low_first.map(|low_first| {
            let points = if low_first {
                [bar.open, bar.low, bar.high, bar.close]
            } else {
                [bar.open, bar.high, bar.low, bar.close]
            };
            let leg = live.leg(low_first);
            (leg, (price - points[leg]).abs())
        });
        Candidate {
            id: order.id,
            worth,
            when,
        }
    }

    fn choose(&self, candidates: &[Candidate]) -> Option<OrderId> {
        let optimistic = self.settings.intrabar == IntrabarPolicy::Optimistic;
        let mut candidates = candidates.iter();
        let mut chosen = candidates.next()?;
        for candidate in candidates {
            let earlier = match (candidate.when, chosen.when) {
                // Strict comparisons, so that ties go to the lower number: candidates come in that
                // order.
                (Some(this), Some(other)) => this < other,
                (None, _) | (_, None) if optimistic => candidate.worth > chosen.worth,
                (None, _) | (_, None) => candidate.worth < chosen.worth,
            };
            if earlier {
                chosen = candidate;
            }
        }
        Some(chosen.id)
    }
}
