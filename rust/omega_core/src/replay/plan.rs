//! Which steps a run walks (L2).

use crate::error::OmegaError;
use crate::store::{Market, Walk};
use crate::types::SymbolId;

/// The steps of a run and the rules that the loop itself follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// First step to walk; at least 1, so that one bar is complete before it.
    pub start: usize,
    /// One past the last step to walk.
    pub end: usize,
    /// Whether positions still open at the end are closed (L4).
    pub close_at_end: bool,
}

impl Plan {
    /// The steps from `start` to `end` (times, both included), after the warm-up: complete bars
    /// that the strategy needs of each track. Tracks left out need none.
    ///
    /// # Errors
    /// `WarmupIndexNotFound` where no step is left.
    pub fn new(
        market: &Market,
        start: Option<i64>,
        end: Option<i64>,
        warmup: &[usize],
        close_at_end: bool,
    ) -> Result<Self, OmegaError> {
        let from = start.map_or(0, |time| market.first_at_or_after(time));
        let past = end.map_or(market.steps(), |time| {
            market.first_at_or_after(time.saturating_add(1))
        });
        match first_ready(market, from, warmup) {
            Some(first) if first < past => Ok(Self {
                start: first,
                end: past,
                close_at_end,
            }),
            _ => Err(nothing_left(market, start, warmup)),
        }
    }
}

/// The first step from `from` on at which every track has its warm-up and the first symbol a bar.
fn first_ready(market: &Market, from: usize, warmup: &[usize]) -> Option<usize> {
    let is_single = market.symbols().len() == 1;
    // Of the only symbol, a step has as many complete bars as its number says.
    let at_least = if is_single {
        warmup.first().copied().unwrap_or(0)
    } else {
        0
    };
    // Jumps over the warm-up of a single symbol; of several, steps say nothing about bars. Never 0:
    // before the first bar is over there is nothing to decide on (L2).
    let mut step = from.max(at_least).max(1);
    let mut walk = Walk::at(market, step)?;
    let is_ready = |walk: &Walk<'_>| {
        walk.visible()
            .iter()
            .zip(warmup)
            .all(|(has, needs)| has >= needs)
            && walk.visible()[SymbolId(0).index()] > 0
    };
    while !is_ready(&walk) {
        step += 1;
        if step >= market.steps() {
            return None;
        }
        walk.advance();
    }
    Some(step)
}

fn nothing_left(market: &Market, start: Option<i64>, warmup: &[usize]) -> OmegaError {
    let steps = market.steps();
    let (earliest, latest) = if steps == 0 {
        (0, 0)
    } else {
        (market.time(0), market.time(steps - 1))
    };
    OmegaError::WarmupIndexNotFound {
        start: start.unwrap_or(earliest),
        first: earliest,
        last: latest,
        bars: steps,
        warmup: warmup.iter().copied().max().unwrap_or(0),
    }
}
