//! The binding of the core to Python: take, release, call, wrap. One file a stage.

#![allow(
    clippy::needless_pass_by_value,
    reason = "the binding owns what it is handed; arguments extracted from Python are values"
)]

mod account;
mod actions;
mod active;
mod bar_location;
mod batch;
mod call_timer;
mod callbacks;
mod clock;
mod columns;
mod components;
mod conditions;
mod config;
mod crossings;
mod dates;
mod engine;
mod error;
mod events;
mod executor;
mod exits;
mod foreign;
mod indicators;
mod interrupts;
mod market;
mod memory;
mod native;
mod observer;
mod orders;
mod position_views;
mod price_adjustment;
mod published;
mod results;
mod run;
mod scheduled;
mod snapshot;
mod statistics;
mod store;
mod strategy;
mod track;
mod tracks;
mod views;
mod warmup;
mod weights;
mod without_python;

use pyo3::prelude::*;

/// The native module `omega._core`; private, its typed face is the Python package.
// Frozen classes that keep what changes in atomics or locks are safe without the interpreter lock,
// and not yet right: to see that nobody holds a view is one step, and to move it is the next.
#[pymodule(gil_used = true)]
mod _core {
    use pyo3::prelude::*;

    /// The version of the crate, which is the version of the package.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    use super::account::AccountView;
    #[pymodule_export]
    use super::batch::Outcome;
    #[pymodule_export]
    use super::columns::{Column, ipc_columns, ipc_metadata, ipc_names, table_columns, write_ipc};
    #[pymodule_export]
    use super::conditions::Mask;
    #[pymodule_export]
    use super::crossings::{crossover, crossunder};
    #[pymodule_export]
    use super::events::{FillView, TradeView};
    #[pymodule_export]
    use super::foreign::{ForeignStrategy, foreign_functions, foreign_layout, foreign_version};
    #[pymodule_export]
    use super::indicators::IndicatorView;
    #[pymodule_export]
    use super::native::NativeStrategy;
    #[pymodule_export]
    use super::position_views::{OrderView, PositionView};
    #[pymodule_export]
    use super::results::{PyArrowTable, PyRunTables, RunReport};
    #[pymodule_export]
    use super::run::Run;
    #[pymodule_export]
    use super::statistics::Statistics;
    #[pymodule_export]
    use super::store::CandleStore;
    #[pymodule_export]
    use super::track::TrackView;
    #[pymodule_export]
    use super::views::{BarView, SideView};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::crossings::quicken_all(module)
    }
}
