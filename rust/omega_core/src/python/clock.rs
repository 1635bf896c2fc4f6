//! What all views of a run share: the candles, the newest visible bar, and how times are shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyTzInfo};

use crate::execution::{Fill, Position};
use crate::portfolio::Trade;
use crate::store::{Market, SymbolCandles, TrackId};
use crate::types::SymbolId;

/// How many bars of a track are visible, and whether the newest is new; 0 before the run.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicUsize, AtomicBool);

impl Clock {
    #[inline]
    pub(super) fn visible(&self) -> usize {
        self.0.load(Relaxed)
    }

    #[inline]
    pub(super) fn show(&self, visible: usize) {
        self.0.store(visible, Relaxed);
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.1.load(Relaxed)
    }

    pub(super) fn set_fresh(&self, fresh: bool) {
        self.1.store(fresh, Relaxed);
    }
}

/// All tracks of a run, as views see them: symbols in order, then their higher timeframes.
#[derive(Debug)]
pub(super) struct Tracks {
    pub(super) market: Market,
    pub(super) sources: Vec<Arc<Source>>,
}

impl Tracks {
    pub(super) fn new(py: Python<'_>, market: Market) -> PyResult<Self> {
        let sources = (0..market.tracks())
            .map(|track| Source::new(py, Arc::clone(market.track(TrackId(track)))).map(Arc::new))
            .collect::<PyResult<_>>()?;
        Ok(Self { market, sources })
    }

    /// Whether there is but one: then nothing has to be looked up.
    #[inline]
    pub(super) fn is_one(&self) -> bool {
        self.sources.len() == 1
    }

    pub(super) fn symbol(&self, symbol: SymbolId) -> &Arc<Source> {
        &self.sources[symbol.index()]
    }

    pub(super) fn of_position(&self, position: &Position) -> &Arc<Source> {
        self.symbol(position.symbol)
    }

    pub(super) fn of_fill(&self, fill: &Fill) -> &Arc<Source> {
        self.symbol(fill.symbol)
    }

    pub(super) fn of_trade(&self, trade: &Trade) -> &Arc<Source> {
        self.symbol(trade.symbol)
    }

    /// Names of the symbols, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.market.symbols().iter().map(|candles| candles.name())
    }

    /// The track of a symbol on its own bars.
    pub(super) fn find_symbol(&self, name: &str) -> PyResult<TrackId> {
        let found = self.names().position(|known| known == name);
        found.map(TrackId).ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            PyKeyError::new_err(match names.as_slice() {
                [only] => format!("{name}: this run has one symbol, {only}"),
                _ => format!("{name}: the symbols of this run are {}", names.join(", ")),
            })
        })
    }

    /// The track of the same symbol on a higher timeframe.
    pub(super) fn find_timeframe(&self, track: TrackId, name: &str) -> PyResult<TrackId> {
        let symbol = self.symbol_of(track);
        let timeframes = self.market.timeframes();
        let found = timeframes
            .iter()
            .position(|other| other.symbol == symbol && other.name == name);
        let first = self.market.symbols().len();
        found.map(|place| TrackId(first + place)).ok_or_else(|| {
            let own = timeframes.iter().filter(|other| other.symbol == symbol);
            let names: Vec<&str> = own.map(|other| other.name.as_str()).collect();
            let known = if names.is_empty() {
                "none; name it in run_backtest(timeframes=...)".to_owned()
            } else {
                names.join(", ")
            };
            PyKeyError::new_err(format!(
                "{name}: the timeframes of {} in this run are {known}",
                self.symbol(symbol).candles.name()
            ))
        })
    }

    /// A track in words.
    pub(super) fn named(&self, track: TrackId) -> String {
        let symbol = self.symbol(self.symbol_of(track)).candles.name();
        let higher = track.0.checked_sub(self.market.symbols().len());
        match higher {
            Some(place) => format!("{symbol} on {}", self.market.timeframes()[place].name),
            None => symbol.to_owned(),
        }
    }

    /// The symbol of a track.
    pub(super) fn symbol_of(&self, TrackId(track): TrackId) -> SymbolId {
        let symbols = self.market.symbols().len();
        match track.checked_sub(symbols) {
            Some(timeframe) => self.market.timeframes()[timeframe].symbol,
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            None => SymbolId(track as u32),
        }
    }

    /// Refuses a question about now that is asked of an earlier bar, or of a bar that was kept.
    pub(super) fn require_newest(&self, TrackId(track): TrackId, index: usize) -> PyResult<()> {
        let visible = self.sources[track].clock.visible();
        if index + 1 == visible {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "other symbols, timeframes and fresh are asked of the newest bar; this is bar {index} \
             of {visible}"
        )))
    }
}

/// The candles of one track, how many of them are visible, and the time zone of their times.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) candles: Arc<SymbolCandles>,
    pub(super) clock: Arc<Clock>,
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
        let clock = Arc::new(Clock::default());
        clock.set_fresh(true);
        Ok(Self {
            candles,
            clock,
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
