//! Corporate actions: what they do to positions and to waiting orders (A1 to A7).

use super::Simulator;
use super::fills::Closing;
use crate::execution::dated_events::{Event, Happening, Progress, in_order};
use crate::execution::instrument::{EQUAL_SIZES, EQUAL_STEPS};
use crate::execution::restated::Restated;
use crate::execution::{
    Account, Action, Booking, CloseTarget, ExitReason, LedgerKind, LevelChange, Position,
    Rebalance, RejectReason, Sizer, StepBars, SymbolBar, TargetSize,
};
use crate::types::{Direction, SymbolId, TradeId};

/// What a run with corporate actions keeps of them.
#[derive(Debug, Default)]
pub(super) struct Actions {
    pub(super) progress: Progress,
    /// Dividends that were earned and are not paid yet, in the order of their dates.
    receivables: Vec<Receivable>,
    /// Memory for the events of a step.
    due: Vec<Event>,
    /// Whether the next open is that of a step, and not of a finer bar inside one.
    pub(super) at_step: bool,
}

impl Actions {
    pub(super) fn of(settings: &crate::execution::Settings) -> Self {
        let schedule = settings.schedule.as_deref();
        Self {
            progress: schedule.map_or_else(Progress::default, Progress::of),
            ..Self::default()
        }
    }

    /// Whether dividends are owed, which are part of the equity of each row.
    pub(super) fn is_owed(&self) -> bool {
        !self.receivables.is_empty()
    }
}

/// A dividend that is owed.
#[derive(Debug, Clone, Copy)]
struct Receivable {
    time: i64,
    trade: TradeId,
    gross: f64,
    tax: f64,
}

impl Simulator {
    /// When something is to happen to the only symbol of a run.
    pub(super) fn next_event(&self) -> i64 {
        let schedule = self.settings.schedule.as_deref();
        schedule.map_or(i64::MAX, |schedule| {
            self.actions.progress.next_time(schedule)
        })
    }

    /// Whether a symbol has been delisted or has changed (A6, A7).
    #[inline]
    pub(super) fn is_gone(&self, symbol: SymbolId, time: i64) -> bool {
        let schedule = self.settings.schedule.as_deref();
        schedule.is_some_and(|schedule| schedule.is_gone(symbol, time))
    }

    /// Books the days since the last step, then what is due at this one, before any order (L1.2,
    /// A1).
    pub(super) fn begin_dates<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Option<Vec<SymbolBar>> {
        let before = account.balance();
        self.book_interest(bars, account);
        for now in bars.trading() {
            self.book_nights(now, account);
            if now.since != now.opens {
                self.book_borrow(now, account);
            }
            self.fund_open(now, account);
        }
        let split = self.let_happen(bars, account);
        for now in split.as_deref().map_or(bars, StepBars).trading() {
            self.close_ruined(now, account);
        }
        self.note_booked(before, account);
        self.is_awake = self.settings.has_interest() || self.actions.is_owed();
        split
    }

    /// Counts a change where money was booked, which no fill and no order shows.
    pub(super) fn note_booked<A: Account>(&mut self, before: f64, account: &A) {
        self.book.changes += u64::from(account.balance().to_bits() != before.to_bits());
    }

    /// Applies the events that are due at a step, before its orders. Returns the bars in the prices
    /// after them, where any bar changed.
    pub(super) fn let_happen<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Option<Vec<SymbolBar>> {
        let schedule = self.settings.schedule.clone()?;
        let time = bars.0.first()?.bar.time;
        self.pay(time, account);
        let mut due = std::mem::take(&mut self.actions.due);
        due.clear();
        let progress = &mut self.actions.progress;
        for now in bars.trading() {
            progress.take_of_bar(&schedule, now.symbol, now.index, &mut due);
        }
        // Not between finer bars: the symbol that this one becomes may have none.
        if std::mem::take(&mut self.actions.at_step) {
            progress.take_of_step(&schedule, time, &mut due);
        }
        in_order(&mut due);
        let mut split: Option<Vec<SymbolBar>> = None;
        let owed = self.actions.receivables.len();
        for event in &due {
            // A close before this one has left the index by symbol behind.
            self.positions.index();
            let own = split.as_deref().map_or(bars, StepBars);
            // One that nothing is open of, and nothing waits for, is not among the bars.
            let Some(now) = own.get(event.symbol).copied() else {
                continue;
            };
            let mut submitted = self.submitted.iter();
            let is_held =
                self.holds(event.symbol) || submitted.any(|one| self.is_about(one, event.symbol));
            let by = self.happen(event, &now, own, account);
            if let Some(place) = place_of_changed((event, by, is_held), &now, own) {
                // Once for all that changes: a copy for each split would cost all symbols.
                let changed = split.get_or_insert_with(|| bars.0.to_vec());
                self.change_bar((event, by), &now, &mut changed[place]);
            }
        }
        if self.actions.receivables.len() > owed {
            // Stable: of one date in the order in which they were earned.
            self.actions.receivables.sort_by_key(|owed| owed.time);
            self.note_receivables(account);
        }
        if !due.is_empty() {
            self.positions.change_all();
            self.book.changes += 1;
            self.marks_made += 1;
        }
        self.actions.due = due;
        split
    }

