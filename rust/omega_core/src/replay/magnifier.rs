//! The inside of a bar, read from a finer series of the same symbol (I2, I5).

use std::ops::Range;
use std::sync::Arc;

use crate::store::SymbolCandles;
use crate::types::Bar;

/// A finer series, and how long a coarse bar lasts as far as the run can know.
#[derive(Debug, Clone)]
pub struct Magnifier {
    candles: Arc<SymbolCandles>,
    /// The shortest step between neighbouring coarse bars up to `measured`.
    duration: i64,
    measured: usize,
    /// Where the last look ended: the next one mostly begins there.
    next: usize,
}

impl Magnifier {
    /// Looks into bars with these finer candles.
    #[must_use]
    pub fn new(candles: Arc<SymbolCandles>) -> Self {
        Self {
            candles,
            duration: i64::MAX,
            measured: 0,
            next: 0,
        }
    }

    /// The finer bars inside bar `index` of the coarse series, whose bars must be
    /// taken in order. A bar lasts as long as the shortest step so far, for no step
    /// is shorter than a bar (T1), and never past the next one; later steps change nothing (L5).
    pub fn inside(&mut self, coarse: &SymbolCandles, index: usize) -> Range<usize> {
        // No step beyond this bar is measured: a run on the first bars alone has to do the same
        // (L5).
        while self.measured < index {
            let before = coarse.time(self.measured);
            self.measured += 1;
            let step = coarse.time(self.measured).saturating_sub(before);
            self.duration = self.duration.min(step);
        }
        let time = coarse.time(index);
        let mut past = time.saturating_add(self.duration);
        if index + 1 < coarse.len() {
            past = past.min(coarse.time(index + 1));
        }
        self.between(time, past)
    }

    /// The finer bars that open in `[time, past)`.
    fn between(&mut self, time: i64, past: i64) -> Range<usize> {
        // Bars are taken in order, so that a binary search is needed only after a jump.
        let starts_here = self.next < self.candles.len()
            && self.candles.time(self.next) >= time
            && (self.next == 0 || self.candles.time(self.next - 1) < time);
        let from = if starts_here {
            self.next
        } else {
            self.candles.first_at_or_after(time)
        };
        let mut end = from;
        while end < self.candles.len() && self.candles.time(end) < past {
            end += 1;
        }
        self.next = end;
        from..end
    }

    /// A finer bar.
    #[must_use]
    pub fn bar(&self, index: usize) -> Bar {
        self.candles.bar(index)
    }
}
