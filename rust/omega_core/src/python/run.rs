//! A run: what a strategy may declare before it, and the call that walks the bars.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3_arrow::PyChunkedArray;

use super::clock::{Clock, Source as Shared};
use super::desk::{Desk, OrderView, PositionView};
use super::error::to_pyerr;
use super::indicators::{self, IndicatorView, Sources};
use super::results::PyRunTables;
use super::settings::RunSettings;
use super::store::CandleStore;
use super::strategy::{Callbacks, PyStrategy, Raised, Watch};
use crate::error::OmegaError;
use crate::execution::Simulator;
use crate::indicators::{Cache, Spec, Track};
use crate::portfolio::Portfolio;
use crate::replay::{self, Feed, Magnifier, Rates};
use crate::results::{RunRows, RunTables};
use crate::store::SymbolCandles;
use crate::types::SymbolId;

/// One run over one symbol of a store.
#[pyclass(frozen, module = "omega._core")]
pub struct Run {
    source: Arc<Shared>,
    clock: Arc<Clock>,
    cache: Arc<Cache>,
    desk: Arc<Desk>,
    queue: Py<PyList>,
    warmup: AtomicUsize,
}

/// What a run counted and how long it took.
#[pyclass(frozen, get_all, module = "omega._core")]
pub struct RunReport {
    bars_processed: usize,
    signals_generated: usize,
    exits_triggered: usize,
    total_time_ms: f64,
    callback_time_ms: f64,
    start_index: usize,
}

#[pymethods]
impl Run {
    #[new]
    fn new(py: Python<'_>, store: &CandleStore) -> PyResult<Self> {
        let candles = Arc::clone(store.inner().symbol(SymbolId(0)));
        Ok(Self {
            source: Arc::new(Shared::new(py, candles)?),
            clock: Arc::default(),
            cache: Arc::default(),
            desk: Arc::default(),
            queue: PyList::empty(py).unbind(),
            warmup: AtomicUsize::new(0),
        })
    }

    #[getter]
    fn symbol(&self) -> &str {
        self.source.candles.name()
    }

    #[getter]
    fn queue(&self, py: Python<'_>) -> Py<PyList> {
        self.queue.clone_ref(py)
    }

    #[getter]
    fn warmup(&self) -> usize {
        self.warmup.load(Relaxed)
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
        self.desk.positions(&self.source, &self.clock)
    }

    #[getter]
    fn position(&self) -> Option<PositionView> {
        self.desk.position(&self.source, &self.clock)
    }

    #[getter]
    fn pending(&self) -> Vec<OrderView> {
        self.desk.pending(&self.source)
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
        timeframe: Option<String>,
        symbol: Option<String>,
    ) -> PyResult<Vec<IndicatorView>> {
        indicators::only_base(timeframe.as_deref(), symbol.as_deref()).map_err(to_pyerr)?;
        let spec = Spec::new(name, parameters).map_err(to_pyerr)?;
        let track = Track {
            candles: &self.source.candles,
            symbol: SymbolId(0),
            timeframe: 0,
        };
        let within = (&*self.cache, &self.clock);
        let (views, warmup) = indicators::declare(py, within, &track, (&spec, &source), labels)?;
        self.declare_warmup(warmup);
        Ok(views)
    }

    /// Takes a column that was computed elsewhere: one float64 a bar, null as NaN.
    fn column(&self, name: String, column: PyChunkedArray) -> PyResult<IndicatorView> {
        let bars = self.source.candles.len();
        let (view, warmup) = indicators::take((&self.cache, &self.clock), name, &column, bars)?;
        self.declare_warmup(warmup);
        Ok(view)
    }

    /// Asks for so many complete bars before the first decision.
    fn declare_warmup(&self, bars: usize) {
        self.warmup.fetch_max(bars, Relaxed);
    }

