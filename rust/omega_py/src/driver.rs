//! The loop of an engine whose executor is the user's own: the same order of a bar, over the same
//! walk; every component is called through its protocol, with views by index.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use super::actions::Vocabulary;
use super::call_timer::CallTimer;
use super::clock::Tracks;
use super::components::{Rest, RestFields, rewrite};
use super::stage::RunReport;
use super::strategy::{Raised, Watch};
use super::track::Shown;
use super::views::BarView;
use omega_core::replay::{Observer, Plan, View};
use omega_core::store::{TrackId, Walk};
use omega_core::types::SymbolId;

/// Steps between two looks at the outside world.
const STEPS_BETWEEN_TICKS: usize = 1024;

/// The components of an engine whose executor is the user's own.
#[derive(FromPyObject)]
pub(super) struct Parts<'py> {
    /// Asked for signals.
    #[pyo3(item)]
    decide: Bound<'py, PyAny>,
    /// Whether it is asked with an index and the slices, and not with a bar.
    #[pyo3(item)]
    takes_slices: bool,
    #[pyo3(item)]
    slices: Bound<'py, PyAny>,
    #[pyo3(item)]
    executor: Bound<'py, PyAny>,
    #[pyo3(item)]
    portfolio: Bound<'py, PyAny>,
    #[pyo3(item)]
    manager: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    rest: RestFields,
}

/// A run of such an engine.
pub(super) struct Driver<'a, 'py> {
    py: Python<'py>,
    tracks: &'a Arc<Tracks>,
    queue: Bound<'py, PyList>,
    vocabulary: Vocabulary<'py>,
    process: Bound<'py, PyAny>,
    exits: Bound<'py, PyAny>,
    update: Bound<'py, PyAny>,
    rest: Option<Rest>,
    /// Of each symbol, what the executor sees.
    bars: Vec<Shown>,
    /// What an `on_bar` sees.
    newest: Shown,
    timer: CallTimer,
    signals: Vec<Bound<'py, PyAny>>,
    counts: (usize, usize, usize),
    parts: Parts<'py>,
}

impl<'a, 'py> Driver<'a, 'py> {
    pub(super) fn new(
        parts: Parts<'py>,
        tracks: &'a Arc<Tracks>,
        queue: Bound<'py, PyList>,
    ) -> PyResult<Self> {
        let py = queue.py();
        let market = &tracks.market;
        let unit = market.symbols()[0].unit();
        Ok(Self {
            py,
            tracks,
            queue,
            vocabulary: Vocabulary::new(py, tracks.names(), unit.abbreviation())?,
            process: parts.executor.getattr("process_signal")?,
            exits: parts.executor.getattr("evaluate_exits")?,
            update: parts.portfolio.getattr("update")?,
            rest: Rest::new(parts.rest, market.symbols().len()),
            bars: market.symbols().iter().map(|_| Shown::default()).collect(),
            newest: Shown::default(),
            timer: CallTimer::default(),
            signals: Vec::new(),
            counts: (0, 0, 0),
            parts,
        })
    }

    /// Walks the steps of a plan.
    pub(super) fn run(
        mut self,
        plan: &Plan,
        watch: &mut Watch<'_>,
        began: Instant,
    ) -> PyResult<RunReport> {
        let market = &self.tracks.market;
        let Some(mut walk) = Walk::at(market, plan.start) else {
            return Ok(self.report(plan, began));
        };
        for step in plan.start..plan.end {
            self.step(&walk)
                .map_err(|error| self.tracks.noted(self.py, error, "engine"))?;
            self.counts.0 += 1;
            if self.counts.0.is_multiple_of(STEPS_BETWEEN_TICKS) {
                watch.tick(self.counts.0).map_err(|Raised(error)| error)?;
            }
            if step + 1 < plan.end {
                walk.advance();
            }
        }
        if plan.close_at_end {
            self.close_at_end(&walk)
                .map_err(|error| self.tracks.noted(self.py, error, "engine"))?;
        }
        watch.tick(self.counts.0).map_err(|Raised(error)| error)?;
        Ok(self.report(plan, began))
    }

