//! One step: what its opens bring, what follows inside the bars, and the closes.

use std::ops::Range;

use super::{Executor, Feed, Portfolio};
use crate::execution::{StepBars, SymbolBar};
use crate::store::Walk;

/// The bars of a step, and the finer bars inside them (I2).
pub(super) struct StepContext {
    /// By `SymbolId`, whether the step concerns it.
    symbols: Vec<bool>,
    /// Where each symbol stands.
    bars: Vec<SymbolBar>,
    /// None in a run without finer bars.
    // An option, so that a run without a magnifier copies no bars.
    finer: Option<FinerBars>,
}

/// What a step with finer bars has besides.
#[derive(Default)]
struct FinerBars {
    /// The step's bars, with the first finer bar in place of a bar that has some.
    opening: Vec<SymbolBar>,
    /// The further finer bars, by place among the step's bars.
    rest: Vec<Range<usize>>,
}

impl StepContext {
    pub(super) fn new(symbols: usize, is_magnified: bool) -> Self {
        Self {
            symbols: vec![false; symbols],
            bars: Vec::new(),
            finer: is_magnified.then(FinerBars::default),
        }
    }

    /// The symbols that the step concerns, for the executor to mark.
    pub(super) fn symbols(&mut self) -> &mut [bool] {
        &mut self.symbols
    }

    /// The bars at the end of the step: what is closed at a close has the time of the last finer
    /// bar, as in the finer run (I5).
    pub(super) fn closes(&self) -> StepBars<'_> {
        StepBars(&self.bars)
    }

    /// Loads the bars of the symbols that were marked.
    pub(super) fn load(&mut self, feed: &mut Feed<'_>, walk: &Walk<'_>) {
        feed.load(walk, &self.symbols, &mut self.bars);
        let Some(finer) = &mut self.finer else {
            return;
        };
        // Beside the step's own bars, whose close is the last mark (I5.1).
        finer.opening.clone_from(&self.bars);
        finer.rest.clear();
        for now in &mut finer.opening {
            let inside = feed.inside(now);
            if !inside.is_empty() {
                now.bar = feed.finer_bar(now, inside.start);
                now.closes = inside.len() == 1;
            }
            finer
                .rest
                .push((inside.start + 1).min(inside.end)..inside.end);
        }
    }

    /// Loads the bars after the last step: each symbol at the last bar that it had.
    pub(super) fn load_last(&mut self, feed: &mut Feed<'_>, walk: &Walk<'_>) {
        feed.load_last(walk, &mut self.bars);
    }

    /// Everything that the opens bring, then symbol by symbol what follows inside the bars, so that
    /// no order at an open knows of what came after it.
    pub(super) fn execute<E: Executor, P: Portfolio>(
        &mut self,
        feed: &Feed<'_>,
        executor: &mut E,
        portfolio: &mut P,
    ) -> Result<(), E::Error> {
        let Some(finer) = &self.finer else {
            // All opens before any inside: else the balance that an order of the second symbol is
            // sized by would have exits of the first in it that came after its open (X2.1).
            executor.on_open(StepBars(&self.bars), portfolio)?;
            for now in self.bars.iter().filter(|now| now.trades) {
                executor.on_bar(now, portfolio)?;
            }
            return Ok(());
        };
        executor.on_open(StepBars(&finer.opening), portfolio)?;
        let parts = finer.opening.iter().zip(&finer.rest);
        for (close, (now, rest)) in self.bars.iter_mut().zip(parts) {
            if now.trades {
                // What is closed at this close has the time of the last finer bar, as in the finer
                // run (I5).
                close.bar.time = execute_inside(feed, now, rest.clone(), executor, portfolio)?;
            }
        }
        Ok(())
    }

    /// Lets the step's bars show the newest bars that the next step will show.
    pub(super) fn show_newest(&mut self, closed: &Walk<'_>) {
        for now in &mut self.bars {
            now.last = closed.newest(now.symbol).unwrap_or(now.last);
        }
    }
}

/// What follows an open: the rest of a bar, and the finer bars after the first one; between finer
/// bars positions are marked and stopped out as between bars. Gives the time of the last one
/// walked.
fn execute_inside<E: Executor, P: Portfolio>(
    feed: &Feed<'_>,
    opening: &SymbolBar,
    rest: Range<usize>,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<i64, E::Error> {
    executor.on_bar(opening, portfolio)?;
    let (mut now, past) = (*opening, rest.end);
    for index in rest {
        let bars = StepBars(std::slice::from_ref(&now));
        // Between finer bars only: after the last one the step itself marks, to the close of the
        // coarse bar. The user's own manager runs once a step, so there is nothing of it.
        executor.on_close(bars, &mut Vec::new(), portfolio)?;
        // Nothing can happen in the finer bars that are left.
        if executor.is_idle()? {
            break;
        }
        now = now.finer(feed.finer_bar(opening, index), index + 1 == past);
        executor.on_open(StepBars(std::slice::from_ref(&now)), portfolio)?;
        executor.on_bar(&now, portfolio)?;
    }
    Ok(now.bar.time)
}
