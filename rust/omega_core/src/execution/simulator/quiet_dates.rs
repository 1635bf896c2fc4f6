//! Splits and dividends of what is held, within steps in which nothing else can happen: the day on
//! which one of many shares pays is not walked for all others.

use std::ops::Range;

use super::Simulator;
use super::corporate::{book_dividend, dividend_of};
use super::held::HeldPosition;
use super::symbol_bars::{OwnBars, observe};
use crate::execution::dated_events::{Event, Happening};
use crate::execution::restated::Restated;
use crate::execution::{Account, Exposure, Position};
use crate::types::{SymbolId, TradeId};

/// What dates bring within a block of steps.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// Dividends, in the order in which they are booked.
    payments: Vec<Payment>,
    /// How many of them are booked.
    paid: usize,
    /// What splits make of positions: by symbol, and there by step.
    splits: Vec<Split>,
}

/// A dividend of a position at the open of a step.
#[derive(Debug, Clone, Copy)]
struct Payment {
    step: usize,
    time: i64,
    trade: TradeId,
    /// Its place among the open ones.
    // Found by number it would be searched for, among thousands.
    place: usize,
    gross: f64,
    kept: f64,
}

/// A split at the open of a step.
#[derive(Debug)]
struct Split {
    symbol: SymbolId,
    step: usize,
    by: Restated,
    /// The positions after it, in the order of entry.
    positions: Vec<Position>,
}

impl Dates {
    /// The splits of a symbol, in order.
    fn splits_of(&self, symbol: SymbolId) -> &[Split] {
        let first = self.splits.partition_point(|split| split.symbol < symbol);
        let past = self.splits.partition_point(|split| split.symbol <= symbol);
        &self.splits[first..past]
    }

    /// A position of a symbol as it is at first, and after each split, over so many steps.
    pub(super) fn parts(
        &self,
        symbol: SymbolId,
        position: HeldPosition,
        steps: usize,
    ) -> impl Iterator<Item = (Range<usize>, HeldPosition)> {
        let splits = self.splits_of(symbol);
        let own = move |split: &Split| {
            let own = split.positions.iter().find(|own| own.id == position.id);
            own.map(HeldPosition::of)
        };
        let after = splits.iter().filter_map(own);
        ranges(splits, steps).zip(std::iter::once(position).chain(after))
    }

    /// The exposure of a symbol at first, and after each split, over so many steps.
    pub(super) fn exposures(
        &self,
        symbol: SymbolId,
        first: Exposure,
        rate: f64,
        steps: usize,
    ) -> impl Iterator<Item = (Range<usize>, Exposure)> {
        let splits = self.splits_of(symbol);
        let after = splits.iter();
        let after = after.map(move |split| Exposure::of(split.positions.iter(), rate));
        ranges(splits, steps).zip(std::iter::once(first).chain(after))
    }

    /// The balance at the opens of steps, from that before the first.
    pub(super) fn balances(&self, mut balance: f64, balances: &mut [f64]) {
        let mut payments = self.payments.iter().peekable();
        for (step, own) in balances.iter_mut().enumerate() {
            while let Some(payment) = payments.next_if(|payment| payment.step == step) {
                balance += payment.gross;
                // As it is booked: nothing is kept back where there is no tax.
                balance += payment.kept;
            }
            *own = balance;
        }
    }

    /// The symbols with a split at one of the first steps, but for the very first.
    pub(super) fn split_after_first(&self, steps: usize) -> impl Iterator<Item = SymbolId> {
        let splits = self.splits.iter();
        let later = splits.filter(move |split| split.step > 0 && split.step < steps);
        later.map(|split| split.symbol)
    }

    /// The step of the last split of a symbol among the first steps.
    pub(super) fn split_within(&self, symbol: SymbolId, steps: usize) -> usize {
        let mut taken = self.splits_of(symbol).iter().map(|split| split.step);
        taken.rfind(|&step| step < steps).unwrap_or(0)
    }
}

/// The steps before the first split, and those from each on.
fn ranges(splits: &[Split], steps: usize) -> impl Iterator<Item = Range<usize>> {
    (0..=splits.len()).map(move |place| {
        let from = place.checked_sub(1).map_or(0, |before| splits[before].step);
        from..splits.get(place).map_or(steps, |split| split.step)
    })
}

