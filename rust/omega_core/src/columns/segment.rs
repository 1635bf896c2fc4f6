//! One chunk of one symbol: Arrow buffers of equal length, shared with their owner.

use arrow_buffer::ScalarBuffer;

use crate::types::{Bar, Ohlc};

/// How the ask side of a segment is known (rule T2).
#[derive(Debug, Clone)]
pub enum AskColumns {
    /// Four columns of their own: open, high, low, close.
    Quoted([ScalarBuffer<f64>; 4]),
    /// The bid plus one distance for all bars, added where it is read.
    Constant(f64),
    /// The bid plus a distance for each bar, added where it is read.
    Spread(ScalarBuffer<f64>),
}

/// A run of bars whose columns are contiguous in memory.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Open times, in the symbol's unit.
    pub time: ScalarBuffer<i64>,
    /// Open, high, low and close of the bid side.
    pub bid: [ScalarBuffer<f64>; 4],
    /// The ask side.
    pub ask: AskColumns,
    /// Volume, where the input has it.
    pub volume: Option<ScalarBuffer<f64>>,
}

impl Segment {
    /// Number of bars.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is no bar.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The bid prices at an offset within the segment.
    #[inline]
    #[must_use]
    pub fn bid(&self, offset: usize) -> Ohlc {
        ohlc(&self.bid, offset)
    }

    /// The ask prices at an offset within the segment.
    #[inline]
    #[must_use]
    pub fn ask(&self, offset: usize) -> Ohlc {
        self.bar(offset).ask
    }

    /// Both sides at an offset within the segment.
    #[inline]
    #[must_use]
    pub fn bar(&self, offset: usize) -> Bar {
        let bid = self.bid(offset);
        Bar {
            time: self.time[offset],
            bid,
            ask: match &self.ask {
                AskColumns::Quoted(columns) => ohlc(columns, offset),
                AskColumns::Constant(spread) => above(bid, *spread),
                AskColumns::Spread(column) => above(bid, column[offset]),
            },
        }
    }
}

#[inline]
fn ohlc(columns: &[ScalarBuffer<f64>; 4], offset: usize) -> Ohlc {
    let [open, high, low, close] = columns;
    Ohlc {
        open: open[offset],
        high: high[offset],
        low: low[offset],
        close: close[offset],
    }
}

#[inline]
fn above(bid: Ohlc, spread: f64) -> Ohlc {
    Ohlc {
        // Added at each read and never stored (rule T2): a stored ask would be 32 more bytes a bar.
        open: bid.open + spread,
        high: bid.high + spread,
        low: bid.low + spread,
        close: bid.close + spread,
    }
}
