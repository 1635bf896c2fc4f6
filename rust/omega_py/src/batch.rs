//! Many runs of strategies of the core: trials in, outcomes out, the interpreter released.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList};

use super::config::{ContextFields, RunSettings};
use super::error::to_pyerr;
use super::foreign::ForeignStrategy;
use super::native::NativeStrategy;
use super::results::{PyMetric, PyRunTables};
use super::without_python::rates_of;
use omega_core::backtest::Config;
use omega_core::batch::{self, Batch, Task, Trial};
use omega_core::error::OmegaError;
use omega_core::indicators::Cache;
use omega_core::results::RunTables;
use omega_core::statistics::trial_moments;
use omega_core::store::Market;
use omega_core::strategies::named;

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

impl TrialFields<'_> {
    /// The trial, ready for a thread of its own.
    fn task<'t>(
        self,
        config: &Arc<Config>,
        keep: &'t (impl Fn(&mut batch::Outcome) -> Kept + Sync),
    ) -> Task<'t, Kept> {
        let (config, warmup) = (Arc::clone(config), self.warmup);
        match self.entrant {
            Entrant::Made(strategy) => {
                // Cloned while the interpreter is held; the thread that runs it has none.
                let native = strategy.get().fresh();
                let make = move |_: &Market, _: &Cache| Ok(native);
                Trial {
                    config,
                    warmup,
                    make,
                }
                .task(keep)
            }
            // Made on its thread, since its indicators are computed there, through the shared
            // cache.
            Entrant::Named(name, parameters) => {
                let make = move |market: &Market, cache: &Cache| {
                    named(&name, &parameters, &market.symbols()[0], Some(cache))
                };
                Trial {
                    config,
                    warmup,
                    make,
                }
                .task(keep)
            }
            Entrant::Foreign(strategy) => {
                let (plan, rates) = (strategy.get().plan(), rates_of(&config));
                let make = move |market: &Market, _: &Cache| Ok(plan.start(market, rates));
                Trial {
                    config,
                    warmup,
                    make,
                }
                .task(keep)
            }
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
    /// What the trial adds to the statistics of the sweep.
    moments: Vec<f64>,
    /// The return of each day, if they are kept.
    daily: Option<Py<PyArray1<f64>>>,
}

/// What the caller needs of each run besides its metrics.
pub(super) struct Wanted {
    fingerprint: bool,
    tables: bool,
    daily: bool,
}

impl From<(bool, bool, bool)> for Wanted {
    /// In the order in which Python states them.
    fn from((fingerprint, tables, daily): (bool, bool, bool)) -> Self {
        Self {
            fingerprint,
            tables,
            daily,
        }
    }
}

impl Wanted {
    /// What the trials are run for.
    pub(super) fn of_batch(&self) -> batch::Wanted {
        match (self.tables, self.fingerprint) {
            (true, _) => batch::Wanted::Tables,
            (false, true) => batch::Wanted::Fingerprint,
            (false, false) => batch::Wanted::Metrics,
        }
    }
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
    fn of(result: &mut batch::Outcome, wanted: &Wanted) -> Self {
        let (metrics, returns) = result.measured();
        Self {
            metrics: metrics.iter().map(|(_, value)| value.into()).collect(),
            fingerprint: wanted.fingerprint.then(|| result.fingerprint()).flatten(),
            tables: result.tables().cloned(),
            moments: trial_moments(returns.as_deref().unwrap_or_default(), BLOCKS),
            daily: returns.filter(|_| wanted.daily),
        }
    }
}

/// The trials of a batch as Python makes them, one after the other, and the settings that they
/// name by their place.
pub(super) struct Waiting {
    settings: Py<PyList>,
    trials: Py<PyIterator>,
    /// Of the settings so far: they are Python objects, and trials run without the interpreter.
    configs: Vec<Arc<Config>>,
}

impl Waiting {
    pub(super) fn new(settings: Py<PyList>, trials: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            settings,
            trials: trials.try_iter()?.unbind(),
            configs: Vec::new(),
        })
    }

    /// The next trial, which runs while Python makes those after it.
    fn next<'t>(
        &mut self,
        py: Python<'_>,
        keep: &'t (impl Fn(&mut batch::Outcome) -> Kept + Sync),
    ) -> PyResult<Option<Task<'t, Kept>>> {
        let Some(trial) = self.trials.bind(py).clone().next() else {
            return Ok(None);
        };
        let trial: TrialFields<'_> = trial?.extract()?;
        while self.configs.len() <= trial.settings {
            let given = self.settings.bind(py).get_item(self.configs.len())?;
            let (settings, contexts): (RunSettings, Vec<ContextFields<'_>>) = given.extract()?;
            let config = settings.config(&contexts, Vec::new()).map_err(to_pyerr)?;
            self.configs.push(Arc::new(config));
        }
        let config = &self.configs[trial.settings];
        Ok(Some(trial.task(config, keep)))
    }
}

/// Runs the trials of a batch, at most so many, and hands on their outcomes; an interrupt ends it.
pub(super) fn run(
    py: Python<'_>,
    batch: &Batch<'_>,
    most: usize,
    mut waiting: Waiting,
    (wanted, take): (&Wanted, &Py<PyAny>),
) -> PyResult<()> {
    let keep = |result: &mut batch::Outcome| Kept::of(result, wanted);
    let raised = Mutex::new(None);
    let held = || raised.lock().unwrap_or_else(PoisonError::into_inner);
    let broken = |error: PyErr| {
        *held() = Some(error);
        ControlFlow::Break(())
    };
    let run = py.detach(|| {
        let next = || match Python::attach(|py| waiting.next(py, &keep)) {
            Ok(task) => ControlFlow::Continue(task),
            Err(error) => broken(error).map_continue(|()| None),
        };
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is for one lifetime of the interpreter alone"
        )]
        let look = || {
            let looked = Python::attach(|py| py.check_signals());
            looked.map_or_else(broken, ControlFlow::Continue)
        };
        // Python makes its rows while other trials run.
        let take = |done| {
            if held().is_some() {
                return ControlFlow::Break(());
            }
            let taken = Python::attach(|py| take.call1(py, (outcome(py, done)?,)).map(drop));
            taken.map_or_else(broken, ControlFlow::Continue)
        };
        batch.run(most, next, take, look)
    });
    // After the threads are done: nothing of the batch runs on behind the exception.
    if let Some(error) = raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    run.map_err(to_pyerr)
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
