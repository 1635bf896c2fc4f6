//! What is known by date before a run: corporate actions, rolls, departures from the universe, and
//! the rates of carry (A, C, R, U).

use std::ops::Range;
use std::sync::Arc;

use super::Concern;
use crate::types::SymbolId;

/// What happens to a symbol on a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Happening {
    /// Lots are multiplied by a ratio (A1).
    Split {
        /// New lots for an old one.
        ratio: f64,
    },
    /// Money for each unit (A2).
    Dividend {
        /// In quote currency.
        amount: f64,
        /// The share of it that is withheld from a long position.
        tax: f64,
        /// When it is paid; at once, where there is no date.
        pays: Option<i64>,
    },
    /// A dividend that is reinvested at the close before (A5).
    Reinvest {
        /// New lots for an old one.
        factor: f64,
        /// The dividend, by which the last mark falls.
        amount: f64,
    },
    /// The symbol changes into another one (A6).
    Change {
        /// Its new name.
        to: SymbolId,
        /// New lots for an old one.
        ratio: f64,
        /// Cash for each old unit.
        cash: f64,
    },
    /// The symbol is delisted (A7).
    Delisting {
        /// The price of a unit, where it is known.
        price: Option<f64>,
        /// The return on the last close, where no price is known.
        change: Option<f64>,
    },
    /// The contract that is held is another one from here on (R3).
    Roll(Roll),
    /// Positions are closed at the open: short ones where the lender recalls them (C2), or all
    /// where the symbol has left the universe (U1).
    Leave {
        /// Whether long positions stay.
        shorts_only: bool,
    },
}

/// A roll into another contract, at the open of a bar that both have (R3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roll {
    /// The bid of the old contract.
    pub bid: f64,
    /// Its ask.
    pub ask: f64,
    /// Whether levels follow the ratio of the two bids; else their difference.
    pub by_ratio: bool,
    /// Whether the same value is held afterwards; else the same number of contracts.
    pub same_notional: bool,
}

impl Happening {
    /// Its place among those of one date (A4).
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Split { .. } | Self::Roll(_) => 0,
            Self::Dividend { .. } | Self::Reinvest { .. } => 1,
            Self::Change { .. } => 2,
            Self::Delisting { .. } => 3,
            Self::Leave { .. } => 4,
        }
    }
}

/// A happening, and when it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// The symbol.
    pub symbol: SymbolId,
    /// Its date, as the instant at which that begins.
    pub time: i64,
    /// The symbol's first bar at or after it; none where it has none, or needs none.
    pub bar: Option<usize>,
    /// What happens.
    pub what: Happening,
}

/// All events of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schedule {
    /// By `SymbolId`, those that wait for a bar of their symbol, in order.
    of_symbol: Vec<Vec<Event>>,
    /// Those that wait for a step, in order.
    of_steps: Vec<Event>,
    /// Changes of symbols in order: the old one and the new one.
    successors: Vec<(SymbolId, SymbolId)>,
    /// By `SymbolId`, when it is delisted or changes into another one.
    gone_from: Vec<i64>,
}

impl Schedule {
    /// Puts events in their order.
    #[must_use]
    pub fn new(mut events: Vec<Event>, symbols: usize) -> Self {
        // Stable: of equals the order of the tables.
        events.sort_by_key(|event| (event.time, event.what.rank()));
        let mut made = Self {
            of_symbol: vec![Vec::new(); symbols],
            of_steps: Vec::new(),
            successors: Vec::new(),
            gone_from: vec![i64::MAX; symbols],
        };
        for event in events {
            if matches!(
                event.what,
                Happening::Change { .. } | Happening::Delisting { .. }
            ) {
                let gone = &mut made.gone_from[event.symbol.index()];
                *gone = event.time.min(*gone);
            }
            if event.bar.is_some() {
                made.of_symbol[event.symbol.index()].push(event);
                continue;
            }
            if let Happening::Change { to, .. } = event.what {
                made.successors.push((event.symbol, to));
            }
            made.of_steps.push(event);
        }
        made
    }

    /// Marks the symbols that marked ones change into.
    pub(super) fn mark_successors(&self, symbols: &mut [Concern]) {
        // By date, so that a symbol that changes twice is followed to the last.
        for (from, to) in &self.successors {
            if symbols[from.index()] != Concern::Nothing {
                symbols[to.index()] = Concern::Itself;
            }
        }
    }

