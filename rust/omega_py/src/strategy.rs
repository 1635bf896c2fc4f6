//! A Python strategy behind the core's `Strategy` trait: one call a bar, nothing built for it.

mod managing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use omega_core::error::OmegaError;
use omega_core::replay::{Foresight, Outlook, State, Strategy, View, Wakeups};
use omega_core::store::TrackId;
use omega_core::types::SymbolId;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::call_timer::CallTimer;
use super::callbacks::{Callbacks, Collect, Which};
use super::clock::Clock;
use super::engine::Engine;
use super::error::to_pyerr;
use super::events::{FillView, TradeView};
use super::memory::is_held_elsewhere;
use super::snapshot::StateSnapshot;
use super::tracks::Tracks;
use super::views::BarView;

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

/// Calls a Python strategy.
pub(super) struct PyStrategy<'py, C> {
    py: Python<'py>,
    callbacks: Callbacks<'py>,
    queue: Bound<'py, PyList>,
    collector: C,
    tracks: Arc<Tracks>,
    /// The clock of the only track, where nothing else has to be shown.
    only_clock: Option<Arc<Clock>>,
    snapshot: Arc<StateSnapshot>,
    view: Bound<'py, BarView>,
    /// In its place while the first symbol is not ready (L2).
    late: Option<Bound<'py, PyAny>>,
    /// By trigger.
    wakeups: Vec<Wakeups>,
    published: Option<u64>,
    /// The step at which events were delivered.
    delivered_at: Option<usize>,
    timer: CallTimer,
    engine: Option<Engine<'py>>,
}

