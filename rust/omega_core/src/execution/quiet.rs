//! Bars in which nothing can happen: no price reaches a level and no time runs out.
//!
//! Such a bar only marks positions and widens the range that prices have been in. The triggers of
//! all orders and positions are merged into one for each side, and again when something has
//! changed, so that a quiet bar costs four comparisons a side and the marks, however many levels
//! there are. Bars in a row are taken a block at a time, column by column.

use super::book::OrderBook;
use super::marks::{Marks, PriceRange};
use super::positions::Positions;
use super::{Expiry, Exposure, Lows, Position, QuietBar, Semantics, Settings, Trigger};
use crate::store::Stretch;
use crate::types::{Bar, Direction, Side};

/// Bars looked at together: their prices and sums stay in the nearest cache.
// By columns, a bar with 1,000 positions costs 443 ns and one with 10 costs 10 ns; bar by bar they
// cost 1,307 and 39.
const BLOCK: usize = 256;

/// The triggers of a run merged, as long as nothing changes.
// Two passes over orders and positions were made of each bar before: with the merged levels a run
// that holds one position for 1,000,000 bars takes a fifth of the time, and one that holds 1,000 a
// tenth.
#[derive(Debug)]
pub(super) struct QuietRange {
    /// Whether it has begun and not ended.
    pub(super) is_on: bool,
    /// Where prices reach nothing, bid and ask.
    free: [Trigger; 2],
    /// Where prices reach no test of the account, bid and ask (M9).
    // Apart from the others: these are far from the market, and the range of the prices of a block,
    // which is needed anyway, shows that they are not reached.
    solvent: [Trigger; 2],
    /// Where prices have been since the range was made, bid and ask.
    seen: [PriceRange; 2],
    /// Whether a position is left on that side: nobody reads `seen` of the other.
    held: [bool; 2],
    /// The first time at which an order expires or a night ends.
    until: i64,
    marks: Marks,
    /// Closes, bid and ask, and the rate of the last mark.
    closes: Option<([f64; 2], f64)>,
    /// What is open, added up at the rate of the mark before the range.
    exposure: Exposure,
    rate: f64,
    semantics: Semantics,
    /// The bars that were examined last and not taken yet.
    foreseen: Option<Foreseen>,
}

/// Quiet bars at the head of a stretch.
#[derive(Debug, Clone, Copy)]
struct Foreseen {
    /// When the first of them opens.
    first: Option<i64>,
    bars: usize,
    /// Where their prices were, bid and ask.
    ranges: [PriceRange; 2],
}

/// No price of either side does anything.
const NEVER: [Trigger; 2] = [Trigger::never(Side::Bid), Trigger::never(Side::Ask)];

/// The last mark of the only symbol of a run: its closes, bid and ask, and its rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastMark {
    pub(super) closes: [f64; 2],
    pub(super) rate: f64,
}

impl QuietRange {
    /// A range of no bars.
    pub(super) fn new(semantics: Semantics) -> Self {
        Self {
            is_on: false,
            free: NEVER,
            solvent: NEVER,
            seen: [PriceRange::EMPTY; 2],
            held: [false; 2],
            until: i64::MIN,
            marks: Marks::default(),
            closes: None,
            exposure: Exposure::default(),
            rate: f64::NAN,
            semantics,
            foreseen: None,
        }
    }

    /// Begins anew, unless something needs to look at every bar: a manager or a trailing stop, the
    /// margin, or an order that waits for the open.
    // In place: a run that trades often begins one with each trade, and it is too large to be moved
    // as often.
    pub(super) fn begin(
        &mut self,
        settings: &Settings,
        book: &OrderBook,
        positions: &Positions,
        last: (i64, Option<LastMark>, i64),
        balance: f64,
    ) {
        let merged = self.merge(settings, book, positions, last, balance);
        self.is_on = merged.is_some();
    }

