//! An executor and a portfolio of the user's own behind the core's traits: every component is
//! called through its protocol, with views by index.

use std::sync::Arc;

use omega_core::execution::{
    Account, Booking, Concern, Exit, Fill, LastTrades, Lows, Position, StepBars, SymbolBar,
};
use omega_core::portfolio::Trade;
use omega_core::replay::{self, Ahead, Executor, ExecutorState};
use omega_core::store::TrackId;
use omega_core::types::SymbolId;
use pyo3::intern;
use pyo3::prelude::*;

use super::actions::Vocabulary;
use super::components::{Failure, rewrite};
use super::exits::SharedExits;
use super::strategy::Raised;
use super::track::Shown;
use super::tracks::{ClosedSteps, Tracks};
use super::views::BarView;

/// An executor of the user's own. The loop sees of it whether something is open, and when each
/// symbol was last traded.
pub(super) struct PyExecutor<'a, 'py> {
    py: Python<'py>,
    tracks: &'a Arc<Tracks>,
    object: Bound<'py, PyAny>,
    process: Bound<'py, PyAny>,
    exits: Bound<'py, PyAny>,
    vocabulary: &'a Vocabulary<'py>,
    watch: SharedExits<'py>,
    failure: Failure,
    /// Whether a cool-down needs to know when symbols were last traded.
    has_cooldown: bool,
    submitted: Vec<Bound<'py, PyAny>>,
    /// Of each symbol, the bar that the executor sees.
    bars: Vec<Shown>,
    last_trades: Vec<LastTrades>,
    has_positions: bool,
    exits_counted: usize,
}

impl<'a, 'py> PyExecutor<'a, 'py> {
    pub(super) fn new(
        object: Bound<'py, PyAny>,
        tracks: &'a Arc<Tracks>,
        vocabulary: &'a Vocabulary<'py>,
        (watch, failure): (SharedExits<'py>, Failure),
        has_cooldown: bool,
    ) -> PyResult<Self> {
        let symbols = tracks.market.symbols();
        Ok(Self {
            py: object.py(),
            process: object.getattr("process_signal")?,
            exits: object.getattr("evaluate_exits")?,
            submitted: Vec::new(),
            bars: symbols.iter().map(|_| Shown::default()).collect(),
            last_trades: vec![LastTrades::default(); symbols.len()],
            has_positions: false,
            exits_counted: 0,
            tracks,
            object,
            vocabulary,
            watch,
            failure,
            has_cooldown,
        })
    }

    /// How many positions were closed, whoever closed them.
    pub(super) fn exits(&mut self) -> usize {
        self.note_exits();
        self.exits_counted
    }

    /// Takes note of exits that others made since it last looked.
    fn note_exits(&mut self) {
        for (symbol, time) in self.watch.take() {
            self.exits_counted += 1;
            self.last_trades[symbol.index()].exit = Some(time);
        }
    }

    fn set_active(&mut self, is_active: bool) {
        self.has_positions = is_active;
        self.watch.set_active(is_active);
    }

    fn active(&self) -> PyResult<Bound<'py, PyAny>> {
        self.object.getattr(intern!(self.py, "active_positions"))
    }

    /// Hands over a signal; an entry counts when it was accepted.
    fn process_signal(&mut self, signal: &Bound<'py, PyAny>, bars: StepBars<'_>) -> PyResult<()> {
        let now = bars.of(SymbolId(0)).opens;
        let watch = SharedExits::clone(&self.watch);
        let process = || watch.watching_all(now, || self.process.call1((signal,)));
        // Counting what is active is a call of Python before and after each signal.
        if !self.has_cooldown {
            process()?;
            self.note_exits();
            return Ok(());
        }
        let before = self.active()?.len()?;
        let answer = process()?;
        self.note_exits();
        // An executor need not answer; what is active then shows whether it accepted.
        let is_accepted = if answer.is_none() {
            self.active()?.len()? > before
        } else {
            answer.is_truthy()?
        };
        if is_accepted && self.vocabulary.is_entry(signal)? {
            let symbol = self.symbol_of(signal)?;
            let now = bars.of(symbol);
            self.last_trades[symbol.index()].entry = Some((now.index, now.opens));
        }
        Ok(())
    }

