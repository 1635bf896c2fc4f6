//! Holding costs: swap, interest on cash, borrowing for short sales, and funding (M4, C1 to C4).

use super::Simulator;
use crate::execution::dated_events::Funding;
use crate::execution::{
    Account, AccountKind, Booking, LedgerKind, Position, RejectReason, Settings, StepBars,
    SymbolBar,
};
use crate::types::{Direction, SymbolId, TradeId};

/// Days of a year of borrowing.
const YEAR: f64 = 360.0;

/// The state of carry in a run.
#[derive(Debug, Default)]
pub(super) struct Accrued {
    /// Whether any symbol has a swap.
    // Of many symbols the settings of each are in no cache.
    pub(super) charges_swap: bool,
    /// The day of the last step.
    day: Option<i64>,
    /// The symbol whose bar is being walked past its open: positions closed there have not paid the
    /// funding of the bar yet.
    inside: Option<SymbolId>,
    /// The positions entered inside the bars of the step.
    entered: Vec<TradeId>,
}

impl Accrued {
    /// Nothing yet.
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            charges_swap: settings.charges_swap(),
            ..Self::default()
        }
    }
}

impl Simulator {
    /// Books the nights between the last bar and this one, or this step (M4).
    pub(super) fn book_nights<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        let swap = &self.settings.symbols[now.symbol.index()].swap;
        // First, since a day is found by a division.
        if !self.accrued.charges_swap || !swap.is_charged() {
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

    /// The earliest time at which a bar may book interest, borrowing or funding.
    pub(super) fn next_carry(&self, walked: i64) -> i64 {
        let Some(carry) = &self.settings.carry else {
            return i64::MAX;
        };
        let by_day = carry.has_interest() || carry.borrow.iter().any(Option::is_some);
        let day = if by_day {
            self.settings.days(SymbolId(0)).end(walked)
        } else {
            i64::MAX
        };
        day.min(carry.next_funding(walked))
    }

    /// Books the interest of the days that have ended since the last step (C1).
    pub(super) fn book_interest<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let Some(carry) = self.settings.carry.clone() else {
            return;
        };
        self.accrued.entered.clear();
        let Some(first) = bars.0.first() else { return };
        let time = first.bar.time;
        let today = self.settings.days(SymbolId(0)).of(time);
        let begun = self.accrued.day.unwrap_or(today);
        self.accrued.day = Some(today.max(begun));
        for day in begun..today {
            let cash = self.cash(account);
            let rates = if cash < 0.0 {
                &carry.debit
            } else {
                &carry.cash
            };
            let rate = rates.as_ref().and_then(|rates| rates.of(day));
            let amount = cash * rate.unwrap_or(0.0) / carry.days_of_year;
            if amount != 0.0 {
                account.book(&Booking {
                    kind: LedgerKind::Interest,
                    trade: None,
                    amount,
                    time,
                });
            }
        }
    }

    /// Cash that earns interest: in a cash account the balance less the cost of the positions.
    fn cash<A: Account>(&self, account: &A) -> f64 {
        let balance = account.balance();
        if self.settings.account.kind != AccountKind::Cash {
            return balance;
        }
        let open = self.positions.open.iter();
        open.fold(balance, |cash, position| {
            let rate = position.entry_rate.unwrap_or(1.0);
            cash - position.entry_price * position.lots * position.contract_size * rate
        })
    }

