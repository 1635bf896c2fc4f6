//! One bar over all orders and positions: the open, the inside of the bar, the extremes.

use super::fills::EntryPrice;
use super::{STEPS_OF_AN_ORDER, Simulator};
use crate::execution::book::Working;
use crate::execution::{
    Account, Live, Match, OrderType, Position, Semantics, SymbolBar, Trigger, at_open, in_bar,
};
use crate::types::{OrderId, TradeId};

/// Something that a bar reaches.
// Ordered down to the trade number: of equal items an unstable sort would choose the order, which
// no container may (F9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Order(OrderId),
    Position(TradeId),
}

/// An item under the order number that it is dealt with by (F9).
pub(super) type Reached = (OrderId, Item);

/// The part of a bar that orders are matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BarPart {
    /// The open price alone.
    Open,
    /// What follows the open.
    Inside,
}

impl Simulator {
    /// What the open price itself triggers of working orders and protective exits (L1.4).
    pub(super) fn match_open<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        self.walked = now.bar.time;
        self.book.begin_bar(now.symbol);
        self.match_part(BarPart::Open, now, account);
    }

    /// What follows the open inside the bar: EXITS of the loop (L1.4).
    pub(super) fn match_inside<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        if self.positions.open.is_empty() && self.book.is_empty() && !self.has_dates {
            // Closed at the open, and no more is to happen.
            self.held.forget_entries();
            return;
        }
        self.book.end_immediate(now.symbol);
        self.positions.index();
        let mut is_solvent = self.is_surely_solvent(now.symbol, (&now.bar, now.last_rate), account);
        if is_solvent {
            self.clear_account_stops(now);
        } else {
            self.renew_account_stops(now, account);
        }
        if self.match_part(BarPart::Inside, now, account) {
            self.reach_account_stops(now, account);
            is_solvent = false;
        }
        if !is_solvent {
            self.test_extremes(now, account);
        }
        if self.has_dates {
            self.fund_inside(now, account);
        }
        // After the tests: what is opened at the close has seen nothing of the bar.
        self.fill_at_close(now, account);
        // Last, because a position that is gone has no extremes of this bar, and one that is new
        // has.
        self.positions.observe_extremes(now);
        self.held.forget_entries();
    }

    /// Gathers all that a part of the bar reaches, then deals with it by order number; gives
    /// whether there was anything. Each item is matched again when its turn comes: what came before
    /// may have armed, filled or cancelled it.
    fn match_part<A: Account>(&mut self, part: BarPart, now: &SymbolBar, account: &mut A) -> bool {
        self.is_stopped(self.book.working.len() + self.positions.open.len());
        // Mostly nothing, which takes no list.
        let is_reached = self.reached_orders(part, now).next().is_some()
            || self.reached_positions(part, now).next().is_some();
        if is_reached {
            self.match_reached(part, now, account);
        }
        self.book.settle();
        is_reached
    }

    /// The waiting orders that a part of the bar reaches.
    #[inline]
    fn reached_orders(&self, part: BarPart, now: &SymbolBar) -> impl Iterator<Item = &Working> {
        // Two comparisons with a kept trigger; only what they find is matched in full.
        let is_reached = move |trigger: &Trigger| match part {
            BarPart::Open => trigger.is_reached_at_open(now.bar.side(trigger.side)),
            BarPart::Inside => trigger.is_reached(now.bar.side(trigger.side)),
        };
        let own = move |w: &&Working| w.symbol == now.symbol && !w.armed_now;
        let working = self.book.working.iter().filter(own);
        working.filter(move |waiting| is_reached(&waiting.trigger))
    }

    /// The open positions whose exits a part of the bar reaches.
    #[inline]
    fn reached_positions(&self, part: BarPart, now: &SymbolBar) -> impl Iterator<Item = &Position> {
        let is_reached = move |position: &&Position| {
            let bar = now.bar.side(position.direction.exit_side());
            match part {
                // A gap through the account's stop is the matter of the test at the open, which
                // looks at all symbols.
                BarPart::Open => position.own_exits().is_reached_at_open(bar),
                BarPart::Inside => position.exits().is_reached(bar),
            }
        };
        self.positions.of_symbol(now.symbol).filter(is_reached)
    }

    fn match_reached<A: Account>(&mut self, part: BarPart, now: &SymbolBar, account: &mut A) {
        let mut reached = std::mem::take(&mut self.reached);
        let orders = self.reached_orders(part, now);
        reached.extend(orders.map(|waiting| (waiting.id, Item::Order(waiting.id))));
        let positions = self.reached_positions(part, now);
        reached.extend(positions.map(|p| (p.order, Item::Position(p.id))));
        if part == BarPart::Inside && self.tests_inside() {
            // A fill moves the account's stop, so that each position has its turn: at the stop as
            // it is by then.
            let open = self.positions.of_symbol(now.symbol);
            reached.extend(open.map(|p| (p.order, Item::Position(p.id))));
            reached.sort_unstable();
            reached.dedup();
        }
        // Gathered before the first fill: fills remove and add what is walked over.
        reached.sort_unstable();
        for (_, item) in reached.drain(..) {
            self.deal_with(item, part, now, account);
            if self.is_stopped(STEPS_OF_AN_ORDER) {
                break;
            }
        }
        self.reached = reached;
    }

    fn deal_with<A: Account>(
        &mut self,
        item: Item,
        part: BarPart,
        now: &SymbolBar,
        account: &mut A,
    ) {
        let trade = match (item, part) {
            (Item::Position(trade), _) => Some(trade),
            (Item::Order(order), BarPart::Open) => self.fill_working(order, part, now, account),
            (Item::Order(order), BarPart::Inside) => self.fill_inside(order, now, account),
        };
        // A position that the order just opened is live in the rest of its bar (F11).
        match (trade, part) {
            (Some(trade), BarPart::Open) => self.exit_at_open(trade, now, account),
            (Some(trade), BarPart::Inside) => self.exit_inside(trade, now, account),
            (None, _) => {}
        }
    }

    /// What a part of the bar does to one working order. An order that this bar armed may wait for
    /// the next one, and one that the open reached is not the inside's to fill.
    pub(super) fn match_working(&self, waiting: &Working, part: BarPart, now: &SymbolBar) -> Match {
        if waiting.armed_now {
            return Match::None;
        }
        let direction = self.book.orders[waiting.row].direction;
        let bar = now.bar.side(direction.entry_side()).facing(direction);
        let kind = waiting.kind.facing(direction);
        match (part, at_open(kind, &bar, self.settings.limit_improvement)) {
            (BarPart::Open, at_open) => at_open,
            (BarPart::Inside, Match::None) => in_bar(kind, &bar),
            (BarPart::Inside, Match::Armed | Match::Filled(..)) => Match::None,
        }
    }

    /// Fills or arms a working order that the bar reaches; gives the position that it opened.
    pub(super) fn fill_working<A: Account>(
        &mut self,
        order: OrderId,
        part: BarPart,
        now: &SymbolBar,
        account: &mut A,
    ) -> Option<TradeId> {
        let index = self.book.index_of_working(order)?;
        let waiting = self.book.working[index];
        match self.match_working(&waiting, part, now) {
            Match::None => None,
            Match::Armed => {
                // The whole bar follows its open, and with it every price after the stop (F4).
                let from_now = part == BarPart::Open && self.settings.semantics == Semantics::Two;
                self.book.arm(index, from_now);
                None
            }
            Match::Filled(price, live) => {
                // Out of the book first, so that the group that its fill cancels does not have it.
                self.book.take_working(index);
                let order_row = &self.book.orders[waiting.row];
                let at = EntryPrice {
                    price: price * order_row.direction.sign(),
                    live,
                    is_maker: is_maker(waiting.kind, live, order_row.submitted_time, now),
                };
                match self.enter(waiting.row, at, now, account) {
                    Ok(opened) => opened,
                    Err(reason) => {
                        self.refuse_late(order, reason, now);
                        None
                    }
                }
            }
        }
    }
}

/// Whether a waiting order rested in the book before it filled (M4.4). A limit that the open of its
/// first bar reaches, and one that a stop has just armed, take what the market offers.
fn is_maker(kind: OrderType, live: Live, submitted: i64, now: &SymbolBar) -> bool {
    match kind {
        OrderType::Limit(_) => live != Live::FromOpen || submitted < now.bar.time,
        // A stop-limit that the price came back to was a limit by then; a touched limit fills on
        // the move that arms it.
        OrderType::StopLimit { .. } | OrderType::LimitIfTouched { .. } => {
            live == Live::FromPullback
        }
        OrderType::Market
        | OrderType::Stop(_)
        | OrderType::AtClose
        | OrderType::Modify
        | OrderType::Cancel => false,
    }
}
