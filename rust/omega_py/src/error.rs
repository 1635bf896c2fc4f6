//! Each reason of the core becomes one exception of `omega.errors`.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use omega_core::error::OmegaError;

// Filled at the first error, not at import, when the package is still half initialised.
static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

fn errors(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    let module = ERRORS.get_or_try_init(py, || py.import("omega.errors").map(Bound::unbind))?;
    Ok(module.bind(py))
}

/// The exception for a reason; where even that cannot be made, the exception that stopped it.
// A function, since neither `OmegaError` nor `PyErr` belongs to this crate, so that no `From` can
// join them.
pub(crate) fn to_pyerr(error: OmegaError) -> PyErr {
    Python::attach(
        |py| match raised(py, &error).map_or_else(|| exception(py, &error), Ok) {
            Ok(exception) => PyErr::from_value(exception),
            Err(problem) => problem,
        },
    )
}

/// A name from data as a terminal may print it: what would steer it is escaped, as
/// `omega.errors.printable` does.
pub(crate) fn printable(name: &str) -> String {
    name.chars().map(shown).collect()
}

fn shown(letter: char) -> String {
    match letter {
        '\t' | '\n' => letter.to_string(),
        '\r' => "\\r".to_owned(),
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => format!("\\x{:02x}", u32::from(letter)),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            format!("\\u{:04x}", u32::from(letter))
        }
        _ => letter.to_string(),
    }
}

/// The exception that a function of the user's own raised, if the reason is one.
fn raised<'py>(py: Python<'py>, error: &OmegaError) -> Option<Bound<'py, PyAny>> {
    let OmegaError::FeeFailed { cause, .. } = error else {
        return None;
    };
    let raised = cause.downcast_ref::<PyErr>()?;
    Some(raised.value(py).clone().into_any())
}

fn exception<'py>(py: Python<'py>, error: &OmegaError) -> PyResult<Bound<'py, PyAny>> {
    let details = PyDict::new(py);
    let class = match error {
        OmegaError::InvalidCandleData {
            symbol,
            column,
            row,
            value,
            rule,
            ..
        } => {
            details.set_item("column", &**column)?;
            details.set_item("row", row)?;
            details.set_item("value", number_or_text(py, value)?)?;
            details.set_item("rule", rule)?;
            details.set_item("symbol", &**symbol)?;
            "InvalidCandleData"
        }
        OmegaError::InvalidColumn { symbol, column, .. } => {
            details.set_item("column", &**column)?;
            details.set_item("rule", "column")?;
            details.set_item("symbol", &**symbol)?;
            "InvalidCandleData"
        }
        OmegaError::WarmupIndexNotFound {
            start, first, last, ..
        } => {
            details.set_item("start", start)?;
            details.set_item("first", first)?;
            details.set_item("last", last)?;
            "WarmupIndexNotFound"
        }
        OmegaError::Config { .. } => "ConfigError",
        OmegaError::FeeFailed { .. } => "CallbackFailed",
        OmegaError::StrategyFailed { code, bar } => {
            details.set_item("code", code)?;
            details.set_item("bar", bar)?;
            "StrategyFailed"
        }
        OmegaError::OutOfMemory { bytes, .. } => {
            details.set_item("bytes", bytes)?;
            "OutOfMemory"
        }
        OmegaError::OrderRejected { .. } | OmegaError::Stopped => "OmegaError",
    };
    errors(py)?
        .getattr(class)?
        .call((error.to_string(),), Some(&details))
}

/// Prices are numbers again in Python; times and unreadable values stay text, a null is `None`.
fn number_or_text<'py>(py: Python<'py>, value: &str) -> PyResult<Bound<'py, PyAny>> {
    if value == "null" {
        return Ok(py.None().into_bound(py));
    }
    // The core prints a double with as many digits as give the same one back.
    match value.parse::<f64>() {
        Ok(number) => number.into_bound_py_any(py),
        Err(_) => value.into_bound_py_any(py),
    }
}

/// The error of a name that a run does not have.
pub(super) fn unknown(parameter: &str, given: Option<&str>, expected: String) -> PyErr {
    to_pyerr(OmegaError::Config {
        parameter: parameter.into(),
        given: given.unwrap_or("None").into(),
        expected,
        hint: "Name it in run_backtest()".into(),
    })
}
