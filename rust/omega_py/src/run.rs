//! A run: what a strategy may declare before it, and the call that walks the bars.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3_arrow::PyChunkedArray;

use super::clock::Tracks;
use super::components::{Components, Failure, PyPortfolio, Rest};
use super::conditions::{Compared, Mask};
use super::desk::{Desk, OrderView, PositionView};
use super::driver::{Driver, Parts};
use super::error::to_pyerr;
use super::indicators::{self, IndicatorView, Sources};
use super::market::{TimeframeFields, market};
use super::native::{self, NativeStrategy, Outside, Quiet, SignalFields};
use super::results::PyRunTables;
use super::settings::RunSettings;
use super::stage::{Backing, BehindFields, RunReport, Stage};
use super::store::CandleStore;
use super::strategy::{Callbacks, Engine, PyStrategy, Watch};
use super::sweep::{Outcome, Sweep, Trial, TrialFields};
use super::track::TrackView;
use omega_core::error::OmegaError;
use omega_core::indicators::{Cache, Comparison, Spec, Track, compare, truth};
use omega_core::results::RunTables;
use omega_core::store::TrackId;

/// One run over a market.
#[pyclass(frozen, module = "omega._core")]
pub struct Run {
    tracks: Arc<Tracks>,
    cache: Arc<Cache>,
    desk: Arc<Desk>,
    queue: Py<PyList>,
    /// Complete bars needed before the first decision, by track.
    warmup: Vec<AtomicUsize>,
}

#[pymethods]
impl Run {
    #[new]
    #[pyo3(signature = (stores, cash, timeframes=None, align="union"))]
    fn new(
        py: Python<'_>,
        stores: Vec<Bound<'_, CandleStore>>,
        cash: f64,
        timeframes: Option<Vec<TimeframeFields<'_>>>,
        align: &str,
    ) -> PyResult<Self> {
        let market = market(py, &stores, &timeframes.unwrap_or_default(), align)?;
        let warmup = (0..market.tracks()).map(|_| AtomicUsize::new(0)).collect();
        Ok(Self {
            tracks: Arc::new(Tracks::new(py, market)?),
            cache: Arc::default(),
            desk: Arc::new(Desk::new(cash)),
            queue: PyList::empty(py).unbind(),
            warmup,
        })
    }

    #[getter]
    fn symbol(&self) -> &str {
        self.tracks.market.symbols()[0].name()
    }

    #[getter]
    fn queue(&self, py: Python<'_>) -> Py<PyList> {
        self.queue.clone_ref(py)
    }

    /// Complete bars needed before the first decision, by track.
    #[getter]
    fn warmup(&self) -> Vec<usize> {
        self.warmup.iter().map(|bars| bars.load(Relaxed)).collect()
    }

    #[getter]
    fn balance(&self) -> f64 {
        self.desk.balance()
    }

    #[getter]
    fn equity(&self) -> f64 {
        self.desk.equity()
    }

    #[getter]
    fn positions(&self) -> Vec<PositionView> {
        self.desk.positions(&self.tracks)
    }

    #[getter]
    fn position(&self) -> Option<PositionView> {
        self.desk.position(&self.tracks)
    }

    #[getter]
    fn pending(&self) -> Vec<OrderView> {
        self.desk.pending(&self.tracks)
    }

    /// The number that the next queued action will take.
    fn next_order_id(&self, py: Python<'_>) -> usize {
        self.desk.next_order() as usize + self.queue.bind(py).len()
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
        let id = match source.clock() {
            Some(clock) if symbol.is_none() && timeframe.is_none() => self.tracks.track_of(clock),
            Some(_) => return Err(to_pyerr(placed_twice())),
            None => self.track(symbol, timeframe)?,
        };
        let spec = Spec::new(name, parameters).map_err(to_pyerr)?;
        let market = &self.tracks.market;
        let track = Track {
            candles: market.track(id),
            track: id,
        };
        let within = (&*self.cache, &self.tracks.sources[id.0].clock);
        let (views, warmup) = indicators::declare(py, within, &track, (&spec, &source), labels)?;
        self.declare_on(id, warmup);
        Ok(views)
    }

