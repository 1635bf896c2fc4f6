//! The inside of a bar, read from a finer series of the same symbol (I2, I5).

use std::ops::Range;
use std::sync::Arc;

use crate::store::SymbolCandles;
use crate::types::Bar;

/// A finer series, and how long a coarse bar lasts.
#[derive(Debug, Clone)]
pub struct Magnifier {
    candles: Arc<SymbolCandles>,
    duration: i64,
    /// Where the last look ended: the next one mostly begins there.
    next: usize,
}

impl Magnifier {
    /// Looks into the bars of `coarse`, which last as long as the shortest step between two.
    #[must_use]
    pub fn new(candles: Arc<SymbolCandles>, coarse: &SymbolCandles) -> Self {
        let mut duration = i64::MAX;
        let mut before: Option<i64> = None;
        for time in coarse
            .segments()
            .iter()
            .flat_map(|segment| segment.time.iter().copied())
        {
            if let Some(before) = before {
                duration = duration.min(time.saturating_sub(before));
            }
            before = Some(time);
        }
        Self {
            candles,
            duration,
            next: 0,
        }
    }

    /// The finer bars inside the coarse bar that opens at `time`.
    pub fn inside(&mut self, time: i64) -> Range<usize> {
        let starts_here = self.next < self.candles.len()
            && self.candles.time(self.next) >= time
            && (self.next == 0 || self.candles.time(self.next - 1) < time);
        let from = if starts_here {
            self.next
        } else {
            self.candles.first_at_or_after(time)
        };
        let past = time.saturating_add(self.duration);
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
