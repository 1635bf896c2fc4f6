//! The tracks of a run as all its views see them: candles, the newest visible bar, and the display
//! of times.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::Relaxed};

use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTzInfo};

use super::active::{self, RunId};
use super::clock::Clock;
use super::error::unknown;
use omega_core::execution::{Fill, Position};
use omega_core::portfolio::Trade;
use omega_core::replay::View;
use omega_core::store::{Market, SymbolCandles, TrackId, Walk};
use omega_core::types::{SymbolId, date_of};

/// Moves the clocks to what is complete once each step is over, for a portfolio that looks.
pub(super) struct ClosedSteps<'a> {
    tracks: &'a Arc<Tracks>,
    /// None where there is no step.
    walk: Option<Walk<'a>>,
}

impl<'a> ClosedSteps<'a> {
    /// At the step with which a run begins.
    pub(super) fn new(tracks: &'a Arc<Tracks>, step: usize) -> Self {
        Self {
            tracks,
            walk: Walk::at(&tracks.market, step),
        }
    }

    /// Shows what the end of the step makes complete, and goes to the next one.
    pub(super) fn show_next(&mut self) {
        let (tracks, market) = (self.tracks, &self.tracks.market);
        let Some(walk) = &mut self.walk else {
            return;
        };
        if walk.step() + 1 < market.steps() {
            walk.advance();
            tracks.show(&View::new(market, walk));
        } else {
            tracks.show(&View::new(market, &walk.closed()));
        }
    }
}

/// All tracks of a run, as views see them: symbols in order, then their higher timeframes.
#[derive(Debug)]
pub(super) struct Tracks {
    pub(super) market: Market,
    pub(super) sources: Vec<Arc<Source>>,
    pub(super) run: RunId,
    /// By `SymbolId`, whether it has had the bars that the strategy needs of it (L2).
    ready: Vec<AtomicBool>,
    /// How many have not.
    waiting: AtomicUsize,
    looks: AtomicUsize,
    /// The step that the clocks show.
    step: AtomicUsize,
    now: AtomicI64,
}

impl Tracks {
    pub(super) fn new(py: Python<'_>, market: Market) -> PyResult<Self> {
        let run = active::next_run();
        let sources = (0..market.tracks())
            .map(|track| Source::new(py, Arc::clone(market.track(TrackId(track))), run))
            .map(|source| source.map(Arc::new))
            .collect::<PyResult<_>>()?;
        Ok(Self {
            run,
            ready: market.symbol_ids().map(|_| AtomicBool::new(true)).collect(),
            waiting: AtomicUsize::new(0),
            market,
            sources,
            looks: AtomicUsize::new(0),
            step: AtomicUsize::new(usize::MAX),
            now: AtomicI64::new(i64::MIN),
        })
    }

    /// How often something else was shown than before.
    pub(super) fn looks(&self) -> usize {
        self.looks.load(Relaxed)
    }

    /// The time of the step shown last.
    pub(super) fn now(&self) -> i64 {
        self.now.load(Relaxed)
    }

    /// Moves the clocks of all tracks.
    pub(super) fn show(&self, view: &View<'_>) {
        self.now.store(view.time(), Relaxed);
        // Symbols join and never leave: the number of those that wait shows whether one did.
        if self.waiting.swap(view.waiting().len(), Relaxed) != view.waiting().len() {
            for (symbol, ready) in self.market.symbol_ids().zip(&self.ready) {
                ready.store(view.is_ready(symbol), Relaxed);
            }
        }
        let before = self.step.swap(view.step(), Relaxed);
        let mut is_new = before != view.step();
        // `moved` lists changes since the step before, so it is complete only one step on. The
        // second condition is for the first step: the initial value wraps to 0.
        if before.wrapping_add(1) == view.step() && before != usize::MAX {
            for track in view.moved() {
                self.show_track(view, *track);
            }
        } else {
            for track in 0..self.sources.len() {
                // Once the last step is over it shows more, and has the same number.
                is_new |= self.show_track(view, TrackId(track));
            }
        }
        // A manager, a portfolio and the next decision look at the same: a slice that one of them
        // set back stays so until there is something new.
        self.looks.fetch_add(usize::from(is_new), Relaxed);
    }

