//! The market of a run: symbols under one clock, and their higher timeframes.

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use super::config::times;
use super::error::to_pyerr;
use super::interrupts;
use super::store::CandleStore;
use omega_core::error::OmegaError;
use omega_core::store::{
    Align, Clock, Ends, Grid, Lasting, Market, SymbolCandles, Timeframe, resample,
};
use omega_core::types::{Days, SymbolId, TimeUnit};

/// A higher timeframe: candles that were given, or a grid to resample on; with both the candles are
/// what stands in place of those of the grid.
#[derive(FromPyObject)]
pub(super) struct TimeframeFields<'py> {
    #[pyo3(item)]
    name: String,
    /// Where bars begin, by symbol.
    #[pyo3(item)]
    grids: Option<Vec<GridFields<'py>>>,
    /// Candles by symbol, where they were given.
    #[pyo3(item)]
    given: Vec<Option<Bound<'py, CandleStore>>>,
    /// When each given candle is complete, by symbol.
    #[pyo3(item)]
    ends: Option<Vec<PyReadonlyArray1<'py, i64>>>,
}

/// Step and offset, or the begins and one end.
#[derive(FromPyObject)]
enum GridFields<'py> {
    Every(i64, i64),
    #[pyo3(transparent)]
    At(PyReadonlyArray1<'py, i64>),
}

impl GridFields<'_> {
    fn grid(&self) -> PyResult<Grid> {
        Ok(match self {
            Self::Every(step, offset) => Grid::Every {
                step: *step,
                offset: *offset,
            },
            // A copy of a few boundaries, because the array could be changed while resampling runs
            // without the interpreter.
            Self::At(begins) => Grid::At(begins.as_slice()?.to_vec().into()),
        })
    }
}

impl TimeframeFields<'_> {
    /// The candles of a symbol on this timeframe; none where they were not given.
    fn of(
        &self,
        py: Python<'_>,
        symbol: SymbolId,
        base: &SymbolCandles,
    ) -> PyResult<Option<Timeframe>> {
        fn own<T>(all: Option<&Vec<T>>, symbol: SymbolId) -> Option<&T> {
            all?.get(symbol.index())
        }
        let given = self.given.get(symbol.index()).and_then(Option::as_ref);
        let given = given.map(|own| Arc::clone(own.get().inner().symbol(SymbolId(0))));
        let known = own(self.ends.as_ref(), symbol);
        let (candles, ends) = match (given, known, own(self.grids.as_ref(), symbol)) {
            (Some(candles), Some(ends), _) => {
                (candles, Ends::Known(ends.as_slice()?.to_vec().into()))
            }
            (given, _, Some(grid)) => {
                let grid = grid.grid()?;
                let made = interrupts::detached(py, || resample(base, &grid))?.map_err(to_pyerr)?;
                (given.unwrap_or_else(|| Arc::new(made.0)), made.1)
            }
            (_, _, None) => return Ok(None),
        };
        Ok(Some(Timeframe {
            name: self.name.clone(),
            symbol,
            candles,
            ends,
        }))
    }
}

/// The calendar of a run (T4), and when bars of its symbols are complete (TF1).
#[derive(FromPyObject)]
pub(super) struct ClockFields<'py> {
    /// Where days begin; none for those of UTC.
    #[pyo3(item, from_py_with = times)]
    starts: Option<Arc<[i64]>>,
    /// The number of the first of them.
    #[pyo3(item)]
    first_day: i64,
    /// By symbol, whether its bars are dates.
    #[pyo3(item)]
    dates: Vec<bool>,
    /// By symbol, when each bar closes, where the data has it.
    #[pyo3(item)]
    closes: Vec<Option<PyReadonlyArray1<'py, i64>>>,
    /// Whether bars may last longer than the shortest step.
    #[pyo3(item)]
    longest: bool,
}

impl ClockFields<'_> {
    fn clock(&self, unit: TimeUnit) -> PyResult<Clock> {
        let utc = Days::utc(unit);
        let local = self.starts.as_ref().map(|starts| Days::Local {
            starts: Arc::clone(starts),
            first: self.first_day,
        });
        let local = local.unwrap_or_else(|| utc.clone());
        let of = |&dates: &bool| if dates { utc.clone() } else { local.clone() };
        let all_dates = self.dates.iter().all(|&dates| dates);
        let copied = |closes: &Option<PyReadonlyArray1<'_, i64>>| {
            let closes = closes.as_ref();
            closes
                .map(|closes| Ok(closes.as_slice()?.to_vec().into()))
                .transpose()
        };
        Ok(Clock {
            days: of(&all_dates),
            of_symbols: self.dates.iter().map(of).collect(),
            closes: self.closes.iter().map(copied).collect::<PyResult<_>>()?,
            lasting: if self.longest {
                Lasting::Longest(unit.per_second() * 3_600)
            } else {
                Lasting::Step
            },
        })
    }
}

/// Puts symbols and timeframes under one clock.
pub(super) fn market(
    py: Python<'_>,
    stores: &[Bound<'_, CandleStore>],
    timeframes: &[TimeframeFields<'_>],
    align: &str,
    clock: Option<&ClockFields<'_>>,
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
    // Merging the times of many symbols reads every time column.
    let mut market =
        interrupts::detached(py, || Market::new(symbols.clone(), align))?.map_err(to_pyerr)?;
    if let Some(fields) = clock {
        let clock = fields.clock(market.symbols()[0].unit())?;
        market = market.under(clock);
    }
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
