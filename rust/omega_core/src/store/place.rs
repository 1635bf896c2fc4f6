//! Where a walk is in one symbol.

use super::market::Lasting;
use super::{Cursor, SymbolCandles};
use crate::types::Bar;

/// Where a walk is in one symbol.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) candles: &'a SymbolCandles,
    /// When each bar is complete, where the data has it.
    pub(super) closes: Option<&'a [i64]>,
    /// At the bar `next`; none where the symbol has no bar left.
    pub(super) cursor: Option<Cursor<'a>>,
    /// The first bar that did not open before the step.
    pub(super) next: usize,
    /// Its open time; the largest where there is none.
    opens: i64,
    /// Open time of the bar before it.
    last_time: i64,
    /// When that bar is over, unless the next one opens before; the smallest where there is none.
    over: i64,
    /// Open time of the symbol's bar at its last step before this one.
    pub(super) since: i64,
    /// The shortest step so far, and how long bars last at most by that (T1, TF1).
    step: i64,
    length: i64,
    pub(super) present: bool,
}

impl<'a> Place<'a> {
    pub(super) fn new(candles: &'a SymbolCandles, closes: Option<&'a [i64]>) -> Self {
        let cursor = Cursor::at(candles, 0);
        Self {
            candles,
            closes,
            opens: cursor.as_ref().map_or(i64::MAX, Cursor::time),
            cursor,
            next: 0,
            last_time: i64::MIN,
            over: i64::MIN,
            since: i64::MAX,
            step: i64::MAX,
            length: i64::MAX,
            present: false,
        }
    }

    /// Its bar at the step; none where it has none.
    #[inline]
    pub(super) fn bar(&self) -> Option<Bar> {
        // First, since of many symbols most have none.
        if !self.present {
            return None;
        }
        self.cursor.as_ref().map(Cursor::bar)
    }

    /// Goes to a time; gives how many bars are complete by then.
    #[inline]
    pub(super) fn go_to(&mut self, time: i64, lasting: Lasting, has_all_bars: bool) -> usize {
        while self.opens < time {
            self.pass(lasting, has_all_bars);
        }
        self.present = self.opens == time && self.cursor.is_some();
        self.next - usize::from(!self.present && self.over > time)
    }

    /// Passes the next bar.
    #[inline]
    fn pass(&mut self, lasting: Lasting, has_all_bars: bool) {
        let opens = self.opens;
        if self.next > 0 {
            // The shortest step so far, not the distance to the next bar: the newest bar before
            // a week-end would stay hidden until the market reopens.
            let step = opens - self.last_time;
            if step < self.step {
                (self.step, self.length) = (step, lasting.of(step));
            }
        }
        // With all bars it was at its step, also where that was passed over.
        if has_all_bars || self.present {
            self.since = opens;
            self.present = false;
        }
        self.last_time = opens;
        // Saturating: before the second bar the length is unknown, the largest integer, and the
        // first bar is not over.
        self.over = opens.saturating_add(self.length);
        if let Some(closes) = self.closes {
            self.over = self.over.min(closes[self.next]);
        }
        self.next += 1;
        if self.cursor.as_mut().is_some_and(Cursor::advance) {
            self.opens = self.cursor.as_ref().map_or(i64::MAX, Cursor::time);
        } else {
            (self.cursor, self.opens) = (None, i64::MAX);
        }
    }

    /// The first time after its step at which something changes for the symbol, with so many bars
    /// complete: its next bar opens, or its newest one is over.
    #[inline]
    pub(super) fn changes_at(&self, complete: usize) -> i64 {
        if self.present {
            // At the next step it is no longer present, which is a change.
            i64::MIN
        } else if complete < self.next {
            self.opens.min(self.over)
        } else {
            self.opens
        }
    }
}
