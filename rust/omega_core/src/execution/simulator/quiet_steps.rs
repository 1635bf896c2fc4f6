//! Steps of several symbols in which nothing can happen: each symbol that is held has a bar at
//! each, no order waits, no level is reached, and the account certainly passes its tests.
//!
//! Positions are marked column by column, a block of steps at a time.

use std::ops::Range;

use super::Simulator;
use super::quiet_dates::{Dates, Part};
use crate::execution::marks::{PriceRange, for_each_price, lesser};
use crate::execution::{Account, Exposure, Position, Semantics, open_profit};
use crate::store::{Prices, Stretch};
use crate::types::{Direction, SymbolId};

/// Steps looked at together: at most, and after one that was not quiet.
const BLOCK: usize = 64;
const FEW: usize = 4;

/// The bars of a symbol from a step on, one at each.
#[derive(Debug, Clone, Copy)]
pub struct OwnBars<'a> {
    /// The bars.
    pub bars: Stretch<'a>,
    /// The index of the first of them.
    pub first: usize,
    /// The rate that holds for all of them.
    pub rate: f64,
}

/// One value for each step of a block.
type Block = [f64; BLOCK];

/// What positions come to at each step of a block.
struct Sums {
    /// Open profits at the closes.
    closes: Block,
    /// Balances at the opens, dividends booked.
    balances: Block,
    /// Equities at the opens, as the test there adds them up.
    opens: Block,
    /// The furthest that the open profit of any symbol falls below that of the close before.
    dips: Block,
}

impl Simulator {
    /// Whether steps of several symbols may be quiet, whatever their prices are.
    pub fn may_skip_steps(&self) -> bool {
        self.settings.symbols.len() > 1
            && self.settings.semantics == Semantics::Two
            && self.settings.account.stop_out_level.is_none()
            && self.settings.managers.is_empty()
            && self.book.is_empty()
            && self.submitted.is_empty()
            && self.rebalancing.waiting.is_empty()
            && !self.is_ruined
            && !self.actions.is_owed()
            // A run that is awake without a position has no bars to take.
            && !self.positions.open.is_empty()
    }

    /// Whether a symbol has open positions.
    pub fn holds(&self, symbol: SymbolId) -> bool {
        self.positions.count_of(symbol) > 0
    }