    /// Moves the clock of a track; gives whether it shows more than before.
    fn show_track(&self, view: &View<'_>, track: TrackId) -> bool {
        let clock = &self.sources[track.0].clock;
        let (before, visible) = (clock.visible(), view.visible()[track.0]);
        clock.show(visible);
        clock.set_fresh(view.is_fresh(track));
        before != visible
    }

    /// Whether there is only one track, so that no lookup is needed.
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

    /// Whether a symbol has had the bars that the strategy needs of it.
    #[inline]
    pub(super) fn is_ready(&self, symbol: SymbolId) -> bool {
        self.waiting.load(Relaxed) == 0 || self.ready[symbol.index()].load(Relaxed)
    }

    /// Names of the symbols that have, in order.
    pub(super) fn ready_names(&self) -> Vec<&str> {
        let symbols = self.market.symbol_ids();
        let ready = symbols.filter(|symbol| self.is_ready(*symbol));
        ready
            .map(|symbol| self.symbol(symbol).candles.name())
            .collect()
    }

    /// The error of a symbol that is not ready.
    #[cold]
    pub(super) fn not_ready(&self, symbol: SymbolId) -> PyErr {
        let name = self.symbol(symbol).candles.name();
        let ready = self.ready_names().join(", ");
        PyIndexError::new_err(format!(
            "{name} is not ready: it has not had the bars that the strategy needs of it; \
             bar.symbols lists those that have: {ready}"
        ))
    }

    /// Names of the symbols, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.market.symbols().iter().map(|candles| candles.name())
    }

    /// The track of a symbol, the first one where none is named, on a timeframe or its own bars.
    pub(super) fn named(&self, symbol: Option<&str>, timeframe: Option<&str>) -> PyResult<TrackId> {
        let own = symbol.map_or(Some(TrackId(0)), |name| self.look_up_symbol(name));
        let own = own.ok_or_else(|| {
            let known = self.names().collect::<Vec<_>>().join(", ");
            unknown("symbol", symbol, format!("one of {known}"))
        })?;
        let found = timeframe.map_or(Some(own), |name| self.look_up_timeframe(own, name));
        found.ok_or_else(|| unknown("timeframe", timeframe, self.known_timeframes(own)))
    }

    /// The track of a symbol on its own bars.
    pub(super) fn look_up_symbol(&self, name: &str) -> Option<TrackId> {
        self.names().position(|known| known == name).map(TrackId)
    }

    /// The same, for those who index with a name.
    pub(super) fn find_symbol(&self, name: &str) -> PyResult<TrackId> {
        self.look_up_symbol(name).ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            PyKeyError::new_err(match names.as_slice() {
                [only] => format!("{name}: this run has one symbol, {only}"),
                _ => format!("{name}: this run has the symbols {}", names.join(", ")),
            })
        })
    }

    /// The track of the same symbol on a higher timeframe.
    pub(super) fn look_up_timeframe(&self, track: TrackId, name: &str) -> Option<TrackId> {
        let symbol = self.symbol_of(track);
        let first = self.market.symbols().len();
        let mut timeframes = self.market.timeframes().iter();
        let place = timeframes.position(|other| other.symbol == symbol && other.name == name)?;
        Some(TrackId(first + place))
    }

    /// The same, for those who index with a name.
    pub(super) fn find_timeframe(&self, track: TrackId, name: &str) -> PyResult<TrackId> {
        self.look_up_timeframe(track, name).ok_or_else(|| {
            let names = self.timeframes_of(track);
            PyKeyError::new_err(if names.is_empty() {
                format!("{name}: this run has no timeframes")
            } else {
                format!("{name}: this run has the timeframes {}", names.join(", "))
            })
        })
    }

    /// The timeframes of a track's symbol.
    pub(super) fn timeframes_of(&self, track: TrackId) -> Vec<&str> {
        let symbol = self.symbol_of(track);
        let own = self.market.timeframes().iter();
        own.filter(|other| other.symbol == symbol)
            .map(|other| other.name.as_str())
            .collect()
    }

    /// The same in words.
    pub(super) fn known_timeframes(&self, track: TrackId) -> String {
        let names = self.timeframes_of(track);
        if names.is_empty() {
            return "none, as this run has no timeframes".to_owned();
        }
        format!("one of {}", names.join(", "))
    }

    /// An exception with the newest bar, its time and symbol as a note; else as it was raised.
    #[cold]
    pub(super) fn noted(&self, py: Python<'_>, error: PyErr, by: &str) -> PyErr {
        let ready = self.market.symbol_ids().find(|one| self.is_ready(*one));
        let source = self.symbol(ready.unwrap_or(SymbolId(0)));
        let newest = source.clock.visible().saturating_sub(1);
        let time = source.candles.time(newest);
        let shown = source
            .datetime(py, time)
            .and_then(|time| Ok(time.str()?.to_string()));
        let note = format!(
            "raised by the {by} on bar {newest} ({}) of {}",
            shown.unwrap_or_else(|_| time.to_string()),
            source.candles.name()
        );
        // A failing add_note must not hide the exception itself.
        let _ = error.value(py).call_method1("add_note", (note,));
        error
    }

    /// The track that a clock is of; none where it is of another run.
    pub(super) fn of_clock(&self, clock: &Arc<Clock>) -> Option<TrackId> {
        let mut sources = self.sources.iter();
        let place = sources.position(|source| Arc::ptr_eq(&source.clock, clock));
        place.map(TrackId)
    }

    /// The name of a track's timeframe; none where it has the symbol's own bars.
    pub(super) fn timeframe_of(&self, TrackId(track): TrackId) -> Option<&str> {
        let place = track.checked_sub(self.market.symbols().len())?;
        Some(&self.market.timeframes()[place].name)
    }

    /// A bar of a track in words: `bar`, or `H1 bar`.
    pub(super) fn bar_of(&self, track: TrackId) -> String {
        self.timeframe_of(track)
            .map_or_else(|| "bar".to_owned(), |timeframe| format!("{timeframe} bar"))
    }

    /// The symbol of a track.
    pub(super) fn symbol_of(&self, track: TrackId) -> SymbolId {
        self.market.symbol_of(track)
    }
}

