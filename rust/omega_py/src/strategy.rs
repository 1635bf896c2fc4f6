//! A Python strategy behind the core's `Strategy` trait: one call a bar, nothing built for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyList;

use super::actions::{Open, Vocabulary};
use super::call_timer::CallTimer;
use super::clock::Tracks;
use super::components::{Failure, Rest};
use super::conditions::Mask;
use super::desk::{Desk, FillView, PositionView, TradeView};
use super::error::to_pyerr;
use super::memory::is_held_elsewhere;
use super::views::BarView;
use omega_core::error::OmegaError;
use omega_core::execution::{Action, Event};
use omega_core::replay::{Observer, State, Strategy, View, Wakeups};
use omega_core::store::TrackId;

/// What a callback or the engine raised; the engine's own errors become Python's on the way out.
pub(super) struct Raised(pub(super) PyErr);

impl From<OmegaError> for Raised {
    fn from(error: OmegaError) -> Self {
        Self(to_pyerr(error))
    }
}

impl From<PyErr> for Raised {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

/// The callbacks of a strategy: unbound functions with their instance, or plain functions.
#[derive(FromPyObject)]
pub(super) struct Callbacks<'py> {
    /// Called on every bar; none where triggers alone are.
    #[pyo3(item)]
    on_bar: Option<Bound<'py, PyAny>>,
    /// Called on the bars on which their conditions hold, in order.
    #[pyo3(item)]
    triggers: Vec<(Bound<'py, PyAny>, Bound<'py, Mask>)>,
    #[pyo3(item)]
    on_fill: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    on_exit: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    instance: Option<Bound<'py, PyAny>>,
    /// `manage_positions` of the user's own position manager.
    #[pyo3(item)]
    manage: Option<Bound<'py, PyAny>>,
}

/// Calls a Python strategy.
pub(super) struct PyStrategy<'py> {
    pub(super) py: Python<'py>,
    pub(super) callbacks: Callbacks<'py>,
    pub(super) queue: Bound<'py, PyList>,
    pub(super) vocabulary: Vocabulary<'py>,
    pub(super) tracks: Arc<Tracks>,
    pub(super) desk: Arc<Desk>,
    view: Bound<'py, BarView>,
    /// By trigger.
    wakeups: Vec<Wakeups>,
    published: Option<u64>,
    timer: CallTimer,
    engine: Option<Engine<'py>>,
}

/// What an engine asks for beside: its slices, its cool-downs, and whether its portfolio failed.
pub(super) struct Engine<'py> {
    pub(super) slices: Bound<'py, PyAny>,
    pub(super) takes_slices: bool,
    pub(super) rest: Option<Rest>,
    pub(super) failure: Failure,
}

impl<'py> PyStrategy<'py> {
    pub(super) fn new(
        py: Python<'py>,
        callbacks: Callbacks<'py>,
        queue: Bound<'py, PyList>,
        tracks: Arc<Tracks>,
        desk: Arc<Desk>,
        engine: Option<Engine<'py>>,
    ) -> PyResult<Self> {
        let unit = tracks.market.symbols()[0].unit();
        let vocabulary = Vocabulary::new(py, tracks.names(), unit.abbreviation())?;
        let view = Bound::new(py, BarView::new(Arc::clone(&tracks), TrackId(0), 0))?;
        let truths = callbacks
            .triggers
            .iter()
            .map(|(_, mask)| mask.get().truths());
        let wakeups = truths.map(Wakeups::new).collect();
        Ok(Self {
            py,
            wakeups,
            callbacks,
            queue,
            vocabulary,
            tracks,
            desk,
            view,
            published: None,
            timer: CallTimer::default(),
            engine,
        })
    }

    /// Time spent in `on_bar`, from the calls that were timed.
    pub(super) fn callback_time(&self) -> Duration {
        self.timer.total()
    }

    /// Moves the clock and the view to the newest bar; publishes what the strategy may ask for.
    #[inline]
    fn prepare(&mut self, view: &View<'_>, state: &State<'_>) -> PyResult<()> {
        let newest = view.newest();
        self.tracks.sources[0].clock.show(newest + 1);
        if !self.tracks.is_one() || self.engine.is_some() {
            self.tracks.show(view);
        }
        let unchanged = self.published == Some(state.changes);
        if !unchanged || !state.positions.is_empty() {
            self.publish(state);
        }
        if is_held_elsewhere(&self.view) || !self.view.get().show(newest) {
            self.replace_view(newest)?;
        }
        if !self.tracks.is_one() {
            self.view.get().set_fresh(view.is_fresh(TrackId(0)));
        }
        Ok(())
    }

