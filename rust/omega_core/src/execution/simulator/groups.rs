//! One cancels the other (F8): orders under one name, of which one fills.

use super::Simulator;
use crate::execution::{
    Account, IntrabarPolicy, Live, Match, Moment, OrderStatus, facing_path, low_comes_first,
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
    /// Cancels what else waits under the name of an order that filled.
    pub(super) fn cancel_group(&mut self, row: usize) {
        let labels = self.orders[row].labels.clone();
        let Some(group) = labels.group() else {
            return;
        };
        let orders = &mut self.orders;
        let mut keep = |waiting: usize| {
            let other = &mut orders[waiting];
            let same = waiting != row && other.labels.group() == Some(group);
            if same {
                other.status = OrderStatus::Cancelled;
            }
            !same
        };
        self.working.retain(|waiting| keep(waiting.row));
        self.asked.retain(|asked| keep(asked.row));
    }

    /// Fills the order of a group that comes first inside a bar, until `order` itself is settled.
    /// Gives the position that was opened.
    pub(super) fn fill_first_of_group<A: Account>(
        &mut self,
        order: OrderId,
        now: &Moment,
        account: &mut A,
    ) -> Option<TradeId> {
        let waiting = *self.working.iter().find(|waiting| waiting.id == order)?;
        if self.match_working(&waiting, now, false) == Match::Armed {
            return self.fill_working(order, now, false, account);
        }
        loop {
            let candidates = self.candidates(order, now);
            let first = self.choose(&candidates)?;
            let opened = self.fill_working(first, now, false, account);
            if let Some(trade) = opened
                && candidates.len() > 1
                && let Some(place) = self.place(trade)
            {
                let fold = |pick: fn(f64, f64) -> bool| {
                    candidates
                        .iter()
                        .skip(1)
                        .fold(candidates[0].worth, |kept, candidate| {
                            if pick(candidate.worth, kept) {
                                candidate.worth
                            } else {
                                kept
                            }
                        })
                };
                let range = (fold(|new, kept| new < kept), fold(|new, kept| new > kept));
                self.positions[place].turned_down = Some(range);
            }
            let still_waits = self.working.iter().any(|waiting| waiting.id == order);
            if opened.is_some() || !still_waits {
                return opened;
            }
        }
    }

    /// The orders of the group of `order`, itself included, that the rest of the bar fills; of
    /// other symbols none.
    fn candidates(&self, order: OrderId, now: &Moment) -> Vec<Candidate> {
        let row_of = |id| {
            self.working
                .iter()
                .find(|waiting| waiting.id == id)
                .map(|w| w.row)
        };
        let group = row_of(order).and_then(|row| self.orders[row].labels.group());
        let of_group = self.working.iter().filter(|waiting| {
            let same = group.is_some() && self.orders[waiting.row].labels.group() == group;
            waiting.id == order || (same && waiting.symbol == now.symbol)
        });
        of_group
            .filter_map(|waiting| match self.match_working(waiting, now, false) {
                Match::Filled(price, live) => Some(self.candidate(waiting.row, price, live, now)),
                _ => None,
            })
            .collect()
    }

    /// What filling an order at a price, facing it, would be worth, and when its path gets there.
    fn candidate(&self, row: usize, price: f64, live: Live, now: &Moment) -> Candidate {
        let order = &self.orders[row];
        let sign = order.direction.sign();
        let instrument = &self.settings.symbols[order.symbol.index()].instrument;
        let close = now.bar.side(order.direction.exit_side()).close;
        let worth =
            (close - price * sign) * sign * order.lots * instrument.contract_size * now.rate;
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
                (Some(this), Some(other)) => this < other,
                _ if optimistic => candidate.worth > chosen.worth,
                _ => candidate.worth < chosen.worth,
            };
            if earlier {
                chosen = candidate;
            }
        }
        Some(chosen.id)
    }
}
