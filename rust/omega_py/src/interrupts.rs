//! Ctrl-C in what the core computes: heard every 50 ms, and raised when the computation is back.

use std::cell::OnceCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use omega_core::interrupt;
use pyo3::prelude::*;

/// Computes with the interpreter released, until a signal handler raises.
pub(crate) fn detached<T: Send>(py: Python<'_>, compute: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| watched(compute))
}

/// Computes until a signal handler raises; the interpreter is held.
pub(crate) fn attached<T>(_: Python<'_>, compute: impl FnOnce() -> T) -> PyResult<T> {
    watched(compute)
}

fn watched<T>(compute: impl FnOnce() -> T) -> PyResult<T> {
    let raised = Rc::new(OnceCell::new());
    let seen = Rc::clone(&raised);
    let look = move || {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is for one lifetime of the interpreter alone"
        )]
        let looked = Python::attach(|py| py.check_signals());
        looked.map_or_else(
            |error| {
                // A computation that was stopped is not looked at again.
                drop(seen.set(error));
                ControlFlow::Break(())
            },
            ControlFlow::Continue,
        )
    };
    let computed = interrupt::watched(look, compute);
    // Dropped with the result, which may be a part of one: whatever came of it, it was stopped.
    Rc::into_inner(raised)
        .and_then(OnceCell::into_inner)
        .map_or(Ok(computed), Err)
}