    /// What a symbol has changed into by a time, and how many lots one of its lots has become; none
    /// where it has not changed, or cash was paid for it (A6).
    pub(super) fn successor(&self, symbol: SymbolId, time: i64) -> Option<(SymbolId, f64)> {
        if !self.is_gone(symbol, time) {
            return None;
        }
        let mut found = (symbol, 1.0);
        for event in self.of_steps.iter().take_while(|event| event.time <= time) {
            if let Happening::Change { to, ratio, cash } = event.what
                && event.symbol == found.0
                && cash == 0.0
            {
                found = (to, found.1 * ratio);
            }
        }
        (found.0 != symbol).then_some(found)
    }

    /// Whether a symbol has been delisted or has changed by a time.
    pub(super) fn is_gone(&self, symbol: SymbolId, time: i64) -> bool {
        time >= self.gone_from[symbol.index()]
    }
}

/// How far a run has come in its schedule.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// The place of the next event of each symbol, and of the next that waits for a step.
    of_symbol: Vec<usize>,
    /// The bar of the next event of each symbol.
    // A list of its own: each step compares it for each symbol, and an event is rare.
    bar_of_symbol: Vec<usize>,
    of_steps: usize,
}

impl Progress {
    pub(super) fn of(schedule: &Schedule) -> Self {
        Self {
            of_symbol: vec![0; schedule.of_symbol.len()],
            bar_of_symbol: schedule
                .of_symbol
                .iter()
                .map(|own| bar_of(own, 0))
                .collect(),
            of_steps: 0,
        }
    }

    /// Takes the events of the bar that a symbol is at; those of bars that were skipped are
    /// dropped.
    pub(super) fn take_of_bar(
        &mut self,
        schedule: &Schedule,
        symbol: SymbolId,
        index: usize,
        due: &mut Vec<Event>,
    ) {
        if self.bar_of_symbol[symbol.index()] > index {
            return;
        }
        let next = &mut self.of_symbol[symbol.index()];
        let events = &schedule.of_symbol[symbol.index()];
        for event in events[*next..]
            .iter()
            .take_while(|event| event.bar <= Some(index))
        {
            if event.bar == Some(index) {
                due.push(*event);
            }
            *next += 1;
        }
        self.bar_of_symbol[symbol.index()] = bar_of(events, *next);
    }

    /// The events of so many bars of a symbol from one on.
    pub(super) fn of_bars<'a>(
        &self,
        schedule: &'a Schedule,
        symbol: SymbolId,
        bars: &Range<usize>,
    ) -> &'a [Event] {
        if self.bar_of_symbol[symbol.index()] >= bars.end {
            return &[];
        }
        let rest = &schedule.of_symbol[symbol.index()][self.of_symbol[symbol.index()]..];
        let rest = &rest[first_at(rest, bars.start)..];
        &rest[..first_at(rest, bars.end)]
    }

    /// The events of steps that are to come until a time, that included.
    pub(super) fn of_steps<'a>(&self, schedule: &'a Schedule, until: i64) -> &'a [Event] {
        let rest = &schedule.of_steps[self.of_steps..];
        &rest[..rest.partition_point(|event| event.time <= until)]
    }

    /// Drops the events of steps until a time.
    pub(super) fn pass_steps(&mut self, schedule: &Schedule, until: i64) {
        self.of_steps += self.of_steps(schedule, until).len();
    }

    /// Takes the events of a step.
    pub(super) fn take_of_step(&mut self, schedule: &Schedule, time: i64, due: &mut Vec<Event>) {
        let rest = schedule.of_steps[self.of_steps..].iter();
        let begun = rest.take_while(|event| event.time <= time);
        let before = due.len();
        due.extend(begun);
        self.of_steps += due.len() - before;
    }

    /// The date of the next event of the only symbol of a run.
    pub(super) fn next_time(&self, schedule: &Schedule) -> i64 {
        let next = |events: &[Event], place: usize| events.get(place).map(|event| event.time);
        let of_symbol = schedule.of_symbol.iter().zip(&self.of_symbol);
        let of_symbol = of_symbol.filter_map(|(events, &place)| next(events, place));
        let of_steps = next(&schedule.of_steps, self.of_steps);
        of_symbol.chain(of_steps).min().unwrap_or(i64::MAX)
    }
}

