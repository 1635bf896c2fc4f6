//! Many runs of strategies of the core: trials in, outcomes out, the interpreter released.

use std::ops::ControlFlow;

use numpy::PyArray1;
use pyo3::prelude::*;

use super::config::{ContextFields, RunSettings};
use super::error::to_pyerr;
use super::foreign::{Foreign, ForeignStrategy};
use super::native::NativeStrategy;
use super::results::{PyMetric, PyRunTables};
use super::without_python::rates_of;
use omega_core::backtest::{BacktestResult, Config};
use omega_core::batch::{Batch, Trial};
use omega_core::error::OmegaError;
use omega_core::indicators::Cache;
use omega_core::results::RunTables;
use omega_core::statistics::trial_moments;
use omega_core::store::Market;
use omega_core::strategies::{Native, named};

/// A strategy that is ready, or the name and parameters of one that a thread will make.
#[derive(FromPyObject)]
enum Entrant<'py> {
    Made(Bound<'py, NativeStrategy>),
    Foreign(Bound<'py, ForeignStrategy>),
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
type Make<S> = Box<dyn FnOnce(&Market, &Cache) -> Result<S, OmegaError> + Send>;

/// The trials of a batch by what their strategies are, each with its place: one loop for all would
/// ask at each step.
#[derive(Default)]
struct Sorted<'a> {
    of_core: (Vec<usize>, Vec<Trial<'a, Make<Native>>>),
    foreign: (Vec<usize>, Vec<Trial<'a, Make<Foreign>>>),
}

impl<'a> Sorted<'a> {
    fn add(&mut self, place: usize, trial: TrialFields<'_>, configs: &'a [Config]) {
        let config = &configs[trial.settings];
        let make: Make<Native> = match trial.entrant {
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
            Entrant::Foreign(strategy) => {
                let (plan, rates) = (strategy.get().plan(), rates_of(config));
                self.foreign.0.push(place);
                self.foreign.1.push(Trial {
                    config,
                    warmup: trial.warmup,
                    make: Box::new(move |market, _| Ok(plan.start(market, rates))),
                });
                return;
            }
        };
        self.of_core.0.push(place);
        self.of_core.1.push(Trial {
            config,
            warmup: trial.warmup,
            make,
        });
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
    /// What the trial adds to the statistics of the sweep.
    moments: Vec<f64>,
    /// The return of each day, if they are kept.
    daily: Option<Py<PyArray1<f64>>>,
}

/// What the caller needs of each run besides its metrics.
pub(super) struct Wanted {
    pub(super) fingerprint: bool,
    pub(super) tables: bool,
    pub(super) daily: bool,
}

/// Blocks that the returns of each run are summed up in.
const BLOCKS: usize = 16;

/// What is kept of a run: its numbers, and its tables where they are wanted.
struct Kept {
    metrics: Vec<PyMetric>,
    fingerprint: Option<String>,
    tables: Option<RunTables>,
    moments: Vec<f64>,
    daily: Option<Vec<f64>>,
}

impl Kept {
    fn of(result: &BacktestResult, wanted: &Wanted) -> Self {
        let (metrics, returns) = result.tables.measured();
        Self {
            metrics: metrics.iter().map(|(_, value)| value.into()).collect(),
            // Hashing reads every table, and a sweep seldom needs it.
            fingerprint: wanted.fingerprint.then(|| result.fingerprint().to_owned()),
            tables: wanted.tables.then(|| result.tables.clone()),
            moments: trial_moments(returns.as_deref().unwrap_or_default(), BLOCKS),
            daily: returns.filter(|_| wanted.daily),
        }
    }
}

/// What the settings of a batch say, which trials name by their place.
// All at once, while the interpreter is held: trials run without it, and the settings are Python
// objects.
pub(super) fn configs(
    settings: Vec<(RunSettings, Vec<ContextFields<'_>>)>,
) -> PyResult<Vec<Config>> {
    let configs = settings
        .into_iter()
        .map(|(settings, contexts)| settings.config(&contexts, Vec::new()));
    configs.collect::<Result<_, _>>().map_err(to_pyerr)
}

/// Runs the trials of a batch; an interrupt ends it.
pub(super) fn run(
    py: Python<'_>,
    batch: &Batch<'_>,
    configs: &[Config],
    trials: Vec<TrialFields<'_>>,
    wanted: &Wanted,
) -> PyResult<Vec<Outcome>> {
    let mut sorted = Sorted::default();
    for (place, trial) in trials.into_iter().enumerate() {
        sorted.add(place, trial, configs);
    }
    let keep = |result: &BacktestResult| Kept::of(result, wanted);
    let mut interrupt = None;
    let mut look = || {
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
    let (of_core, foreign) = (sorted.of_core, sorted.foreign);
    let outcomes = py.detach(|| {
        let mut outcomes = placed(of_core.0, batch.run(of_core.1, keep, &mut look)?);
        outcomes.extend(placed(foreign.0, batch.run(foreign.1, keep, &mut look)?));
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        Ok(outcomes)
    });
    // After the threads are done: nothing of the batch runs on behind the exception.
    if let Some(raised) = interrupt {
        return Err(raised);
    }
    let outcomes = outcomes.map_err(to_pyerr)?.into_iter();
    outcomes.map(|(_, done)| outcome(py, done)).collect()
}

/// Outcomes with their places in the batch.
fn placed<T>(places: Vec<usize>, outcomes: Vec<T>) -> Vec<(usize, T)> {
    places.into_iter().zip(outcomes).collect()
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
            moments: kept.moments,
            daily: kept
                .daily
                .map(|daily| PyArray1::from_vec(py, daily).unbind()),
        },
        Err(error) => Outcome {
            metrics: Vec::new(),
            fingerprint: None,
            error: Some(to_pyerr(error).into_value(py).into_any()),
            tables: None,
            moments: Vec::new(),
            daily: None,
        },
    })
}
