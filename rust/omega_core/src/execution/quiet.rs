//! Bars in which nothing can happen: no price reaches a level and no time runs out.
//!
//! Such a bar only marks positions and widens the range that prices have been in. The triggers of
//! all orders and positions are merged into one for each side, and again when something has
//! changed, so that a quiet bar costs four comparisons a side and the marks, however many levels
//! there are. Bars in a row are taken a block at a time, column by column.

use super::book::OrderBook;
use super::positions::Positions;
use super::{
    Expiry, Exposure, Lows, Position, QuietBar, Semantics, Settings, Trigger, open_profit,
};
use crate::store::{Prices, Spread, Stretch};
use crate::types::{Bar, Direction, Ohlc, Side};

/// Bars looked at together: their prices and sums stay in the nearest cache.
// By columns, a bar with 1,000 positions costs 443 ns and one with 10 costs 10 ns; bar by bar they
// cost 1,307 and 39.
const BLOCK: usize = 256;

/// Values compared side by side.
const LANES: usize = 8;

/// The triggers of a run merged, as long as nothing changes.
// Two passes over orders and positions were made of each bar before: with the merged levels a run
// that holds one position for 1,000,000 bars takes a fifth of the time, and one that holds 1,000 a
// tenth.
#[derive(Debug)]
pub(super) struct QuietRange {
    /// Where prices reach nothing, bid and ask.
    free: [Trigger; 2],
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
}

/// The last mark of the only symbol of a run: its closes, bid and ask, and its rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastMark {
    pub(super) closes: [f64; 2],
    pub(super) rate: f64,
}

