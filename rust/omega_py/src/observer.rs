//! Interrupts and progress of a run: Ctrl-C ends it, and a display learns how far it is.

use omega_core::error::OmegaError;
use omega_core::interrupt;
use omega_core::replay::{Observer, Plan};
use pyo3::prelude::*;

use super::strategy::Raised;

/// Lets Ctrl-C end a run, and reports progress.
pub(super) struct ProgressObserver<'py> {
    py: Python<'py>,
    on_progress: Option<Bound<'py, PyAny>>,
    total: usize,
    reported: usize,
}

impl<'py> ProgressObserver<'py> {
    /// For the steps of a plan.
    pub(super) fn new(
        py: Python<'py>,
        on_progress: Option<Bound<'py, PyAny>>,
        plan: &Plan,
    ) -> Self {
        Self {
            py,
            on_progress,
            total: plan.end - plan.start,
            reported: 0,
        }
    }
}

impl Observer for ProgressObserver<'_> {
    type Error = Raised;

    fn tick(&mut self, bars_done: usize) -> Result<(), Raised> {
        // Signal handlers run only where Python does, and triggers may not be called for long.
        self.py.check_signals()?;
        let Some(callback) = &self.on_progress else {
            return Ok(());
        };
        let is_due = bars_done == self.total || bars_done - self.reported >= self.total / 100;
        if is_due && bars_done > self.reported {
            self.reported = bars_done;
            callback.call1((bars_done, self.total))?;
        }
        Ok(())
    }
}

/// Interrupts and progress of a run without the interpreter, which is taken to report.
pub(super) struct GilObserver {
    pub(super) on_progress: Option<Py<PyAny>>,
    pub(super) total: usize,
    pub(super) reported: usize,
}

/// Steps between two reports at least: each takes the interpreter, and a native run makes many
/// steps.
// A multiple of the loop's 1,024 steps between ticks, or reports would be rarer than this.
const STEPS_BETWEEN_REPORTS: usize = 1 << 16;

impl Observer for GilObserver {
    type Error = Raised;

    fn tick(&mut self, done: usize) -> Result<(), Raised> {
        // By time and not by steps: one of many symbols may take a hundred times as long as
        // another.
        if interrupt::is_requested() {
            return Err(OmegaError::Stopped.into());
        }
        let is_over = done == self.total;
        if !is_over && !done.is_multiple_of(STEPS_BETWEEN_REPORTS) {
            return Ok(());
        }
        // About a hundred calls, whatever the length of the run.
        let is_due = is_over || done - self.reported >= self.total / 100;
        let Some(callback) = self.on_progress.as_ref().filter(|_| is_due) else {
            return Ok(());
        };
        self.reported = done;
        let reported = Python::attach(|py| callback.call1(py, (done, self.total)).map(drop));
        reported.map_err(Raised)
    }
}
