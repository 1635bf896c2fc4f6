//! Many runs of strategies of the core: trials in, outcomes out, the interpreter released.

use std::ops::ControlFlow;

use pyo3::prelude::*;

use super::error::to_pyerr;
use super::native::NativeStrategy;
use super::results::{PyMetric, PyRunTables};
use omega_core::backtest::{BacktestResult, Config};
use omega_core::batch::{Batch, Trial};
use omega_core::error::OmegaError;
use omega_core::indicators::Cache;
use omega_core::results::RunTables;
use omega_core::store::Market;
use omega_core::strategies::{Native, named};

/// A strategy that is ready, or the name and parameters of one that a thread will make.
#[derive(FromPyObject)]
enum Entrant<'py> {
    Made(Bound<'py, NativeStrategy>),
    Named(String, Vec<(String, f64)>),
}

/// A run to be done, as the Python face names it.
#[derive(FromPyObject)]
pub(super) struct TrialFields<'py> {
    /// Place among the settings.
    #[pyo3(item(0))]
    settings: usize,
    /// Complete bars that it needs of each track, besides its strategy's.
    #[pyo3(item(1))]
    warmup: Vec<usize>,
    #[pyo3(item(2))]
    entrant: Entrant<'py>,
}

/// Makes the strategy of a trial.
// Boxed, because one batch may hold both kinds.
type Make = Box<dyn FnOnce(&Market, &Cache) -> Result<Native, OmegaError> + Send>;

impl TrialFields<'_> {
    fn trial(self, configs: &[Config]) -> Trial<'_, Make> {
        let make: Make = match self.entrant {
            Entrant::Made(strategy) => {
                // Cloned while the interpreter is held; the thread that runs it has none.
                let native = strategy.get().fresh();
                Box::new(move |_, _| Ok(native))
            }
            // Made on its thread, since its indicators are computed there, through the shared
            // cache.
            Entrant::Named(name, parameters) => Box::new(move |market, cache| {
                named(&name, &parameters, &market.symbols()[0], Some(cache))
            }),
        };
        Trial {
            config: &configs[self.settings],
            warmup: self.warmup,
            make,
        }
    }
}

/// What came out of a run.
#[pyclass(frozen, get_all, module = "omega._core")]
pub struct Outcome {
    /// Values of the metrics, in their order; empty where the run failed.
    metrics: Vec<PyMetric>,
    /// The hash of the result, if it was asked for.
    fingerprint: Option<String>,
    /// Why there is no result.
    error: Option<Py<PyAny>>,
    /// The tables, if they are kept.
    tables: Option<Py<PyRunTables>>,
}

/// What the caller needs of each run besides its metrics.
pub(super) struct Wanted {
    pub(super) fingerprint: bool,
    pub(super) tables: bool,
}

/// What is kept of a run: its numbers, and its tables where they are wanted.
struct Kept {
    metrics: Vec<PyMetric>,
    fingerprint: Option<String>,
    tables: Option<RunTables>,
}

/// Runs the trials of a batch; an interrupt ends it.
pub(super) fn run(
    py: Python<'_>,
    batch: &Batch<'_>,
    configs: &[Config],
    trials: Vec<TrialFields<'_>>,
    wanted: &Wanted,
) -> PyResult<Vec<Outcome>> {
    let trials = trials.into_iter().map(|trial| trial.trial(configs));
    let trials: Vec<_> = trials.collect();
    let keep = |result: &BacktestResult| Kept {
        metrics: result
            .metrics()
            .iter()
            .map(|(_, value)| value.into())
            .collect(),
        // Hashing reads every table, and a sweep seldom needs it.
        fingerprint: wanted.fingerprint.then(|| result.fingerprint().to_owned()),
        tables: wanted.tables.then(|| result.tables.clone()),
    };
    let mut interrupt = None;
    let look = || {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is for one lifetime of the interpreter alone"
        )]
        let looked = Python::attach(|py| py.check_signals());
        looked.map_or_else(
            |raised| {
                interrupt = Some(raised);
                ControlFlow::Break(())
            },
            ControlFlow::Continue,
        )
    };
    let outcomes = py.detach(|| batch.run(trials, keep, look));
    // After the threads are done: nothing of the batch runs on behind the exception.
    if let Some(raised) = interrupt {
        return Err(raised);
    }
    let outcomes = outcomes.map_err(to_pyerr)?.into_iter();
    outcomes.map(|done| outcome(py, done)).collect()
}

fn outcome(py: Python<'_>, done: Result<Kept, OmegaError>) -> PyResult<Outcome> {
    Ok(match done {
        Ok(kept) => Outcome {
            metrics: kept.metrics,
            fingerprint: kept.fingerprint,
            error: None,
            tables: kept
                .tables
                .map(|tables| Py::new(py, PyRunTables::from(tables)))
                .transpose()?,
        },
        Err(error) => Outcome {
            metrics: Vec::new(),
            fingerprint: None,
            error: Some(to_pyerr(error).into_value(py).into_any()),
            tables: None,
        },
    })
}
