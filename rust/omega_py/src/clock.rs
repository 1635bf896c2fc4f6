//! How many bars of a track are visible, and how earlier prices and volumes read as of the newest
//! of them (A3).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;

use super::active::{self, RunId};
use super::error::to_pyerr;

/// How many bars of a track are visible, 0 before the run.
#[derive(Debug)]
// Relaxed throughout: the numbers index columns that never change, so that whichever value a reader
// sees, the data behind it is complete.
pub(super) struct Clock {
    visible: AtomicUsize,
    /// Whether the newest bar is new.
    fresh: AtomicBool,
    run: RunId,
    /// How splits and dividends made it grow, where there are any; set once, before the run.
    growth: OnceLock<Growth>,
}

impl Clock {
    /// Before a run.
    pub(super) fn new(run: RunId) -> Self {
        Self {
            visible: AtomicUsize::new(0),
            fresh: AtomicBool::new(true),
            run,
            growth: OnceLock::new(),
        }
    }

    pub(super) fn run(&self) -> RunId {
        self.run
    }

    /// How many bars are visible to whoever reads the views of a run.
    ///
    /// # Errors
    /// `ConfigError` where the thread is inside of another run.
    #[inline]
    pub(super) fn shown(&self, what: &str, name: &str) -> PyResult<usize> {
        if active::is_other(self.run) {
            return Err(to_pyerr(active::of_another_run(what, name)));
        }
        Ok(self.visible())
    }

    #[inline]
    pub(super) fn visible(&self) -> usize {
        self.visible.load(Relaxed)
    }

    #[inline]
    pub(super) fn show(&self, visible: usize) {
        self.visible.store(visible, Relaxed);
    }

    /// How much splits and dividends made it grow.
    #[inline]
    pub(super) fn growth(&self) -> Option<&Growth> {
        self.growth.get()
    }

    /// Sets that, once.
    pub(super) fn grow(&self, growth: Growth) {
        self.growth.get_or_init(|| growth);
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.fresh.load(Relaxed)
    }

    pub(super) fn set_fresh(&self, fresh: bool) {
        self.fresh.store(fresh, Relaxed);
    }
}

/// What the numbers of a column are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Neither: a ratio, a count, or a column of the user's own.
    None,
    /// The price of a unit.
    Price,
    /// Units.
    Volume,
}

impl Unit {
    /// The unit of a name; none of another one.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "price" => Self::Price,
            "volume" => Self::Volume,
            _ => Self::None,
        }
    }
}

/// By bar, the product of the factors of the events until then.
#[derive(Debug)]
pub(super) struct Growth {
    /// Of prices.
    pub(super) prices: Arc<[f64]>,
    /// Of volumes, which dividends leave alone.
    pub(super) volumes: Arc<[f64]>,
    /// By bar, what is added to a price of it, where rolls have moved prices (R1).
    pub(super) shifts: Option<Arc<[f64]>>,
    /// Of a higher timeframe, the bars below, which have the events that came since.
    pub(super) base: Option<Arc<Clock>>,
}

impl Growth {
    /// A number of one bar as it reads at another one.
    #[inline]
    pub(super) fn as_of(&self, value: f64, unit: Unit, bar: usize, now: usize) -> f64 {
        let (newest, now) = self.newest(now);
        match (unit, &self.shifts, &newest.shifts) {
            (Unit::None, ..) => value,
            (Unit::Price, Some(shifts), Some(until_now)) => value + shifts[bar] - until_now[now],
            (Unit::Price, ..) => value * self.prices[bar] / newest.prices[now],
            (Unit::Volume, ..) => value * self.volumes[bar] / newest.volumes[now],
        }
    }

    /// Whose newest bar is now: of a higher timeframe that of the bars below.
    #[inline]
    fn newest(&self, now: usize) -> (&Self, usize) {
        let base = self.base.as_deref();
        match base.and_then(|clock| Some((clock.growth()?, clock.visible()))) {
            Some((below, visible)) => (below, visible.saturating_sub(1)),
            None => (self, now),
        }
    }
}
