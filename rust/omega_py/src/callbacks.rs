//! What a Python strategy is called by, and what is taken from it.

use pyo3::prelude::*;

use super::conditions::Mask;
use super::snapshot::StateSnapshot;

/// The callbacks of a strategy: unbound functions with their instance, or plain functions.
#[derive(FromPyObject)]
pub(super) struct Callbacks<'py> {
    /// Called on every bar; none where triggers alone are.
    #[pyo3(item)]
    pub(super) on_bar: Option<Bound<'py, PyAny>>,
    /// Called on the bars on which their conditions hold, in order.
    #[pyo3(item)]
    pub(super) triggers: Vec<(Bound<'py, PyAny>, Bound<'py, Mask>)>,
    #[pyo3(item)]
    pub(super) on_fill: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    pub(super) on_exit: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    pub(super) instance: Option<Bound<'py, PyAny>>,
    /// `manage_positions` of the user's own position manager.
    #[pyo3(item)]
    pub(super) manage: Option<Bound<'py, PyAny>>,
}

/// One of the callbacks that decide.
#[derive(Clone, Copy)]
pub(super) enum Which {
    OnBar,
    Trigger(usize),
}

impl<'py> Callbacks<'py> {
    /// A callback that decides; none where there is no such one.
    #[inline]
    pub(super) fn deciding_by(&self, which: Which) -> Option<&Bound<'py, PyAny>> {
        match which {
            Which::OnBar => self.on_bar.as_ref(),
            Which::Trigger(index) => self.triggers.get(index).map(|(callback, _)| callback),
        }
    }

    /// A strategy that is one function, and a position manager.
    pub(super) fn deciding(decide: Bound<'py, PyAny>, manage: Option<Bound<'py, PyAny>>) -> Self {
        Self {
            on_bar: Some(decide),
            triggers: Vec::new(),
            on_fill: None,
            on_exit: None,
            instance: None,
            manage,
        }
    }
}

/// What the executor of a run takes from a Python strategy.
pub(super) trait Collect<'py> {
    type Action;

    /// Adds the actions that a callback entered by calls, which have their numbers.
    fn entered(&self, snapshot: &StateSnapshot, actions: &mut Vec<Self::Action>);

    /// Adds the actions that a callback returned: nothing, one, or a list of them.
    fn collect(
        &self,
        returned: &Bound<'py, PyAny>,
        actions: &mut Vec<Self::Action>,
    ) -> PyResult<()>;

    /// How many orders an action makes, where so many symbols or positions are open.
    fn orders(&self, action: &Self::Action, open: usize) -> usize;
}