/// The place of the first event of a bar or of a later one.
// From the head on: it is near there, and a search from the middle finds nothing in a cache.
fn first_at(events: &[Event], bar: usize) -> usize {
    let mut reach = 1;
    while events.get(reach).is_some_and(|event| event.bar < Some(bar)) {
        reach *= 2;
    }
    let reached = &events[..events.len().min(reach)];
    reached.partition_point(|event| event.bar < Some(bar))
}

/// The bar that an event waits for; beyond all where there is none.
fn bar_of(events: &[Event], place: usize) -> usize {
    let bar = events.get(place).and_then(|event| event.bar);
    bar.unwrap_or(usize::MAX)
}

/// Events in their order (A4).
pub(super) fn in_order(due: &mut [Event]) {
    due.sort_by_key(|event| (event.time, event.what.rank()));
}

/// Rates a year, each from a day on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatedRates {
    /// Numbers of days, ascending.
    pub days: Vec<i64>,
    /// The rate from each of them on; NaN where there is none.
    pub rates: Vec<f64>,
}

impl DatedRates {
    /// The rate of a day; none before the first, and where none is known.
    pub(super) fn of(&self, day: i64) -> Option<f64> {
        let begun = self.days.partition_point(|&first| first <= day);
        let rate = *self.rates.get(begun.checked_sub(1)?)?;
        (!rate.is_nan()).then_some(rate)
    }
}

/// A payment between longs and shorts of a perpetual future (C3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Funding {
    /// The bar of the symbol that it lies in.
    pub bar: usize,
    /// When that opens.
    pub opens: i64,
    /// When it is.
    pub time: i64,
    /// The share of the value that long positions pay; below 0 they receive it.
    pub rate: f64,
    /// The price of that value; the open of the bar where there is none.
    pub mark: Option<f64>,
}

/// What holding a position or cash costs or earns by the day (C).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carry {
    /// Interest on cash.
    pub cash: Option<DatedRates>,
    /// Interest on a debit.
    pub debit: Option<DatedRates>,
    /// Days of a year of interest.
    pub days_of_year: f64,
    /// By `SymbolId`, the rates at which it is borrowed.
    pub borrow: Vec<Option<DatedRates>>,
    /// Whether the collateral is 102 % of the close, rounded up to the unit of currency.
    pub rounds_collateral: bool,
    /// By `SymbolId`, in order.
    pub funding: Vec<Arc<[Funding]>>,
}

impl Carry {
    /// Whether cash earns or costs something by the day.
    pub(super) fn has_interest(&self) -> bool {
        self.cash.is_some() || self.debit.is_some()
    }

    /// The funding inside the bar of a symbol.
    pub(super) fn funding_of(&self, symbol: SymbolId, index: usize) -> &[Funding] {
        let Some(all) = self.funding.get(symbol.index()) else {
            return &[];
        };
        let first = all.partition_point(|one| one.bar < index);
        let past = all.partition_point(|one| one.bar <= index);
        &all[first..past]
    }

    /// When the next bar opens, after another, that has a funding of the only symbol.
    pub(super) fn next_funding(&self, after: i64) -> i64 {
        let next = |all: &Arc<[Funding]>| {
            let place = all.partition_point(|one| one.opens <= after);
            all.get(place).map(|one| one.opens)
        };
        let next = self.funding.iter().filter_map(next);
        next.min().unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_from_the_head_finds_what_a_search_of_all_finds() {
        let events: Vec<Event> = [2, 2, 3, 7, 8, 8, 8, 20, 21]
            .map(|bar| Event {
                symbol: SymbolId(0),
                time: 0,
                bar: Some(bar),
                what: Happening::Split { ratio: 2.0 },
            })
            .into();
        for from in 0..=events.len() {
            for bar in 0..25 {
                let rest = &events[from..];
                let found = rest.iter().position(|event| event.bar >= Some(bar));
                assert_eq!(first_at(rest, bar), found.unwrap_or(rest.len()));
            }
        }
    }
}