    /// Merges the triggers of what waits and what is open; none where there can be no range.
    fn merge(
        &mut self,
        settings: &Settings,
        book: &OrderBook,
        positions: &Positions,
        (walked, mark, until): (i64, Option<LastMark>, i64),
        balance: f64,
    ) -> Option<()> {
        // A range is compared with one column of bars; of several symbols, a step may have a bar of
        // some and none of others.
        let [symbol] = settings.symbols.as_slice() else {
            return None;
        };
        if needs_each_bar(settings, book, positions) {
            return None;
        }
        let rate = marked_rate(mark, positions)?;
        (self.free, self.solvent) = (NEVER, NEVER);
        (self.seen, self.held) = ([PriceRange::EMPTY; 2], [false; 2]);
        (self.until, self.rate, self.closes) = (until, rate, None);
        self.foreseen = None;
        self.marks.clear();
        self.exposure = Exposure::of(positions.open.iter(), rate);
        if let Some(mark) = mark.filter(|_| self.exposure.is_hedged()) {
            self.keep_from_tests(settings, positions, balance, mark)?;
        }
        if symbol.swap.is_charged() && !positions.open.is_empty() {
            // From the bar that was walked last, not the bar at hand: that one may be of a later
            // day, and its night is not booked yet.
            self.until = until.min(symbol.days.end(walked));
        }
        for position in &*positions.open {
            self.include(&position.own_exits());
            let account_stop = position.account_stop.map(|stop| stop.price);
            let stop = Trigger::of_exits(position.direction, account_stop, None);
            self.solvent[place(stop.side)].include(&stop);
            // Of the side that it exits on: no position would read the extremes of the other.
            self.held[place(position.direction.exit_side())] = true;
            self.marks.push(position);
        }
        for waiting in &book.working {
            self.include(&waiting.trigger);
            let order = &book.orders[waiting.row];
            let end = match order.expiry {
                Expiry::GoodTillCancelled => i64::MAX,
                Expiry::GoodTillTime(end) => end,
                Expiry::Day => symbol.days.end(order.submitted_time),
                // Ended by the open of the bar that it was taken at.
                Expiry::ImmediateOrCancel | Expiry::FillOrKill => i64::MIN,
            };
            self.until = self.until.min(end);
        }
        Some(())
    }

    /// Positions of both directions have no price at which the account closes them: the range ends
    /// where prices may have moved so far against all of them that a test could fail.
    fn keep_from_tests(
        &mut self,
        settings: &Settings,
        positions: &Positions,
        balance: f64,
        mark: LastMark,
    ) -> Option<()> {
        let rules = &settings.account;
        if !rules.stops_at_ruin && rules.stop_out_level.is_none() {
            return Some(());
        }
        let rate = settings.symbols[0].instrument.maintenance_rate;
        let level = rules.stop_out_level.unwrap_or(0.0);
        let margin = positions.margin(|_| rate);
        let slack = balance + positions.marked_profit() - level * margin;
        // A little less than it is, for the roundings of a test.
        let distance = 0.999 * self.exposure.distance_of(slack, level, rate);
        if distance.is_nan() || distance <= 0.0 {
            return None;
        }
        let [bid, ask] = mark.closes;
        self.solvent[0].include(&Trigger {
            below: bid - distance,
            ..Trigger::never(Side::Bid)
        });
        self.solvent[1].include(&Trigger {
            above: ask + distance,
            ..Trigger::never(Side::Ask)
        });
        Some(())
    }

    fn include(&mut self, trigger: &Trigger) {
        self.free[place(trigger.side)].include(trigger);
    }