    /// Books the borrowing of a symbol for the days since its last bar (C2).
    pub(super) fn book_borrow<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        let Some(carry) = self.settings.carry.clone() else {
            return;
        };
        let Some(Some(rates)) = carry.borrow.get(now.symbol.index()) else {
            return;
        };
        let days = self.settings.days(now.symbol);
        let (from, to) = (days.of(now.since), days.of(now.opens));
        let shorts = self.positions.open.iter_mut();
        for position in shorts.filter(|position| {
            position.symbol == now.symbol && position.direction == Direction::Short
        }) {
            let close = position.marked_price;
            let collateral = if carry.rounds_collateral {
                (1.02 * close).ceil()
            } else {
                close
            };
            for day in from..to {
                let rate = rates.of(day).unwrap_or(0.0);
                let cost = position.lots * position.contract_size * collateral * rate / YEAR;
                let amount = -(cost * now.rate);
                book(account, position, LedgerKind::Borrow, amount, now.bar.time);
            }
        }
    }

    /// Books swap and borrowing of a symbol that ends at a step, unless its bar there has booked
    /// them (A4).
    pub(super) fn book_last_days<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        if !now.trades {
            self.book_nights(now, account);
            self.book_borrow(now, account);
        }
    }

    /// Whether a short position may be opened (C2, M12).
    #[inline]
    pub(super) fn check_short_of(
        &self,
        symbol: SymbolId,
        direction: Direction,
        time: i64,
    ) -> Result<(), RejectReason> {
        self.check_short(direction)?;
        let Some(carry) = self.settings.carry.as_deref() else {
            return Ok(());
        };
        let Some(Some(rates)) = carry.borrow.get(symbol.index()) else {
            return Ok(());
        };
        let is_lent = rates.of(self.settings.days(symbol).of(time)).is_some();
        if direction == Direction::Short && !is_lent {
            Err(RejectReason::NoBorrow)
        } else {
            Ok(())
        }
    }

    // --- funding: C3 -----------------------------------------------------------------------------

    /// Books the funding at the exact open of a bar, for positions held before it.
    pub(super) fn fund_open<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        let Some(carry) = self.settings.carry.clone() else {
            return;
        };
        for event in carry.funding_of(now.symbol, now.index) {
            if event.time == event.opens {
                self.positions.for_each_of(now.symbol, |position| {
                    fund(position, event, now, account);
                });
            }
        }
    }

    /// The rest of a bar begins: positions closed in it may have been open at a funding.
    pub(super) fn begin_inside(&mut self, symbol: SymbolId) {
        if self.settings.carry.is_some() {
            self.accrued.inside = Some(symbol);
        }
    }

    /// A position was entered.
    #[inline]
    pub(super) fn note_entry(&mut self, trade: TradeId) {
        if self.accrued.inside.is_some() {
            self.accrued.entered.push(trade);
        }
    }

    /// Books the funding inside a bar, for positions that are open at its end.
    pub(super) fn fund_inside<A: Account>(&mut self, now: &SymbolBar, account: &mut A) {
        let Some(carry) = self.settings.carry.clone() else {
            return;
        };
        self.accrued.inside = None;
        let before = account.balance();
        for event in carry.funding_of(now.symbol, now.index) {
            for position in self.positions.open.iter_mut() {
                if position.symbol != now.symbol {
                    continue;
                }
                let is_new = position.entry_index == now.index;
                let at_open = event.time == event.opens;
                if at_open && !is_new {
                    continue;
                }
                // It may have been entered later, or came with the event.
                let in_doubt = is_new && (at_open || self.accrued.entered.contains(&position.id));
                if !in_doubt || cost_of(position, event, now) < 0.0 {
                    fund(position, event, now, account);
                }
            }
        }
        self.note_booked(before, account);
    }

    /// Books the funding that a position closed inside a bar may have had to pay.
    pub(super) fn fund_leaving<A: Account>(
        &mut self,
        index: usize,
        now: &SymbolBar,
        account: &mut A,
    ) {
        if self.accrued.inside != Some(now.symbol) {
            return;
        }
        let Some(carry) = self.settings.carry.clone() else {
            return;
        };
        let position = &mut self.positions.open[index];
        for event in carry.funding_of(now.symbol, now.index) {
            let is_booked = event.time == event.opens && position.entry_index != now.index;
            if !is_booked && cost_of(position, event, now) < 0.0 {
                fund(position, event, now, account);
            }
        }
    }
}

/// What a funding adds to the balance.
fn cost_of(position: &Position, event: &Funding, now: &SymbolBar) -> f64 {
    let sign = position.direction.sign();
    let mark = event
        .mark
        .unwrap_or(now.bar.side(position.direction.exit_side()).open);
    -(sign * position.lots * position.contract_size * mark * event.rate) * now.rate
}

fn fund<A: Account>(position: &mut Position, event: &Funding, now: &SymbolBar, account: &mut A) {
    let amount = cost_of(position, event, now);
    book(account, position, LedgerKind::Funding, amount, event.time);
}

fn book<A: Account>(
    account: &mut A,
    position: &mut Position,
    kind: LedgerKind,
    amount: f64,
    time: i64,
) {
    // A line of 0 would look like something that was charged.
    if amount == 0.0 {
        return;
    }
    position.swap += amount;
    account.book(&Booking {
        kind,
        trade: Some(position.id),
        amount,
        time,
    });
}
