//! The only folder that names Python: take, release, call, wrap.

mod results;

use pyo3::prelude::*;

/// The native module; private, the public face is `omega`.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::results::{PyArrowTable, PyRunTables};
}