    /// Takes a column that was computed elsewhere: one float64 a bar, null as NaN.
    #[pyo3(signature = (name, column, *, timeframe=None, symbol=None, warmup=true))]
    fn column(
        &self,
        name: String,
        column: PyChunkedArray,
        timeframe: Option<&str>,
        symbol: Option<&str>,
        warmup: bool,
    ) -> PyResult<IndicatorView> {
        let id = self.track(symbol, timeframe)?;
        let bars = self.tracks.market.track(id).len();
        let within = (&*self.cache, &self.tracks.sources[id.0].clock);
        let (view, needed) = indicators::take(within, name, &column, bars)?;
        if warmup {
            self.declare_on(id, needed);
        }
        Ok(view)
    }

    /// Where two indicators, or one and a number, compare as they should: `>`, `>=`, `<`, `<=`,
    /// `crosses_over` or `crosses_under`.
    fn compare(
        &self,
        py: Python<'_>,
        how: &str,
        left: Compared<'_>,
        right: Compared<'_>,
    ) -> PyResult<Mask> {
        let how = Comparison::named(how).ok_or_else(|| {
            let known = "one of >, >=, <, <=, crosses_over, crosses_under";
            unknown("condition", Some(how), known.to_owned())
        })?;
        let (left, right) = (left.held(&self.tracks), right.held(&self.tracks));
        let market = &self.tracks.market;
        let truths = py.detach(|| compare(market, how, left.operand(), right.operand()));
        Ok(Mask::new(truths))
    }

    /// Where a column of the first symbol is above 0.
    fn mask(&self, py: Python<'_>, column: &IndicatorView) -> Mask {
        let market = &self.tracks.market;
        let values = column.values().clone();
        Mask::new(py.detach(|| truth(market, &values)))
    }

    /// The candles of a symbol, on its own bars or on a higher timeframe.
    #[pyo3(signature = (*, timeframe=None, symbol=None))]
    fn candles(&self, timeframe: Option<&str>, symbol: Option<&str>) -> PyResult<CandleStore> {
        let track = self.track(symbol, timeframe)?;
        let candles = Arc::clone(self.tracks.market.track(track));
        Ok(CandleStore::over(vec![candles]))
    }

    /// Asks for so many complete bars of each symbol before the first decision.
    fn declare_warmup(&self, bars: usize) {
        for track in 0..self.tracks.market.symbols().len() {
            self.declare_on(TrackId(track), bars);
        }
    }

    /// The bars of a track by their index, as the slices of an engine read them.
    #[pyo3(signature = (*, timeframe=None, symbol=None))]
    fn view(&self, timeframe: Option<&str>, symbol: Option<&str>) -> PyResult<TrackView> {
        let track = self.track(symbol, timeframe)?;
        Ok(TrackView::new(Arc::clone(&self.tracks), track))
    }