    #[inline(never)]
    fn publish(&mut self, state: &State<'_>) {
        self.desk.publish_numbers(state);
        if self.published != Some(state.changes) {
            self.desk.publish_lists(state);
            self.published = Some(state.changes);
        }
    }

    #[inline(never)]
    fn replace_view(&mut self, newest: usize) -> PyResult<()> {
        self.view = Bound::new(
            self.py,
            BarView::new(Arc::clone(&self.tracks), TrackId(0), newest),
        )?;
        Ok(())
    }

    #[inline]
    fn call(&self, callback: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match (&self.callbacks.instance, &self.engine) {
            (Some(instance), _) => callback.call1((instance, &self.view)),
            (None, Some(engine)) if engine.takes_slices => {
                callback.call1((self.view.get().index(), &engine.slices))
            }
            (None, _) => callback.call1((&self.view,)),
        }
    }

    #[inline(never)]
    fn call_timed(&mut self, callback: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let before = Instant::now();
        let returned = self.call(callback);
        self.timer.add(before.elapsed());
        returned
    }

    /// Calls and takes what comes of it.
    #[inline]
    fn ask(&mut self, callback: &Bound<'py, PyAny>, actions: &mut Vec<Action>) -> PyResult<()> {
        let returned = if self.timer.is_due() {
            self.call_timed(callback)?
        } else {
            self.call(callback)?
        };
        if returned.is_none() && self.queue.is_empty() {
            return Ok(());
        }
        self.collect(&returned, &self.open(), actions)
    }

    /// Calls the triggers whose conditions hold.
    #[inline(never)]
    fn pull_triggers(&mut self, step: usize, actions: &mut Vec<Action>) -> PyResult<()> {
        for place in 0..self.wakeups.len() {
            if self.wakeups[place].at(step) != 0 {
                let callback = self.callbacks.triggers[place].0.clone();
                self.ask(&callback, actions)?;
            }
        }
        Ok(())
    }

    /// Tells the strategy what happened on the newest bar, in order.
    #[inline(never)]
    fn tell(&self, state: &State<'_>, actions: &mut Vec<Action>) -> PyResult<()> {
        for event in state.events {
            let (callback, argument) = match (event, &self.callbacks) {
                (
                    Event::Filled(place),
                    Callbacks {
                        on_fill: Some(callback),
                        ..
                    },
                ) => {
                    let fill = &state.fills[*place];
                    let view = FillView::new(self.py, self.tracks.of_fill(fill), fill)?;
                    (callback, Bound::new(self.py, view)?.into_any())
                }
                (
                    Event::Closed(place),
                    Callbacks {
                        on_exit: Some(callback),
                        ..
                    },
                ) => {
                    let trade = &state.trades[*place];
                    let view = TradeView::new(self.py, self.tracks.of_trade(trade), trade)?;
                    (callback, Bound::new(self.py, view)?.into_any())
                }
                _ => continue,
            };
            let returned = match &self.callbacks.instance {
                Some(instance) => callback.call1((instance, argument))?,
                None => callback.call1((argument,))?,
            };
            self.collect(&returned, &self.open(), actions)?;
        }
        Ok(())
    }

    fn open(&self) -> Open {
        Open::Symbols(self.desk.open_symbols())
    }

