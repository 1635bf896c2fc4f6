//! What a strategy sees of the candles: views by index, never candle objects.
//!
//! One view is used for all bars of a run; where a callback kept it, the next bar gets a new one,
//! so that a view goes on showing its own bar.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use super::bar_location::{CLOSE, HIGH, LOW, OPEN, Place, side_column, volume_column};
use super::clock::Unit;
use super::error::printable;
use super::memory::is_held_elsewhere;
use super::tracks::Tracks;
use omega_core::store::TrackId;
use omega_core::types::Side;

/// One side of a bar: `bar.bid` or `bar.ask`.
#[pyclass(frozen, module = "omega._core")]
pub struct SideView {
    place: Place,
    side: Side,
}

impl SideView {
    fn price(&self, price: usize) -> f64 {
        match self.side {
            Side::Bid => self.place.bid(price),
            Side::Ask => self.place.ask(price),
        }
    }
}

#[pymethods]
impl SideView {
    /// Place in the candles, counted from 0.
    #[getter]
    fn index(&self) -> usize {
        self.place.index()
    }

    /// Name of the symbol.
    #[getter]
    fn symbol(&self) -> &str {
        self.place.source().candles.name()
    }

    /// Open time as the integer in the time column.
    #[getter]
    fn timestamp(&self) -> i64 {
        let (segment, offset) = self.place.locate();
        segment.time[offset]
    }

    /// Open time; aware where the time column has a zone, else naive UTC.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.place.source().datetime(py, self.timestamp())
    }

    /// Volume; raises `ValueError` where the data has none.
    #[getter]
    fn volume(&self) -> PyResult<f64> {
        self.place.volume()
    }

    /// First price.
    #[getter]
    fn open(&self) -> f64 {
        self.price(OPEN)
    }

    /// Highest price.
    #[getter]
    fn high(&self) -> f64 {
        self.price(HIGH)
    }

    /// Lowest price.
    #[getter]
    fn low(&self) -> f64 {
        self.price(LOW)
    }

    /// Last price.
    #[getter]
    fn close(&self) -> f64 {
        self.price(CLOSE)
    }

    /// Return the last `length` opens, up to this bar.
    fn open_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, OPEN)
    }

    /// Return the last `length` highs, up to this bar.
    fn high_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, HIGH)
    }

    /// Return the last `length` lows, up to this bar.
    fn low_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, LOW)
    }

    /// Return the last `length` closes, up to this bar.
    fn close_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, CLOSE)
    }

    fn __repr__(&self) -> String {
        let prices = [OPEN, HIGH, LOW, CLOSE].map(|price| self.price(price));
        let side = if self.side == Side::Bid { "bid" } else { "ask" };
        let bar = self.place.tracks.bar_of(self.place.track);
        let prices = listed(prices);
        format!("<{side} of {bar} {}: {prices}>", self.place.index())
    }
}

type Window<'py> = PyResult<Bound<'py, PyArray1<f64>>>;

impl SideView {
    fn window(slf: Bound<'_, Self>, length: isize, price: usize) -> Window<'_> {
        let this = slf.clone();
        let side = this.get().side;
        this.get()
            .place
            .window(length, slf.into_any(), Unit::Price, |part| {
                side_column(part, side, price)
            })
    }
}

/// A bar as a strategy sees it.
#[pyclass(frozen, module = "omega._core", name = "Bar")]
pub struct BarView {
    place: Place,
    bid: PyOnceLock<Py<SideView>>,
    ask: PyOnceLock<Py<SideView>>,
    before: PyOnceLock<Py<BarView>>,
    /// Whether it became complete with the step at which it was shown as the newest.
    // Atomic, because a frozen class can change in no other way; `Relaxed`, because no other memory
    // is published through it.
    fresh: AtomicBool,
    /// The newest bars of the other tracks, by track; made at the first access.
    // Not made with the view: most strategies read one track, and where views are kept a new one is
    // made for each bar.
    others: PyOnceLock<Vec<PyOnceLock<Py<BarView>>>>,
}

impl BarView {
    pub(super) fn new(tracks: Arc<Tracks>, track: TrackId, index: usize) -> Self {
        Self::at(Place::new(tracks, track, index))
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            bid: PyOnceLock::new(),
            ask: PyOnceLock::new(),
            before: PyOnceLock::new(),
            fresh: AtomicBool::new(true),
            others: PyOnceLock::new(),
        }
    }

    pub(super) fn set_fresh(&self, fresh: bool) {
        self.fresh.store(fresh, Relaxed);
    }