/// The candles of one track, how many of them are visible, and the time zone of their times.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) candles: Arc<SymbolCandles>,
    pub(super) clock: Arc<Clock>,
    /// UTC, where the column has a zone; else its times are naive.
    utc: Option<Py<PyTzInfo>>,
    zone: Option<Py<PyAny>>,
}

impl Source {
    fn new(py: Python<'_>, candles: Arc<SymbolCandles>, run: RunId) -> PyResult<Self> {
        let utc = PyTzInfo::utc(py)?;
        let (aware, zone) = match candles.timezone() {
            None => (false, None),
            // Without `zoneinfo`, whose database is missing on some systems; the epoch is aware
            // already.
            Some("UTC") => (true, None),
            Some(name) => {
                let zone = py.import("zoneinfo")?.getattr("ZoneInfo")?.call1((name,))?;
                (true, Some(zone.unbind()))
            }
        };
        let clock = Arc::new(Clock::new(run));
        Ok(Self {
            candles,
            clock,
            utc: aware.then(|| utc.to_owned().unbind()),
            zone,
        })
    }

    /// The newest bar that is visible; the first one before the run.
    pub(super) fn newest(&self) -> usize {
        self.clock.visible().saturating_sub(1)
    }

    /// A time of the column as a `datetime`: aware where the column has a zone, else naive UTC.
    pub(super) fn datetime<'py>(&self, py: Python<'py>, time: i64) -> PyResult<Bound<'py, PyAny>> {
        let per_second = self.candles.unit().per_second();
        // Euclidean, so that times before 1970 are so far into their second as well.
        let (seconds, rest) = (time.div_euclid(per_second), time.rem_euclid(per_second));
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        // Rounded down to microseconds, all that `datetime` has; `timestamp` keeps every digit.
        let micros = rest * 1_000_000 / per_second;
        let Ok(year) = i32::try_from(year) else {
            return Err(PyOverflowError::new_err("date value out of range"));
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "hours, minutes, seconds and microseconds of a day"
        )]
        let shown = PyDateTime::new(
            py,
            year,
            month,
            day,
            (second / 3_600) as u8,
            (second / 60 % 60) as u8,
            (second % 60) as u8,
            micros as u32,
            self.utc.as_ref().map(|utc| utc.bind(py)),
        )?
        .into_any();
        match &self.zone {
            Some(zone) => shown.call_method1("astimezone", (zone,)),
            None => Ok(shown),
        }
    }
}
