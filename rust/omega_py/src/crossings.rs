//! Crossings at the newest bar of a run in its loop, of indicators and numbers. What is about whole
//! columns, and what is neither an indicator nor a number, goes to the package.

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use super::indicators::IndicatorView;

#[pyfunction]
pub(super) fn crossover<'py>(
    first: &Bound<'py, PyAny>,
    second: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match last_two_of(first, second) {
        Some([(before, now), (other_before, other_now)]) => {
            (before <= other_before && now > other_now).into_bound_py_any(first.py())
        }
        None => in_python("crossover", first, second),
    }
}

#[pyfunction]
pub(super) fn crossunder<'py>(
    first: &Bound<'py, PyAny>,
    second: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match last_two_of(first, second) {
        Some([(before, now), (other_before, other_now)]) => {
            (before >= other_before && now < other_now).into_bound_py_any(first.py())
        }
        None => in_python("crossunder", first, second),
    }
}

/// The value before and the one now of each; none where the package has to look.
#[inline]
fn last_two_of(first: &Bound<'_, PyAny>, second: &Bound<'_, PyAny>) -> Option<[(f64, f64); 2]> {
    let views = (
        first.cast_exact::<IndicatorView>(),
        second.cast_exact::<IndicatorView>(),
    );
    if let (Ok(first), Ok(second)) = views {
        return IndicatorView::last_two_of(first.get(), second.get());
    }
    Some([last_two(first)?, last_two(second)?])
}

#[inline]
fn last_two(given: &Bound<'_, PyAny>) -> Option<(f64, f64)> {
    if let Ok(indicator) = given.cast_exact::<IndicatorView>() {
        return indicator.get().last_two();
    }
    if let Ok(number) = given.cast_exact::<PyFloat>() {
        return Some((number.value(), number.value()));
    }
    let whole = given.is_exact_instance_of::<PyInt>();
    let number: i32 = whole.then(|| given.extract().ok())??;
    Some((f64::from(number), f64::from(number)))
}

#[cold]
fn in_python<'py>(
    name: &str,
    first: &Bound<'py, PyAny>,
    second: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let module = first
        .py()
        .import(intern!(first.py(), "omega.strategy.crossings"))?;
    module.getattr(name)?.call1((first, second))
}
