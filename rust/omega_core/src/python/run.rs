//! A run: what a strategy may declare before it, and the call that walks the bars.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use arrow_array::types::Float64Type;
use arrow_array::{Array, cast::AsArray};
use arrow_buffer::ScalarBuffer;
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3_arrow::PyChunkedArray;

use super::clock::{Clock, Source as Shared};
use super::desk::{Desk, OrderView, PositionView};
use super::error::to_pyerr;
use super::indicators::IndicatorView;
use super::results::PyRunTables;
use super::settings::RunSettings;
use super::store::CandleStore;
use super::strategy::{Callbacks, PyStrategy, Raised, Watch};
use crate::error::OmegaError;
use crate::execution::Simulator;
use crate::indicators::{self, Indicator, Series, Source};
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
    fn new(py: Python<'_>, store: &CandleStore, cash: f64) -> PyResult<Self> {
        let candles = Arc::clone(store.inner().symbol(SymbolId(0)));
        Ok(Self {
            source: Arc::new(Shared::new(py, candles)?),
            clock: Arc::default(),
            desk: Arc::new(Desk::new(cash)),
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

    /// Computes an indicator over a column, given by name, or over another indicator.
    fn indicator(
        &self,
        py: Python<'_>,
        name: &str,
        window: usize,
        source: &Bound<'_, PyAny>,
    ) -> PyResult<IndicatorView> {
        let indicator = Indicator::named(name, window).map_err(to_pyerr)?;
        let values = if let Ok(input) = source.cast::<IndicatorView>() {
            let input = input.get().values().clone();
            py.detach(|| Ok(indicator.over(&Series::of(&input))))
        } else {
            let column: String = source.extract()?;
            let candles = &self.source.candles;
            py.detach(|| compute(indicator, candles, &column))
        };
        let values = ScalarBuffer::from(values.map_err(to_pyerr)?);
        self.declare_warmup(first_value(&values).max(indicator.warmup()));
        Ok(IndicatorView::new(
            format!("{name}({window})"),
            values,
            Arc::clone(&self.clock),
        ))
    }

    /// Takes a column that was computed elsewhere: one float64 a bar, null as NaN.
    fn column(&self, name: String, column: PyChunkedArray) -> PyResult<IndicatorView> {
        let bars = self.source.candles.len();
        let values = joined(&column, bars).map_err(to_pyerr)?;
        self.declare_warmup(first_value(&values));
        Ok(IndicatorView::new(name, values, Arc::clone(&self.clock)))
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
            magnifier: behind.magnifier(),
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

    fn magnifier(&self) -> Option<Magnifier> {
        let finer = self.magnifier.as_ref()?.get().inner();
        Some(Magnifier::new(Arc::clone(finer.symbol(SymbolId(0)))))
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

fn compute(
    indicator: Indicator,
    candles: &SymbolCandles,
    column: &str,
) -> Result<Vec<f64>, OmegaError> {
    if let Indicator::Atr(window) = indicator {
        let [high, low, close] = [Source::Bid(1), Source::Bid(2), Source::Bid(3)]
            .map(|source| Series::from_candles(candles, source));
        return Ok(indicators::atr(&high?, &low?, &close?, window));
    }
    Ok(indicator.over(&Series::from_candles(candles, Source::named(column)?)?))
}

/// The chunks of a column as one buffer; nulls become NaN.
fn joined(column: &PyChunkedArray, bars: usize) -> Result<ScalarBuffer<f64>, OmegaError> {
    let wrong = |given: String, expected: String| OmegaError::Config {
        parameter: "column".into(),
        given,
        expected,
        hint: "An expression must give one number for each bar".into(),
    };
    let chunks: Option<Vec<_>> = column
        .chunks()
        .iter()
        .map(|chunk| chunk.as_primitive_opt::<Float64Type>())
        .collect();
    let chunks =
        chunks.ok_or_else(|| wrong(column.data_type().to_string(), "a float64 column".into()))?;
    let length: usize = chunks.iter().map(Array::len).sum();
    if length != bars {
        return Err(wrong(
            format!("{length} values"),
            format!("{bars}, one for each bar"),
        ));
    }
    if let [only] = chunks.as_slice()
        && only.null_count() == 0
    {
        return Ok(only.values().clone());
    }
    let values = chunks.iter().flat_map(|chunk| chunk.iter());
    Ok(values.map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// How many bars it takes until a column has its first value.
fn first_value(values: &[f64]) -> usize {
    values
        .iter()
        .position(|value| !value.is_nan())
        .map_or(values.len(), |index| index + 1)
}