    /// Hands over what a position manager wants.
    fn process_managed(&mut self, action: &Bound<'py, PyAny>, bars: StepBars<'_>) -> PyResult<()> {
        let now = bars.of(SymbolId(0)).opens;
        (self.watch).watching_all(now, || self.process.call1((action,)))?;
        self.note_exits();
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

    /// Shows the executor the bar of a symbol, where something is open in it.
    fn evaluate_exits(&mut self, now: &SymbolBar) -> PyResult<()> {
        // `active_positions` is a call of Python, which `on_open` has made once for all symbols.
        if !self.has_positions || !self.is_active(now.symbol)? {
            return Ok(());
        }
        // A clone is one reference more, and leaves `self` free to be borrowed.
        let exits = self.call_with_bar(&self.exits.clone(), now)?;
        if exits > 0 {
            self.last_trades[now.symbol.index()].exit = Some(now.opens);
        }
        Ok(())
    }

    /// Calls with both sides of a bar; gives how many exits there were.
    fn call_with_bar(&mut self, method: &Bound<'py, PyAny>, now: &SymbolBar) -> PyResult<usize> {
        let track = TrackId(now.symbol.index());
        let shown = &mut self.bars[now.symbol.index()];
        let bar: Bound<'py, BarView> = shown
            .at(self.py, self.tracks, track, now.index)?
            .into_bound(self.py);
        // Not every collection has a length; then the answer alone counts.
        let before = self.active()?.len().ok();
        let answer = method.call1((bar.getattr("bid")?, bar.getattr("ask")?))?;
        let exits = self.count_exits(&answer, before)?;
        self.exits_counted += exits;
        Ok(exits)
    }

    /// How many exits there were: what the executor returned, or how many positions are active no
    /// more.
    fn count_exits(&self, answer: &Bound<'py, PyAny>, before: Option<usize>) -> PyResult<usize> {
        if !answer.is_none() {
            return answer.len().or_else(|_| answer.extract());
        }
        let after = self.active()?.len().ok();
        Ok(before.zip(after).map_or(0, |(b, a)| b.saturating_sub(a)))
    }

    /// Whether something active belongs to a symbol. Of one symbol everything does, and so does
    /// what names no symbol.
    fn is_active(&self, symbol: SymbolId) -> PyResult<bool> {
        // Of one symbol everything active is, so that nothing has to be read.
        if self.bars.len() == 1 {
            return Ok(true);
        }
        for item in self.active()?.try_iter()? {
            let item = item?;
            let names_one = item.hasattr(intern!(self.py, "symbol"))?;
            if !names_one || self.symbol_of(&item)? == symbol {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets an executor that can do so close what is open at the last close (L4).
    fn close_at_end(&mut self, closes: StepBars<'_>) -> PyResult<()> {
        let Some(close) = self.object.getattr_opt("close_at_end")? else {
            return Ok(());
        };
        for now in closes.trading() {
            if self.is_active(now.symbol)? {
                self.call_with_bar(&close, now)?;
            }
        }
        Ok(())
    }

    /// What the portfolio raised: after it no component is called, also where the strategy rests.
    fn failed(&self) -> Result<(), Raised> {
        let failure = self.failure.borrow_mut().take();
        failure.map_or(Ok(()), |error| Err(Raised(error)))
    }

    fn noted<T>(&self, result: PyResult<T>) -> Result<T, Raised> {
        result.map_err(|error| Raised(self.tracks.noted(self.py, error, "engine")))
    }
}

impl<'py> Executor for PyExecutor<'_, 'py> {
    type Action = Bound<'py, PyAny>;
    type Error = Raised;

    fn is_idle(&mut self) -> Result<bool, Raised> {
        self.failed()?;
        let active = self.active().and_then(|active| active.is_truthy());
        Ok(!self.noted(active)?)
    }

    fn submit(
        &mut self,
        actions: &mut Vec<Self::Action>,
        _time: i64,
        symbols: &mut [Concern],
    ) -> usize {
        // All of them, because only the executor knows what is open where.
        symbols.fill(Concern::Itself);
        let submitted = actions.len();
        self.submitted.append(actions);
        submitted
    }

    fn on_open<A: Account>(&mut self, bars: StepBars<'_>, _account: &mut A) -> Result<(), Raised> {
        self.failed()?;
        self.note_exits();
        for signal in std::mem::take(&mut self.submitted) {
            let processed = self.process_signal(&signal, bars);
            self.noted(processed)?;
        }
        // After the signals, since a signal works from the bar that this step shows next, and is
        // active until then.
        let is_active = !self.is_idle()?;
        self.set_active(is_active);
        Ok(())
    }

    fn on_bar<A: Account>(&mut self, now: &SymbolBar, _account: &mut A) -> Result<(), Raised> {
        let evaluated = self.evaluate_exits(now);
        self.noted(evaluated)
    }

    fn on_close<A: Account>(
        &mut self,
        bars: StepBars<'_>,
        managed: &mut Vec<Self::Action>,
        _account: &mut A,
    ) -> Result<(), Raised> {
        // What the manager closed by itself, for which it need not give an action.
        self.note_exits();
        // Handed on at once: a level that moves and a close work from the next bar that the
        // executor sees.
        for action in managed.drain(..) {
            let processed = self.process_managed(&action, bars);
            self.noted(processed)?;
        }
        Ok(())
    }

    fn quiet<P: replay::Portfolio>(
        &mut self,
        ahead: Ahead<'_, '_>,
        portfolio: &mut P,
    ) -> Result<usize, Raised> {
        // With something active each bar is shown: only the executor knows what a price does to it.
        if !self.is_idle()? {
            return Ok(0);
        }
        self.note_exits();
        self.set_active(false);
        portfolio.write_flat_rows(ahead.len());
        Ok(ahead.len())
    }

    fn state(&self) -> ExecutorState<'_> {
        ExecutorState {
            // The rest stays empty: such an executor keeps its fills and positions itself.
            has_positions: self.has_positions,
            last_trades: &self.last_trades,
            ..ExecutorState::default()
        }
    }

    fn finish<A: Account>(
        &mut self,
        closes: Option<StepBars<'_>>,
        _account: &mut A,
    ) -> Result<(), Raised> {
        if let Some(closes) = closes {
            let done = self.close_at_end(closes);
            return self.noted(done);
        }
        // One that cannot close leaves its positions open, so that nothing has to be loaded or
        // written again.
        let can_close = self.object.hasattr("close_at_end");
        let is_active = self.noted(can_close)? && !self.is_idle()?;
        self.set_active(is_active);
        Ok(())
    }
}

/// A portfolio of the user's own beside an executor that books with it by itself: the loop lets it
/// write its rows.
pub(super) struct PyRows<'a, 'py> {
    object: Bound<'py, PyAny>,
    update: Bound<'py, PyAny>,
    watch: SharedExits<'py>,
    tracks: &'a Arc<Tracks>,
    closed: ClosedSteps<'a>,
    cash: f64,
    step: usize,
    failure: Failure,
}

impl<'a, 'py> PyRows<'a, 'py> {
    /// A portfolio about to see the step at which a run begins.
    pub(super) fn new(
        (object, watch): (Bound<'py, PyAny>, SharedExits<'py>),
        tracks: &'a Arc<Tracks>,
        cash: f64,
        step: usize,
        failure: Failure,
    ) -> PyResult<Self> {
        Ok(Self {
            update: object.getattr("update")?,
            object,
            watch,
            closed: ClosedSteps::new(tracks, step),
            tracks,
            cash,
            step,
            failure,
        })
    }

    /// Calls it, unless it failed before; what it raises ends the run at the next step.
    fn call(&self, with: impl FnOnce() -> PyResult<()>) {
        // The trait's methods cannot fail, so that the error is kept and ends the run at the next
        // call of the strategy. Only the first: what comes after may be its consequence.
        if self.failure.borrow().is_none()
            && let Err(error) = with()
        {
            let noted = self.tracks.noted(self.object.py(), error, "engine");
            *self.failure.borrow_mut() = Some(noted);
        }
    }
}

impl Account for PyRows<'_, '_> {
    // The cash of the start: an executor of the user's own books with its portfolio by itself.
    fn balance(&self) -> f64 {
        self.cash
    }

    fn book_entry(&mut self, _position: &Position, _fill: &Fill) {}

    fn book_swap(&mut self, _position: &Position, _amount: f64, _time: i64) {}

    fn book(&mut self, _booking: &Booking) {}

    fn book_exit(&mut self, _exit: &Exit<'_>) {}
}

impl replay::Portfolio for PyRows<'_, '_> {
    fn marked_equity(&self) -> f64 {
        self.cash
    }

    fn trades(&self) -> &[Trade] {
        &[]
    }

    fn write_row(&mut self, _open: &[Position], _profit: f64) {
        self.write_flat_rows(1);
    }

    fn write_quiet_row(&mut self, _profit: f64, _open_positions: usize, _low: Option<f64>) {
        self.write_flat_rows(1);
    }

    fn write_rows(&mut self, profits: &[f64], _open_positions: usize, _lows: Option<Lows<'_>>) {
        self.write_flat_rows(profits.len());
    }

    fn write_flat_rows(&mut self, bars: usize) {
        // One `update` for each bar, also where the loop took many: the protocol promises a row a
        // bar.
        for _ in 0..bars {
            let time = self.tracks.market.time(self.step);
            self.step += 1;
            self.closed.show_next();
            let update = || self.update.call1((time,)).map(drop);
            self.call(|| self.watch.watching_all(time, update));
        }
    }

    fn rewrite_last_row(&mut self) {
        let time = self.tracks.market.time(self.step - 1);
        self.call(|| rewrite(&self.object, time));
    }
}
