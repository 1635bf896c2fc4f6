//! Result tables to Python: Arrow capsules over the engine's own buffers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, FieldRef};
use numpy::PyArray1;
use omega_core::backtest::BacktestResult;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::ffi::{
    ArrayIterator, to_array_pycapsules, to_schema_pycapsule, to_stream_pycapsule,
};
use pyo3_arrow::input::AnyRecordBatch;

use super::error::to_pyerr;
use super::interrupts;
use omega_core::error::OmegaError;
use omega_core::portfolio::Extremes;
use omega_core::replay::RunCounts;
use omega_core::results::schema::Shared;
use omega_core::results::{ForeignTables, MetricValue, RunTables};
use omega_core::types::{Days, TimeUnit};

/// One result table; any library that speaks Arrow reads it without a copy.
#[pyclass(frozen, module = "omega._core", name = "ArrowTable")]
pub struct PyArrowTable(RecordBatch);

impl PyArrowTable {
    fn field(&self) -> FieldRef {
        // Without nulls and name: a table as an Arrow struct, which consumers read as a record
        // batch.
        let fields = self.0.schema_ref().fields().clone();
        Arc::new(Field::new("", DataType::Struct(fields), false))
    }

    fn array(&self) -> ArrayRef {
        // References to the buffers, not the buffers.
        Arc::new(StructArray::from(self.0.clone()))
    }
}

#[pymethods]
impl PyArrowTable {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyTuple>> {
        to_array_pycapsules(py, self.field(), self.array().as_ref(), requested_schema)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let chunks = std::iter::once(Ok(self.array()));
        let stream = ArrayIterator::new(chunks, self.field());
        to_stream_pycapsule(py, Box::new(stream), requested_schema)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyArrowResult<Bound<'py, PyCapsule>> {
        to_schema_pycapsule(py, self.0.schema_ref().as_ref())
    }

    fn __len__(&self) -> usize {
        self.0.num_rows()
    }
}

/// A metric as Python has it: a time is an integer in the unit of the run.
#[derive(Clone, Copy, IntoPyObject)]
pub(super) enum PyMetric {
    Float(f64),
    Int(u64),
    Time(i64),
    Null(Option<f64>),
}

impl From<MetricValue> for PyMetric {
    fn from(value: MetricValue) -> Self {
        match value {
            MetricValue::Float(value) => Self::Float(value),
            MetricValue::Int(value) => Self::Int(value),
            MetricValue::Time(value) => Self::Time(value),
            MetricValue::Null => Self::Null(None),
        }
    }
}

/// All result tables of a run.
#[pyclass(frozen, module = "omega._core", name = "RunTables")]
pub struct PyRunTables(RunTables);

impl From<RunTables> for PyRunTables {
    fn from(tables: RunTables) -> Self {
        Self(tables)
    }
}

impl PyRunTables {
    /// A table, which the first reading makes.
    fn read(&self, py: Python<'_>, table: fn(&RunTables) -> RecordBatch) -> PyResult<PyArrowTable> {
        // To make one calls no Python.
        interrupts::detached(py, || table(&self.0)).map(PyArrowTable)
    }
}

