//! What a strategy of an engine gets besides bars.

use pyo3::prelude::*;

use super::components::{Components, Failure, Parts};
use super::exits::SharedExits;

/// What a strategy of an engine gets besides bars.
pub(super) struct Engine<'py> {
    pub(super) slices: Bound<'py, PyAny>,
    /// Whether it is called with an index and the slices, and not with a bar.
    pub(super) takes_slices: bool,
    /// Makes actions of what an older strategy returned.
    pub(super) adapt: Option<Bound<'py, PyAny>>,
    pub(super) failure: Failure,
    /// Where positions are held by an executor and a portfolio of the user's own.
    pub(super) holders: Option<Holders<'py>>,
}

impl<'py> Engine<'py> {
    /// What there is besides bars over the native executor.
    pub(super) fn of_components(components: Components<'py>, failure: &Failure) -> Self {
        Self {
            slices: components.slices,
            takes_slices: components.takes_slices,
            adapt: components.adapt,
            failure: Failure::clone(failure),
            holders: None,
        }
    }

    /// What there is besides bars where executor and portfolio are the user's own.
    pub(super) fn of_parts(
        parts: &Parts<'py>,
        failure: &Failure,
        exits: &SharedExits<'py>,
    ) -> Self {
        Self {
            slices: parts.slices.clone(),
            takes_slices: parts.takes_slices,
            adapt: parts.adapt.clone(),
            failure: Failure::clone(failure),
            holders: Some(Holders {
                executor: parts.executor.clone(),
                exits: SharedExits::clone(exits),
            }),
        }
    }
}

/// An executor and a portfolio of the user's own, as a position manager reads them.
pub(super) struct Holders<'py> {
    pub(super) executor: Bound<'py, PyAny>,
    pub(super) exits: SharedExits<'py>,
}