impl<'py, C: Collect<'py>> PyStrategy<'py, C> {
    pub(super) fn new(
        callbacks: Callbacks<'py>,
        queue: Bound<'py, PyList>,
        collector: C,
        tracks: Arc<Tracks>,
        snapshot: Arc<StateSnapshot>,
        engine: Option<Engine<'py>>,
    ) -> PyResult<Self> {
        let py = queue.py();
        let view = Bound::new(py, BarView::new(Arc::clone(&tracks), TrackId(0), 0))?;
        let is_only = tracks.is_one() && engine.is_none();
        let truths = callbacks
            .triggers
            .iter()
            .map(|(_, mask)| mask.get().truths());
        Ok(Self {
            py,
            wakeups: truths.map(Wakeups::new).collect(),
            callbacks,
            queue,
            collector,
            only_clock: is_only.then(|| Arc::clone(&tracks.sources[0].clock)),
            tracks,
            snapshot,
            view,
            late: None,
            published: None,
            delivered_at: None,
            timer: CallTimer::default(),
            engine,
        })
    }

    /// Time spent in `on_bar`, from the calls that were timed.
    pub(super) fn callback_time(&self) -> Duration {
        self.timer.total()
    }

    /// Moves the clock and the view to the newest bar; whether there is nothing else to do, as on
    /// most bars of one track with nothing open.
    #[inline]
    fn is_prepared(&mut self, view: &View<'_>, state: &State<'_>) -> bool {
        let Some(clock) = &self.only_clock else {
            return false;
        };
        clock.show(view.visible()[0]);
        let is_published = self.published == Some(state.changes) && state.positions.is_empty();
        is_published
            && self.late.is_none()
            && view.is_ready(SymbolId(0))
            && !is_held_elsewhere(&self.view)
            && self.view.get().show(view.newest())
    }

    /// The same, where there may be anything to do; publishes what the strategy may read.
    #[inline(never)]
    fn prepare(&mut self, view: &View<'_>, state: &State<'_>) -> PyResult<()> {
        let newest = view.newest();
        match &self.only_clock {
            Some(clock) => clock.show(view.visible()[0]),
            None => self.tracks.show(view),
        }
        let is_unchanged = self.published == Some(state.changes);
        // Nothing of the account moves while nothing is open and nothing changes.
        if !is_unchanged || !state.positions.is_empty() {
            self.publish(state);
        }
        // Replaced, not moved: a view that a callback kept has to go on showing its own bar.
        if is_held_elsewhere(&self.view) || !self.view.get().show(newest) {
            self.replace_view(newest)?;
        }
        if self.only_clock.is_none() {
            self.view.get().set_fresh(view.is_fresh(TrackId(0)));
        }
        if self.late.is_some() || !view.is_ready(SymbolId(0)) {
            self.late = self.late_bar()?;
        }
        Ok(())
    }

    #[inline(never)]
    fn publish(&mut self, state: &State<'_>) {
        self.snapshot.publish_numbers(state);
        if self.published != Some(state.changes) {
            self.snapshot.publish_lists(state);
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
    fn call(&self, callback: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let Some(callback) = callback else {
            return Ok(self.py.None().into_bound(self.py));
        };
        match (&self.callbacks.instance, &self.engine) {
            (Some(instance), _) => callback.call1((instance, self.bar())),
            (None, Some(engine)) if engine.takes_slices => {
                // While the first symbol is not ready (L2) it has no bar to give the number of.
                match &self.late {
                    Some(_) => callback.call1((-1, &engine.slices)),
                    None => callback.call1((self.view.get().index(), &engine.slices)),
                }
            }
            (None, _) => callback.call1((self.bar(),)),
        }
    }

    /// What a callback gets.
    #[inline]
    fn bar(&self) -> &Bound<'py, PyAny> {
        self.late.as_ref().unwrap_or(self.view.as_any())
    }

    /// What it gets while the first symbol is not ready: its prices are an error, and the other
    /// symbols are there.
    #[inline(never)]
    fn late_bar(&self) -> PyResult<Option<Bound<'py, PyAny>>> {
        let tracks = &self.tracks;
        let ready = tracks.market.symbol_ids().find(|one| tracks.is_ready(*one));
        let Some(symbol) = ready.filter(|symbol| symbol.index() > 0) else {
            return Ok(None);
        };
        let newest = tracks.symbol(symbol).clock.visible().saturating_sub(1);
        let track = TrackId(symbol.index());
        let bar = BarView::new(Arc::clone(tracks), track, newest);
        bar.set_fresh(tracks.symbol(symbol).clock.is_fresh());
        let class = self
            .py
            .import("omega.strategy.not_ready")?
            .getattr("NotReadyBar")?;
        let name = tracks.symbol(SymbolId(0)).candles.name();
        class.call1((name, Bound::new(self.py, bar)?)).map(Some)
    }

    #[inline(never)]
    fn call_timed(&mut self, callback: Which) -> PyResult<Bound<'py, PyAny>> {
        let before = Instant::now();
        let returned = self.call(self.callbacks.deciding_by(callback));
        self.timer.add(before.elapsed());
        returned
    }

    /// Calls, and collects the actions.
    #[inline]
    fn decide(&mut self, callback: Which, actions: &mut Vec<C::Action>) -> PyResult<()> {
        let returned = if self.timer.is_due() {
            self.call_timed(callback)?
        } else {
            self.call(self.callbacks.deciding_by(callback))?
        };
        if returned.is_none() && !self.snapshot.has_entered() && self.queue.is_empty() {
            return Ok(());
        }
        let adapt = self.engine.as_ref().and_then(|own| own.adapt.as_ref());
        let returned = adapt.map_or(Ok(returned.clone()), |adapt| adapt.call1((&returned,)))?;
        self.collect(&returned, actions, Self::open_symbols)
    }

    /// Calls the triggers whose conditions hold.
    #[inline(never)]
    fn call_triggers(&mut self, step: usize, actions: &mut Vec<C::Action>) -> PyResult<()> {
        for index in 0..self.wakeups.len() {
            if self.wakeups[index].at(step) != 0 {
                self.decide(Which::Trigger(index), actions)?;
            }
        }
        Ok(())
    }

    /// Calls `on_fill` and `on_exit` for what happened on the newest bar, in order.
    fn call_on_events(&self, state: &State<'_>, actions: &mut Vec<C::Action>) -> PyResult<()> {
        for (fill, trade) in state.events() {
            if let Some(on_fill) = &self.callbacks.on_fill {
                let view = FillView::new(self.py, self.tracks.of_fill(fill), fill)?;
                self.call_on_event(on_fill, Bound::new(self.py, view)?.into_any(), actions)?;
            }
            if let (Some(on_exit), Some(trade)) = (&self.callbacks.on_exit, trade) {
                let view = TradeView::new(self.py, self.tracks.of_trade(trade), trade)?;
                self.call_on_event(on_exit, Bound::new(self.py, view)?.into_any(), actions)?;
            }
        }
        Ok(())
    }

    fn call_on_event(
        &self,
        callback: &Bound<'py, PyAny>,
        argument: Bound<'py, PyAny>,
        actions: &mut Vec<C::Action>,
    ) -> PyResult<()> {
        let returned = match &self.callbacks.instance {
            Some(instance) => callback.call1((instance, argument))?,
            None => callback.call1((argument,))?,
        };
        self.collect(&returned, actions, Self::open_symbols)
    }

    /// Takes what a callback queued, then what it returned. `open` counts the orders of a close of
    /// everything, on which the numbers of later orders depend.
    #[inline(never)]
    fn collect(
        &self,
        returned: &Bound<'py, PyAny>,
        actions: &mut Vec<C::Action>,
        open: impl Fn(&Self) -> usize,
    ) -> PyResult<()> {
        // First what was entered by calls, which is closed once something is in the queue.
        self.collector.entered(&self.snapshot, actions);
        if returned.is_none() && self.queue.is_empty() {
            return Ok(());
        }
        let before = actions.len();
        // The queue next: a call has given its numbers already.
        for item in self.queue.iter() {
            self.collector.collect(&item, actions)?;
        }
        self.queue.del_slice(0, self.queue.len())?;
        self.collector.collect(returned, actions)?;
        let made = &actions[before..];
        if !made.is_empty() {
            let open = open(self);
            let orders: usize = made.iter().map(|a| self.collector.orders(a, open)).sum();
            self.snapshot.count_submitted(orders);
        }
        Ok(())
    }

    fn open_symbols(&self) -> usize {
        self.snapshot.open_symbols().len().max(1)
    }

    fn open_positions(&self) -> usize {
        self.snapshot.open_positions()
    }

    /// What a portfolio of the user's own raised meanwhile.
    fn failed(&self) -> Result<(), Raised> {
        let engine = self.engine.as_ref();
        // Here, as a portfolio's calls have no error to return.
        let failure = engine.and_then(|engine| engine.failure.borrow_mut().take());
        failure.map_or(Ok(()), |error| Err(Raised(error)))
    }

    /// Moves the clock and the view on by one bar, with nothing but equity changed.
    #[inline]
    fn show_next(&mut self, newest: usize, equity: f64) -> PyResult<()> {
        if let Some(clock) = &self.only_clock {
            clock.show(newest + 1);
        }
        self.snapshot.publish_equity(equity);
        if is_held_elsewhere(&self.view) || !self.view.get().show(newest) {
            self.replace_view(newest)?;
        }
        Ok(())
    }

    #[inline]
    fn step(&mut self, view: &View<'_>, actions: &mut Vec<C::Action>) -> PyResult<()> {
        if !self.wakeups.is_empty() {
            self.call_triggers(view.step(), actions)?;
        }
        if self.callbacks.on_bar.is_some() {
            self.decide(Which::OnBar, actions)
        } else {
            Ok(())
        }
    }

    fn noted(&self, result: PyResult<()>) -> Result<(), Raised> {
        result.map_err(|error| Raised(self.tracks.noted(self.py, error, "strategy")))
    }
}

