//! Conditions as Python combines them: one truth value for each step.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use pyo3::prelude::*;

use super::indicators::IndicatorView;
use super::tracks::Tracks;
use omega_core::indicators::Operand;
use omega_core::store::TrackId;

/// Where a condition holds; `&` and `|` combine.
#[pyclass(frozen, module = "omega._core")]
// Shared with the run's wake-ups without a copy, a byte a step, in which the next truth is searched
// 32 at a time.
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

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// On how many steps it holds.
    fn count(&self) -> usize {
        self.0.iter().map(|&truth| usize::from(truth)).sum()
    }
}

/// One side of a comparison, as Python gives it.
#[derive(FromPyObject)]
pub(super) enum Compared<'py> {
    View(Bound<'py, IndicatorView>),
    Number(f64),
}

/// The same with its column referenced, so that the interpreter can be released.
pub(super) enum Held {
    Column(TrackId, ScalarBuffer<f64>),
    Number(f64),
}

impl Compared<'_> {
    pub(super) fn held(&self, tracks: &Tracks) -> PyResult<Held> {
        Ok(match self {
            Self::Number(number) => Held::Number(*number),
            Self::View(view) => {
                let view = view.get();
                Held::Column(view.track_in(tracks)?, view.values().clone())
            }
        })
    }
}

impl Held {
    pub(super) fn operand(&self) -> Operand<'_> {
        match self {
            Self::Number(number) => Operand::Number(*number),
            Self::Column(track, values) => Operand::Column(*track, values),
        }
    }
}
