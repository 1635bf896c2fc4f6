//! Where a walk is in one symbol.

use super::market::Lasting;
use super::{Cursor, SymbolCandles};

/// Where a walk is in one symbol.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) candles: &'a SymbolCandles,
    /// When each bar is complete, where the data says so.
    pub(super) closes: Option<&'a [i64]>,
    /// At the bar `next`; none where the symbol has no bar left.
    pub(super) cursor: Option<Cursor<'a>>,
    /// The first bar that did not open before the step.
    pub(super) next: usize,
    /// Open time of the bar before it.
    pub(super) last_time: i64,
    /// Open time of the symbol's bar at its last step before this one.
    pub(super) since: i64,
    /// The shortest step so far, and how long bars last at most by that (T1, TF1).
    pub(super) step: i64,
    pub(super) length: i64,
    pub(super) present: bool,
    /// Open time of its bar at this step.
    pub(super) opens: i64,
}

impl<'a> Place<'a> {
    pub(super) fn new(candles: &'a SymbolCandles, closes: Option<&'a [i64]>) -> Self {
        Self {
            candles,
            closes,
            cursor: Cursor::at(candles, 0),
            next: 0,
            last_time: i64::MIN,
            since: i64::MAX,
            step: i64::MAX,
            length: i64::MAX,
            present: false,
            opens: i64::MAX,
        }
    }

    /// Goes to a time; gives how many bars are complete by then.
    pub(super) fn go_to(&mut self, time: i64, lasting: Lasting, has_all_bars: bool) -> usize {
        // First, while `opens` is still that of the last step.
        if self.present {
            self.since = self.opens;
        }
        self.present = false;
        while let Some(cursor) = &mut self.cursor {
            let opens = cursor.time();
            if opens >= time {
                self.present = opens == time;
                self.opens = opens;
                break;
            }
            if self.next > 0 {
                // The shortest step so far, not the distance to the next bar: the newest bar before
                // a week-end would stay hidden until the market reopens.
                let step = opens - self.last_time;
                if step < self.step {
                    (self.step, self.length) = (step, lasting.of(step));
                }
            }
            self.last_time = opens;
            if has_all_bars {
                // It was at its step, also where that was passed over.
                self.since = opens;
            }
            self.next += 1;
            if self.next < self.candles.len() {
                cursor.advance();
            } else {
                self.cursor = None;
            }
        }
        // Saturating: before the second bar the length is unknown, the largest integer, and the
        // first bar is not over.
        let over = self.present || self.ends() <= time;
        if over || self.next == 0 {
            self.next
        } else {
            self.next - 1
        }
    }

    /// When its newest bar is over, unless the next one opens before.
    pub(super) fn ends(&self) -> i64 {
        let closes = self
            .closes
            .zip(self.next.checked_sub(1))
            .map_or(i64::MAX, |(closes, newest)| closes[newest]);
        self.last_time.saturating_add(self.length).min(closes)
    }

    /// The first time after its step at which something changes for the symbol, with so many bars
    /// complete: its next bar opens, or its newest one is over.
    pub(super) fn changes_at(&self, complete: usize) -> i64 {
        if self.present {
            // At the next step it is no longer present, which is a change.
            return i64::MIN;
        }
        let opens = self.cursor.as_ref().map_or(i64::MAX, Cursor::time);
        if complete < self.next {
            opens.min(self.ends())
        } else {
            opens
        }
    }
}