    /// Restates a bar after a split or a roll. After a change the new symbol takes the last bar of
    /// the old one, by which sizes are computed.
    fn change_bar(
        &self,
        (event, restated): (&Event, Option<Restated>),
        now: &SymbolBar,
        changed: &mut SymbolBar,
    ) {
        if let Happening::Change { ratio, .. } = event.what {
            changed.last = Restated::split(ratio).bar(&now.last);
            (changed.last_rate, changed.is_ready) = (now.last_rate, now.is_ready);
        } else if let Some(by) = restated {
            changed.last = by.bar(&changed.last);
            // The volume of the bar before is in units before the split (W10).
            if self.settings.participation.is_some_and(|own| own.lagged) {
                changed.volume = by.lots(changed.volume);
            }
        }
    }

    /// Applies one event. Returns how a split or a roll restates prices.
    fn happen<A: Account>(
        &mut self,
        event: &Event,
        now: &SymbolBar,
        bars: StepBars<'_>,
        account: &mut A,
    ) -> Option<Restated> {
        match event.what {
            Happening::Split { ratio } => {
                let by = Restated::split(ratio);
                self.split(&by, now, account);
                return Some(by);
            }
            Happening::Roll(roll) => return Some(self.roll(&roll, now, account)),
            Happening::Dividend { amount, tax, pays } => {
                self.pay_dividend((amount, tax, pays), now, account);
            }
            Happening::Reinvest { factor, amount } => {
                self.positions.for_each_of(now.symbol, |position| {
                    position.lots *= factor;
                    position.entry_price /= factor;
                    position.marked_price -= amount;
                });
            }
            Happening::Change { to, ratio, cash } => {
                // At a step it is there wherever the old one is: see `mark_successors`.
                if let Some(new) = bars.get(to) {
                    self.change((ratio, cash), now, new, account);
                }
            }
            Happening::Delisting { price, change } => self.give_up(now, (price, change), account),
            Happening::Leave { shorts_only } => self.send_away(shorts_only, now, account),
        }
        None
    }

    // --- splits ---------------------------------------------------------------------------------

    fn split<A: Account>(&mut self, by: &Restated, now: &SymbolBar, account: &mut A) {
        self.positions
            .for_each_of(now.symbol, |position| position.restate(by));
        self.restate_orders(now.symbol, by);
        self.pay_fractions(now, account);
    }

    /// Restates the waiting orders of a symbol, and what was decided on the bar before.
    pub(super) fn restate_orders(&mut self, symbol: SymbolId, by: &Restated) {
        self.book.restate(symbol, by);
        let mut submitted = std::mem::take(&mut self.submitted);
        for action in &mut submitted {
            match action {
                Action::Rebalance(request) => restate_targets(request, symbol, by),
                action if self.symbol_of(action) == symbol => restate_action(action, by),
                _ => {}
            }
        }
        self.submitted = submitted;
    }

