//! The only folder that names Python: take, release, call, wrap. One file a stage.

#![allow(
    clippy::needless_pass_by_value,
    reason = "the binding owns what it is handed; arguments extracted from Python are values"
)]

mod columns;
mod error;
mod store;

use pyo3::prelude::*;

/// The native module `omega._core`; private, its typed face is the Python package.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::columns::{Column, ipc_columns, ipc_names, table_columns};
    #[pymodule_export]
    use super::store::CandleStore;
}
