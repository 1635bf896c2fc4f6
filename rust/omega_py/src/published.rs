//! What of a run was published, with the objects that Python has of it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::prelude::*;

use super::memory::is_held_elsewhere;
use super::position_views::{OrderView, PositionView};
use super::tracks::Tracks;
use omega_core::execution::{Order, Position};
use omega_core::replay::Rates;

/// Something of the run as it was published, and the object that Python has of it once it was read.
#[derive(Debug)]
pub(super) struct Shown<T, V> {
    pub(super) what: T,
    view: Option<Py<V>>,
}

/// What reads as it did when it was published is kept, with its object; the rest is copied.
pub(super) fn renew<'a, T: Clone + 'a, V, Id: PartialEq>(
    shown: &mut Vec<Shown<T, V>>,
    now: impl Iterator<Item = &'a T>,
    id: impl Fn(&T) -> Id,
    reads_alike: impl Fn(&T, &T) -> bool,
) {
    let (mut kept, mut before, mut is_drained) = (0, 0, false);
    for one in now {
        // Both are in the order of their age, so that what is passed over is gone.
        while before < shown.len() && id(&shown[before].what) != id(one) {
            before += 1;
        }
        // Mostly one is gone or some in a row: those behind them move at once, and not in turn.
        if before > kept && before < shown.len() && !is_drained {
            shown.drain(kept..before);
            (before, is_drained) = (kept, true);
        }
        if before < shown.len() && reads_alike(&shown[before].what, one) {
            shown.swap(kept, before);
        } else {
            let copied = Shown {
                what: one.clone(),
                view: None,
            };
            match shown.get_mut(kept) {
                Some(gone) => *gone = copied,
                None => shown.push(copied),
            }
        }
        kept += 1;
        before = (before + 1).max(kept);
    }
    shown.truncate(kept);
}

/// What of an open position may change and is read; a roll changes its entry, maybe at one price.
pub(super) fn changing(position: &Position) -> impl PartialEq + use<> {
    let Position {
        symbol,
        lots,
        entry_index,
        entry_time,
        entry_price,
        entry_rate,
        stop_loss,
        take_profit,
        ..
    } = *position;
    (
        (symbol, lots, entry_index, entry_time),
        (entry_price, entry_rate, stop_loss, take_profit),
    )
}

impl Shown<Position, PositionView> {
    /// The position at the newest bar: moved there where nobody else holds it, else a new one, so
    /// that a position that is kept does not change under a callback.
    pub(super) fn view(
        &mut self,
        py: Python<'_>,
        tracks: &Tracks,
        rates: Option<&Arc<[Rates]>>,
    ) -> PyResult<Py<PositionView>> {
        let newest = tracks.of_position(&self.what).newest();
        if let Some(kept) = &self.view {
            let own = kept.get().shown_at();
            if own.load(Relaxed) != newest && !is_held_elsewhere(kept.bind(py)) {
                own.store(newest, Relaxed);
            }
            if own.load(Relaxed) == newest {
                return Ok(kept.clone_ref(py));
            }
        }
        let made = Py::new(py, PositionView::new(&self.what, tracks, rates.cloned()))?;
        self.view = Some(made.clone_ref(py));
        Ok(made)
    }
}

impl Shown<Order, OrderView> {
    pub(super) fn view(&mut self, py: Python<'_>, tracks: &Tracks) -> PyResult<Py<OrderView>> {
        if let Some(kept) = &self.view {
            return Ok(kept.clone_ref(py));
        }
        let made = Py::new(py, OrderView::new(&self.what, tracks))?;
        self.view = Some(made.clone_ref(py));
        Ok(made)
    }
}
