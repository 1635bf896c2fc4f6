//! Steps of several symbols in which nothing can happen: each symbol that is held has a bar at
//! each, no order waits, no level is reached, and the account certainly passes its tests.
//!
//! Positions are marked column by column, a block of steps at a time.

use std::ops::Range;

use super::Simulator;
use super::held::HeldPosition;
use super::quiet_dates::Dates;
use super::symbol_bars::{OwnBars, Seen, prices};
use crate::execution::marks::{for_each_price, lesser};
use crate::execution::positions::Positions;
use crate::execution::{Account, Exposure, Position, Semantics};
use crate::store::{FETCHED, Stretch};
use crate::types::{Bar, Direction, SymbolId};

/// Steps looked at together: at most, and after one that was not quiet.
const BLOCK: usize = 64;
const FEW: usize = 4;

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
        self.may_take_bars()
            && self.book.is_empty()
            // A run that is awake without a position has no bars to take.
            && !self.positions.open.is_empty()
    }

    /// The same of the bar of one symbol, as far as orders of others change nothing.
    fn may_take_bars(&self) -> bool {
        self.settings.symbols.len() > 1
            && self.settings.semantics == Semantics::Two
            && self.settings.account.stop_out_level.is_none()
            && self.settings.managers.is_empty()
            && self.submitted.is_empty()
            && self.rebalancing.waiting.is_empty()
            && !self.is_ruined
            && !self.actions.is_owed()
    }

    /// Whether a symbol is held, or has orders that wait for a bar of its own.
    pub fn concerns(&self, symbol: SymbolId) -> bool {
        self.holds(symbol) || self.book.waits_for(symbol)
    }

    /// Passes a step that concerns nothing that is open or waits; false where the account is to be
    /// tested all the same. Its equity at the open is that of the close before.
    pub fn pass_step<A: Account>(&self, account: &mut A) -> bool {
        let equity = account.balance() + self.open_profit();
        let passes = equity > 0.0 && !self.is_ruined && self.submitted.is_empty();
        if passes {
            account.note_equity(equity);
        }
        passes
    }

    /// Takes the bar of the only symbol that a step concerns, if nothing can happen in it; what
    /// is held of others stays at its last marks.
    pub fn take_own_bar<A: Account>(
        &mut self,
        symbol: SymbolId,
        (own, bar): (&OwnBars<'_>, &Bar),
        account: &A,
    ) -> bool {
        if !self.may_take_bars() || self.book.waits_for(symbol) {
            return false;
        }
        self.positions.index();
        let is_quiet = |position: &Position| {
            let exits = position.own_exits();
            let stays = || exits.quiet_bars(&prices(position.direction, &own.bars)) > 0;
            !self.needs_each_step(position, own.rate) && (exits.is_never() || stays())
        };
        // The test at the close has no price but its own: of prices that nobody checked it may
        // lie beyond the extremes.
        let is_within = bar.bid.close >= bar.bid.low && bar.ask.close <= bar.ask.high;
        if !is_within
            || !self.positions.of_symbol(symbol).all(is_quiet)
            || !self.is_surely_solvent(symbol, (bar, own.rate), account)
        {
            return false;
        }
        self.positions.for_each_of(symbol, |position| {
            Seen::of(position.direction, &own.bars).pass(position, own.rate);
        });
        self.marks_made += 1;
        self.positions.forget_sums();
        self.walked = bar.time;
        true
    }

    /// Whether nothing but a symbol is held.
    pub fn holds_only(&self, symbol: SymbolId) -> bool {
        self.positions.count_of(symbol) == self.positions.open.len()
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
        let mut passed = std::mem::take(&mut self.passed);
        passed.seen.resize(bars.len(), None);
        passed.size = account.balance().abs();
        let mut steps = self.quiet_steps(bars, most, &mut passed);
        let mut dates = if self.has_dates {
            self.dates_within(bars, &mut steps)
        } else {
            Dates::default()
        };
        if steps == 0 {
            // The notes on what is held may not be complete.
            self.passed = passed;
            return 0;
        }
        let known = (account.balance(), &dates);
        let sums = self.sums(bars, steps, known, &mut passed);
        let slack = 1e-6 * passed.size;
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
        self.pass_steps(bars, taken, (&dates, &mut passed));
        self.passed = passed;
        taken
    }

    /// How many steps come before one in which a level is reached or a date is due; notes what the
    /// sums need of each position.
    fn quiet_steps(&self, bars: &[Option<OwnBars<'_>>], most: usize, passed: &mut Passed) -> usize {
        passed.begin_held(&self.positions);
        let held = || bars.iter().flatten();
        let mut steps = held().fold(most, |least, own| own.bars.len().min(least));
        if self.has_dates
            && let Some(own) = held().next()
        {
            let until = self.next_carry(self.walked);
            steps = own.bars.part(0, steps).before(until);
        }
        for (place, position) in self.positions.open.iter().enumerate() {
            let Some(own) = &bars[position.symbol.index()] else {
                return 0;
            };
            if self.needs_each_step(position, own.rate) {
                return 0;
            }
            passed.hold(place, position, own.rate);
            passed.size += position.value + position.marked_profit.abs();
            let exits = position.own_exits();
            if !exits.is_never() {
                steps = exits.quiet_bars(&prices(position.direction, &own.bars.part(0, steps)));
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
        let is_charged = self.accrued.charges_swap && swap.is_charged();
        is_converted || position.trailing_stop.is_some() || is_charged
    }

    /// Adds up what is held at each of the first steps.
    fn sums(
        &self,
        bars: &[Option<OwnBars<'_>>],
        steps: usize,
        (balance, dates): (f64, &Dates),
        passed: &mut Passed,
    ) -> Sums {
        let mut sums = Sums {
            closes: [0.0; BLOCK],
            balances: [balance; BLOCK],
            opens: [0.0; BLOCK],
            dips: [0.0; BLOCK],
        };
        dates.balances(balance, &mut sums.balances[..steps]);
        sums.opens = sums.balances;
        passed.begin(self.positions.open.len(), steps);
        // Those of a position first, which are read again at once: lines of the large table are in
        // no cache.
        let mut closes = [0.0; BLOCK];
        // Symbol by symbol first: its bars are fetched once, for all that is made of them.
        for (symbol, own) in (0..).map(SymbolId).zip(bars) {
            if symbol.index().is_multiple_of(FETCHED) {
                let group = bars[symbol.index()..].iter().take(FETCHED).flatten();
                group.for_each(|own| own.bars.part(0, steps).fetch());
            }
            let Some(own) = own else { continue };
            let of_symbol = passed.of_symbols[symbol.index()];
            let first = of_symbol.exposure;
            let bars = own.bars.part(0, steps);
            sums.add_opens(dates.exposures(symbol, first, own.rate, steps), &bars);
            let mut dips = [0.0; BLOCK];
            let held = &passed.held[of_symbol.first..of_symbol.past];
            for (place, position) in held {
                for (part, position) in dates.parts(symbol, *position, steps) {
                    let own = (own.bars.part(part.start, part.len()), own.rate);
                    add_dips(&position, own, part.start, &mut closes, &mut dips);
                }
                passed.closes[place * steps..][..steps].copy_from_slice(&closes[..steps]);
            }
            for (least, dip) in sums.dips.iter_mut().zip(dips) {
                *least = lesser(*least, dip);
            }
            if let Some((_, last)) = held.last() {
                passed.seen[symbol.index()] = Some(Seen::of(last.direction, &bars));
            }
        }
        // Each sum is taken in the order of entry (M5.1).
        for closes in passed.closes.chunks_exact(steps.max(1)) {
            for (sum, profit) in sums.closes.iter_mut().zip(closes) {
                *sum += profit;
            }
        }
        sums
    }

    /// Gives positions what the first of their bars brought.
    fn pass_steps(
        &mut self,
        bars: &[Option<OwnBars<'_>>],
        steps: usize,
        (dates, passed): (&Dates, &mut Passed),
    ) {
        let Some(last) = steps.checked_sub(1) else {
            return;
        };
        if steps < passed.steps {
            passed.seen.fill(None);
        }
        for symbol in dates.split_after_first(steps) {
            passed.seen[symbol.index()] = None;
        }
        // In the order in which they lie: those of a symbol are far apart.
        for position in &mut *self.positions.open {
            let place = position.symbol.index();
            let Some(own) = &bars[place] else { continue };
            let known = passed.seen[place].filter(|known| known.direction == position.direction);
            let known = known.unwrap_or_else(|| {
                // What was before a split is seen already.
                let from = dates.split_within(position.symbol, steps);
                Seen::of(position.direction, &own.bars.part(from, steps - from))
            });
            known.pass(position, own.rate);
            passed.seen[place] = Some(known);
        }
        // What was added up of the marks before is added up anew.
        self.marks_made += 1;
        self.positions.forget_sums();
        let first = bars.iter().flatten().next();
        let time = first.and_then(|own| own.bars.time(last));
        self.walked = time.unwrap_or(self.walked);
        self.end_dates(dates, steps, time);
    }
}

/// What a block of steps comes to before it is taken; kept for its memory.
#[derive(Debug, Default)]
pub(super) struct Passed {
    steps: usize,
    /// What the sums of the account are made of: rounding is a small part of it.
    size: f64,
    /// By symbol, there in the order of entry, with the place of each among all positions.
    // One after the other in the order in which they are read, which the positions are not.
    held: Vec<(usize, HeldPosition)>,
    /// By symbol, what is held of it before the first step.
    of_symbols: Vec<OfSymbol>,
    /// By place of the positions, the profit at the close of each step.
    closes: Vec<f64>,
    /// By symbol, what all bars come to.
    seen: Vec<Option<Seen>>,
}

/// What is held of a symbol: its exposure, and where its positions are among all.
#[derive(Debug, Clone, Copy, Default)]
struct OfSymbol {
    exposure: Exposure,
    first: usize,
    past: usize,
}

impl Passed {
    /// Makes room for the positions of each symbol.
    fn begin_held(&mut self, positions: &Positions) {
        self.of_symbols.clear();
        let mut first = 0;
        for count in positions.counts() {
            let (exposure, past) = (Exposure::default(), first);
            self.of_symbols.push(OfSymbol {
                exposure,
                first,
                past,
            });
            first += count;
        }
        if let Some(any) = positions.open.first() {
            self.held.resize(first, (0, HeldPosition::of(any)));
        }
    }

    /// Notes a position; those of a symbol come in the order of entry.
    fn hold(&mut self, place: usize, position: &Position, rate: f64) {
        let own = &mut self.of_symbols[position.symbol.index()];
        own.exposure.add(position, rate);
        self.held[own.past] = (place, HeldPosition::of(position));
        own.past += 1;
    }

    fn begin(&mut self, positions: usize, steps: usize) {
        self.steps = steps;
        self.closes.resize(positions * steps, 0.0);
    }
}

/// The profits of a position at the closes of bars from a step on; adds how far each bar takes it
/// down from the close before, which is 0 at most.
fn add_dips(
    position: &HeldPosition,
    (bars, rate): (Stretch<'_>, f64),
    from: usize,
    closes: &mut Block,
    dips: &mut Block,
) {
    let (prices, profit) = (prices(position.direction, &bars), position.profit(rate));
    for_each_price(&prices, prices.close, |step, close| {
        closes[from + step] = profit(close);
    });
    let adverse = match position.direction {
        Direction::Long => prices.low,
        Direction::Short => prices.high,
    };
    let mut before = from.checked_sub(1).map(|before| closes[before]);
    for_each_price(&prices, adverse, |step, price| {
        let last = before.replace(closes[from + step]);
        let last = last.unwrap_or(position.marked_profit);
        dips[from + step] += lesser(profit(price) - last, 0.0);
    });
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
}
