//! An indicator as a strategy sees it: the values up to the newest visible bar.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use numpy::PyArray1;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

use super::clock::Clock;
use super::memory;

/// One value a bar; `ind[-1]` is now.
#[pyclass(frozen, module = "omega._core", name = "Indicator")]
pub struct IndicatorView {
    name: String,
    values: ScalarBuffer<f64>,
    clock: Arc<Clock>,
}

impl IndicatorView {
    pub(super) fn new(name: String, values: ScalarBuffer<f64>, clock: Arc<Clock>) -> Self {
        Self {
            name,
            values,
            clock,
        }
    }

    pub(super) fn values(&self) -> &ScalarBuffer<f64> {
        &self.values
    }
}

#[pymethods]
impl IndicatorView {
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    fn __len__(&self) -> usize {
        self.clock.visible()
    }

    fn __getitem__(&self, key: isize) -> PyResult<f64> {
        let visible = self.clock.visible();
        match visible.checked_add_signed(key) {
            Some(index) if key < 0 => Ok(self.values[index]),
            _ => Err(PyIndexError::new_err(format!(
                "{}[{key}] with {visible} values known: expected -1 (now) to -{visible}",
                self.name
            ))),
        }
    }

    fn window(slf: Bound<'_, Self>, length: isize) -> PyResult<Bound<'_, PyArray1<f64>>> {
        let this = slf.clone();
        let this = this.get();
        let visible = this.clock.visible();
        let asked = usize::try_from(length).ok();
        let Some(length) = asked.filter(|length| (1..=visible).contains(length)) else {
            return Err(PyIndexError::new_err(format!(
                "{}.window({length}) with {visible} values known: expected 1 to {visible}",
                this.name
            )));
        };
        Ok(memory::share(
            &this.values,
            visible - length,
            visible,
            slf.into_any(),
        ))
    }

    fn __repr__(&self) -> String {
        match self.clock.visible().checked_sub(1) {
            Some(newest) => format!("<{}: {}>", self.name, self.values[newest]),
            None => format!("<{}: no value yet>", self.name),
        }
    }
}