    /// Takes one bar if it is quiet; gives the open profit at its close.
    #[inline]
    pub(super) fn take_bar(&mut self, bar: &Bar, rate: f64) -> Option<QuietBar<'_>> {
        let [bid, ask] = &self.free;
        // A rate that moves can ruin an account without a price that moves: the test at the close
        // takes the rate of its own bar.
        if rate.to_bits() != self.rate.to_bits() && !self.exposure.is_empty() {
            return None;
        }
        let [solvent_bid, solvent_ask] = &self.solvent;
        if !solvent_bid.is_quiet(&bar.bid) || !solvent_ask.is_quiet(&bar.ask) {
            return None;
        }
        // Before anything is widened: a position that this bar closes must not have its extremes.
        if bar.time >= self.until || !bid.is_quiet(&bar.bid) || !ask.is_quiet(&bar.ask) {
            return None;
        }
        self.seen[0].widen(&bar.bid);
        self.seen[1].widen(&bar.ask);
        let closes = [bar.bid.close, bar.ask.close];
        self.closes = Some((closes, rate));
        Some(QuietBar {
            profit: self.marks.profit(closes, rate),
            exposure: &self.exposure,
        })
    }

    /// Takes the quiet bars at the head of a stretch, and hands on the open profits at their closes
    /// a block at a time; gives how many they are.
    pub(super) fn take_bars(
        &mut self,
        stretch: &Stretch<'_>,
        rate: f64,
        mut write: impl FnMut(&[f64], Lows<'_>),
    ) -> usize {
        let bars = self.bars_before_end(stretch, rate);
        let mut taken = 0;
        let mut profits = std::mem::take(&mut self.marks.block);
        while taken < bars {
            let block = stretch.part(taken, BLOCK.min(bars - taken));
            let (quiet, ranges) = self.known_head(&block);
            if quiet > 0 {
                profits.resize(quiet, 0.0);
                let block = block.part(0, quiet);
                self.take_block(&block, &ranges, rate, &mut profits);
                write(&profits, Lows::of_block(&self.exposure, ranges, block));
                taken += quiet;
            }
            if quiet < block.len() {
                break;
            }
        }
        self.marks.block = profits;
        taken
    }

    /// How many quiet bars are at the head of a stretch, of one block at most; none is taken.
    /// Where they are wanted, gives the open profits at their closes.
    pub(super) fn foresee(
        &mut self,
        stretch: &Stretch<'_>,
        rate: f64,
        profits: Option<&mut Vec<f64>>,
    ) -> usize {
        let block = stretch.part(0, BLOCK.min(self.bars_before_end(stretch, rate)));
        let (bars, ranges) = self.quiet_head(&block);
        if let Some(profits) = profits {
            profits.resize(bars, 0.0);
            self.mark_block(&block.part(0, bars), rate, profits);
        }
        self.foreseen = Some(Foreseen {
            first: block.time(0),
            bars,
            ranges,
        });
        bars
    }

    /// As `quiet_head`; bars that `foresee` has examined are not examined again.
    fn known_head(&mut self, block: &Stretch<'_>) -> (usize, [PriceRange; 2]) {
        let foreseen = self.foreseen.take();
        let known = foreseen.filter(|known| known.first == block.time(0));
        match known {
            Some(known) if known.bars == block.len() => (known.bars, known.ranges),
            Some(known) if known.bars > block.len() => (block.len(), self.ranges(block)),
            _ => self.quiet_head(block),
        }
    }

    /// Whether it holds for bars at a rate.
    pub(super) fn holds_at(&self, rate: f64) -> bool {
        rate.to_bits() == self.rate.to_bits() || self.exposure.is_empty()
    }

    /// How many bars of a stretch come before the time at which the range ends.
    fn bars_before_end(&self, stretch: &Stretch<'_>, rate: f64) -> usize {
        if !self.holds_at(rate) {
            return 0;
        }
        // A run without swap and expiry need not search the column of times.
        if self.until == i64::MAX {
            stretch.len()
        } else {
            stretch.before(self.until)
        }
    }

    /// How many bars at the head of a block are quiet, and where their prices were.
    fn quiet_head(&self, block: &Stretch<'_>) -> (usize, [PriceRange; 2]) {
        let mut quiet = quiet_bars(&self.free, block);
        let mut ranges = self.ranges(&block.part(0, quiet));
        if self.is_tested(&ranges) {
            quiet = quiet_bars(&self.solvent, &block.part(0, quiet));
            ranges = self.ranges(&block.part(0, quiet));
        }
        (quiet, ranges)
    }

    /// Whether prices were where a test of the account may fail.
    fn is_tested(&self, ranges: &[PriceRange; 2]) -> bool {
        let mut sides = self.solvent.iter().zip(ranges);
        sides.any(|(test, range)| test.is_below(range.low) || test.is_above(range.high))
    }

    /// Where the prices of a block were, of the sides that positions are left on.
    fn ranges(&self, block: &Stretch<'_>) -> [PriceRange; 2] {
        let mut ranges = [PriceRange::EMPTY; 2];
        if self.held[0] {
            ranges[0].widen_by(&block.bid());
        }
        if self.held[1] {
            ranges[1].widen_by(&block.ask());
        }
        ranges
    }

    /// Adds up the open profit at each close, and widens where prices have been.
    fn take_block(
        &mut self,
        block: &Stretch<'_>,
        ranges: &[PriceRange; 2],
        rate: f64,
        profits: &mut [f64],
    ) {
        for (side, range) in ranges
            .iter()
            .enumerate()
            .filter(|(side, _)| self.held[*side])
        {
            self.seen[side].include(range);
        }
        if let Some(closes) = self.mark_block(block, rate, profits) {
            self.closes = Some((closes, rate));
        }
    }

    /// Adds up the open profit at each close; gives the last closes, bid and ask.
    fn mark_block(&self, block: &Stretch<'_>, rate: f64, profits: &mut [f64]) -> Option<[f64; 2]> {
        self.marks.profits(block, rate, profits);
        let last = block.len().checked_sub(1)?;
        // NaN where no position is left on the ask: a price that is read by mistake then shows in
        // every sum.
        let ask = if self.held[1] {
            block.ask().close_at(last)
        } else {
            f64::NAN
        };
        Some([block.bid().close_at(last), ask])
    }

    /// The mark at its last bar, where it has had any.
    pub(super) fn last_mark(&self) -> Option<LastMark> {
        let (closes, rate) = self.closes?;
        Some(LastMark { closes, rate })
    }

    /// Ends the range: positions get the extremes and the mark of its bars.
    pub(super) fn end(&mut self, positions: &mut [Position]) {
        self.is_on = false;
        let Some((closes, rate)) = self.closes else {
            return;
        };
        // Positions lag until here, so that a quiet bar writes to none of them. Sizes, margins and
        // rows of bars that are walked in full are computed after the end of the range, and a view
        // computes its profit itself.
        for position in positions {
            let side = place(position.direction.exit_side());
            let PriceRange { low, high } = self.seen[side];
            match position.direction {
                Direction::Long => position.observe(low, high),
                Direction::Short => position.observe(-high, -low),
            }
            position.mark(closes[side], rate, self.semantics);
        }
    }
}

