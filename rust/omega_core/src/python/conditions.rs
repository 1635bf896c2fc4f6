//! Conditions as Python combines them: one truth value for each step.

use std::sync::Arc;

use pyo3::prelude::*;

/// Where a condition holds; `&`, `|` and `~` combine.
#[pyclass(frozen, module = "omega._core")]
pub struct Mask(Arc<[u8]>);

impl Mask {
    pub(super) fn new(truths: Vec<u8>) -> Self {
        Self(truths.into())
    }

    pub(super) fn truths(&self) -> Arc<[u8]> {
        Arc::clone(&self.0)
    }

    fn with(&self, other: &Self, combine: impl Fn(u8, u8) -> u8) -> Self {
        let pairs = self.0.iter().zip(other.0.iter());
        Self(pairs.map(|(&a, &b)| combine(a, b)).collect())
    }
}

#[pymethods]
impl Mask {
    fn __and__(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    fn __or__(&self, other: &Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    fn __invert__(&self) -> Self {
        Self(self.0.iter().map(|truth| truth ^ 1).collect())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// On how many steps it holds.
    fn count(&self) -> usize {
        self.0.iter().map(|&truth| usize::from(truth)).sum()
    }
}