    /// Moves the view; only the engine does, and only while nothing else holds a reference. False
    /// where the bar lies in another segment, and a new view is needed.
    #[inline]
    pub(super) fn show(&self, index: usize) -> bool {
        // A view stays in its segment, whose buffers it holds, so that a getter needs no search.
        let held = self.place.holds(index);
        if held {
            self.place.index.store(index, Relaxed);
        }
        held
    }

    /// The cached view of a side, moved to this bar; a new one where a callback kept the old one.
    fn side(&self, py: Python<'_>, side: Side) -> PyResult<Py<SideView>> {
        let cell = if side == Side::Bid {
            &self.bid
        } else {
            &self.ask
        };
        let make = || {
            let place = self.place.same();
            Py::new(py, SideView { place, side })
        };
        let kept = cell.get_or_try_init(py, make)?;
        if is_held_elsewhere(kept.bind(py)) {
            return make();
        }
        // Without a test of the segment: the side was made from this view, which never leaves its
        // own.
        kept.get().place.index.store(self.place.index(), Relaxed);
        Ok(kept.clone_ref(py))
    }

    /// The cached view of an earlier bar; a new one where a callback kept the cached one, or where
    /// the bar lies in another segment.
    fn earlier(&self, py: Python<'_>, index: usize) -> PyResult<Py<Self>> {
        let kept = self.before.get_or_try_init(py, || {
            let earlier = Self::at(self.place.same());
            earlier.set_fresh(false);
            Py::new(py, earlier)
        })?;
        // The reference count first: a view that a callback kept must go on showing its own bar, so
        // it may not even be moved.
        if is_held_elsewhere(kept.bind(py)) || !kept.get().show(index) {
            let tracks = Arc::clone(&self.place.tracks);
            let earlier = Self::new(tracks, self.place.track, index);
            earlier.set_fresh(false);
            return Py::new(py, earlier);
        }
        Ok(kept.clone_ref(py))
    }

    /// The newest complete bar of another track; a new view where a callback kept the cached one,
    /// or where the bar lies in another segment.
    fn newest_of(&self, py: Python<'_>, track: TrackId) -> PyResult<Py<Self>> {
        let tracks = &self.place.tracks;
        let source = &tracks.sources[track.0];
        let symbol = tracks.symbol_of(track);
        if !tracks.is_ready(symbol) {
            return Err(tracks.not_ready(symbol));
        }
        let Some(newest) = source
            .clock
            .shown("bar", source.candles.name())?
            .checked_sub(1)
        else {
            let (bar, symbol) = (tracks.bar_of(track), source.candles.name());
            let message = format!("no {bar} of {symbol} is complete yet");
            return Err(PyIndexError::new_err(message));
        };
        let others = self.others.get_or_init(py, || {
            (0..tracks.sources.len())
                .map(|_| PyOnceLock::new())
                .collect()
        });
        let make = || Py::new(py, Self::new(Arc::clone(tracks), track, newest));
        let kept = others[track.0].get_or_try_init(py, make)?;
        let shown = if is_held_elsewhere(kept.bind(py)) || !kept.get().show(newest) {
            make()?
        } else {
            kept.clone_ref(py)
        };
        // At each access, since a track that pauses shows the same bar and is no longer fresh.
        shown.get().set_fresh(source.clock.is_fresh());
        Ok(shown)
    }

    fn window(slf: Bound<'_, Self>, length: isize, price: usize) -> Window<'_> {
        let this = slf.clone();
        this.get()
            .place
            .window(length, slf.into_any(), Unit::Price, |part| {
                side_column(part, Side::Bid, price)
            })
    }
}

#[pymethods]
impl BarView {
    /// Place in the candles, counted from 0.
    #[getter]
    pub(super) fn index(&self) -> usize {
        self.place.index()
    }

    /// Name of the symbol.
    #[getter]
    fn symbol(&self) -> &str {
        self.place.source().candles.name()
    }

