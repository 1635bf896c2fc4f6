//! One bar over all orders and positions: expiry, the open, the inside of the bar, the extremes.

use super::{Simulator, Working};
use crate::execution::{Account, Live, Match, Moment, OrderStatus, at_open, in_bar};
use crate::types::{OrderId, TradeId};

/// Something that a bar reaches, under the order number that it is dealt with by (F9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Order(OrderId),
    Position(TradeId),
}

/// An item and the order number that it is dealt with by.
pub(super) type Touched = (OrderId, Item);

impl Simulator {
    /// Ends the orders whose time ran out before this bar (F5).
    pub fn expire(&mut self, now: &Moment) {
        let orders = &mut self.orders;
        let per_day = self.settings.units_per_day;
        let before = self.working.len() + self.asked.len();
        let mut keep = |row: usize| {
            let order = &mut orders[row];
            let over = order.symbol == now.symbol && order.is_over(now.bar.time, per_day);
            if over {
                order.status = OrderStatus::Expired;
            }
            !over
        };
        self.working.retain(|waiting| keep(waiting.row));
        self.asked.retain(|asked| keep(asked.row));
        if self.working.len() + self.asked.len() != before {
            self.changes += 1;
        }
    }

    /// Matches working orders and protective exits against a bar: EXITS of the loop.
    pub fn match_bar<A: Account>(&mut self, now: &Moment, account: &mut A) {
        self.walked = now.bar.time;
        for waiting in self.working.iter_mut().filter(|w| w.symbol == now.symbol) {
            waiting.rests = false;
        }
        self.match_open(now, account);
        self.match_inside(now, account);
        self.observe_extremes(now);
    }

    fn match_open<A: Account>(&mut self, now: &Moment, account: &mut A) {
        let mut touched = std::mem::take(&mut self.touched);
        for waiting in self.working.iter().filter(|w| w.symbol == now.symbol) {
            if self.match_working(waiting, now, true) != Match::None {
                touched.push((waiting.id, Item::Order(waiting.id)));
            }
        }
        for position in self.positions.iter().filter(|p| p.symbol == now.symbol) {
            if self.open_exit(position, now).is_some() {
                touched.push((position.order, Item::Position(position.id)));
            }
        }
        touched.sort_unstable();
        for (_, item) in touched.drain(..) {
            match item {
                Item::Order(order) => {
                    if let Some(trade) = self.fill_working(order, now, true, account) {
                        self.exit_at_open(trade, now, account);
                    }
                }
                Item::Position(trade) => self.exit_at_open(trade, now, account),
            }
        }
        self.touched = touched;
    }

    fn match_inside<A: Account>(&mut self, now: &Moment, account: &mut A) {
        let mut touched = std::mem::take(&mut self.touched);
        for waiting in self.working.iter().filter(|w| w.symbol == now.symbol) {
            if self.match_working(waiting, now, false) != Match::None {
                touched.push((waiting.id, Item::Order(waiting.id)));
            }
        }
        for position in self.positions.iter().filter(|p| p.symbol == now.symbol) {
            if Self::is_reached(position, now) {
                touched.push((position.order, Item::Position(position.id)));
            }
        }
        touched.sort_unstable();
        for (_, item) in touched.drain(..) {
            match item {
                Item::Order(order) => {
                    if let Some(trade) = self.fill_first_of_group(order, now, account) {
                        self.exit_inside(trade, now, account);
                    }
                }
                Item::Position(trade) => self.exit_inside(trade, now, account),
            }
        }
        self.touched = touched;
    }

    /// What the bar does to one working order, the open or the rest of the bar. An order that the
    /// open armed waits for the next bar, so the rest of the bar leaves it alone.
    pub(super) fn match_working(&self, waiting: &Working, now: &Moment, open: bool) -> Match {
        if waiting.rests {
            return Match::None;
        }
        let order = &self.orders[waiting.row];
        let bar = now
            .bar
            .side(order.direction.entry_side())
            .facing(order.direction);
        let kind = waiting.kind.facing(order.direction);
        match at_open(kind, &bar, self.settings.limit_improvement) {
            Match::None if !open => in_bar(kind, &bar),
            at_open if open => at_open,
            _ => Match::None,
        }
    }

    /// Fills or arms a working order that the bar reaches; gives the position that it opened.
    pub(super) fn fill_working<A: Account>(
        &mut self,
        order: OrderId,
        now: &Moment,
        open: bool,
        account: &mut A,
    ) -> Option<TradeId> {
        let place = self
            .working
            .iter()
            .position(|waiting| waiting.id == order)?;
        let waiting = self.working[place];
        match self.match_working(&waiting, now, open) {
            Match::None => None,
            Match::Armed => {
                self.working[place].kind = waiting.kind.armed();
                self.working[place].rests = true;
                None
            }
            Match::Filled(price, live) => {
                self.working.remove(place);
                self.changes += 1;
                let price = price * self.orders[waiting.row].direction.sign();
                match self.enter(waiting.row, (price, live), now, account) {
                    Ok(opened) => opened,
                    Err(reason) => {
                        self.refuse_late(order, reason, now);
                        None
                    }
                }
            }
        }
    }

    /// Notes how far prices went for and against each position that outlived the bar. In its entry
    /// bar a position counts only the extremes that certainly followed its fill; of the next one,
    /// all follows.
    fn observe_extremes(&mut self, now: &Moment) {
        for position in self.positions.iter_mut().filter(|p| p.symbol == now.symbol) {
            let bar = now
                .bar
                .side(position.direction.exit_side())
                .facing(position.direction);
            let sign = position.direction.sign();
            let low_counts = matches!(position.live, Live::FromOpen | Live::FromLimit);
            let high_counts = matches!(position.live, Live::FromOpen | Live::FromStop);
            let low = if low_counts { bar.low } else { bar.close };
            let high = if high_counts { bar.high } else { bar.close };
            if low < position.worst_price * sign {
                position.worst_price = low * sign;
            }
            if high > position.best_price * sign {
                position.best_price = high * sign;
            }
            position.live = Live::FromOpen;
        }
    }
}