impl Simulator {
    /// What dates bring within the first steps; these end before one that has to be walked.
    pub(super) fn dates_within(&self, bars: &[Option<OwnBars<'_>>], steps: &mut usize) -> Dates {
        let mut dates = Dates::default();
        for (step, event) in self.events_within(bars, steps) {
            let Some(own) = &bars[event.symbol.index()] else {
                continue;
            };
            let latest = dates.splits.iter().rev();
            let latest = latest
                .into_iter()
                .find(|split| split.symbol == event.symbol);
            let positions: Vec<&Position> = match latest {
                Some(split) => split.positions.iter().collect(),
                None => self.positions.of_symbol(event.symbol).collect(),
            };
            match event.what {
                Happening::Split { ratio } => {
                    let by = Restated::split(ratio);
                    let mut positions: Vec<Position> = positions.into_iter().cloned().collect();
                    for own in &mut positions {
                        own.restate(&by);
                    }
                    dates.splits.push(Split {
                        symbol: event.symbol,
                        step,
                        by,
                        positions,
                    });
                }
                Happening::Dividend { amount, tax, .. } => {
                    let places = &self.positions.places[event.symbol.index()];
                    for (&place, position) in places.iter().zip(positions) {
                        let (gross, kept) = dividend_of(position, (amount, tax), own.rate);
                        dates.payments.push(Payment {
                            step,
                            time: own.bars.time(step).unwrap_or(event.time),
                            trade: position.id,
                            place: place as usize,
                            gross,
                            kept,
                        });
                    }
                }
                _ => {}
            }
        }
        // Stable: of one symbol in the order of steps.
        dates.splits.sort_by_key(|split| split.symbol);
        dates
    }

    /// The events of what is held within the first steps, in the order in which they happen; these
    /// end before one that has to be walked.
    fn events_within(
        &self,
        bars: &[Option<OwnBars<'_>>],
        steps: &mut usize,
    ) -> Vec<(usize, Event)> {
        let Some(schedule) = self.settings.schedule.as_deref() else {
            return Vec::new();
        };
        let progress = &self.actions.progress;
        let held = bars.iter().flatten();
        let last = held.map(|own| own.bars.part(0, *steps)).next();
        let last = last.and_then(|own| own.times().last().copied());
        let of_steps = progress.of_steps(schedule, last.unwrap_or(i64::MAX)).iter();
        // Nothing happens to a symbol that is not held; the first one is among the bars always.
        let mut meant = of_steps
            .filter(|event| event.symbol.index() == 0 || bars[event.symbol.index()].is_some());
        if let (Some(event), Some(own)) = (meant.next(), bars.iter().flatten().next()) {
            *steps = own.bars.part(0, *steps).before(event.time);
        }
        let mut found = Vec::new();
        for (symbol, own) in (0..).map(SymbolId).zip(bars) {
            let Some(own) = own else { continue };
            for event in progress.of_bars(schedule, symbol, &(own.first..own.first + *steps)) {
                let step = event.bar.map_or(0, |bar| bar - own.first);
                if !self.is_quiet_event(event, own.bars.time(step)) {
                    *steps = step;
                    break;
                }
                found.push((step, *event));
            }
        }
        found.retain(|(step, _)| step < steps);
        found.sort_by_key(|(step, event)| (*step, event.time, event.what.rank()));
        found
    }

    /// Whether an event at a time changes nothing but what is held, and that in a way that is known
    /// before it.
    fn is_quiet_event(&self, event: &Event, time: Option<i64>) -> bool {
        match event.what {
            Happening::Dividend { pays, .. } => pays.is_none_or(|pays| Some(pays) <= time),
            // What a split leaves below a volume step is paid.
            Happening::Split { .. } => {
                let mut own = self.positions.of_symbol(event.symbol);
                self.instrument(event.symbol).volume_step.is_none()
                    && own.all(|position| position.own_exits().is_never())
            }
            _ => false,
        }
    }

    /// Lets happen what dates bring at a step.
    pub(super) fn pass_dates<A: Account>(
        &mut self,
        dates: &mut Dates,
        step: usize,
        bars: &[Option<OwnBars<'_>>],
        account: &mut A,
    ) {
        for (place, split) in dates.splits.iter().enumerate() {
            if split.step != step {
                continue;
            }
            if let Some(own) = &bars[split.symbol.index()] {
                let before = place.checked_sub(1).map(|before| &dates.splits[before]);
                let before = before.filter(|before| before.symbol == split.symbol);
                let before = before.map_or(0, |before| before.step);
                let own = own.bars.part(before, step - before);
                self.positions.for_each_of(split.symbol, |position| {
                    observe(position, &own);
                    position.restate(&split.by);
                });
            }
        }
        while let Some(payment) = dates.payments.get(dates.paid)
            && payment.step == step
        {
            dates.paid += 1;
            let position = &mut self.positions.open[payment.place];
            position.swap += payment.gross;
            position.swap += payment.kept;
            let amounts = (payment.gross, payment.kept);
            book_dividend(account, payment.trade, amounts, payment.time);
        }
    }

    /// Ends steps that were taken, the last of them at a time.
    pub(super) fn end_dates(&mut self, dates: &Dates, taken: usize, last: Option<i64>) {
        let Some(schedule) = self.settings.schedule.as_deref() else {
            return;
        };
        if let Some(last) = last {
            self.actions.progress.pass_steps(schedule, last);
        }
        if dates.paid > 0 || dates.splits.iter().any(|split| split.step < taken) {
            self.positions.change_all();
            self.book.changes += 1;
        }
    }
}
