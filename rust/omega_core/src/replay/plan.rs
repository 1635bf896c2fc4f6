//! Which steps a run walks (L2).

use crate::error::OmegaError;
use crate::execution::Semantics;
use crate::store::{Market, Walk};
use crate::types::SymbolId;

/// The steps of a run and the rules that the loop itself follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// First step that has an equity row.
    pub from: usize,
    /// First step to walk; at least 1, so that one bar is complete before it.
    pub start: usize,
    /// One past the last step to walk.
    pub end: usize,
    /// Whether positions still open at the end are closed (L4).
    pub close_at_end: bool,
    /// Complete bars that a symbol needs of each of its tracks before it is ready; tracks left out
    /// need none.
    pub needs: Vec<usize>,
    /// The version of the rules.
    pub semantics: Semantics,
}

impl Plan {
    /// The steps from `start` to `end` (times, both included), after the warm-up: complete bars
    /// that the strategy needs of each track. Tracks left out need none.
    ///
    /// # Errors
    /// `WarmupIndexNotFound` where no step is left.
    pub fn new(
        market: &Market,
        (start, end): (Option<i64>, Option<i64>),
        warmup: &[usize],
        close_at_end: bool,
        semantics: Semantics,
    ) -> Result<Self, OmegaError> {
        let from = start.map_or(0, |time| market.first_at_or_after(time));
        let past = end.map_or(market.steps(), |time| {
            market.first_at_or_after(time.saturating_add(1))
        });
        let first = match semantics {
            Semantics::One => first_warm(market, from, warmup),
            Semantics::Two => first_decision(market, from, warmup),
        };
        match first {
            Some(first) if first < past => Ok(Self {
                from: match semantics {
                    Semantics::One => first,
                    Semantics::Two => from,
                },
                start: first,
                end: past,
                close_at_end,
                needs: warmup.to_vec(),
                semantics,
            }),
            _ => Err(nothing_left(market, start, warmup)),
        }
    }
}

/// The first step from `from` on at which all symbols are ready that had a complete bar when the
/// first one was; the others join later (L2).
fn first_decision(market: &Market, from: usize, warmup: &[usize]) -> Option<usize> {
    let mut walk = walk_to(market, from, warmup)?;
    let mut concerned: Option<Vec<SymbolId>> = None;
    loop {
        let symbols = || market.symbol_ids();
        let is_ready = |symbol: &SymbolId| walk.is_ready_with(*symbol, warmup);
        if concerned.is_none() && symbols().any(|symbol| is_ready(&symbol)) {
            let begun = symbols().filter(|symbol| walk.visible()[symbol.index()] > 0);
            concerned = Some(begun.collect());
        }
        if concerned
            .as_ref()
            .is_some_and(|all| all.iter().all(is_ready))
        {
            return Some(walk.step());
        }
        if walk.step() + 1 >= market.steps() {
            return None;
        }
        walk.advance();
    }
}

/// The first step from `from` on at which every track has its warm-up and the first symbol a bar:
/// where version 1 of the rules begins.
fn first_warm(market: &Market, from: usize, warmup: &[usize]) -> Option<usize> {
    let mut walk = walk_to(market, from, warmup)?;
    let is_warm = |walk: &Walk<'_>| {
        let mut tracks = walk.visible().iter().zip(warmup);
        tracks.all(|(has, needs)| has >= needs) && walk.visible()[0] > 0
    };
    while !is_warm(&walk) {
        if walk.step() + 1 >= market.steps() {
            return None;
        }
        walk.advance();
    }
    Some(walk.step())
}

/// A walk at the first step that can be the first decision.
fn walk_to<'a>(market: &'a Market, from: usize, warmup: &[usize]) -> Option<Walk<'a>> {
    // Of the only symbol, a step has as many complete bars as its number counts: its warm-up is
    // jumped over. Of several, steps are no count of bars. Never 0: before the first bar is over
    // there is nothing to decide on (L2).
    let at_least = match market.symbols() {
        [_] => warmup.first().copied().unwrap_or(0),
        _ => 0,
    };
    Walk::at(market, from.max(at_least).max(1))
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