    /// Names of all symbols of the run, in order.
    #[getter]
    fn symbols<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.place.tracks.ready_names())
    }

    /// Whether it became complete with this step; a symbol may have no new bar at a step.
    #[getter]
    fn fresh(&self) -> bool {
        self.fresh.load(Relaxed)
    }

    /// Return the newest complete bar of the symbol on a higher timeframe, as `bar.tf("H1")`.
    fn tf(&self, py: Python<'_>, timeframe: &str) -> PyResult<Py<Self>> {
        let track = self
            .place
            .tracks
            .find_timeframe(self.place.track, timeframe)?;
        self.newest_of(py, track)
    }

    /// Open time as the integer in the time column.
    #[getter]
    fn timestamp(&self) -> i64 {
        let (segment, offset) = self.place.locate();
        segment.time[offset]
    }

    /// Open time; aware where the time column has a zone, else naive UTC.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.place.source().datetime(py, self.timestamp())
    }

    /// First bid.
    #[getter]
    fn open(&self) -> f64 {
        self.place.bid(OPEN)
    }

    /// Highest bid.
    #[getter]
    fn high(&self) -> f64 {
        self.place.bid(HIGH)
    }

    /// Lowest bid.
    #[getter]
    fn low(&self) -> f64 {
        self.place.bid(LOW)
    }

    /// Last bid.
    #[getter]
    fn close(&self) -> f64 {
        self.place.bid(CLOSE)
    }

    /// Volume; raises `ValueError` where the data has none.
    #[getter]
    fn volume(&self) -> PyResult<f64> {
        self.place.volume()
    }

    /// Ask less bid at the close.
    #[getter]
    fn spread(&self) -> f64 {
        // Always the difference of the two prices, as in the reference: with a constant spread
        // `(bid + s) − bid` is not s to the last bit.
        self.place.ask(CLOSE) - self.place.bid(CLOSE)
    }

    /// The four bid prices.
    #[getter]
    fn bid(&self, py: Python<'_>) -> PyResult<Py<SideView>> {
        self.side(py, Side::Bid)
    }

    /// The four ask prices.
    #[getter]
    fn ask(&self, py: Python<'_>) -> PyResult<Py<SideView>> {
        self.side(py, Side::Ask)
    }

    /// Return the last `length` bid opens, up to this bar, in the candles' own memory.
    fn open_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, OPEN)
    }

    /// Return the last `length` bid highs, up to this bar, in the candles' own memory.
    fn high_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, HIGH)
    }

    /// Return the last `length` bid lows, up to this bar, in the candles' own memory.
    fn low_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, LOW)
    }

    /// Return the last `length` bid closes, up to this bar, in the candles' own memory.
    fn close_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        Self::window(slf, length, CLOSE)
    }

    /// Return the last `length` volumes, up to this bar, in the candles' own memory.
    fn volume_window(slf: Bound<'_, Self>, length: isize) -> Window<'_> {
        let this = slf.clone();
        this.get()
            .place
            .window(length, slf.into_any(), Unit::Volume, volume_column)
    }

    /// Return the newest complete bar of a symbol: `bar["CORN"]`.
    fn __getitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<Py<Self>> {
        let this = slf.get();
        if let Ok(number) = key.extract::<isize>() {
            // Elsewhere `[-1]` is now, which `bar[-1]` would not be (E4).
            return Err(PyTypeError::new_err(format!(
                "bar[{number}]: a bar is indexed by a symbol, as in bar['EURUSD']; earlier ones \
                 are bar.ago(1), bar.ago(2) and so on, and bar itself is now"
            )));
        }
        let name = key.str()?;
        let tracks = &this.place.tracks;
        let mut track = tracks.find_symbol(name.to_str()?)?;
        if let Some(timeframe) = tracks.timeframe_of(this.place.track) {
            // A key changes one of symbol and timeframe and keeps the other.
            track = tracks.find_timeframe(track, timeframe)?;
        }
        if track == this.place.track {
            Ok(slf.clone().unbind())
        } else {
            this.newest_of(slf.py(), track)
        }
    }

    /// Return the bar that many bars before this one; 0 is this one.
    fn ago(slf: &Bound<'_, Self>, bars: isize) -> PyResult<Py<Self>> {
        let (this, now) = (slf.get(), slf.get().place.index());
        if bars == 0 {
            return Ok(slf.clone().unbind());
        }
        // Backwards only (L1).
        let index = usize::try_from(bars)
            .ok()
            .and_then(|bars| now.checked_sub(bars));
        match index {
            Some(index) => this.earlier(slf.py(), index),
            None => Err(PyIndexError::new_err(format!(
                "bar.ago({bars}) at bar {now}: expected 0 to {now}; the future is not there, and \
                 neither is anything before the first bar"
            ))),
        }
    }

    fn __repr__(&self) -> String {
        let prices = [OPEN, HIGH, LOW, CLOSE].map(|price| self.place.bid(price));
        format!(
            "<{} {} of {}: bid {}>",
            self.place.tracks.bar_of(self.place.track),
            self.place.index(),
            printable(self.symbol()),
            listed(prices)
        )
    }
}

fn listed([open, high, low, close]: [f64; 4]) -> String {
    format!("open {open}, high {high}, low {low}, close {close}")
}
