//! Bars of one symbol in a row, as columns where they lie.

use crate::columns::{AskColumns, Segment};

/// A cache line holds so many prices.
const PRICES_OF_A_LINE: usize = 8;

/// The bars of so many symbols are fetched from memory together.
pub(crate) const FETCHED: usize = 16;

/// Bars in a row within one segment; the engine's own, as they may lie ahead of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'a> {
    segment: &'a Segment,
    first: usize,
    bars: usize,
}

/// Prices of one side: columns, and the spread that is added to them.
#[derive(Debug, Clone, Copy)]
pub struct Prices<'a> {
    /// Open prices.
    pub open: &'a [f64],
    /// High prices.
    pub high: &'a [f64],
    /// Low prices.
    pub low: &'a [f64],
    /// Close prices.
    pub close: &'a [f64],
    /// What is added to each of them for the price of the side.
    pub spread: Spread<'a>,
}

impl Prices<'_> {
    /// The close of a bar, the spread added.
    #[inline]
    #[must_use]
    pub fn close_at(&self, bar: usize) -> f64 {
        match self.spread {
            Spread::None => self.close[bar],
            Spread::Constant(spread) => self.close[bar] + spread,
            Spread::Each(spreads) => self.close[bar] + spreads[bar],
        }
    }
}

/// What is added to the bid where it stands for the ask (rule T2).
#[derive(Debug, Clone, Copy)]
pub enum Spread<'a> {
    /// Nothing: the prices are the side's own.
    None,
    /// The same for all bars.
    Constant(f64),
    /// One for each bar.
    Each(&'a [f64]),
}

impl<'a> Stretch<'a> {
    /// Bars from an offset within a segment on, as many as are asked for and there.
    #[inline]
    #[must_use]
    pub fn new(segment: &'a Segment, first: usize, most: usize) -> Self {
        // Never beyond the segment, since only there the columns are contiguous slices.
        let bars = most.min(segment.len().saturating_sub(first));
        Self {
            segment,
            first,
            bars,
        }
    }

    /// Number of bars.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.bars
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bars == 0
    }

    /// When one of them opens.
    #[inline]
    #[must_use]
    pub fn time(&self, bar: usize) -> Option<i64> {
        let opens = || self.segment.time.get(self.first + bar).copied();
        (bar < self.bars).then(opens).flatten()
    }

    /// When they open.
    #[inline]
    #[must_use]
    pub fn times(&self) -> &'a [i64] {
        self.cut(&self.segment.time)
    }

    /// How many of them open before a time.
    #[inline]
    #[must_use]
    pub fn before(&self, time: i64) -> usize {
        self.times().partition_point(|&opens| opens < time)
    }

    /// A part of it: so many bars after leaving out the first.
    #[inline]
    #[must_use]
    pub fn part(&self, skip: usize, most: usize) -> Self {
        let skip = skip.min(self.bars);
        Self {
            first: self.first + skip,
            bars: most.min(self.bars - skip),
            ..*self
        }
    }

    /// The bid side.
    #[inline]
    #[must_use]
    pub fn bid(&self) -> Prices<'a> {
        self.prices(&self.segment.bid, Spread::None)
    }

    /// The ask side.
    #[inline]
    #[must_use]
    pub fn ask(&self) -> Prices<'a> {
        let bid = &self.segment.bid;
        match &self.segment.ask {
            AskColumns::Quoted(columns) => self.prices(columns, Spread::None),
            AskColumns::Constant(spread) => self.prices(bid, Spread::Constant(*spread)),
            AskColumns::Spread(column) => self.prices(bid, Spread::Each(self.cut(column))),
        }
    }

    /// Reads a price of each cache line of the bid, so that the lines are in a cache for what reads
    /// the bars next.
    // None of the reads waits for another one: many lines come from memory at once. What works on
    // the prices waits for each line in turn.
    #[inline]
    pub(crate) fn fetch(&self) {
        let mut seen = 0;
        for column in &self.segment.bid {
            let own = self.cut(column);
            let lines = own.iter().step_by(PRICES_OF_A_LINE).chain(own.last());
            seen = lines.fold(seen, |seen, price| seen ^ price.to_bits());
        }
        std::hint::black_box(seen);
    }

    #[inline]
    fn prices(
        &self,
        columns: &'a [arrow_buffer::ScalarBuffer<f64>; 4],
        spread: Spread<'a>,
    ) -> Prices<'a> {
        let [open, high, low, close] = columns;
        Prices {
            open: self.cut(open),
            high: self.cut(high),
            low: self.cut(low),
            close: self.cut(close),
            spread,
        }
    }

    #[inline]
    fn cut<T>(&self, column: &'a [T]) -> &'a [T] {
        &column[self.first..self.first + self.bars]
    }
}
