//! Prices and volumes as of now: what splits and dividends made of earlier ones (A3).

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::PyResult;

use super::clock::{Clock, Tracks};

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

/// A factor for each bar, as the face gives it.
pub(super) type Factors<'py> = PyReadonlyArray1<'py, f64>;

/// Lets the views of a symbol show earlier prices and volumes as of now.
pub(super) fn adjust(
    tracks: &Tracks,
    (symbol, timeframe): (&str, Option<&str>),
    prices: &Factors<'_>,
    volumes: &Factors<'_>,
    shifts: Option<&Factors<'_>>,
) -> PyResult<()> {
    let id = tracks.named(Some(symbol), timeframe)?;
    let below = timeframe.map(|_| tracks.named(Some(symbol), None));
    let below = below.transpose()?.map(|id| &tracks.sources[id.0].clock);
    tracks.sources[id.0].clock.grow(Growth {
        prices: prices.as_slice()?.into(),
        volumes: volumes.as_slice()?.into(),
        shifts: shifts
            .map(|own| own.as_slice().map(Arc::from))
            .transpose()?,
        base: below.map(Arc::clone),
    });
    Ok(())
}
