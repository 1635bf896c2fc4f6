//! What the calls of a run are put together from.

use std::sync::Arc;

use pyo3::prelude::*;

use super::super::actions::Vocabulary;
use super::super::callbacks::{Callbacks, Collect};
use super::super::config::{ContextFields, RunSettings};
use super::super::engine::Engine;
use super::super::error::to_pyerr;
use super::super::indicators::Scope;
use super::super::snapshot::StateSnapshot;
use super::super::strategy::PyStrategy;
use super::super::tracks::Tracks;
use super::Run;
use omega_core::backtest::Backtest;
use omega_core::store::TrackId;

impl Run {
    /// What an account is read from.
    pub(in super::super) fn seen(&self) -> (&Arc<Tracks>, &Arc<StateSnapshot>) {
        (&self.tracks, &self.snapshot)
    }

    pub(super) fn backtest(
        &self,
        settings: RunSettings,
        contexts: &[ContextFields<'_>],
    ) -> PyResult<Backtest<'_>> {
        let semantics = settings.semantics();
        let config = semantics.and_then(|own| settings.config(contexts, self.warmup.needed(own)));
        let checked = config.and_then(|config| Backtest::new(&self.tracks.market, config));
        checked.map_err(to_pyerr)
    }

    pub(super) fn scope(&self, track: TrackId) -> Scope<'_> {
        Scope {
            cache: &self.cache,
            clock: &self.tracks.sources[track.0].clock,
        }
    }

    pub(super) fn vocabulary<'py>(&self, py: Python<'py>) -> PyResult<Vocabulary<'py>> {
        let unit = self.tracks.market.symbols()[0].unit();
        Vocabulary::new(py, self.tracks.names(), unit.abbreviation())
    }

    pub(super) fn strategy<'py, C: Collect<'py>>(
        &self,
        py: Python<'py>,
        callbacks: Callbacks<'py>,
        collector: C,
        engine: Option<Engine<'py>>,
    ) -> PyResult<PyStrategy<'py, C>> {
        let (tracks, snapshot) = (Arc::clone(&self.tracks), Arc::clone(&self.snapshot));
        let queue = self.queue.bind(py).clone();
        PyStrategy::new(callbacks, queue, collector, tracks, snapshot, engine)
    }
}
