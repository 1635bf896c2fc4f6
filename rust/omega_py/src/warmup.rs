//! The complete bars that a run needs of each track before its first decision (L2).

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use omega_core::execution::Semantics;
use omega_core::store::{Market, TrackId};

/// Complete bars by track.
// Atomic, because a frozen class changes in no other way; relaxed, because no other memory is
// published through them.
pub(super) struct Warmup {
    declared: Vec<AtomicUsize>,
    /// By the first number of each column, which version 1 of the rules waits for.
    first_values: Vec<AtomicUsize>,
}

impl Warmup {
    pub(super) fn of(tracks: usize) -> Self {
        let none = || (0..tracks).map(|_| AtomicUsize::new(0)).collect();
        Self {
            declared: none(),
            first_values: none(),
        }
    }

    /// The same tracks, of which nothing is needed yet.
    pub(super) fn anew(&self) -> Self {
        Self::of(self.declared.len())
    }

    pub(super) fn declare(&self, track: TrackId, bars: usize) {
        self.declared[track.0].fetch_max(bars, Relaxed);
    }

    /// The same of the own bars of every symbol.
    pub(super) fn declare_of_all(&self, market: &Market, bars: usize) {
        for track in 0..market.symbols().len() {
            self.declare(TrackId(track), bars);
        }
    }

    pub(super) fn wait_for_first_value(&self, track: TrackId, bars: usize) {
        self.first_values[track.0].fetch_max(bars, Relaxed);
    }

    /// What is needed under a version of the rules.
    pub(super) fn needed(&self, semantics: Semantics) -> Vec<usize> {
        let declared = self.declared.iter().map(|bars| bars.load(Relaxed));
        match semantics {
            Semantics::One => {
                let first_values = self.first_values.iter().map(|bars| bars.load(Relaxed));
                declared.zip(first_values).map(|(a, b)| a.max(b)).collect()
            }
            Semantics::Two => declared.collect(),
        }
    }
}
