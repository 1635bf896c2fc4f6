//! One step: what its opens bring, what follows inside the bars, and the closes.

use std::ops::Range;

use super::feed::Loaded;
use super::{Executor, Feed, Portfolio};
use crate::execution::{Concern, Semantics, StepBars, SymbolBar};
use crate::store::Walk;

/// The bars of a step, and the finer bars inside them (I2).
pub(super) struct StepContext {
    /// By `SymbolId`, how the step concerns it.
    symbols: Vec<Concern>,
    /// Where each symbol stands.
    loaded: Loaded,
    /// None in a run without finer bars.
    // An option, so that a run without a magnifier copies no bars.
    finer: Option<FinerBars>,
    semantics: Semantics,
}

/// What a step with finer bars needs besides.
#[derive(Default)]
struct FinerBars {
    /// The step's bars, with the first finer bar in place of a bar that has some.
    opening: Vec<SymbolBar>,
    /// The further finer bars, by place among the step's bars.
    rest: Vec<Range<usize>>,
    /// The bars of all symbols in the order in which they are walked.
    parts: Vec<Part>,
    /// Those of one time.
    group: Vec<SymbolBar>,
}

/// A finer bar inside a step, or a bar that has none.
// In this order: by time, then by symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    time: i64,
    /// Place of its symbol among the step's bars.
    place: usize,
    /// Index of the finer bar; none of the one that a bar opens with.
    finer: Option<usize>,
}

impl StepContext {
    pub(super) fn new(feed: &Feed<'_>, semantics: Semantics) -> Self {
        Self {
            symbols: vec![Concern::Nothing; feed.market.symbols().len()],
            loaded: Loaded::default(),
            finer: feed.is_magnified().then(FinerBars::default),
            semantics,
        }
    }

    /// The symbols that the step concerns, for the executor to mark.
    #[inline]
    pub(super) fn symbols(&mut self) -> &mut [Concern] {
        &mut self.symbols
    }

    /// The bars at the end of the step: what is closed at a close has the time of the last finer
    /// bar, as in the finer run (I5).
    #[inline]
    pub(super) fn closes(&self) -> StepBars<'_> {
        StepBars(&self.loaded.bars)
    }

    /// Loads the bars of the symbols that were marked; of those without a bar at the step only
    /// where they are needed.
    pub(super) fn load(&mut self, feed: &mut Feed<'_>, walk: &Walk<'_>, needs_waiting: bool) {
        if self.finer.is_some() && self.semantics == Semantics::Two {
            // The first finer bar of any symbol is when orders are taken.
            self.symbols.fill(Concern::Itself);
        }
        let needs_waiting = needs_waiting || self.finer.is_some();
        feed.load(walk, (&self.symbols, needs_waiting), &mut self.loaded);
        let Some(finer) = &mut self.finer else {
            return;
        };
        // Beside the step's own bars, whose close is the last mark (I5.1).
        finer.opening.clone_from(&self.loaded.bars);
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
        feed.load_last(walk, &mut self.loaded, self.semantics);
    }

    /// Everything that the opens bring; with finer bars it is a part of what follows.
    // All opens before any inside: else the balance that an order of the second symbol is sized by
    // would have exits of the first in it that came after its open (X2.1).
    pub(super) fn open<E: Executor, P: Portfolio>(
        &self,
        executor: &mut E,
        portfolio: &mut P,
    ) -> Result<(), E::Error> {
        if self.finer.is_none() {
            executor.on_open(StepBars(&self.loaded.bars), portfolio)?;
        }
        Ok(())
    }

    /// After the opens, symbol by symbol what follows inside the bars, so that no order at an open
    /// depends on what came after it.
    pub(super) fn execute<E: Executor, P: Portfolio>(
        &mut self,
        feed: &Feed<'_>,
        executor: &mut E,
        portfolio: &mut P,
    ) -> Result<(), E::Error> {
        let Some(finer) = &mut self.finer else {
            for now in self.loaded.bars.iter().filter(|now| now.trades) {
                executor.on_bar(now, portfolio)?;
            }
            return Ok(());
        };
        if self.semantics == Semantics::Two {
            finer.schedule(feed);
            return finer.execute(&mut self.loaded.bars, feed, executor, portfolio);
        }
        executor.on_open(StepBars(&finer.opening), portfolio)?;
        let parts = finer.opening.iter().zip(&finer.rest);
        for (close, (now, rest)) in self.loaded.bars.iter_mut().zip(parts) {
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
        for now in &mut self.loaded.bars {
            now.last = closed.newest(now.symbol).unwrap_or(now.last);
        }
    }
}

impl FinerBars {
    /// Puts the parts of all symbols in their order.
    fn schedule(&mut self, feed: &Feed<'_>) {
        self.parts.clear();
        let symbols = self.opening.iter().zip(&self.rest).enumerate();
        for (place, (now, rest)) in symbols.filter(|(_, (now, _))| now.trades) {
            self.parts.push(Part {
                time: now.bar.time,
                place,
                finer: None,
            });
            self.parts.extend(rest.clone().map(|index| Part {
                time: feed.finer_bar(now, index).time,
                place,
                finer: Some(index),
            }));
        }
        self.parts.sort_unstable();
    }

    /// Walks the parts, those of one time together, as a run over the finer bars would (I5, F15).
    fn execute<E: Executor, P: Portfolio>(
        &mut self,
        closes: &mut [SymbolBar],
        feed: &Feed<'_>,
        executor: &mut E,
        portfolio: &mut P,
    ) -> Result<(), E::Error> {
        let Some(first) = self.parts.first() else {
            // Orders are taken at a step without a bar as well.
            return executor.on_open(StepBars(&self.opening), portfolio);
        };
        let first = first.time;
        let mut walked: Vec<SymbolBar> = self.opening.clone();
        for parts in self.parts.chunk_by(|a, b| a.time == b.time) {
            if parts[0].time > first {
                // Between finer bars only: after the last one the step itself marks, to the close
                // of the coarse bar. The user's own manager runs once a step, so there is nothing
                // of it.
                executor.on_close(StepBars(&self.group), &mut Vec::new(), portfolio)?;
                // Nothing can happen in the finer bars that are left.
                if executor.is_idle()? {
                    break;
                }
            }
            self.group.clear();
            for part in parts {
                let (now, rest) = (&mut walked[part.place], &self.rest[part.place]);
                if let Some(index) = part.finer {
                    let bar = feed.finer_bar(&self.opening[part.place], index);
                    *now = now.finer(bar, index + 1 == rest.end);
                }
                // What is closed at this close has the time of the last finer bar, as in the finer
                // run.
                closes[part.place].bar.time = part.time;
                self.group.push(*now);
            }
            if parts[0].time == first {
                let opening = self.opening.iter().map(|now| {
                    let opens_later = now.trades && now.bar.time > first;
                    if opens_later { now.before(first) } else { *now }
                });
                let opening: Vec<SymbolBar> = opening.collect();
                executor.on_open(StepBars(&opening), portfolio)?;
            } else {
                executor.on_open(StepBars(&self.group), portfolio)?;
            }
            for now in &self.group {
                executor.on_bar(now, portfolio)?;
            }
        }
        Ok(())
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