    /// Walks the bars. Gives the tables and the counts.
    #[pyo3(signature = (settings, callbacks, behind, on_progress, components=None))]
    fn execute<'py>(
        &self,
        py: Python<'py>,
        settings: RunSettings,
        callbacks: Callbacks<'py>,
        behind: Vec<BehindFields<'py>>,
        on_progress: Option<Bound<'py, PyAny>>,
        components: Option<Components<'py>>,
    ) -> PyResult<(PyRunTables, RunReport)> {
        let stage = self.stage(settings, &behind)?;
        let rates = stage.feed.behind.iter().map(|one| one.rates.clone());
        self.desk.publish_rates(rates.collect());
        let failure = Failure::default();
        let portfolio = components.as_ref().and_then(|own| own.portfolio.clone());
        let engine = components.map(|own| Engine {
            slices: own.slices,
            takes_slices: own.takes_slices,
            rest: Rest::new(own.rest, stage.market.symbols().len()),
            failure: Failure::clone(&failure),
        });
        let mut strategy = PyStrategy::new(
            py,
            callbacks,
            self.queue.bind(py).clone(),
            Arc::clone(&self.tracks),
            Arc::clone(&self.desk),
            engine,
        )?;
        let mut watch = Watch {
            py,
            on_progress,
            total: stage.plan.end - stage.plan.start,
            reported: 0,
        };
        let played = if let Some(object) = portfolio {
            let (tracks, start) = (&self.tracks, stage.plan.start);
            let keep = |books| PyPortfolio::new(object, tracks, start, books, failure);
            stage.play_for(&mut strategy, &mut watch, keep, |kept| kept.books)?
        } else {
            stage.play(&mut strategy, &mut watch)?
        };
        let callback_time = strategy.callback_time();
        Ok(played.report(callback_time, |rows| {
            py.detach(|| RunTables::from_rows(rows))
        }))
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
        let mut plan = settings.plan(market, &self.warmup()).map_err(to_pyerr)?;
        if let Some((first, past)) = steps {
            plan.start = plan.start.max(first);
            plan.end = plan.end.min(past).max(plan.start);
        }
        let mut watch = Watch {
            py,
            on_progress,
            total: plan.end - plan.start,
            reported: 0,
        };
        let driver = Driver::new(parts, &self.tracks, self.queue.bind(py).clone())?;
        driver.run(&plan, &mut watch, began)
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

    /// Signal columns over the first symbol.
    #[staticmethod]
    fn signals(told: SignalFields<'_>) -> NativeStrategy {
        native::signals(&told)
    }

    /// Another run over the same candles and indicators.
    fn again(&self, py: Python<'_>, cash: f64) -> Self {
        Self {
            tracks: Arc::clone(&self.tracks),
            cache: Arc::clone(&self.cache),
            desk: Arc::new(Desk::new(cash)),
            queue: PyList::empty(py).unbind(),
            warmup: self.warmup.iter().map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    /// Walks the bars once for each trial, on so many threads; the interpreter is released.
    fn sweep(
        &self,
        py: Python<'_>,
        settings: Vec<(RunSettings, Vec<BehindFields<'_>>)>,
        trials: Vec<TrialFields<'_>>,
        workers: usize,
        hashed: bool,
        kept: bool,
    ) -> PyResult<Vec<Outcome>> {
        let settings = settings.into_iter().map(|(settings, behind)| {
            let backing = behind.iter().map(BehindFields::backing).collect();
            (settings, backing)
        });
        let sweep = Sweep {
            market: &self.tracks.market,
            cache: &self.cache,
            settings: settings.collect(),
            hashed,
            kept,
        };
        let trials = trials.into_iter().map(Trial::from).collect();
        sweep.run(py, trials, workers)
    }

    /// Walks the bars with a strategy of the core; the interpreter is released.
    fn execute_native(
        &self,
        py: Python<'_>,
        settings: RunSettings,
        strategy: &NativeStrategy,
        behind: Vec<BehindFields<'_>>,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<(PyRunTables, RunReport)> {
        self.declare_on(TrackId(0), strategy.warmup());
        let stage = self.stage(settings, &behind)?;
        let mut outside = Outside {
            on_progress,
            total: stage.plan.end - stage.plan.start,
            reported: 0,
        };
        let native = strategy.fresh();
        let played = py.detach(|| stage.play(&mut Quiet(native), &mut outside))?;
        Ok(played.report(Duration::ZERO, |rows| {
            py.detach(|| RunTables::from_rows(rows))
        }))
    }
}

impl Run {
    /// Puts everything in its place for a run.
    fn stage(&self, settings: RunSettings, behind: &[BehindFields<'_>]) -> PyResult<Stage<'_>> {
        let backing: Vec<Backing> = behind.iter().map(BehindFields::backing).collect();
        let market = &self.tracks.market;
        Stage::new(market, settings, &self.warmup(), &backing).map_err(to_pyerr)
    }

    /// The track of a symbol, the first one where none is named, on a timeframe or its own bars.
    fn track(&self, symbol: Option<&str>, timeframe: Option<&str>) -> PyResult<TrackId> {
        let tracks = &self.tracks;
        let own = symbol.map_or(Some(TrackId(0)), |name| tracks.look_up_symbol(name));
        let own = own.ok_or_else(|| {
            let known = tracks.names().collect::<Vec<_>>().join(", ");
            unknown("symbol", symbol, format!("one of {known}"))
        })?;
        let found = timeframe.map_or(Some(own), |name| tracks.look_up_timeframe(own, name));
        found.ok_or_else(|| {
            let known = tracks.timeframes_of(own).join(", ");
            unknown("timeframe", timeframe, format!("one of {known}"))
        })
    }

    fn declare_on(&self, track: TrackId, bars: usize) {
        self.warmup[track.0].fetch_max(bars, Relaxed);
    }
}

fn unknown(parameter: &str, given: Option<&str>, expected: String) -> PyErr {
    to_pyerr(OmegaError::Config {
        parameter: parameter.into(),
        given: given.unwrap_or("None").into(),
        expected,
        hint: "Name it in run_backtest()".into(),
    })
}

fn placed_twice() -> OmegaError {
    OmegaError::Config {
        parameter: "indicator".into(),
        given: "another indicator as its source, and a symbol or timeframe".into(),
        expected: "one of them".into(),
        hint: "It lives where its source does".into(),
    }
}
