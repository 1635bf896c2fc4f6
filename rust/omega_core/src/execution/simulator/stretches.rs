//! Quiet bars in a row, column by column.
//!
//! What `calm` does for one bar is done here for a block of them: levels are compared with whole
//! columns of prices, and each position's profit is added to a column of sums, position by position
//! in the order of trade numbers, so that each bar's sum is the one that `calm` takes (M5).

use super::Simulator;
use super::calm::{Calm, Marks, Span};
use crate::store::{Distance, Prices, Stretch};

/// Bars looked at together: their prices and sums stay in the nearest cache.
const BLOCK: usize = 256;

/// Values compared side by side.
const LANES: usize = 8;

impl Simulator {
    /// Takes the bars at the head of a stretch in which nothing happens, and hands on the open
    /// profits at their closes, a block at a time; gives how many they are.
    pub fn glide_through(
        &mut self,
        stretch: &Stretch<'_>,
        rate: f64,
        mut write: impl FnMut(&[f64], usize),
    ) -> usize {
        self.settled = self.changes; // a strategy that sleeps changes nothing
        if self.calm.is_none() {
            self.calm_down();
        }
        let positions = self.positions.len();
        let Some(calm) = self.calm.as_mut() else {
            return 0;
        };
        let bars = if calm.until == i64::MAX {
            stretch.len()
        } else {
            stretch.before(calm.until)
        };
        let mut taken = 0;
        let mut profits = [0.0; BLOCK];
        while taken < bars {
            let block = stretch.part(taken, BLOCK.min(bars - taken));
            let quiet = calm.quiet_bars(&block);
            if quiet > 0 {
                let profits = &mut profits[..quiet];
                calm.take(&block.part(0, quiet), rate, profits);
                write(profits, positions);
                taken += quiet;
            }
            if quiet < block.len() {
                break;
            }
        }
        taken
    }
}

impl Calm {
    /// How many bars at the head of a block reach nothing.
    fn quiet_bars(&self, block: &Stretch<'_>) -> usize {
        let mut quiet = block.len();
        if !self.free[0].is_everywhere() {
            quiet = bars_inside(&self.free[0], &block.bid());
        }
        if !self.free[1].is_everywhere() {
            quiet = bars_inside(&self.free[1], &block.part(0, quiet).ask());
        }
        quiet
    }

    /// Widens where prices have been, and adds up the open profit at each close.
    fn take(&mut self, block: &Stretch<'_>, rate: f64, profits: &mut [f64]) {
        let bid = block.bid();
        // Nobody reads of a side that no position is left on.
        let mut asks = [f64::NAN; BLOCK];
        let asks = &mut asks[..block.len()];
        if self.held[0] {
            widen(&mut self.seen[0], &bid);
        }
        if self.held[1] {
            let ask = block.ask();
            each(&ask, ask.close, |bar, close| asks[bar] = close);
            widen(&mut self.seen[1], &ask);
        }
        self.marks.profits(bid.close, asks, rate, profits);
        if let (Some(&bid), Some(&ask)) = (bid.close.last(), asks.last()) {
            self.closes = Some(([bid, ask], rate));
        }
    }
}

impl Marks {
    /// The open profit at each close, each position by rule M2.
    fn profits(&self, bids: &[f64], asks: &[f64], rate: f64, profits: &mut [f64]) {
        profits.fill(0.0);
        for place in 0..self.entry_price.len() {
            let (entry, sign) = (self.entry_price[place], self.sign[place]);
            // A sign changes no bit but one, so it may be taken into the lots.
            let (lots, size) = (sign * self.lots[place], self.contract_size[place]);
            let closes = if sign > 0.0 { bids } else { asks };
            let sums = profits.iter_mut().zip(closes);
            if size.to_bits() == 1.0_f64.to_bits() && rate.to_bits() == 1.0_f64.to_bits() {
                sums.for_each(|(sum, close)| *sum += (close - entry) * lots);
            } else {
                sums.for_each(|(sum, close)| *sum += (close - entry) * lots * size * rate);
            }
        }
    }
}

/// Hands on each price of a column, the distance added.
#[inline]
fn each(prices: &Prices<'_>, column: &[f64], mut take: impl FnMut(usize, f64)) {
    let prices_of = column.iter().enumerate();
    match prices.distance {
        Distance::None => prices_of.for_each(|(bar, &price)| take(bar, price)),
        Distance::Constant(distance) => {
            prices_of.for_each(|(bar, &price)| take(bar, price + distance));
        }
        Distance::Each(distances) => prices_of
            .zip(distances)
            .for_each(|((bar, &price), distance)| take(bar, price + distance)),
    }
}

/// How many bars at the head stay inside a span.
fn bars_inside(span: &Span, prices: &Prices<'_>) -> usize {
    match prices.distance {
        Distance::None => inside(span, prices, |price, _| price),
        Distance::Constant(distance) => inside(span, prices, |price, _| price + distance),
        Distance::Each(distances) => inside(span, prices, |price, bar| price + distances[bar]),
    }
}

#[inline]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch a comparison would keep the loop from being done side by side"
)]
fn inside(span: &Span, prices: &Prices<'_>, side: impl Fn(f64, usize) -> f64) -> usize {
    let bars = prices.low.len();
    let (open, high, low) = (
        &prices.open[..bars],
        &prices.high[..bars],
        &prices.low[..bars],
    );
    let holds = |bar: usize| {
        let (open, high, low) = (
            side(open[bar], bar),
            side(high[bar], bar),
            side(low[bar], bar),
        );
        (low > span.low) & (high < span.high) & (open > span.low) & (open < span.high)
    };
    // All of them as a rule, and that is found without a branch a bar.
    if (0..bars).fold(true, |all, bar| all & holds(bar)) {
        return bars;
    }
    (0..bars).position(|bar| !holds(bar)).unwrap_or(bars)
}

/// Widens a span by bars that are quiet, so that their prices are numbers.
fn widen(span: &mut Span, prices: &Prices<'_>) {
    let (low, high) = match prices.distance {
        Distance::None => (least(prices.low), -least_negated(prices.high)),
        // Rounding keeps the order: the least sum is that of the least price.
        Distance::Constant(distance) => (
            least(prices.low) + distance,
            -least_negated(prices.high) + distance,
        ),
        Distance::Each(_) => {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            each(prices, prices.low, |_, price| {
                low = lesser(low, price);
            });
            each(prices, prices.high, |_, price| {
                high = -lesser(-high, -price);
            });
            (low, high)
        }
    };
    span.low = lesser(span.low, low);
    span.high = -lesser(-span.high, -high);
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
    let mut lanes = [f64::INFINITY; LANES];
    for block in blocks {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane = lesser(*lane, of(value));
        }
    }
    let all = lanes.into_iter().chain(rest.iter().map(|&value| of(value)));
    all.fold(f64::INFINITY, lesser)
}
