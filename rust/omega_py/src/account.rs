//! What a strategy reads of its account: the base class of strategies, so that a read is one step.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

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
        let py = slf.py();
        let own = |seen: &Seen| seen.snapshot.position(py, &seen.tracks);
        read(slf, intern!(py, "position"), own)
    }

    #[getter]
    fn positions<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let own = |seen: &Seen| seen.snapshot.positions(py, &seen.tracks);
        read(slf, intern!(py, "positions"), own)
    }

    #[getter]
    fn pending<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let own = |seen: &Seen| seen.snapshot.pending(py, &seen.tracks);
        read(slf, intern!(py, "pending"), own)
    }

    #[getter]
    fn equity<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        read(slf, intern!(slf.py(), "equity"), |seen| {
            Ok(seen.snapshot.equity())
        })
    }

    #[getter]
    fn balance<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        read(slf, intern!(slf.py(), "balance"), |seen| {
            Ok(seen.snapshot.balance())
        })
    }
}

impl AccountView {
    // A poisoned lock is taken all the same: what it holds is replaced whole.
    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the run that a strategy sees the whole of. Where there is none, it is tied to a part of
/// one, to one of the other backend, or to one that is over, which has what it shows by name.
#[inline]
fn read<'py, T: IntoPyObject<'py>>(
    strategy: &Bound<'py, AccountView>,
    name: &Bound<'py, PyString>,
    own: impl FnOnce(&Seen) -> PyResult<T>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(seen) = &*strategy.get().seen() {
        return own(seen)?.into_bound_py_any(strategy.py());
    }
    strategy
        .call_method0(intern!(strategy.py(), "_shown"))?
        .getattr(name)
}