    /// Walks the bars. Gives the tables and the counts.
    fn execute<'py>(
        &self,
        py: Python<'py>,
        settings: RunSettings,
        callbacks: Callbacks<'py>,
        behind: BehindFields<'py>,
        on_progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(PyRunTables, RunReport)> {
        let began = Instant::now();
        let candles = Arc::clone(&self.source.candles);
        let plan = settings.plan(&candles, self.warmup()).map_err(to_pyerr)?;
        let total = plan.end - plan.start;
        let rates = behind
            .rates(candles.time(plan.start - 1))
            .map_err(to_pyerr)?;
        let mut feed = Feed {
            candles: &candles,
            rates,
            magnifier: behind.magnifier(&candles),
        };
        let execution = settings.execution(candles.unit()).map_err(to_pyerr)?;
        let mut executor = Simulator::new(execution);
        let mut portfolio = Portfolio::new(settings.cash, candles.time(plan.start), total);
        let mut strategy = PyStrategy::new(
            py,
            callbacks,
            self.queue.bind(py).clone(),
            Arc::clone(&self.source),
            Arc::clone(&self.clock),
            Arc::clone(&self.desk),
        )?;
        let mut watch = Watch {
            py,
            on_progress,
            total,
            reported: 0,
        };
        let desk = (&mut executor, &mut portfolio);
        let counts = replay::run(&mut feed, &plan, &mut strategy, desk, &mut watch)
            .map_err(|Raised(error)| error)?;
        let callback_time = strategy.callback_time();
        let rows = rows_of(
            &candles,
            plan.start..plan.end,
            &settings,
            executor,
            portfolio,
        );
        let exits_triggered = rows.trades.len();
        let tables = py.detach(|| RunTables::from_rows(rows));
        let report = RunReport {
            bars_processed: counts.bars,
            signals_generated: counts.signals,
            exits_triggered,
            total_time_ms: began.elapsed().as_secs_f64() * 1e3,
            callback_time_ms: callback_time.as_secs_f64() * 1e3,
            start_index: plan.start,
        };
        Ok((PyRunTables::from(tables), report))
    }
}

/// What stands behind the candles: the conversion rate and the finer series.
#[derive(FromPyObject)]
struct BehindFields<'py> {
    #[pyo3(item)]
    rate: f64,
    #[pyo3(item)]
    rate_store: Option<Bound<'py, CandleStore>>,
    #[pyo3(item)]
    rate_inverse: bool,
    #[pyo3(item)]
    magnifier: Option<Bound<'py, CandleStore>>,
}

impl BehindFields<'_> {
    /// Where the conversion rate comes from; a pair must be known by the first time asked for.
    fn rates(&self, first: i64) -> Result<Rates, OmegaError> {
        let Some(store) = &self.rate_store else {
            return Ok(Rates::Constant(self.rate));
        };
        let candles = Arc::clone(store.get().inner().symbol(SymbolId(0)));
        if candles.is_empty() || candles.time(0) > first {
            return Err(OmegaError::Config {
                parameter: "conversion".into(),
                given: format!("{} without a bar at or before {first}", candles.name()),
                expected: "rates from before the first bar of the run".into(),
                hint: "Start later, or give data of the conversion pair that begins earlier".into(),
            });
        }
        Ok(Rates::Symbol {
            candles,
            inverse: self.rate_inverse,
            newest: 0,
        })
    }

    fn magnifier(&self, coarse: &SymbolCandles) -> Option<Magnifier> {
        let finer = self.magnifier.as_ref()?;
        Some(Magnifier::new(
            Arc::clone(finer.get().inner().symbol(SymbolId(0))),
            coarse,
        ))
    }
}

fn rows_of(
    candles: &SymbolCandles,
    bars: Range<usize>,
    settings: &RunSettings,
    executor: Simulator,
    portfolio: Portfolio,
) -> RunRows {
    let (orders, fills, positions) = executor.into_rows();
    let (trades, ledger, equity) = portfolio.into_rows(candles.times(bars));
    RunRows {
        symbols: vec![candles.name().to_owned()],
        contract_sizes: vec![settings.instrument.contract_size],
        unit: candles.unit(),
        timezone: candles.timezone().map(str::to_owned),
        trades,
        orders,
        fills,
        ledger,
        equity,
        positions,
    }
}