    /// Takes the quiet steps at the head of some, and hands on the open profit at the close of
    /// each; gives how many they are. By symbol the bars of what is held.
    pub fn advance_quiet_steps<A: Account>(
        &mut self,
        bars: &[Option<OwnBars<'_>>],
        account: &mut A,
        mut write: impl FnMut(&mut A, f64),
    ) -> usize {
        let most = self.steps_ahead.clamp(FEW, BLOCK);
        self.positions.index();
        let mut steps = self.quiet_steps(bars, most);
        let mut dates = if self.has_dates {
            self.dates_within(bars, &mut steps)
        } else {
            Dates::default()
        };
        let sums = self.sums(bars, steps, account.balance(), &dates);
        let slack = 1e-6 * self.size_of_account(account);
        let mut before = self.positions.marked_profit();
        let mut taken = 0;
        while taken < steps {
            // A step that is walked after all notes the same once more, which changes nothing.
            account.note_equity(sums.opens[taken]);
            let least = sums.balances[taken] + before + sums.dips[taken] - slack;
            if lesser(least, sums.opens[taken]) <= 0.0 || !account.is_ordinary(least) {
                break;
            }
            before = sums.closes[taken];
            self.pass_dates(&mut dates, taken, bars, account);
            write(account, before);
            taken += 1;
        }
        self.steps_ahead = if taken == steps { 2 * most } else { FEW };
        self.pass_steps(bars, taken, &dates);
        taken
    }

    /// How many steps come before one in which a level is reached or a date is due.
    fn quiet_steps(&self, bars: &[Option<OwnBars<'_>>], most: usize) -> usize {
        let held = || bars.iter().flatten();
        let mut steps = held().fold(most, |least, own| own.bars.len().min(least));
        if self.has_dates
            && let Some(own) = held().next()
        {
            let until = self.next_carry(self.walked);
            steps = own.bars.part(0, steps).before(until);
        }
        for position in &*self.positions.open {
            let Some(own) = &bars[position.symbol.index()] else {
                return 0;
            };
            if self.needs_each_step(position, own.rate) {
                return 0;
            }
            let exits = position.own_exits();
            if !exits.is_never() {
                steps = exits.quiet_bars(&prices(position, &own.bars.part(0, steps)));
            }
        }
        steps
    }

    /// Whether something of a position has to be looked at in each step.
    #[expect(clippy::float_cmp, reason = "a rate of exactly 1 converts nothing")]
    fn needs_each_step(&self, position: &Position, rate: f64) -> bool {
        let is_converted = position
            .entry_rate
            .is_some_and(|own| own != 1.0 || rate != 1.0);
        let swap = &self.settings.symbols[position.symbol.index()].swap;
        is_converted || position.trailing_stop.is_some() || swap.is_charged()
    }

    fn sums(
        &self,
        bars: &[Option<OwnBars<'_>>],
        steps: usize,
        balance: f64,
        dates: &Dates,
    ) -> Sums {
        let mut sums = Sums {
            closes: [0.0; BLOCK],
            balances: [balance; BLOCK],
            opens: [0.0; BLOCK],
            dips: [0.0; BLOCK],
        };
        dates.balances(balance, &mut sums.balances[..steps]);
        sums.opens = sums.balances;
        // Position by position, each adding to all steps, so that each sum is taken in the order of
        // entry (M5.1).
        for position in &*self.positions.open {
            if let Some(own) = &bars[position.symbol.index()] {
                for (part, position) in dates.parts(position, steps) {
                    let prices = prices(position, &own.bars.part(part.start, part.len()));
                    let profit = profit_of(position, own.rate);
                    for_each_price(&prices, prices.close, |step, close| {
                        sums.closes[part.start + step] += profit(close);
                    });
                }
            }
        }
        for (symbol, own) in (0..).map(SymbolId).zip(bars) {
            if let Some(own) = own {
                let positions = || self.positions.of_symbol(symbol);
                let bars = own.bars.part(0, steps);
                let first = Exposure::of(positions(), own.rate);
                sums.add_opens(dates.exposures(symbol, first, own.rate, steps), &bars);
                let parts = positions().map(|position| dates.parts(position, steps));
                sums.add_dips(parts, &bars, own.rate);
            }
        }
        sums
    }

    /// What the sums of the account are made of: rounding is a small part of it.
    fn size_of_account<A: Account>(&self, account: &A) -> f64 {
        let open = self.positions.open.iter();
        let held = open.map(|position| position.value + position.marked_profit.abs());
        held.fold(account.balance().abs(), |sum, size| sum + size)
    }

    /// Gives positions what their bars brought.
    fn pass_steps(&mut self, bars: &[Option<OwnBars<'_>>], steps: usize, dates: &Dates) {
        let Some(last) = steps.checked_sub(1) else {
            return;
        };
        for position in self.positions.open.iter_mut() {
            let Some(own) = &bars[position.symbol.index()] else {
                continue;
            };
            // What was before a split is seen already.
            let from = dates.split_within(position.symbol, steps);
            observe(position, &own.bars.part(from, steps - from));
            let prices = prices(position, &own.bars);
            position.mark(prices.close_at(last), own.rate, Semantics::Two);
            position.account_stop = None;
            if let Some(time) = own.bars.time(last) {
                self.walked = time;
            }
        }
        // What was added up of the marks before is added up anew.
        self.marks_made += 1;
        self.positions.forget_sums();
        let first = bars.iter().flatten().next();
        self.end_dates(dates, steps, first.and_then(|own| own.bars.time(last)));
    }
}

/// Widens the range of prices of a position by its bars.
pub(super) fn observe(position: &mut Position, bars: &Stretch<'_>) {
    let mut seen = PriceRange::EMPTY;
    seen.widen_by(&prices(position, bars));
    match position.direction {
        Direction::Long => position.observe(seen.low, seen.high),
        Direction::Short => position.observe(-seen.high, -seen.low),
    }
}

impl Sums {
    /// Symbol by symbol, as the test at the opens goes.
    fn add_opens(
        &mut self,
        exposures: impl Iterator<Item = (Range<usize>, Exposure)>,
        own: &Stretch<'_>,
    ) {
        for (part, exposure) in exposures {
            let own = own.part(part.start, part.len());
            let (bid, ask) = (own.bid(), own.ask());
            for_each_price(&ask, ask.open, |step, ask| {
                self.opens[part.start + step] += exposure.profit(bid.open[step], ask);
            });
        }
    }

    /// How far one symbol takes the equity down while all others stand at the close before.
    fn add_dips<'a, P: Iterator<Item = Part<'a>>>(
        &mut self,
        positions: impl Iterator<Item = P>,
        own: &Stretch<'_>,
        rate: f64,
    ) {
        let mut dips = [0.0; BLOCK];
        for parts in positions {
            let mut closes = [0.0; BLOCK];
            for (part, position) in parts {
                let own = own.part(part.start, part.len());
                let (prices, profit) = (prices(position, &own), profit_of(position, rate));
                let adverse = match position.direction {
                    Direction::Long => prices.low,
                    Direction::Short => prices.high,
                };
                for_each_price(&prices, prices.close, |step, close| {
                    closes[part.start + step] = profit(close);
                });
                for_each_price(&prices, adverse, |step, price| {
                    let step = part.start + step;
                    let before = step.checked_sub(1).map(|before| closes[before]);
                    let before = before.unwrap_or(position.marked_profit);
                    dips[step] += lesser(profit(price) - before, 0.0);
                });
            }
        }
        for (least, dip) in self.dips.iter_mut().zip(dips) {
            *least = lesser(*least, dip);
        }
    }
}

/// The profit of a position at a price.
fn profit_of(position: &Position, rate: f64) -> impl Fn(f64) -> f64 + use<> {
    let (entry, sign) = (position.entry_price, position.direction.sign());
    let (lots, size) = (position.lots, position.contract_size);
    move |price| open_profit(price, entry, sign, lots, size, rate)
}

/// The prices of the side that a position is left on.
fn prices<'a>(position: &Position, own: &Stretch<'a>) -> Prices<'a> {
    match position.direction {
        Direction::Long => own.bid(),
        Direction::Short => own.ask(),
    }
}
