//! Crossings at the newest bar of a run in its loop, of indicators and numbers. What is about whole
//! columns, and what is neither an indicator nor a number, goes to the package.

use std::sync::OnceLock;

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use super::indicators::IndicatorView;
use super::memory::quick::{Quick, Whole, both, quicken};

#[pyfunction]
pub(super) fn crossover<'py>(
    first: &Bound<'py, PyAny>,
    second: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match Over::of(first, second) {
        Some(crosses) => crosses.into_bound_py_any(first.py()),
        None => in_python(Over::NAME, first, second),
    }
}

#[pyfunction]
pub(super) fn crossunder<'py>(
    first: &Bound<'py, PyAny>,
    second: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match Under::of(first, second) {
        Some(crosses) => crosses.into_bound_py_any(first.py()),
        None => in_python(Under::NAME, first, second),
    }
}

/// Lets the builtins of a module find a crossing of the newest bar the quick way.
pub(super) fn quicken_all(module: &Bound<'_, PyModule>) -> PyResult<()> {
    quicken::<Over>(module)?;
    quicken::<Under>(module)
}

struct Over;

struct Under;

impl Quick for Over {
    const NAME: &'static str = "crossover";

    fn whole() -> &'static OnceLock<Whole> {
        static WHOLE: OnceLock<Whole> = OnceLock::new();
        &WHOLE
    }

    #[inline]
    fn of(first: &Bound<'_, PyAny>, second: &Bound<'_, PyAny>) -> Option<bool> {
        let [(before, now), (other_before, other_now)] = last_two_of(first, second)?;
        Some(before <= other_before && now > other_now)
    }
}

impl Quick for Under {
    const NAME: &'static str = "crossunder";

    fn whole() -> &'static OnceLock<Whole> {
        static WHOLE: OnceLock<Whole> = OnceLock::new();
        &WHOLE
    }

    #[inline]
    fn of(first: &Bound<'_, PyAny>, second: &Bound<'_, PyAny>) -> Option<bool> {
        let [(before, now), (other_before, other_now)] = last_two_of(first, second)?;
        Some(before >= other_before && now < other_now)
    }
}

/// The value before and the one now of each; none where the package has to look.
#[expect(
    clippy::inline_always,
    reason = "called on each bar, it took a quarter of a crossing"
)]
#[inline(always)]
fn last_two_of(first: &Bound<'_, PyAny>, second: &Bound<'_, PyAny>) -> Option<[(f64, f64); 2]> {
    if let Some((first, second)) = both::<IndicatorView>(first, second) {
        return IndicatorView::last_two_of(first.get(), second.get());
    }
    of_others(first, second)
}

/// The same where one of them is a number.
#[inline(never)]
fn of_others(first: &Bound<'_, PyAny>, second: &Bound<'_, PyAny>) -> Option<[(f64, f64); 2]> {
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
