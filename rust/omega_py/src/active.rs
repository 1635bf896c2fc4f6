//! The run that a thread is inside of, which may read nothing of another one (X4).

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use omega_core::error::OmegaError;

/// The number of a market that runs walk; 0 is none.
pub(super) type RunId = usize;

// Relaxed: only that no two are equal counts.
static NEXT: AtomicUsize = AtomicUsize::new(1);

thread_local! {
    static ACTIVE: Cell<RunId> = const { Cell::new(0) };
}

pub(super) fn next_run() -> RunId {
    NEXT.fetch_add(1, Relaxed)
}

/// Notes that the thread is inside of a run; gives what it was inside of before.
pub(super) fn enter(run: RunId) -> RunId {
    ACTIVE.replace(run)
}

/// Whether the thread is inside of another run than this one.
#[inline]
pub(super) fn is_other(run: RunId) -> bool {
    let active = ACTIVE.get();
    active != run && active != 0
}

/// Whether the thread is inside of this run.
#[inline]
pub(super) fn is_inside(run: RunId) -> bool {
    ACTIVE.get() == run
}

/// The error of what a run does not show.
#[cold]
pub(super) fn of_another_run(parameter: &str, name: &str) -> OmegaError {
    OmegaError::Config {
        parameter: parameter.into(),
        given: format!("{name} of another run"),
        expected: "one that this run has declared".into(),
        hint: "Declare it in init()".into(),
    }
}