    /// Pays cash for what a split leaves below a volume step, from the newest position on.
    fn pay_fractions<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        let Some(step) = self.instrument(now.symbol).volume_step else {
            return;
        };
        for direction in [Direction::Long, Direction::Short] {
            let open = self.positions.of_symbol(now.symbol);
            let open = open.filter(|position| position.direction == direction);
            let total = open.fold(0.0, |sum, position| sum + position.lots);
            let mut left = total - self.instrument(now.symbol).round_down(total);
            while left > EQUAL_STEPS * step {
                let newest = self.positions.newest_of(now.symbol, direction);
                let Some(index) = newest else { break };
                let position = &self.positions.open[index];
                let closes_all = left >= position.lots * (1.0 - EQUAL_SIZES);
                let lots = if closes_all { position.lots } else { left };
                let price = if now.trades {
                    now.bar.side(direction.exit_side()).open
                } else {
                    position.marked_price
                };
                let reason = ExitReason::SplitCash;
                let closing = Closing::without_order(index, lots, price, reason);
                self.close_position(&closing, now, account);
                left -= lots;
            }
        }
    }

    // --- dividends ------------------------------------------------------------------------------

    fn pay_dividend<A: Account>(
        &mut self,
        (amount, tax, pays): (f64, f64, Option<i64>),
        now: &SymbolBar,
        account: &mut A,
    ) {
        let time = now.bar.time;
        let owed = &mut self.actions.receivables;
        self.positions.for_each_of(now.symbol, |position| {
            let (gross, kept) = dividend_of(position, (amount, tax), now.rate);
            position.swap += gross;
            position.swap += kept;
            let trade = position.id;
            match pays.filter(|&pays| pays > time) {
                Some(pays) => owed.push(Receivable {
                    time: pays,
                    trade,
                    gross,
                    tax: kept,
                }),
                None => book_dividend(account, trade, (gross, kept), time),
            }
        });
    }

    /// Pays the dividends whose date has come.
    fn pay<A: Account>(&mut self, time: i64, account: &mut A) {
        let owed = &mut self.actions.receivables;
        let due = owed.partition_point(|one| one.time <= time);
        if due == 0 {
            return;
        }
        for one in owed.drain(..due) {
            book_dividend(account, one.trade, (one.gross, one.tax), time);
        }
        self.note_receivables(account);
    }

    fn note_receivables<A: Account>(&self, account: &mut A) {
        let owed = self.actions.receivables.iter();
        account.note_receivable(owed.fold(0.0, |sum, one| sum + one.gross + one.tax));
    }

    // --- the end of a symbol --------------------------------------------------------------------

    /// Moves positions and waiting orders to another symbol (A6).
    fn change<A: Account>(
        &mut self,
        (ratio, cash): (f64, f64),
        now: &SymbolBar,
        new: &SymbolBar,
        account: &mut A,
    ) {
        self.book_last_days(now, account);
        let by = Restated::split(ratio);
        if cash == 0.0 {
            self.rename_submitted(now.symbol, new.symbol, &by);
        }
        let is_held = self.holds(now.symbol);
        for position in self.positions.open.iter_mut() {
            if position.symbol != now.symbol {
                continue;
            }
            let sign = position.direction.sign();
            let amount = sign * position.lots * position.contract_size * cash * now.rate;
            if amount != 0.0 {
                position.swap += amount;
                account.book(&Booking {
                    kind: LedgerKind::SplitCash,
                    trade: Some(position.id),
                    amount,
                    time: now.bar.time,
                });
            }
            position.restate(&by);
            position.change_symbol(new.symbol, now.index, new.index);
        }
        self.positions.count_anew();
        if cash == 0.0 {
            self.book.restate(now.symbol, &by);
            self.book.rename(now.symbol, new.symbol);
            self.rebalancing.rename(now.symbol, new.symbol);
        } else {
            self.book.cancel_of(now.symbol, RejectReason::Delisted);
        }
        // Where nothing was moved, the positions of the new symbol stay as they are.
        if is_held {
            self.pay_fractions(new, account);
        }
    }

    /// Moves what was decided on the bar before to the new symbol.
    fn rename_submitted(&mut self, from: SymbolId, to: SymbolId, by: &Restated) {
        let mut submitted = std::mem::take(&mut self.submitted);
        for action in &mut submitted {
            if !self.is_about(action, from) {
                continue;
            }
            restate_action(action, by);
            match action {
                Action::Open(request) => request.symbol = to,
                Action::Close { target, .. } if *target == CloseTarget::Symbol(from) => {
                    *target = CloseTarget::Symbol(to);
                }
                _ => {}
            }
        }
        self.submitted = submitted;
    }

    /// Whether an action is about a symbol.
    fn is_about(&self, action: &Action, symbol: SymbolId) -> bool {
        !action.is_rebalance() && self.symbol_of(action) == symbol
    }

    /// Closes the positions of a delisted symbol, and cancels its waiting orders (A7).
    fn give_up<A: Account>(
        &mut self,
        now: &SymbolBar,
        (price, change): (Option<f64>, Option<f64>),
        account: &mut A,
    ) {
        self.book_last_days(now, account);
        self.book.cancel_of(now.symbol, RejectReason::Delisted);
        let last = SymbolBar {
            index: now.index.saturating_sub(usize::from(!now.trades)),
            ..*now
        };
        while let Some(index) = self.positions.first_of(now.symbol) {
            let position = &self.positions.open[index];
            let close = position.marked_price;
            let known = price.or_else(|| change.map(|change| close * (1.0 + change)));
            let reason = ExitReason::Delisted;
            let Some(known) = known else {
                // Its true value is unknown: the other end of the interval is a price of 0.
                let worthless = self.net_at(position, (0.0, false, 0.0), &last);
                let position = &mut self.positions.open[index];
                position.widen_alternatives(worthless, worthless);
                self.close_protected(index, close, reason, &last, account);
                continue;
            };
            let closing = Closing::without_order(index, position.lots, known, reason);
            self.close_position(&closing, &last, account);
        }
    }

    /// Closes the positions of a symbol at the open of a bar, or its short ones.
    fn send_away<A: Account>(&mut self, shorts_only: bool, now: &SymbolBar, account: &mut A) {
        let is_meant = |position: &Position| !shorts_only || position.direction == Direction::Short;
        while let Some(index) = self.positions.find_of(now.symbol, is_meant) {
            let side = self.positions.open[index].direction.exit_side();
            let price = now.bar.side(side).open;
            self.close_protected(index, price, ExitReason::Signal, now, account);
        }
    }
}

