//! A run: what a strategy may declare before it, and the call that walks the bars.

mod parts;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3_arrow::PyChunkedArray;

use super::actions::AsGiven;
use super::active;
use super::batch::{self, Waiting, Wanted};
use super::callbacks::Callbacks;
use super::clock::Unit;
use super::components::{Components, CooldownFields, Failure, Parts, PyPortfolio};
use super::conditions::{Compared, Mask};
use super::config::{ContextFields, RunSettings};
use super::engine::Engine;
use super::error::{to_pyerr, unknown};
use super::executor::{PyExecutor, PyRows};
use super::exits::Exits;
use super::foreign::{self, ForeignFields, ForeignStrategy};
use super::indicators::{self, Declared, IndicatorView, Sources, placed_twice};
use super::interrupts;
use super::market::{ClockFields, TimeframeFields, market};
use super::native::{self, NativeStrategy, SignalFields};
use super::observer::{GilObserver, ProgressObserver};
use super::position_views::{self, OrderView, PositionView};
use super::price_adjustment::{self, Factors};
use super::results::{PyRunTables, RunReport, RunTime, reported};
use super::scheduled::ScheduleFields;
use super::snapshot::StateSnapshot;
use super::store::CandleStore;
use super::strategy::Raised;
use super::track::TrackView;
use super::tracks::Tracks;
use super::warmup::Warmup;
use super::weights::{self, WeightFields};
use super::without_python::{WithoutPython, rates_of};
use omega_core::backtest::{SEMANTICS, named};
use omega_core::batch::Batch;
use omega_core::indicators::{Cache, Comparison, Spec, Track, compare};
use omega_core::replay::{self, Feed};
use omega_core::strategies::Cooldown;

/// One run over a market.
#[pyclass(frozen, module = "omega._core")]
pub struct Run {
    tracks: Arc<Tracks>,
    cache: Arc<Cache>,
    snapshot: Arc<StateSnapshot>,
    queue: Py<PyList>,
    /// Complete bars needed before the first decision.
    warmup: Warmup,
}

#[pymethods]
impl Run {
    #[new]
    #[pyo3(signature = (stores, cash, timeframes=None, align="union", clock=None))]
    fn new(
        py: Python<'_>,
        stores: Vec<Bound<'_, CandleStore>>,
        cash: f64,
        timeframes: Option<Vec<TimeframeFields<'_>>>,
        align: &str,
        clock: Option<ClockFields<'_>>,
    ) -> PyResult<Self> {
        let timeframes = timeframes.unwrap_or_default();
        let market = market(py, &stores, &timeframes, align, clock.as_ref())?;
        let warmup = Warmup::of(market.tracks());
        Ok(Self {
            tracks: Arc::new(Tracks::new(py, market)?),
            cache: Arc::default(),
            snapshot: Arc::new(StateSnapshot::new(cash)),
            queue: PyList::empty(py).unbind(),
            warmup,
        })
    }

    #[getter]
    fn symbol(&self) -> &str {
        self.tracks.market.symbols()[0].name()
    }

    #[getter]
    pub(super) fn queue(&self, py: Python<'_>) -> Py<PyList> {
        self.queue.clone_ref(py)
    }

    /// Complete bars needed before the first decision, by track, under a version of the rules.
    fn warmup(&self, semantics: &str) -> PyResult<Vec<usize>> {
        let semantics = named("semantics", semantics, &SEMANTICS).map_err(to_pyerr)?;
        Ok(self.warmup.needed(semantics))
    }

    #[getter]
    fn balance(&self) -> f64 {
        self.snapshot.balance()
    }

    #[getter]
    fn equity(&self) -> f64 {
        self.snapshot.equity()
    }

    #[getter]
    fn positions(&self, py: Python<'_>) -> PyResult<Vec<Py<PositionView>>> {
        self.snapshot.positions(py, &self.tracks)
    }

    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<Option<Py<PositionView>>> {
        self.snapshot.position(py, &self.tracks)
    }