impl QuietRange {
    /// Merges the triggers of what waits and what is open. None where something needs to look at
    /// every bar: a manager or a trailing stop, the margin, or an order that waits for the open.
    pub(super) fn new(
        settings: &Settings,
        book: &OrderBook,
        positions: &Positions,
        (walked, mark): (i64, Option<LastMark>),
        balance: f64,
        mut marks: Marks,
    ) -> Option<Self> {
        // A range is compared with one column of bars; of several symbols, a step may have a bar of
        // some and none of others.
        let [symbol] = settings.symbols.as_slice() else {
            return None;
        };
        if needs_each_bar(settings, book, positions) {
            return None;
        }
        let rate = match mark {
            Some(mark) => mark.rate,
            // Without a mark there is no position either.
            None if positions.open.is_empty() => f64::NAN,
            None => return None,
        };
        // A foreign purchase of a cash account is marked at two rates; few runs have one.
        if rate != 1.0 && positions.open.iter().any(|p| p.entry_rate.is_some()) {
            return None;
        }
        marks.clear();
        let day_after = |time: i64| {
            let per_day = settings.units_per_day;
            (time.div_euclid(per_day) + 1).saturating_mul(per_day)
        };
        let mut range = Self {
            free: [Trigger::never(Side::Bid), Trigger::never(Side::Ask)],
            seen: [PriceRange::EMPTY; 2],
            held: [false; 2],
            until: i64::MAX,
            marks,
            closes: None,
            exposure: Exposure::of(positions.open.iter(), rate),
            rate,
            semantics: settings.semantics,
        };
        if let Some(mark) = mark.filter(|_| range.exposure.is_hedged()) {
            range.keep_from_tests(settings, positions, balance, mark)?;
        }
        if symbol.swap.is_charged() && !positions.open.is_empty() {
            // From the bar that was walked last, not the bar at hand: that one may be of a later
            // day, and its night is not booked yet.
            range.until = day_after(walked);
        }
        for position in &positions.open {
            range.include(&position.exits());
            // Of the side that it exits on: no position would read the extremes of the other.
            range.held[place(position.direction.exit_side())] = true;
            range.marks.push(position);
        }
        for waiting in &book.working {
            range.include(&waiting.trigger);
            let order = &book.orders[waiting.row];
            let end = match order.expiry {
                Expiry::GoodTillCancelled => i64::MAX,
                Expiry::GoodTillTime(end) => end,
                Expiry::Day => day_after(order.submitted_time),
                // Ended by the open of the bar that it was taken at.
                Expiry::ImmediateOrCancel | Expiry::FillOrKill => i64::MIN,
            };
            range.until = range.until.min(end);
        }
        Some(range)
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
        self.include(&Trigger {
            below: bid - distance,
            ..Trigger::never(Side::Bid)
        });
        self.include(&Trigger {
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
        if rate.to_bits() != self.rate.to_bits() && !self.exposure.is_empty() {
            return 0;
        }
        // A run without swap and expiry need not search the column of times.
        let bars = if self.until == i64::MAX {
            stretch.len()
        } else {
            stretch.before(self.until)
        };
        let mut taken = 0;
        let mut profits = [0.0; BLOCK];
        while taken < bars {
            let block = stretch.part(taken, BLOCK.min(bars - taken));
            let quiet = self.quiet_bars(&block);
            if quiet > 0 {
                let profits = &mut profits[..quiet];
                let block = block.part(0, quiet);
                let ranges = self.take_block(&block, rate, profits);
                write(profits, Lows::of_block(&self.exposure, ranges, block));
                taken += quiet;
            }
            if quiet < block.len() {
                break;
            }
        }
        taken
    }

    /// How many bars at the head of a block reach nothing.
    fn quiet_bars(&self, block: &Stretch<'_>) -> usize {
        let mut quiet = block.len();
        if !self.free[0].is_never() {
            quiet = self.free[0].quiet_bars(&block.bid());
        }
        if !self.free[1].is_never() {
            quiet = self.free[1].quiet_bars(&block.part(0, quiet).ask());
        }
        quiet
    }

    /// Adds up the open profit at each close, and widens where prices have been; gives where those
    /// of the block were.
    fn take_block(
        &mut self,
        block: &Stretch<'_>,
        rate: f64,
        profits: &mut [f64],
    ) -> [PriceRange; 2] {
        let mut ranges = [PriceRange::EMPTY; 2];
        let bid = block.bid();
        // NaN where no position is left on the ask: a price that is read by mistake then shows in
        // every sum.
        let mut asks = [f64::NAN; BLOCK];
        let asks = &mut asks[..block.len()];
        if self.held[0] {
            ranges[0].widen_by(&bid);
            self.seen[0].include(&ranges[0]);
        }
        if self.held[1] {
            let ask = block.ask();
            for_each_price(&ask, ask.close, |bar, close| asks[bar] = close);
            ranges[1].widen_by(&ask);
            self.seen[1].include(&ranges[1]);
        }
        self.marks.profits(bid.close, asks, rate, profits);
        if let (Some(&bid), Some(&ask)) = (bid.close.last(), asks.last()) {
            self.closes = Some(([bid, ask], rate));
        }
        ranges
    }

    /// The mark at its last bar, where it has had any.
    pub(super) fn last_mark(&self) -> Option<LastMark> {
        let (closes, rate) = self.closes?;
        Some(LastMark { closes, rate })
    }

    /// Ends the range: gives positions what its bars brought, and its memory for the next one.
    pub(super) fn end(self, positions: &mut [Position]) -> Marks {
        let Some((closes, rate)) = self.closes else {
            return self.marks;
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
        self.marks
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

fn place(side: Side) -> usize {
    match side {
        Side::Bid => 0,
        Side::Ask => 1,
    }
}

/// The lowest and highest price so far.
#[derive(Debug, Clone, Copy)]
pub struct PriceRange {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl PriceRange {
    const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    fn include(&mut self, other: &Self) {
        self.low = lesser(self.low, other.low);
        self.high = -lesser(-self.high, -other.high);
    }

    #[inline]
    fn widen(&mut self, bar: &Ohlc) {
        if bar.low < self.low {
            self.low = bar.low;
        }
        if bar.high > self.high {
            self.high = bar.high;
        }
    }

    /// Widens it by bars that are quiet, so that their prices are numbers.
    fn widen_by(&mut self, prices: &Prices<'_>) {
        let (low, high) = match prices.spread {
            Spread::None => (least(prices.low), -least_negated(prices.high)),
            // Rounding keeps the order: the least sum is that of the least price.
            Spread::Constant(spread) => (
                least(prices.low) + spread,
                -least_negated(prices.high) + spread,
            ),
            Spread::Each(_) => {
                let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
                for_each_price(prices, prices.low, |_, price| {
                    low = lesser(low, price);
                });
                for_each_price(prices, prices.high, |_, price| {
                    high = -lesser(-high, -price);
                });
                (low, high)
            }
        };
        self.low = lesser(self.low, low);
        self.high = -lesser(-self.high, -high);
    }
}

/// What marking needs of each position, in columns: the profits are independent of each other and
/// computed side by side; their sum is taken in the order of entry (M5).
#[derive(Debug, Default)]
pub(super) struct Marks {
    entry_price: Vec<f64>,
    sign: Vec<f64>,
    lots: Vec<f64>,
    contract_size: Vec<f64>,
    profit: Vec<f64>,
}

impl Marks {
    fn clear(&mut self) {
        self.entry_price.clear();
        self.sign.clear();
        self.lots.clear();
        self.contract_size.clear();
        self.profit.clear();
    }

    fn push(&mut self, position: &Position) {
        self.entry_price.push(position.entry_price);
        self.sign.push(position.direction.sign());
        self.lots.push(position.lots);
        self.contract_size.push(position.contract_size);
        self.profit.push(0.0);
    }

    /// The open profit at the closes of bid and ask.
    #[inline]
    fn profit(&mut self, [bid, ask]: [f64; 2], rate: f64) -> f64 {
        let sizes = self.lots.iter().zip(&self.contract_size);
        let positions = self.entry_price.iter().zip(&self.sign).zip(sizes);
        for (profit, ((entry, sign), (lots, size))) in self.profit.iter_mut().zip(positions) {
            // A long position is left on the bid, a short one on the ask.
            let close = if *sign > 0.0 { bid } else { ask };
            *profit = open_profit(close, *entry, *sign, *lots, *size, rate);
        }
        // Apart from the loop above: profits may be computed side by side, but their sum keeps its
        // order (M5.1).
        self.profit.iter().fold(0.0, |sum, profit| sum + profit)
    }

    /// The open profit at each close of a block, position by position.
    fn profits(&self, bids: &[f64], asks: &[f64], rate: f64, profits: &mut [f64]) {
        profits.fill(0.0);
        // Position by position, each adding to all sums of the block: every bar's sum is still
        // taken in the order of entry, and no addition waits for the one before it. It
        // costs 0.44 ns for each position and bar.
        for place in 0..self.entry_price.len() {
            let (entry, sign) = (self.entry_price[place], self.sign[place]);
            // A sign changes no bit but one, so it may be taken into the lots; and a factor of 1
            // changes none, so that it is left out where the compiler can see it.
            let (lots, size) = (sign * self.lots[place], self.contract_size[place]);
            let closes = if sign > 0.0 { bids } else { asks };
            let sums = profits.iter_mut().zip(closes);
            if size.to_bits() == 1.0_f64.to_bits() && rate.to_bits() == 1.0_f64.to_bits() {
                sums.for_each(|(sum, close)| {
                    *sum += open_profit(*close, entry, 1.0, lots, 1.0, 1.0);
                });
            } else {
                sums.for_each(|(sum, close)| {
                    *sum += open_profit(*close, entry, 1.0, lots, size, rate);
                });
            }
        }
    }
}

/// Hands on each price of a column, the spread added.
#[inline]
fn for_each_price(prices: &Prices<'_>, column: &[f64], mut take: impl FnMut(usize, f64)) {
    let numbered = column.iter().enumerate();
    match prices.spread {
        Spread::None => numbered.for_each(|(bar, &price)| take(bar, price)),
        Spread::Constant(spread) => numbered.for_each(|(bar, &price)| take(bar, price + spread)),
        Spread::Each(spreads) => numbered
            .zip(spreads)
            .for_each(|((bar, &price), spread)| take(bar, price + spread)),
    }
}

#[inline]
fn lesser(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

fn least(values: &[f64]) -> f64 {
    least_of(values, |value| value)
}

fn least_negated(values: &[f64]) -> f64 {
    least_of(values, |value: f64| -value)
}

/// The least of some values, in lanes: which of equal ones it is makes no difference.
#[inline]
fn least_of(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (blocks, rest) = values.as_chunks::<LANES>();
    // Each lane has a least of its own, because a single one would make every comparison wait for
    // the one before.
    let mut lanes = [f64::INFINITY; LANES];
    for block in blocks {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane = lesser(*lane, of(value));
        }
    }
    let all = lanes.into_iter().chain(rest.iter().map(|&value| of(value)));
    all.fold(f64::INFINITY, lesser)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAT: Ohlc = Ohlc {
        open: 100.0,
        high: 101.0,
        low: 99.0,
        close: 100.5,
    };

    fn range(trigger: Trigger, until: i64) -> QuietRange {
        let mut range = QuietRange {
            free: [Trigger::never(Side::Bid), Trigger::never(Side::Ask)],
            seen: [PriceRange::EMPTY; 2],
            held: [true, false],
            until,
            marks: Marks {
                entry_price: vec![100.0, 90.0],
                sign: vec![1.0, -1.0],
                lots: vec![2.0, 1.0],
                contract_size: vec![10.0, 1.0],
                profit: vec![0.0; 2],
            },
            closes: None,
            exposure: Exposure::default(),
            rate: 2.0,
            semantics: Semantics::Two,
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
