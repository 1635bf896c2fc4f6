//! A bar's place in its column set, and the columns as a view reads them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arrow_buffer::ScalarBuffer;
use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use super::clock::Unit;
use super::memory;
use super::tracks::{Source, Tracks};
use omega_core::columns::{AskColumns, Segment};
use omega_core::store::TrackId;
use omega_core::types::Side;

pub(super) const OPEN: usize = 0;
pub(super) const HIGH: usize = 1;
pub(super) const LOW: usize = 2;
pub(super) const CLOSE: usize = 3;

/// A place in the candles: an index, and the segment that holds it. The segment's buffers are
/// shared and stand in the view itself, so that a price is one step away.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) tracks: Arc<Tracks>,
    pub(super) track: TrackId,
    segment: Segment,
    start: usize,
    pub(super) index: AtomicUsize,
}

impl Place {
    /// A place at a bar; the index must be below the number of bars.
    pub(super) fn new(tracks: Arc<Tracks>, track: TrackId, index: usize) -> Self {
        let candles = tracks.market.track(track);
        let (k, offset) = candles.locate(index);
        let segment = candles.segments()[k].clone();
        Self {
            tracks,
            track,
            segment,
            start: index - offset,
            index: AtomicUsize::new(index),
        }
    }

    /// Another place at the same bar.
    pub(super) fn same(&self) -> Self {
        Self {
            tracks: Arc::clone(&self.tracks),
            track: self.track,
            segment: self.segment.clone(),
            start: self.start,
            // The views stay independent: moving one must not move the other.
            index: AtomicUsize::new(self.index()),
        }
    }

    #[inline]
    pub(super) fn index(&self) -> usize {
        self.index.load(Relaxed)
    }

    pub(super) fn source(&self) -> &Source {
        &self.tracks.sources[self.track.0]
    }

    /// Whether the place can move to a bar without changing its segment.
    #[inline]
    pub(super) fn holds(&self, index: usize) -> bool {
        // In this order, as the subtraction would wrap.
        index >= self.start && index - self.start < self.segment.len()
    }

    /// The segment of the bar and the bar's offset in it.
    #[inline]
    pub(super) fn locate(&self) -> (&Segment, usize) {
        (&self.segment, self.index() - self.start)
    }

    #[inline]
    pub(super) fn bid(&self, price: usize) -> f64 {
        let (segment, offset) = self.locate();
        self.as_of_now(segment.bid[price][offset], Unit::Price)
    }

    /// A number of this bar as it reads now (A3).
    #[inline]
    fn as_of_now(&self, value: f64, unit: Unit) -> f64 {
        let source = self.source();
        match source.clock.growth() {
            None => value,
            Some(growth) => growth.as_of(value, unit, self.index(), source.newest()),
        }
    }

    #[inline]
    pub(super) fn ask(&self, price: usize) -> f64 {
        let (segment, offset) = self.locate();
        let price = match &segment.ask {
            AskColumns::Quoted(columns) => columns[price][offset],
            // The addition that the core fills orders at, and no other: a strategy sees the very
            // price.
            AskColumns::Constant(spread) => segment.bid[price][offset] + spread,
            AskColumns::Spread(spreads) => segment.bid[price][offset] + spreads[offset],
        };
        self.as_of_now(price, Unit::Price)
    }

    pub(super) fn volume(&self) -> PyResult<f64> {
        let (segment, offset) = self.locate();
        match &segment.volume {
            Some(volume) => Ok(self.as_of_now(volume[offset], Unit::Volume)),
            None => Err(PyValueError::new_err("the data has no volume column")),
        }
    }

    /// The last `length` values of a column, up to this bar: shared memory where one segment holds
    /// them, put together where they cross from one chunk into the next or are computed.
    pub(super) fn window<'py>(
        &self,
        length: isize,
        owner: Bound<'py, PyAny>,
        unit: Unit,
        column: impl Fn(&Segment) -> Column<'_>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let past = self.index() + 1;
        let asked = usize::try_from(length).ok();
        let Some(length) = asked.filter(|length| (1..=past).contains(length)) else {
            return Err(PyIndexError::new_err(format!(
                "a window of {length} bars at bar {}: expected 1 to {past}; declare a warmup",
                past - 1
            )));
        };
        let (segment, offset) = self.locate();
        let growth = self.source().clock.growth();
        if growth.is_none()
            && length <= offset + 1
            // Otherwise no buffer has the values in a row: they span chunks, or are sums.
            && let Column::Stored(values) = column(segment)
        {
            return Ok(memory::share(
                values,
                offset + 1 - length,
                offset + 1,
                owner,
            ));
        }
        let candles = &self.source().candles;
        let values: PyResult<Vec<f64>> = (past - length..past)
            .map(|index| {
                let (k, offset) = candles.locate(index);
                let value = column(&candles.segments()[k]).at(offset)?;
                Ok(growth.map_or(value, |growth| {
                    growth.as_of(value, unit, index, self.source().newest())
                }))
            })
            .collect();
        let array = PyArray1::from_vec(owner.py(), values?);
        // Like the shared ones, so that code that writes to a window fails always and not only in
        // one chunk.
        memory::read_only(&array);
        Ok(array)
    }
}

/// A column of a segment: in memory, computed, or not there.
pub(super) enum Column<'a> {
    Stored(&'a ScalarBuffer<f64>),
    Above(&'a ScalarBuffer<f64>, f64),
    Spread(&'a ScalarBuffer<f64>, &'a ScalarBuffer<f64>),
    Missing,
}

impl Column<'_> {
    pub(super) fn at(&self, offset: usize) -> PyResult<f64> {
        match self {
            Self::Stored(values) => Ok(values[offset]),
            Self::Above(bids, spread) => Ok(bids[offset] + spread),
            Self::Spread(bids, spreads) => Ok(bids[offset] + spreads[offset]),
            Self::Missing => Err(PyValueError::new_err("the data has no volume column")),
        }
    }
}

pub(super) fn side_column(segment: &Segment, side: Side, price: usize) -> Column<'_> {
    match (side, &segment.ask) {
        (Side::Bid, _) => Column::Stored(&segment.bid[price]),
        (Side::Ask, AskColumns::Quoted(columns)) => Column::Stored(&columns[price]),
        (Side::Ask, AskColumns::Constant(spread)) => Column::Above(&segment.bid[price], *spread),
        (Side::Ask, AskColumns::Spread(spreads)) => Column::Spread(&segment.bid[price], spreads),
    }
}

pub(super) fn volume_column(segment: &Segment) -> Column<'_> {
    segment
        .volume
        .as_ref()
        .map_or(Column::Missing, Column::Stored)
}
