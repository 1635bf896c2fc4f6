//! What all views of a run share: the candles, the newest visible bar, and how times are shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyTzInfo};

use crate::store::SymbolCandles;

/// How many bars are visible; 0 before the run.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicUsize);

impl Clock {
    #[inline]
    pub(super) fn visible(&self) -> usize {
        self.0.load(Relaxed)
    }

    #[inline]
    pub(super) fn show(&self, visible: usize) {
        self.0.store(visible, Relaxed);
    }
}

/// The candles of one symbol, and the time zone that its times are shown in.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) candles: Arc<SymbolCandles>,
    epoch: Py<PyAny>,
    zone: Option<Py<PyAny>>,
}

impl Source {
    pub(super) fn new(py: Python<'_>, candles: Arc<SymbolCandles>) -> PyResult<Self> {
        let utc = PyTzInfo::utc(py)?;
        let (aware, zone) = match candles.timezone() {
            None => (false, None),
            Some("UTC") => (true, None),
            Some(name) => {
                let zone = py.import("zoneinfo")?.getattr("ZoneInfo")?.call1((name,))?;
                (true, Some(zone.unbind()))
            }
        };
        let tz = aware.then_some(&*utc);
        let epoch = PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, tz)?;
        Ok(Self {
            candles,
            epoch: epoch.into_any().unbind(),
            zone,
        })
    }

    /// A time of the column as a `datetime`: aware where the column has a zone, else naive UTC.
    pub(super) fn datetime<'py>(&self, py: Python<'py>, time: i64) -> PyResult<Bound<'py, PyAny>> {
        let per_second = self.candles.unit().per_second();
        let (days, rest) = (
            time.div_euclid(per_second * 86_400),
            time.rem_euclid(per_second * 86_400),
        );
        let micros = rest % per_second * 1_000_000 / per_second;
        let narrow = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
        let delta = PyDelta::new(
            py,
            narrow(days),
            narrow(rest / per_second),
            narrow(micros),
            false,
        )?;
        let shown = self.epoch.bind(py).call_method1("__add__", (delta,))?;
        match &self.zone {
            Some(zone) => shown.call_method1("astimezone", (zone,)),
            None => Ok(shown),
        }
    }
}
