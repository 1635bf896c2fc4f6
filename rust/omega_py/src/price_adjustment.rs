//! Lets views show earlier prices and volumes as of now, after splits and dividends (A3).

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::PyResult;

use super::clock::Growth;
use super::tracks::Tracks;

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