impl<'py, C: Collect<'py>> Strategy<C::Action> for PyStrategy<'py, C> {
    type Error = Raised;

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<C::Action>,
    ) -> Result<(), Raised> {
        // Delivering events has published already; again, it would forget the orders of `on_fill`
        // and `on_exit`, after which those of `on_bar` are numbered.
        if self.delivered_at != Some(view.step()) && !self.is_prepared(view, state) {
            self.prepare(view, state)?;
        }
        self.failed()?;
        let stepped = self.step(view, actions);
        self.noted(stepped)
    }

    fn on_events(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<C::Action>,
    ) -> Result<(), Raised> {
        self.prepare(view, state)?;
        self.delivered_at = Some(view.step());
        self.failed()?;
        let called = self.call_on_events(state, actions);
        self.noted(called)
    }

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        if self.callbacks.on_bar.is_some() {
            return step;
        }
        let next = self.wakeups.iter_mut().map(|wakeups| wakeups.next(step));
        next.min().unwrap_or(usize::MAX)
    }

    // What it reads is at its clock, and what it requests ends the steps ahead. Of several tracks
    // each moves by itself.
    #[inline]
    fn looks_ahead(&self) -> Foresight {
        let decides_each_bar = self.callbacks.on_bar.is_some() && self.wakeups.is_empty();
        if decides_each_bar && self.only_clock.is_some() {
            Foresight::Equity
        } else {
            Foresight::Never
        }
    }

    fn decide_ahead(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        outlook: Outlook<'_>,
        actions: &mut Vec<C::Action>,
    ) -> Result<usize, Raised> {
        self.evaluate(view, state, actions)?;
        let (newest, mut decided) = (view.newest(), 1);
        if !view.is_ready(SymbolId(0)) {
            return Ok(decided);
        }
        for next in outlook {
            if !actions.is_empty() {
                break;
            }
            let called = self
                .show_next(newest + decided, next.equity)
                .and_then(|()| self.decide(Which::OnBar, actions));
            self.noted(called)?;
            decided += 1;
        }
        Ok(decided)
    }

    #[inline]
    fn wants_events(&self) -> bool {
        // Nobody else acts on them, and a strategy of triggers sleeps on.
        self.callbacks.on_fill.is_some() || self.callbacks.on_exit.is_some()
    }

    #[inline]
    fn manages(&self) -> bool {
        self.callbacks.manage.is_some()
    }

    fn manage(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<C::Action>,
    ) -> Result<(), Raised> {
        let Some(manage) = self.callbacks.manage.clone() else {
            return Ok(());
        };
        self.prepare(view, state)?;
        self.failed()?;
        let called = self.call_manager(&manage, actions);
        self.noted(called)
    }

    fn finish(&mut self, view: &View<'_>, state: &State<'_>) -> Result<(), Raised> {
        self.prepare(view, state)?;
        self.failed()?;
        // No step is left in which an action could be taken.
        let called = self.call_on_events(state, &mut Vec::new());
        self.noted(called)
    }
}
