//! Prices and volumes as of now: what splits and dividends made of earlier ones (A3).

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::PyResult;

use super::clock::Tracks;

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
}

impl Growth {
    /// A number of one bar as it reads at another one.
    #[inline]
    pub(super) fn as_of(&self, value: f64, unit: Unit, bar: usize, now: usize) -> f64 {
        let factors = match (unit, &self.shifts) {
            (Unit::None, _) => return value,
            (Unit::Price, Some(shifts)) => return value + shifts[bar] - shifts[now],
            (Unit::Price, None) => &self.prices,
            (Unit::Volume, _) => &self.volumes,
        };
        value * factors[bar] / factors[now]
    }
}

/// A factor for each bar, as the face gives it.
pub(super) type Factors<'py> = PyReadonlyArray1<'py, f64>;

/// Lets the views of a symbol show earlier prices and volumes as of now.
pub(super) fn adjust(
    tracks: &Tracks,
    symbol: &str,
    prices: &Factors<'_>,
    volumes: &Factors<'_>,
    shifts: Option<&Factors<'_>>,
) -> PyResult<()> {
    let id = tracks.named(Some(symbol), None)?;
    tracks.sources[id.0].clock.grow(Growth {
        prices: prices.as_slice()?.into(),
        volumes: volumes.as_slice()?.into(),
        shifts: shifts
            .map(|own| own.as_slice().map(Arc::from))
            .transpose()?,
    });
    Ok(())
}