    /// Takes what a callback queued, then what it returned.
    #[inline(never)]
    fn collect(
        &self,
        returned: &Bound<'py, PyAny>,
        open: &Open,
        actions: &mut Vec<Action>,
    ) -> PyResult<()> {
        let before = actions.len();
        for item in self.queue.iter() {
            self.vocabulary.take(&item, open, actions)?;
        }
        self.queue.del_slice(0, self.queue.len())?;
        self.vocabulary.take(returned, open, actions)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "order numbers are 32 bits wide"
        )]
        self.desk.count_taken((actions.len() - before) as u32);
        Ok(())
    }

    /// Calls `manage_positions` with the open positions, this bar, its two sides, and all
    /// positions; an engine does so for each symbol that has a new bar and something open.
    fn call_manager(&self, manage: &Bound<'py, PyAny>, actions: &mut Vec<Action>) -> PyResult<()> {
        let closing = Open::Trades(self.desk.open_trades());
        let Some(engine) = &self.engine else {
            let open = self.desk.positions(&self.tracks).into_pyobject(self.py)?;
            let bid = self.view.getattr("bid")?;
            let ask = self.view.getattr("ask")?;
            let returned = manage.call1((&open, &self.view, bid, ask, &open))?;
            return self.collect(&returned, &closing, actions);
        };
        for symbol in self.desk.open_symbols() {
            let source = self.tracks.symbol(symbol);
            if !source.clock.is_fresh() {
                continue;
            }
            let all = self.desk.positions(&self.tracks);
            let own = |view: &PositionView| view.is_of(symbol);
            let open: Vec<_> = self.desk.positions(&self.tracks);
            let open: Vec<_> = open.into_iter().filter(own).collect();
            let slice = engine.slices.get_item(source.candles.name())?;
            let bid = slice.call_method1("latest", (self.py.None(), "bid"))?;
            let ask = slice.call_method1("latest", (self.py.None(), "ask"))?;
            let returned = manage.call1((open, slice, bid, ask, all))?;
            self.collect(&returned, &closing, actions)?;
        }
        Ok(())
    }

    /// What a portfolio of the user's own raised meanwhile.
    fn failed(&self) -> Result<(), Raised> {
        let engine = self.engine.as_ref();
        let failure = engine.and_then(|engine| engine.failure.borrow_mut().take());
        failure.map_or(Ok(()), |error| Err(Raised(error)))
    }

    /// Whether an engine leaves the strategy alone for now.
    fn rests(&mut self, view: &View<'_>, state: &State<'_>) -> bool {
        let engine = self.engine.as_mut();
        let Some(rest) = engine.and_then(|engine| engine.rest.as_mut()) else {
            return false;
        };
        rest.note(state);
        rest.holds(view)
    }

    #[inline]
    fn step(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> PyResult<()> {
        if !state.events.is_empty() {
            self.tell(state, actions)?;
        }
        if self.engine.is_some() && self.rests(view, state) {
            return Ok(());
        }
        if !self.wakeups.is_empty() {
            self.pull_triggers(view.step(), actions)?;
        }
        match self.callbacks.on_bar.clone() {
            Some(on_bar) => self.ask(&on_bar, actions),
            None => Ok(()),
        }
    }
}

impl Strategy for PyStrategy<'_> {
    type Error = Raised;

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Raised> {
        self.prepare(view, state)?;
        self.failed()?;
        self.step(view, state, actions)
            .map_err(|error| Raised(self.tracks.noted(self.py, error, "strategy")))
    }

    #[inline]
    fn wakes_at(&mut self, step: usize) -> usize {
        if self.callbacks.on_bar.is_some() {
            return step;
        }
        let next = self.wakeups.iter_mut().map(|wakeups| wakeups.next(step));
        next.min().unwrap_or(usize::MAX)
    }

    fn manages(&self) -> bool {
        self.callbacks.manage.is_some()
    }

    fn manage(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Raised> {
        let Some(manage) = self.callbacks.manage.clone() else {
            return Ok(());
        };
        self.prepare(view, state)?;
        self.failed()?;
        self.call_manager(&manage, actions)
            .map_err(|error| Raised(self.tracks.noted(self.py, error, "strategy")))
    }

    fn finish(&mut self, view: &View<'_>, state: &State<'_>) -> Result<(), Raised> {
        self.prepare(view, state)?;
        self.failed()?;
        self.tell(state, &mut Vec::new())
            .map_err(|error| Raised(self.tracks.noted(self.py, error, "strategy")))
    }
}

/// Lets Ctrl-C end a run, and tells a progress display how far it is.
pub(super) struct Watch<'py> {
    pub(super) py: Python<'py>,
    pub(super) on_progress: Option<Bound<'py, PyAny>>,
    pub(super) total: usize,
    pub(super) reported: usize,
}

impl Observer for Watch<'_> {
    type Error = Raised;

    fn tick(&mut self, bars_done: usize) -> Result<(), Raised> {
        self.py.check_signals()?;
        let Some(callback) = &self.on_progress else {
            return Ok(());
        };
        let is_news = bars_done == self.total || bars_done - self.reported >= self.total / 100;
        if is_news && bars_done > self.reported {
            self.reported = bars_done;
            callback.call1((bars_done, self.total))?;
        }
        Ok(())
    }
}
