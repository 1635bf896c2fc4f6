//! Many runs of strategies of the core over one market, on threads of the core's own.
//!
//! In: settings, and trials that name one of them and a strategy. Out: for each trial its metrics,
//! in the order of the trials, whichever thread was done first. Candles and indicators are shared;
//! what a run writes down is gone when its metrics are known, unless it is to be kept.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use super::error::to_pyerr;
use super::native::{NativeStrategy, Quiet};
use super::results::{PyMetric, PyRunTables};
use super::settings::RunSettings;
use super::stage::{Backing, Stage};
use super::strategy::Raised;
use omega_core::indicators::Cache;
use omega_core::replay::Observer;
use omega_core::results::RunTables;
use omega_core::store::Market;
use omega_core::strategies::{Native, WarmedUp, named};

/// How often the thread that waits looks whether somebody wants to stop.
const LOOK: Duration = Duration::from_millis(50);

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

enum Runner {
    Made(Box<Native>),
    Named(String, Vec<(String, f64)>),
}

/// A run to be done.
pub(super) struct Trial {
    settings: usize,
    warmup: Vec<usize>,
    runner: Runner,
}

impl From<TrialFields<'_>> for Trial {
    fn from(fields: TrialFields<'_>) -> Self {
        let runner = match fields.entrant {
            Entrant::Made(strategy) => Runner::Made(Box::new(strategy.get().fresh())),
            Entrant::Named(name, parameters) => Runner::Named(name, parameters),
        };
        Self {
            settings: fields.settings,
            warmup: fields.warmup,
            runner,
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

/// What all trials share.
pub(super) struct Sweep<'a> {
    pub(super) market: &'a Market,
    pub(super) cache: &'a Cache,
    pub(super) settings: Vec<(RunSettings, Vec<Backing>)>,
    pub(super) hashed: bool,
    pub(super) kept: bool,
}

/// A run that is over: its tables where they are kept, its numbers where not.
struct Done {
    metrics: Vec<PyMetric>,
    fingerprint: Option<String>,
    tables: Option<RunTables>,
}

impl Sweep<'_> {
    /// Does all trials; each thread takes the next one when it is done with its last.
    pub(super) fn run(
        &self,
        py: Python<'_>,
        trials: Vec<Trial>,
        workers: usize,
    ) -> PyResult<Vec<Outcome>> {
        let count = trials.len();
        let trials: Vec<Mutex<Option<Trial>>> = trials
            .into_iter()
            .map(|trial| Mutex::new(Some(trial)))
            .collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let found = py.detach(|| {
            let (sender, receiver) = channel();
            thread::scope(|scope| {
                let threads = workers.clamp(1, count.max(1));
                for _ in 0..threads {
                    let sender = sender.clone();
                    scope.spawn(|| self.work(&trials, (&next, &stop), sender));
                }
                drop(sender);
                collect(&receiver, count, &stop)
            })
        })?;
        found.into_iter().map(|done| outcome(py, done)).collect()
    }

    fn work(
        &self,
        trials: &[Mutex<Option<Trial>>],
        (next, stop): (&AtomicUsize, &AtomicBool),
        sender: Sender<(usize, Result<Done, PyErr>)>,
    ) {
        while !stop.load(Relaxed) {
            let place = next.fetch_add(1, Relaxed);
            let Some(slot) = trials.get(place) else {
                return;
            };
            let trial = slot.lock().ok().and_then(|mut trial| trial.take());
            let Some(trial) = trial else { return };
            if sender.send((place, self.play(trial, stop))).is_err() {
                return;
            }
        }
    }

    fn play(&self, trial: Trial, stop: &AtomicBool) -> Result<Done, PyErr> {
        let (settings, backing) = &self.settings[trial.settings];
        let native = match trial.runner {
            Runner::Made(native) => *native,
            Runner::Named(name, parameters) => {
                let candles = &self.market.symbols()[0];
                named(&name, &parameters, candles, Some(self.cache)).map_err(to_pyerr)?
            }
        };
        let mut warmup = trial.warmup;
        warmup.resize(self.market.tracks(), 0);
        warmup[0] = warmup[0].max(native.warmup());
        let stage = Stage::new(self.market, settings.clone(), &warmup, backing);
        let stage = stage.map_err(to_pyerr)?;
        let played = stage.play(&mut Quiet(native), &mut Stopping(stop))?;
        let tables = RunTables::from_rows(played.into_rows());
        Ok(Done {
            metrics: tables
                .metrics()
                .into_iter()
                .map(|(_, value)| value.into())
                .collect(),
            fingerprint: self.hashed.then(|| tables.fingerprint().to_owned()),
            tables: self.kept.then_some(tables),
        })
    }
}

/// Waits for all runs, and looks up now and then: an interrupt ends those that have begun.
fn collect(
    receiver: &Receiver<(usize, Result<Done, PyErr>)>,
    count: usize,
    stop: &AtomicBool,
) -> PyResult<Vec<Result<Done, PyErr>>> {
    let mut found: Vec<Option<Result<Done, PyErr>>> = (0..count).map(|_| None).collect();
    let mut missing = count;
    while missing > 0 {
        match receiver.recv_timeout(LOOK) {
            Ok((place, done)) => {
                found[place] = Some(done);
                missing -= 1;
            }
            Err(RecvTimeoutError::Timeout) => {
                #[expect(
                    clippy::redundant_closure_for_method_calls,
                    reason = "the method itself is for one lifetime of the interpreter alone"
                )]
                let looked = Python::attach(|py| py.check_signals());
                if let Err(interrupt) = looked {
                    stop.store(true, Relaxed);
                    return Err(interrupt);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(found.into_iter().flatten().collect())
}

fn outcome(py: Python<'_>, done: Result<Done, PyErr>) -> PyResult<Outcome> {
    Ok(match done {
        Ok(done) => Outcome {
            metrics: done.metrics,
            fingerprint: done.fingerprint,
            error: None,
            tables: match done.tables {
                Some(tables) => Some(Py::new(py, PyRunTables::from(tables))?),
                None => None,
            },
        },
        Err(error) => Outcome {
            metrics: Vec::new(),
            fingerprint: None,
            error: Some(error.into_value(py).into_any()),
            tables: None,
        },
    })
}

/// Ends a run that nobody waits for.
struct Stopping<'a>(&'a AtomicBool);

impl Observer for Stopping<'_> {
    type Error = Raised;

    fn tick(&mut self, _done: usize) -> Result<(), Raised> {
        if self.0.load(Relaxed) {
            return Err(Raised(PyKeyboardInterrupt::new_err(
                "the sweep was stopped",
            )));
        }
        Ok(())
    }
}