/// Whether something looks at every bar: a manager or a trailing stop moves levels on each, a
/// stop-out needs the equity of each, and a queued order fills at the very next open. A purchase
/// in another currency is marked at two rates, which no range does, since few runs have one.
#[expect(clippy::float_cmp, reason = "a rate of exactly 1 converts nothing")]
fn needs_each_bar(settings: &Settings, book: &OrderBook, positions: &Positions) -> bool {
    !settings.managers.is_empty()
        || (settings.semantics == Semantics::One && settings.account.stop_out_level.is_some())
        || book.has_queued()
        || book.has_trailing
        || positions.open.iter().any(|position| {
            position.trailing_stop.is_some() || position.entry_rate.is_some_and(|own| own != 1.0)
        })
}

/// The rate of the last mark; none where positions are not marked at one rate.
fn marked_rate(mark: Option<LastMark>, positions: &Positions) -> Option<f64> {
    let Some(mark) = mark else {
        // Without a mark there is no position either.
        return positions.open.is_empty().then_some(f64::NAN);
    };
    // A foreign purchase of a cash account is marked at two rates; few runs have one.
    let is_foreign = mark.rate.to_bits() != 1.0_f64.to_bits();
    let is_converted = is_foreign && positions.open.iter().any(|p| p.entry_rate.is_some());
    (!is_converted).then_some(mark.rate)
}

/// How many bars at the head of a block reach none of the triggers, of bid and ask.
fn quiet_bars([bid, ask]: &[Trigger; 2], block: &Stretch<'_>) -> usize {
    let mut quiet = block.len();
    if !bid.is_never() {
        quiet = bid.quiet_bars(&block.bid());
    }
    if !ask.is_never() {
        quiet = ask.quiet_bars(&block.part(0, quiet).ask());
    }
    quiet
}

fn place(side: Side) -> usize {
    match side {
        Side::Bid => 0,
        Side::Ask => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Ohlc;

    const FLAT: Ohlc = Ohlc {
        open: 100.0,
        high: 101.0,
        low: 99.0,
        close: 100.5,
    };

    fn range(trigger: Trigger, until: i64) -> QuietRange {
        let mut range = QuietRange {
            held: [true, false],
            until,
            marks: Marks {
                entry_price: vec![100.0, 90.0],
                sign: vec![1.0, -1.0],
                lots: vec![2.0, 1.0],
                contract_size: vec![10.0, 1.0],
                profit: vec![0.0; 2],
                block: Vec::new(),
            },
            rate: 2.0,
            ..QuietRange::new(Semantics::Two)
        };
        range.include(&trigger);
        range
    }

    #[test]
    fn a_quiet_bar_gives_the_sum_of_open_profits_at_its_close() {
        let mut range = range(Trigger::never(Side::Bid), i64::MAX);
        let bar = Bar {
            time: 0,
            bid: FLAT,
            ask: FLAT,
        };
        // (100.5 - 100) x 2 x 10, and (100.5 - 90) x -1, both at a rate of 2
        let taken = range.take_bar(&bar, 2.0).map(|taken| taken.profit);
        assert_eq!(taken, Some(20.0 - 21.0));
        assert_eq!((range.seen[0].low, range.seen[0].high), (99.0, 101.0));
    }

    #[test]
    fn a_bar_that_reaches_a_level_or_comes_too_late_is_not_quiet() {
        let stop = Trigger::of_exits(Direction::Long, Some(99.0), None);
        let bar = Bar {
            time: 60,
            bid: FLAT,
            ask: FLAT,
        };
        assert!(range(stop, i64::MAX).take_bar(&bar, 1.0).is_none());
        let mut late = range(Trigger::never(Side::Ask), 60);
        assert!(late.take_bar(&bar, 1.0).is_none());
        let above = Trigger::of_exits(Direction::Long, Some(98.9), None);
        assert!(range(above, 61).take_bar(&bar, 1.0).is_some());
    }
}
