//! The market of a run: symbols under one clock, and their higher timeframes.

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use super::error::to_pyerr;
use super::store::CandleStore;
use omega_core::error::OmegaError;
use omega_core::store::{Align, Ends, Grid, Market, SymbolCandles, Timeframe, resample};
use omega_core::types::SymbolId;

/// A higher timeframe: candles that were given, or a grid to resample on.
#[derive(FromPyObject)]
pub(super) struct TimeframeFields<'py> {
    #[pyo3(item)]
    name: String,
    /// Distance of the begins, where they are regular.
    #[pyo3(item)]
    step: Option<i64>,
    #[pyo3(item)]
    offset: i64,
    /// The begins, where they are not.
    #[pyo3(item)]
    boundaries: Option<PyReadonlyArray1<'py, i64>>,
    /// Candles by symbol, where they were given.
    #[pyo3(item)]
    given: Option<Vec<Option<Bound<'py, CandleStore>>>>,
    /// How long a given candle lasts.
    #[pyo3(item)]
    length: i64,
}

impl TimeframeFields<'_> {
    fn grid(&self) -> PyResult<Option<Grid>> {
        if let Some(step) = self.step {
            let offset = self.offset;
            return Ok(Some(Grid::Every { step, offset }));
        }
        let begins = self.boundaries.as_ref();
        begins
            // A copy of a few boundaries, because the array could be changed while resampling runs
            // without the interpreter.
            .map(|begins| Ok(Grid::At(begins.as_slice()?.to_vec().into())))
            .transpose()
    }

    /// The candles of a symbol on this timeframe; none where they were not given.
    fn of(
        &self,
        py: Python<'_>,
        symbol: SymbolId,
        base: &SymbolCandles,
    ) -> PyResult<Option<Timeframe>> {
        let (candles, ends) = match (&self.given, self.grid()?) {
            (Some(given), _) => {
                let own = given.get(symbol.index()).and_then(Option::as_ref);
                let Some(own) = own else { return Ok(None) };
                let candles = Arc::clone(own.get().inner().symbol(SymbolId(0)));
                (candles, Ends::After(self.length))
            }
            (None, Some(grid)) => {
                let made = py.detach(|| resample(base, &grid)).map_err(to_pyerr)?;
                (Arc::new(made.0), made.1)
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Timeframe {
            name: self.name.clone(),
            symbol,
            candles,
            ends,
        }))
    }
}

/// Puts symbols and timeframes under one clock.
pub(super) fn market(
    py: Python<'_>,
    stores: &[Bound<'_, CandleStore>],
    timeframes: &[TimeframeFields<'_>],
    align: &str,
) -> PyResult<Market> {
    let symbols: Vec<Arc<SymbolCandles>> = stores
        .iter()
        .map(|store| Arc::clone(store.get().inner().symbol(SymbolId(0))))
        .collect();
    let align = match align {
        "union" => Align::Union,
        "intersection" => Align::Intersection,
        other => return Err(to_pyerr(unknown_align(other))),
    };
    let mut market = py
        // Merging the times of many symbols reads every time column.
        .detach(|| Market::new(symbols.clone(), align))
        .map_err(to_pyerr)?;
    for timeframe in timeframes {
        for (symbol, base) in (0_u32..).map(SymbolId).zip(&symbols) {
            if let Some(made) = timeframe.of(py, symbol, base)? {
                market.add(made);
            }
        }
    }
    Ok(market)
}

fn unknown_align(given: &str) -> OmegaError {
    OmegaError::Config {
        parameter: "align".into(),
        given: given.into(),
        expected: "union or intersection".into(),
        hint: "Choose one of them".into(),
    }
}