/// The place of the bar that an event changes: for a split or a roll the symbol's own; for a change
/// of a symbol that is held or acted on that of the new one, if it has had no bar.
fn place_of_changed(
    (event, restated, is_held): (&Event, Option<Restated>, bool),
    now: &SymbolBar,
    bars: StepBars<'_>,
) -> Option<usize> {
    if let Happening::Change { to, .. } = event.what {
        let new = bars.place_of(to)?;
        return (is_held && bars.0[new].last.bid.close.is_nan()).then_some(new);
    }
    restated.and_then(|_| bars.place_of(now.symbol))
}

/// The dividend of a position, and the tax withheld from it.
pub(super) fn dividend_of(position: &Position, (amount, tax): (f64, f64), rate: f64) -> (f64, f64) {
    let sign = position.direction.sign();
    let gross = sign * position.lots * position.contract_size * amount * rate;
    (gross, if gross > 0.0 { -(gross * tax) } else { 0.0 })
}

pub(super) fn book_dividend<A: Account>(
    account: &mut A,
    trade: TradeId,
    (gross, tax): (f64, f64),
    time: i64,
) {
    let mut book = |kind, amount: f64| {
        account.book(&Booking {
            kind,
            trade: Some(trade),
            amount,
            time,
        });
    };
    book(LedgerKind::Dividend, gross);
    // A line of 0 would look like a tax that was taken.
    if tax != 0.0 {
        book(LedgerKind::Tax, tax);
    }
}

/// Restates what was decided before a split or a roll.
fn restate_action(action: &mut Action, by: &Restated) {
    match action {
        Action::Open(request) => {
            request.kind = request.kind.restated(by);
            request.stop_loss = request.stop_loss.map(|level| level.restated(by));
            request.take_profit = request.take_profit.map(|level| level.restated(by));
            request.trailing_stop = request.trailing_stop.map(|away| away.restated(by));
            request.trail = request.trail.map(|away| away.restated(by));
            if let Some(Sizer::FixedLots(lots)) = &mut request.size {
                *lots = by.lots(*lots);
            }
        }
        Action::Modify(request) => {
            request.price = request.price.map(|price| by.price(price));
            request.limit_price = request.limit_price.map(|price| by.price(price));
            request.lots = request.lots.map(|lots| by.lots(lots));
            for change in [&mut request.stop_loss, &mut request.take_profit] {
                if let LevelChange::Set(Some(level)) = change {
                    *level = level.restated(by);
                }
            }
        }
        Action::Close { .. } | Action::Cancel(_) | Action::Rebalance(_) => {}
    }
}

/// Restates targets in units after a split; weights and values stay.
fn restate_targets(request: &mut Rebalance, symbol: SymbolId, by: &Restated) {
    for target in &mut request.targets {
        if let TargetSize::Units(units) = &mut target.size
            && target.symbol == symbol
        {
            *units = by.lots(*units);
        }
    }
}
