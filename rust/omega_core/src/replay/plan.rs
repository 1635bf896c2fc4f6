//! Which bars a run walks (L2).

use crate::error::OmegaError;
use crate::store::SymbolCandles;

/// The bars of a run and the rules that the loop itself follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// First bar to walk; at least 1, so that one bar is complete before it.
    pub start: usize,
    /// One past the last bar to walk.
    pub end: usize,
    /// Whether positions still open at the end are closed (L4).
    pub close_at_end: bool,
}

impl Plan {
    /// The bars from `start` to `end` (open times, both included), after the warm-up.
    ///
    /// # Errors
    /// `WarmupIndexNotFound` where no bar is left.
    pub fn new(
        candles: &SymbolCandles,
        start: Option<i64>,
        end: Option<i64>,
        warmup: usize,
        close_at_end: bool,
    ) -> Result<Self, OmegaError> {
        let from = start.map_or(0, |time| candles.first_at_or_after(time));
        let first = from.max(warmup).max(1);
        let past = end.map_or(candles.len(), |time| {
            candles.first_at_or_after(time.saturating_add(1))
        });
        if first >= past {
            let bars = candles.len();
            let (earliest, latest) = if bars == 0 {
                (0, 0)
            } else {
                (candles.time(0), candles.time(bars - 1))
            };
            return Err(OmegaError::WarmupIndexNotFound {
                start: start.unwrap_or(earliest),
                first: earliest,
                last: latest,
                bars,
                warmup,
            });
        }
        Ok(Self {
            start: first,
            end: past,
            close_at_end,
        })
    }
}
