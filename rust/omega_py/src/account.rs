//! What a strategy reads of its account: the base class of strategies, so that a read is one step.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;

use super::clock::Tracks;
use super::run::Run;
use super::snapshot::StateSnapshot;

/// Account, positions and orders of the run that a strategy is in.
#[pyclass(frozen, subclass, module = "omega._core")]
#[derive(Default)]
pub struct AccountView(Mutex<Option<Seen>>);

/// The run of this backend that a strategy sees the whole of.
struct Seen {
    tracks: Arc<Tracks>,
    snapshot: Arc<StateSnapshot>,
}

#[pymethods]
impl AccountView {
    #[new]
    #[pyo3(signature = (*_arguments, **_words))]
    fn new(_arguments: &Bound<'_, PyAny>, _words: Option<&Bound<'_, PyAny>>) -> Self {
        Self::default() // the arguments are those of the user's own `__init__`
    }

    /// Reads a run from now on; where it is none of this backend, what the strategy is tied to.
    #[pyo3(signature = (run, /))]
    fn _see(&self, run: &Bound<'_, PyAny>) {
        *self.seen() = run.cast::<Run>().ok().map(|run| {
            let (tracks, snapshot) = run.get().seen();
            Seen {
                tracks: Arc::clone(tracks),
                snapshot: Arc::clone(snapshot),
            }
        });
    }

    #[getter]
    fn position<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(seen) = &*slf.get().seen() {
            let position = seen.snapshot.position(slf.py(), &seen.tracks)?;
            return position.into_bound_py_any(slf.py());
        }
        tied(slf)?.getattr(intern!(slf.py(), "position"))
    }

    #[getter]
    fn positions<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(seen) = &*slf.get().seen() {
            let positions = seen.snapshot.positions(slf.py(), &seen.tracks)?;
            return positions.into_bound_py_any(slf.py());
        }
        tied(slf)?.getattr(intern!(slf.py(), "positions"))
    }

    #[getter]
    fn pending<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(seen) = &*slf.get().seen() {
            let pending = seen.snapshot.pending(slf.py(), &seen.tracks)?;
            return pending.into_bound_py_any(slf.py());
        }
        tied(slf)?.getattr(intern!(slf.py(), "pending"))
    }

    #[getter]
    fn equity<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(seen) = &*slf.get().seen() {
            return seen.snapshot.equity().into_bound_py_any(slf.py());
        }
        tied(slf)?.getattr(intern!(slf.py(), "equity"))
    }

    #[getter]
    fn balance<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(seen) = &*slf.get().seen() {
            return seen.snapshot.balance().into_bound_py_any(slf.py());
        }
        tied(slf)?.getattr(intern!(slf.py(), "balance"))
    }
}

impl AccountView {
    // A poisoned lock is taken all the same: what it holds is replaced whole.
    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a strategy is tied to where that is no run of this backend: a part of one, one of the other
/// backend, or one that is over.
fn tied<'py>(strategy: &Bound<'py, AccountView>) -> PyResult<Bound<'py, PyAny>> {
    strategy.call_method0(intern!(strategy.py(), "_shown"))
}