    fn report(&self, plan: &Plan, began: Instant) -> RunReport {
        let asked: Duration = self.timer.total();
        RunReport::new(self.counts, plan.start, (began, asked))
    }

    /// One step: strategy, signals, exits, position manager, portfolio.
    fn step(&mut self, walk: &Walk<'_>) -> PyResult<()> {
        let view = View::new(&self.tracks.market, walk);
        self.tracks.show(&view);
        if self.rest.as_ref().is_none_or(|rest| !rest.holds(&view)) {
            self.ask(&view)?;
        }
        if !self.signals.is_empty() {
            self.process(&view)?;
        }
        if self.active()?.is_truthy()? {
            self.evaluate_exits(walk)?;
            let closed = walk.closed();
            self.tracks.show(&View::new(&self.tracks.market, &closed));
            if let Some(manager) = self.parts.manager.clone() {
                self.manage(&manager)?;
            }
        }
        self.update.call1((walk.time(),))?;
        Ok(())
    }

    fn active(&self) -> PyResult<Bound<'py, PyAny>> {
        let name = intern!(self.py, "active_positions");
        self.parts.executor.getattr(name)
    }

    /// Asks the strategy, and notes its signals.
    fn ask(&mut self, view: &View<'_>) -> PyResult<()> {
        let timed = self.timer.is_due().then(Instant::now);
        let decide = &self.parts.decide;
        let returned = if self.parts.takes_slices {
            decide.call1((view.newest(), &self.parts.slices))?
        } else {
            let (py, tracks) = (self.py, self.tracks);
            let bar = self.newest.at(py, tracks, TrackId(0), view.newest())?;
            bar.get().set_fresh(view.is_fresh(TrackId(0)));
            decide.call1((bar,))?
        };
        if let Some(before) = timed {
            self.timer.add(before.elapsed());
        }
        if !returned.is_none() || !self.queue.is_empty() {
            self.take(&returned)?;
        }
        Ok(())
    }

    /// Takes what was queued, then what was returned.
    fn take(&mut self, returned: &Bound<'py, PyAny>) -> PyResult<()> {
        let before = self.signals.len();
        self.signals.extend(self.queue.iter());
        self.queue.del_slice(0, self.queue.len())?;
        if let Ok(list) = returned.cast::<PyList>() {
            self.signals.extend(list.iter());
        } else if let Ok(tuple) = returned.cast::<PyTuple>() {
            self.signals.extend(tuple.iter());
        } else if !returned.is_none() {
            self.signals.push(returned.clone());
        }
        for item in &self.signals[before..] {
            self.vocabulary.check(item)?;
        }
        Ok(())
    }

    /// Hands signals to the executor; an entry counts when it was accepted.
    fn process(&mut self, view: &View<'_>) -> PyResult<()> {
        let signals = std::mem::take(&mut self.signals);
        self.counts.1 += signals.len();
        for signal in signals {
            let before = match self.rest {
                Some(_) => self.active()?.len()?,
                None => 0,
            };
            let answer = self.process.call1((&signal,))?;
            if self.rest.is_none() {
                continue;
            }
            let accepted = if answer.is_none() {
                self.active()?.len()? > before
            } else {
                answer.is_truthy()?
            };
            if accepted && self.vocabulary.is_signal(&signal)? {
                let symbol = self.symbol_of(&signal)?;
                if let Some(rest) = &mut self.rest {
                    rest.note_entry(symbol, view.index(symbol), view.time());
                }
            }
        }
        Ok(())
    }

    /// The symbol that an object names; the first one where it names none.
    fn symbol_of(&self, object: &Bound<'py, PyAny>) -> PyResult<SymbolId> {
        let named = object.getattr_opt(intern!(self.py, "symbol"))?;
        let Some(name) = named.filter(|name| !name.is_none()) else {
            return Ok(SymbolId(0));
        };
        let track = self.tracks.find_symbol(name.extract()?)?;
        Ok(self.tracks.symbol_of(track))
    }

    /// Shows the executor the bars of the step, symbol by symbol where something is active.
    fn evaluate_exits(&mut self, walk: &Walk<'_>) -> PyResult<()> {
        let several = self.bars.len() > 1;
        for place in 0..self.bars.len() {
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            let symbol = SymbolId(place as u32);
            if !walk.is_present(symbol) || several && !self.is_active(symbol)? {
                continue;
            }
            let bar = self.bar(symbol, walk.index(symbol))?;
            let before = self.active()?.len().ok();
            let sides = (bar.getattr("bid")?, bar.getattr("ask")?);
            let answer = self.exits.call1(sides)?;
            let exits = self.count_exits(&answer, before)?;
            self.counts.2 += exits;
            if let Some(rest) = self.rest.as_mut().filter(|_| exits > 0) {
                rest.note_exit(symbol, walk.time());
            }
        }
        Ok(())
    }

    /// How many exits there were: what the executor says, or how many positions are active no more.
    fn count_exits(&self, answer: &Bound<'py, PyAny>, before: Option<usize>) -> PyResult<usize> {
        if !answer.is_none() {
            return answer.len().or_else(|_| answer.extract());
        }
        let after = self.active()?.len().ok();
        Ok(before.zip(after).map_or(0, |(b, a)| b.saturating_sub(a)))
    }

    /// Whether something active belongs to a symbol, as far as it says so.
    fn is_active(&self, symbol: SymbolId) -> PyResult<bool> {
        for item in self.active()?.try_iter()? {
            let item = item?;
            let says = item.hasattr(intern!(self.py, "symbol"))?;
            if !says || self.symbol_of(&item)? == symbol {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn bar(&mut self, symbol: SymbolId, index: usize) -> PyResult<Bound<'py, BarView>> {
        let shown = &mut self.bars[symbol.index()];
        let bar = shown.at(self.py, self.tracks, TrackId(symbol.index()), index)?;
        Ok(bar.into_bound(self.py))
    }

    /// Lets the position manager look at each symbol that has a new bar and something open.
    fn manage(&mut self, manager: &Bound<'py, PyAny>) -> PyResult<()> {
        for place in 0..self.bars.len() {
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            let symbol = SymbolId(place as u32);
            let source = Arc::clone(self.tracks.symbol(symbol));
            let (name, visible) = (source.candles.name(), source.clock.visible());
            if !source.clock.is_fresh() || visible == 0 {
                continue;
            }
            let portfolio = &self.parts.portfolio;
            let open = portfolio.call_method1(intern!(self.py, "get_open_positions"), (name,))?;
            if !open.is_truthy()? {
                continue;
            }
            let bar = self.bar(symbol, visible - 1)?;
            let slice = self.parts.slices.get_item(name)?;
            let sides = (bar.getattr("bid")?, bar.getattr("ask")?);
            let returned = manager.call1((open, slice, sides.0, sides.1, self.active()?))?;
            self.take(&returned)?;
            for action in std::mem::take(&mut self.signals) {
                self.process.call1((action,))?;
            }
        }
        Ok(())
    }

    /// Lets an executor that can do so close what is open at the last close (L4); the portfolio's
    /// last row is written again.
    fn close_at_end(&mut self, walk: &Walk<'_>) -> PyResult<()> {
        let executor = &self.parts.executor;
        let Some(close) = executor.getattr_opt("close_at_end")? else {
            return Ok(());
        };
        if !self.active()?.is_truthy()? {
            return Ok(());
        }
        let closed = walk.closed();
        self.tracks.show(&View::new(&self.tracks.market, &closed));
        for place in 0..self.bars.len() {
            let visible = closed.visible()[place];
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            let symbol = SymbolId(place as u32);
            if visible > 0 && (self.bars.len() == 1 || self.is_active(symbol)?) {
                let bar = self.bar(symbol, visible - 1)?;
                let before = self.active()?.len().ok();
                let answer = close.call1((bar.getattr("bid")?, bar.getattr("ask")?))?;
                self.counts.2 += self.count_exits(&answer, before)?;
            }
        }
        rewrite(&self.parts.portfolio, walk.time())
    }
}
