//! Strategies that never call Python, of the core or of another language, run without it.

use omega_core::backtest::{Backtest, BacktestResult, Config};
use omega_core::replay::Rates;
use omega_core::store::Market;
use pyo3::prelude::*;

use super::foreign::ForeignStrategy;
use super::interrupts;
use super::native::{NativeStrategy, WithPyError};
use super::observer::GilObserver;
use super::strategy::Raised;

/// A strategy that never calls Python.
#[derive(FromPyObject)]
pub(super) enum WithoutPython<'py> {
    OfCore(Bound<'py, NativeStrategy>),
    Foreign(Bound<'py, ForeignStrategy>),
}

impl WithoutPython<'_> {
    /// Complete bars that it needs; those of a foreign one are declared by its indicators.
    pub(super) fn warmup(&self) -> usize {
        match self {
            Self::OfCore(native) => native.get().warmup(),
            Self::Foreign(_) => 0,
        }
    }

    /// Walks the bars; the interpreter is released.
    pub(super) fn run(
        &self,
        py: Python<'_>,
        backtest: &Backtest<'_>,
        market: &Market,
        observer: &mut GilObserver,
    ) -> PyResult<BacktestResult> {
        // Nothing in these loops is Python; the observer takes the interpreter when it needs it.
        let walked = match self {
            Self::OfCore(native) => {
                // A strategy remembers what it has seen, and a second run must not.
                let mut native = WithPyError(native.get().fresh());
                interrupts::detached(py, || backtest.run_observed(&mut native, observer))
            }
            Self::Foreign(foreign) => {
                let plan = foreign.get().plan();
                interrupts::detached(py, || {
                    // Made here, since its pointers stay on the thread that runs it.
                    let rates = rates_of(backtest.config());
                    let mut foreign = WithPyError(plan.start(market, rates));
                    backtest.run_observed(&mut foreign, observer)
                })
            }
        };
        walked?.map_err(|Raised(error)| error)
    }
}

/// By symbol what a unit of its quote currency is worth.
pub(super) fn rates_of(config: &Config) -> Vec<Rates> {
    config.symbols.iter().map(|own| own.rates.clone()).collect()
}
