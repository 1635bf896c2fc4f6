//! Bars of one track by their index, for the slices of an engine: views that are used again.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

use super::memory::is_held_elsewhere;
use super::tracks::Tracks;
use super::views::BarView;
use omega_core::store::TrackId;

/// A view of one bar of a track. It moves from bar to bar while nothing else references it.
#[derive(Debug, Default)]
pub(super) struct Shown(Option<Py<BarView>>);

impl Shown {
    /// The view, at a bar; a new one where a callback kept it, or the bar is in another segment.
    pub(super) fn at(
        &mut self,
        py: Python<'_>,
        tracks: &Arc<Tracks>,
        track: TrackId,
        index: usize,
    ) -> PyResult<Py<BarView>> {
        if let Some(kept) = &self.0
            && !is_held_elsewhere(kept.bind(py))
            && kept.get().show(index)
        {
            return Ok(kept.clone_ref(py));
        }
        let made = Py::new(py, BarView::new(Arc::clone(tracks), track, index))?;
        self.0 = Some(made.clone_ref(py));
        Ok(made)
    }
}

/// The candles of a symbol on one timeframe, up to the newest complete bar.
#[pyclass(frozen, module = "omega._core", name = "Track")]
pub struct TrackView {
    tracks: Arc<Tracks>,
    track: TrackId,
    shown: Mutex<Shown>,
}

impl TrackView {
    pub(super) fn new(tracks: Arc<Tracks>, track: TrackId) -> Self {
        Self {
            tracks,
            track,
            shown: Mutex::default(),
        }
    }
}

#[pymethods]
impl TrackView {
    /// How many bars are complete.
    #[getter]
    fn visible(&self) -> PyResult<usize> {
        let source = &self.tracks.sources[self.track.0];
        source.clock.shown("slice", source.candles.name())
    }

    /// Grows with each new step of the engine.
    #[getter]
    fn looks(&self) -> usize {
        // Slices that were moved back compare it, to be at now again with the next step.
        self.tracks.looks()
    }

    /// The time of the engine's current step.
    #[getter]
    fn now(&self) -> i64 {
        self.tracks.now()
    }

    /// A complete bar.
    fn bar(&self, py: Python<'_>, index: usize) -> PyResult<Py<BarView>> {
        let visible = self.visible()?;
        if index >= visible {
            let source = &self.tracks.sources[self.track.0];
            let (bar, symbol) = (self.tracks.bar_of(self.track), source.candles.name());
            return Err(PyIndexError::new_err(if visible == 0 {
                format!("no {bar} of {symbol} is complete yet")
            } else {
                format!("{bar} {index} of {symbol}: expected 0 to {}", visible - 1)
            }));
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let view = shown.at(py, &self.tracks, self.track, index)?;
        let fresh = self.tracks.sources[self.track.0].clock.is_fresh();
        // Only the newest bar can be fresh.
        view.get().set_fresh(fresh && index + 1 == visible);
        Ok(view)
    }

    /// How many of the complete bars were so at a time.
    fn complete_at(&self, time: i64) -> PyResult<usize> {
        let complete = self.tracks.market.complete_at(self.track, time);
        // The market knows the whole data; a strategy must not (L1).
        Ok(complete.min(self.visible()?))
    }
}