#[pymethods]
impl PyRunTables {
    /// Adopts tables from elsewhere: saved ones, or those of the reference backend.
    #[staticmethod]
    #[pyo3(signature = (
        tables, *, symbols, contract_sizes, unit, timezone=None, noted=None, days=None,
        first_decision=None
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "keywords of a Python method: what a saved result has beside its tables"
    )]
    fn from_tables(
        tables: BTreeMap<String, AnyRecordBatch>,
        symbols: Vec<String>,
        contract_sizes: Vec<f64>,
        unit: &str,
        timezone: Option<String>,
        noted: Option<(f64, f64, Option<i64>)>,
        days: Option<(i64, Vec<i64>)>,
        first_decision: Option<i64>,
    ) -> PyResult<Self> {
        let unit = time_unit(unit).map_err(to_pyerr)?;
        let shared = Shared {
            symbols,
            unit,
            timezone: timezone.map(Into::into),
            days: days.map_or_else(
                || Days::utc(unit),
                |(first, starts)| Days::Local {
                    starts: starts.into(),
                    first,
                },
            ),
            first_decision,
        };
        let foreign = foreign_tables(tables)?;
        let extremes = noted.map(|(lowest, drawdown, ruin)| Extremes {
            lowest,
            drawdown,
            ruin,
        });
        RunTables::from_tables(&foreign, shared, contract_sizes, extremes)
            .map(Self)
            .map_err(to_pyerr)
    }

    /// The lowest equity inside the bars, the largest fall to one, and the time of the ruin.
    #[getter]
    fn noted(&self) -> Option<(f64, f64, Option<i64>)> {
        let extremes = self.0.extremes()?;
        Some((extremes.lowest, extremes.drawdown, extremes.ruin))
    }

    /// Time of the first step at which the strategy could act.
    #[getter]
    fn first_decision(&self) -> Option<i64> {
        self.0.first_decision()
    }

    fn trades(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::trades)
    }

    fn intervals(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::intervals)
    }

    fn orders(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::orders)
    }

    fn fills(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::fills)
    }

    fn equity(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::equity)
    }

    /// The times of the equity curve, without its other columns.
    fn times(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::times)
    }

    fn ledger(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::ledger)
    }

    fn positions(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        self.read(py, RunTables::positions)
    }

    fn metrics(&self, py: Python<'_>) -> PyResult<Vec<(&'static str, PyMetric)>> {
        // A pass over all tables that calls no Python.
        let metrics = interrupts::detached(py, || self.0.metrics())?;
        let named = metrics.iter().map(|(name, value)| (name, value.into()));
        Ok(named.collect())
    }

    /// The return of each day; none where days have no return.
    fn daily_returns<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        let returns = interrupts::detached(py, || self.0.daily_returns())?;
        Ok(returns.map(|returns| PyArray1::from_vec(py, returns)))
    }

    fn fingerprint(&self, py: Python<'_>) -> PyResult<String> {
        // Hashed at the first call, over all bytes of the result.
        interrupts::detached(py, || self.0.fingerprint().to_owned())
    }

    fn first_broken_ledger_line(&self) -> Option<usize> {
        self.0.first_broken_ledger_line()
    }

    #[getter]
    fn symbols(&self) -> Vec<String> {
        self.0.shared().symbols.clone()
    }

    #[getter]
    fn contract_sizes(&self) -> Vec<f64> {
        self.0.contract_sizes().to_vec()
    }

    #[getter]
    fn unit(&self) -> &'static str {
        self.0.shared().unit.abbreviation()
    }

    /// Number of the first day, and where days begin; none for those of UTC.
    #[getter]
    fn days(&self) -> Option<(i64, Vec<i64>)> {
        match &self.0.shared().days {
            Days::Utc(_) => None,
            Days::Local { starts, first } => Some((*first, starts.to_vec())),
        }
    }

    #[getter]
    fn timezone(&self) -> Option<&str> {
        self.0.shared().timezone.as_deref()
    }
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

/// When a run began, and how much of it its callbacks took.
pub(super) struct RunTime {
    began: Instant,
    in_callbacks: Duration,
}

impl RunTime {
    pub(super) fn new(began: Instant, in_callbacks: Duration) -> Self {
        Self {
            began,
            in_callbacks,
        }
    }
}

impl RunReport {
    /// Of a run that ends now.
    pub(super) fn new(counts: RunCounts, exits: usize, start_index: usize, time: &RunTime) -> Self {
        Self {
            bars_processed: counts.bars,
            signals_generated: counts.signals,
            exits_triggered: exits,
            total_time_ms: time.began.elapsed().as_secs_f64() * 1e3,
            callback_time_ms: time.in_callbacks.as_secs_f64() * 1e3,
            start_index,
        }
    }
}

fn time_unit(name: &str) -> Result<TimeUnit, OmegaError> {
    let units = [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
        TimeUnit::Nanosecond,
    ];
    units
        .into_iter()
        .find(|unit| unit.abbreviation() == name)
        .ok_or_else(|| OmegaError::Config {
            parameter: "unit".into(),
            given: format!("'{name}'"),
            expected: "'s', 'ms', 'us' or 'ns'".into(),
            hint: "Give the unit of the time columns".into(),
        })
}

fn foreign_tables(mut tables: BTreeMap<String, AnyRecordBatch>) -> PyResult<ForeignTables> {
    let mut chunks = |name: &str| -> PyResult<Vec<RecordBatch>> {
        let Some(table) = tables.remove(name) else {
            return Ok(Vec::new());
        };
        let reader = table.into_reader()?;
        reader
            .collect::<Result<_, _>>()
            .map_err(|error| PyValueError::new_err(error.to_string()))
    };
    Ok(ForeignTables {
        trades: chunks("trades")?,
        intervals: chunks("intervals")?,
        orders: chunks("orders")?,
        fills: chunks("fills")?,
        equity: chunks("equity")?,
        ledger: chunks("ledger")?,
        positions: chunks("positions")?,
    })
}

/// The tables and the counts of a result.
pub(super) fn reported(result: BacktestResult, time: &RunTime) -> (PyRunTables, RunReport) {
    let exits = result.tables.closed();
    let report = RunReport::new(result.counts, exits, result.start, time);
    (PyRunTables::from(result.tables), report)
}