    #[getter]
    fn pending(&self, py: Python<'_>) -> PyResult<Vec<Py<OrderView>>> {
        self.snapshot.pending(py, &self.tracks)
    }

    /// Notes that the thread is inside of the run, which may read nothing of another one; gives
    /// what it was inside of before, for `leave`.
    fn enter(&self) -> usize {
        active::enter(self.tracks.run)
    }

    /// Notes that it is inside of what it was before.
    #[staticmethod]
    fn leave(before: usize) {
        active::enter(before);
    }

    /// Whether a position or an order is of the run, as what no run has shown is.
    fn shows(&self, given: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Some(run) = position_views::run_of(given) {
            return Ok(run == self.tracks.run);
        }
        let module = given.get_type().getattr("__module__")?;
        Ok(!module.to_string().starts_with("omega.reference"))
    }

    /// The number that the next queued action will take.
    fn next_order_id(&self, py: Python<'_>) -> usize {
        // What is queued has taken its numbers, though the loop has not seen it.
        self.snapshot.next_order() as usize + self.queue.bind(py).len()
    }

    /// Declares an indicator over columns of the candles, or over other indicators.
    #[pyo3(signature = (name, parameters, source, *, labels, timeframe=None, symbol=None))]
    #[expect(
        clippy::too_many_arguments,
        reason = "what a strategy names, and what its label is"
    )]
    fn indicator(
        &self,
        py: Python<'_>,
        name: &str,
        parameters: Vec<f64>,
        source: Sources<'_>,
        labels: Vec<String>,
        timeframe: Option<&str>,
        symbol: Option<&str>,
    ) -> PyResult<Vec<IndicatorView>> {
        let id = match source.view() {
            // An indicator of an indicator lives on the track of its source, so that a place of its
            // own would contradict it.
            Some(view) if symbol.is_none() && timeframe.is_none() => view.track_in(&self.tracks)?,
            Some(_) => return Err(to_pyerr(placed_twice())),
            None => self.tracks.named(symbol, timeframe)?,
        };
        let spec = Spec::new(name, parameters).map_err(to_pyerr)?;
        let market = &self.tracks.market;
        let track = Track::of(market, id);
        let scope = self.scope(id);
        let Declared {
            views,
            bars,
            first_value,
        } = indicators::declare(py, &scope, &track, &spec, &source, labels)?;
        self.warmup.declare(id, bars);
        self.warmup.wait_for_first_value(id, first_value);
        Ok(views)
    }

    /// Takes a column that was computed elsewhere: one float64 a bar, null as NaN. It needs so many
    /// complete bars; in version 1 of the rules the run waits for its first value, if wanted.
    #[pyo3(signature = (
        name, column, *, timeframe=None, symbol=None, warmup=true, declared=0, unit=""
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords of a Python method")]
    fn column(
        &self,
        name: String,
        column: PyChunkedArray,
        timeframe: Option<&str>,
        symbol: Option<&str>,
        warmup: bool,
        declared: usize,
        unit: &str,
    ) -> PyResult<IndicatorView> {
        let id = self.tracks.named(symbol, timeframe)?;
        let bars = self.tracks.market.track(id).len();
        let scope = self.scope(id);
        let (view, first_value) =
            indicators::take(&scope, name, &column, bars, (declared, Unit::named(unit)))?;
        self.warmup.declare(id, declared);
        if warmup {
            self.warmup.wait_for_first_value(id, first_value);
        }
        Ok(view)
    }

    /// Lets the views of a symbol show earlier prices and volumes as of now: by bar, the product of
    /// the factors of the events until then (A3).
    #[pyo3(signature = (symbol, prices, volumes, shifts=None, timeframe=None))]
    fn adjust(
        &self,
        symbol: &str,
        prices: Factors<'_>,
        volumes: Factors<'_>,
        shifts: Option<Factors<'_>>,
        timeframe: Option<&str>,
    ) -> PyResult<()> {
        let place = (symbol, timeframe);
        price_adjustment::adjust(&self.tracks, place, &prices, &volumes, shifts.as_ref())
    }

    /// The symbol and the timeframe that an indicator lives on.
    fn place_of(&self, view: &IndicatorView) -> PyResult<(&str, Option<&str>)> {
        let track = view.track_in(&self.tracks)?;
        let symbol = self.tracks.symbol(self.tracks.symbol_of(track));
        Ok((symbol.candles.name(), self.tracks.timeframe_of(track)))
    }

    /// Where two indicators, or one and a number, are known to compare as they should.
    fn compare(
        &self,
        py: Python<'_>,
        how: &str,
        left: Compared<'_>,
        right: Compared<'_>,
    ) -> PyResult<Mask> {
        let how = Comparison::named(how).ok_or_else(|| {
            let known = "one of >, >=, <, <=, ==, !=, crossover, crossunder";
            unknown("condition", Some(how), known.to_owned())
        })?;
        let (left, right) = (left.held(&self.tracks)?, right.held(&self.tracks)?);
        let market = &self.tracks.market;
        // Columns of the whole run are compared, and no Python is called.
        let compared = || compare(market, how, left.operand(), right.operand());
        let truths = interrupts::detached(py, compared)?;
        Ok(Mask::new(truths))
    }

    /// The candles of a symbol, on its own bars or on a higher timeframe.
    #[pyo3(signature = (*, timeframe=None, symbol=None))]
    fn candles(&self, timeframe: Option<&str>, symbol: Option<&str>) -> PyResult<CandleStore> {
        let track = self.tracks.named(symbol, timeframe)?;
        let candles = Arc::clone(self.tracks.market.track(track));
        Ok(CandleStore::over(vec![candles]))
    }

    /// Declares how many complete bars of each symbol, or of one, the first decision needs.
    #[pyo3(signature = (bars, symbol=None))]
    fn declare_warmup(&self, bars: usize, symbol: Option<&str>) -> PyResult<()> {
        match symbol {
            Some(name) => {
                let track = self.tracks.named(Some(name), None)?;
                self.warmup.declare(track, bars);
            }
            None => self.warmup.declare_of_all(&self.tracks.market, bars),
        }
        Ok(())
    }

    /// The bars of a track by their index, as the slices of an engine read them.
    #[pyo3(signature = (*, timeframe=None, symbol=None))]
    fn view(&self, timeframe: Option<&str>, symbol: Option<&str>) -> PyResult<TrackView> {
        let track = self.tracks.named(symbol, timeframe)?;
        Ok(TrackView::new(Arc::clone(&self.tracks), track))
    }

    /// Walks the bars. Gives the tables and the counts.
    #[pyo3(signature = (settings, callbacks, contexts, on_progress, components=None))]
    fn execute<'py>(
        &self,
        py: Python<'py>,
        settings: RunSettings,
        callbacks: Callbacks<'py>,
        contexts: Vec<ContextFields<'py>>,
        on_progress: Option<Bound<'py, PyAny>>,
        components: Option<Components<'py>>,
    ) -> PyResult<(PyRunTables, RunReport)> {
        let began = Instant::now();
        let backtest = self.backtest(settings, &contexts)?;
        // Before a callback may read what a position is worth.
        self.snapshot.publish_rates(rates_of(backtest.config()));
        let failure = Failure::default();
        let (mut cooldown, mut portfolio) = (CooldownFields::default(), None);
        let engine = components.map(|own| {
            cooldown = own.cooldown;
            portfolio.clone_from(&own.portfolio);
            Engine::of_components(own, &failure)
        });
        let collector = self.vocabulary(py)?;
        let strategy = self.strategy(py, callbacks, collector, engine)?;
        let (bars, after_entry, after_exit) = cooldown;
        let mut strategy = Cooldown::new(strategy, bars, after_entry, after_exit);
        let plan = backtest.plan();
        let mut observer = ProgressObserver::new(py, on_progress, plan);
        let walked = interrupts::attached(py, || {
            let Some(object) = portfolio else {
                return backtest.rows(&mut strategy, &mut observer);
            };
            let (tracks, start) = (&self.tracks, plan.start);
            let wrap = |books| Ok(PyPortfolio::new(object, tracks, start, books, failure)?);
            backtest.rows_with(&mut strategy, &mut observer, wrap, |own| own.books)
        });
        let rows = walked?.map_err(|Raised(error)| error)?;
        let time = RunTime::new(began, strategy.strategy.callback_time());
        // The loop held the interpreter, as giving it up costs more than a bar; tables call
        // nothing, so that other threads run.
        Ok(reported(interrupts::detached(py, || rows.into())?, &time))
    }

    /// Walks the bars with an executor of the user's own; `steps` narrows what is walked.
    #[pyo3(signature = (settings, parts, on_progress, steps=None))]
    fn drive<'py>(
        &self,
        py: Python<'py>,
        settings: RunSettings,
        parts: Parts<'py>,
        on_progress: Option<Bound<'py, PyAny>>,
        steps: Option<(usize, usize)>,
    ) -> PyResult<RunReport> {
        let began = Instant::now();
        let market = &self.tracks.market;
        let mut plan = settings
            .semantics()
            .and_then(|semantics| settings.plan(market, &self.warmup.needed(semantics), semantics))
            .map_err(to_pyerr)?;
        // Within the plan: steps before the warm-up or after the end are no steps of the run.
        if let Some((first, past)) = steps {
            plan.start = plan.start.max(first);
            plan.end = plan.end.min(past).max(plan.start);
        }
        let mut observer = ProgressObserver::new(py, on_progress, &plan);
        let (vocabulary, failure) = (self.vocabulary(py)?, Failure::default());
        let exits = Exits::new(parts.portfolio.clone(), &self.tracks);
        let engine = Engine::of_parts(&parts, &failure, &exits);
        let callbacks = Callbacks::deciding(parts.decide, parts.manager);
        let strategy = self.strategy(py, callbacks, AsGiven(&vocabulary), Some(engine))?;
        let (bars, after_entry, after_exit) = parts.cooldown;
        let mut strategy = Cooldown::new(strategy, bars, after_entry, after_exit);
        // Only then is it worth a call for each signal to know what was accepted.
        let has_cooldown = parts.cooldown != CooldownFields::default();
        let tracks = &self.tracks;
        let watch = (Rc::clone(&exits), Failure::clone(&failure));
        let mut executor =
            PyExecutor::new(parts.executor, tracks, &vocabulary, watch, has_cooldown)?;
        let books = (parts.portfolio, exits);
        let mut portfolio = PyRows::new(books, tracks, settings.cash, plan.start, failure)?;
        // Rates and magnifiers belong to Omega's own executor.
        let mut feed = Feed::plain(market);
        let walked = interrupts::attached(py, || {
            replay::run(
                &mut feed,
                &plan,
                &mut strategy,
                &mut executor,
                &mut portfolio,
                &mut observer,
            )
        });
        let counts = walked?.map_err(|Raised(error)| error)?;
        let time = RunTime::new(began, strategy.strategy.callback_time());
        let exits = executor.exits();
        Ok(RunReport::new(counts, exits, plan.start, &time))
    }

    /// A built-in strategy over the first symbol.
    fn native(
        &self,
        py: Python<'_>,
        name: &str,
        parameters: Vec<(String, f64)>,
    ) -> PyResult<NativeStrategy> {
        let candles = &self.tracks.market.symbols()[0];
        native::named(py, name, &parameters, candles)
    }

    /// Signal columns, those of each symbol.
    fn signals(&self, columns: SignalFields<'_>) -> PyResult<NativeStrategy> {
        native::signals(&self.tracks, &columns)
    }

    /// What holds before the first step at or after each of these times.
    fn due(&self, times: PyReadonlyArray1<'_, i64>) -> PyResult<Mask> {
        Ok(weights::due(&self.tracks, times.as_slice()?))
    }

    /// Target weights.
    fn weights(&self, fields: WeightFields<'_>) -> PyResult<NativeStrategy> {
        weights::weights(&self.tracks, &fields)
    }

    /// A strategy of another language.
    fn foreign(&self, fields: ForeignFields<'_>) -> PyResult<ForeignStrategy> {
        foreign::foreign(&self.tracks, fields)
    }

    /// Another run over the same candles and indicators.
    fn again(&self, py: Python<'_>, cash: f64) -> Self {
        Self {
            // Candles and indicators are shared; account, queue and warm-up are those of one run.
            tracks: Arc::clone(&self.tracks),
            cache: Arc::clone(&self.cache),
            snapshot: Arc::new(StateSnapshot::new(cash)),
            queue: PyList::empty(py).unbind(),
            warmup: self.warmup.anew(),
        }
    }

    /// Another run over the same candles, whose indicators take at most so many bytes.
    fn bounded(&self, py: Python<'_>, limit: usize) -> Self {
        Self {
            cache: Arc::new(Cache::bounded(limit)),
            ..self.again(py, self.snapshot.balance())
        }
    }

    /// Walks the bars once for each trial, at most so many, on so many threads. A trial begins as
    /// soon as it is there; the interpreter is released while none is made and no outcome taken.
    fn sweep(
        &self,
        py: Python<'_>,
        settings: Py<PyList>,
        trials: &Bound<'_, PyAny>,
        most_and_threads: (usize, usize),
        kept: (bool, bool, bool),
        take: Py<PyAny>,
    ) -> PyResult<()> {
        let ((most, threads), wanted) = (most_and_threads, Wanted::from(kept));
        let batch = Batch {
            market: &self.tracks.market,
            cache: &self.cache,
            threads,
            wanted: wanted.of_batch(),
        };
        let waiting = Waiting::new(settings, trials)?;
        batch::run(py, &batch, most, waiting, (&wanted, &take))
    }

    /// Walks the bars with a strategy of the core; the interpreter is released.
    fn execute_native(
        &self,
        py: Python<'_>,
        settings: RunSettings,
        strategy: WithoutPython<'_>,
        contexts: Vec<ContextFields<'_>>,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<(PyRunTables, RunReport)> {
        let began = Instant::now();
        // Before the plan is made, which begins after the warm-up.
        let market = &self.tracks.market;
        self.warmup.declare_of_all(market, strategy.warmup());
        let backtest = self.backtest(settings, &contexts)?;
        let mut observer = GilObserver {
            on_progress,
            total: backtest.plan().end - backtest.plan().start,
            reported: 0,
        };
        let result = strategy.run(py, &backtest, &self.tracks.market, &mut observer)?;
        let time = RunTime::new(began, Duration::ZERO);
        Ok(reported(result, &time))
    }

    /// Walks the bars with strategies that follow each other.
    fn execute_scheduled<'py>(
        &self,
        py: Python<'py>,
        settings: RunSettings,
        schedule: ScheduleFields<'py>,
        contexts: Vec<ContextFields<'py>>,
        on_progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(PyRunTables, RunReport)> {
        let began = Instant::now();
        schedule.declare(&self.warmup);
        let backtest = self.backtest(settings, &contexts)?;
        self.snapshot.publish_rates(rates_of(backtest.config()));
        let start = |callbacks| self.strategy(py, callbacks, self.vocabulary(py)?, None);
        let (result, inside) = schedule.run(py, &backtest, &self.tracks, on_progress, start)?;
        Ok(reported(result, &RunTime::new(began, inside)))
    }
}
