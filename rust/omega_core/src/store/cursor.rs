//! The engine's own position in a symbol's columns; strategies never hold one.

use super::{Stretch, SymbolCandles};
use crate::columns::Segment;
use crate::types::Bar;

/// Walks the bars of one symbol forward; the current segment is kept, so that a step is O(1).
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    candles: &'a SymbolCandles,
    segment: usize,
    current: &'a Segment,
    /// Those of the segment, which is somewhere else in memory.
    // A step of many symbols looks at the time of each, and at no price of most.
    times: &'a [i64],
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at bar `index`; `None` where the symbol has no such bar.
    #[must_use]
    pub fn at(candles: &'a SymbolCandles, index: usize) -> Option<Self> {
        if index >= candles.len() {
            return None;
        }
        let (segment, offset) = candles.locate(index);
        let current = &candles.segments()[segment];
        Some(Self {
            candles,
            segment,
            current,
            times: &current.time,
            offset,
        })
    }

    /// Open time of the bar under the cursor.
    #[inline]
    #[must_use]
    pub fn time(&self) -> i64 {
        self.times[self.offset]
    }

    /// Both sides of the bar before it, where it lies in the same segment.
    #[inline]
    #[must_use]
    pub fn bar_before(&self) -> Option<Bar> {
        let before = self.offset.checked_sub(1)?;
        Some(self.current.bar(before))
    }

    /// Both sides of the bar under the cursor.
    #[inline]
    #[must_use]
    pub fn bar(&self) -> Bar {
        self.current.bar(self.offset)
    }

    /// The bar before it, as far as it lies in the same segment, and the bar under it.
    #[inline]
    pub(super) fn around(&self) -> Stretch<'a> {
        Stretch::new(self.current, self.offset.saturating_sub(1), 2)
    }

    /// Up to `most` bars from the cursor on, within its segment.
    #[inline]
    #[must_use]
    pub fn stretch(&self, most: usize) -> Stretch<'a> {
        Stretch::new(self.current, self.offset, most)
    }

    /// Steps to the next bar; stays where it is after the last one. Gives whether there was one.
    #[inline]
    pub fn advance(&mut self) -> bool {
        // Nearly every step: within a segment an increment is all there is to it.
        if self.offset + 1 < self.times.len() {
            self.offset += 1;
            return true;
        }
        let next = self.candles.segments().get(self.segment + 1);
        if let Some(next) = next {
            self.segment += 1;
            self.current = next;
            self.times = &next.time;
            self.offset = 0;
        }
        next.is_some()
    }
}
