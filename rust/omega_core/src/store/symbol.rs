//! All bars of one symbol, and all symbols of a store.

use std::ops::Range;
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;

use crate::columns::{AskColumns, ColumnNames, Segment, SymbolColumns};
use crate::types::{Bar, SymbolId, TimeUnit};

/// The candles of one symbol: segments in time order.
#[derive(Debug, Clone)]
pub struct SymbolCandles {
    name: String,
    unit: TimeUnit,
    timezone: Option<String>,
    segments: Vec<Segment>,
    /// `starts[k]` is the bar index at which segment `k` begins; one more entry holds the length.
    starts: Vec<usize>,
    copied_bytes: usize,
    names: ColumnNames,
}

impl SymbolCandles {
    /// Puts segments under one index; empty segments are dropped.
    #[must_use]
    pub fn new(
        name: String,
        unit: TimeUnit,
        timezone: Option<String>,
        segments: Vec<Segment>,
        copied_bytes: usize,
    ) -> Self {
        // An empty segment would break the searches below, which read the last time of each.
        let segments: Vec<Segment> = segments.into_iter().filter(|s| !s.is_empty()).collect();
        let mut starts = vec![0];
        let mut end = 0;
        for segment in &segments {
            end += segment.len();
            starts.push(end);
        }
        let names = ColumnNames::default();
        Self {
            name,
            unit,
            timezone,
            segments,
            starts,
            copied_bytes,
            names,
        }
    }

    /// Candles with one price a bar for bid and ask, out of pairs of time and price.
    pub fn from_prices(
        name: &str,
        unit: TimeUnit,
        prices: impl IntoIterator<Item = (i64, f64)>,
    ) -> Self {
        let (time, prices): (Vec<i64>, Vec<f64>) = prices.into_iter().unzip();
        let prices = ScalarBuffer::from(prices);
        let segment = Segment {
            time: time.into(),
            bid: std::array::from_fn(|_| prices.clone()),
            ask: AskColumns::Constant(0.0),
            volume: None,
        };
        Self::new(name.to_owned(), unit, None, vec![segment], 0)
    }

    /// Puts checked columns under one index, and keeps the user's names for them.
    #[must_use]
    pub fn from_columns(columns: SymbolColumns) -> Self {
        let SymbolColumns {
            symbol,
            unit,
            timezone,
            names,
            segments,
            copied_bytes,
            ..
        } = columns;
        Self {
            names,
            ..Self::new(symbol, unit, timezone, segments, copied_bytes)
        }
    }

    /// The same candles under names for their columns.
    #[must_use]
    pub fn named(self, names: ColumnNames) -> Self {
        Self { names, ..self }
    }

    /// The same candles as columns, to validate their rows again.
    #[must_use]
    pub fn to_columns(&self) -> SymbolColumns {
        SymbolColumns {
            symbol: self.name.clone(),
            unit: self.unit,
            timezone: self.timezone.clone(),
            names: self.names.clone(),
            segments: self.segments.clone(),
            nulls: Vec::new(),
            copied_bytes: self.copied_bytes,
        }
    }

    /// The user's columns; none where the candles were not read from columns.
    #[must_use]
    pub fn names(&self) -> &ColumnNames {
        &self.names
    }

    /// The symbol's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The unit of its times.
    #[must_use]
    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// The display time zone of the input's time column, if it had one.
    #[must_use]
    pub fn timezone(&self) -> Option<&str> {
        self.timezone.as_deref()
    }

    /// The volume of a bar; none where the data have none.
    #[must_use]
    pub fn volume(&self, index: usize) -> Option<f64> {
        let (segment, offset) = self.locate(index);
        Some(self.segments[segment].volume.as_ref()?[offset])
    }

    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether there is no bar.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The chunks, in time order.
    #[inline]
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Bar index at which segment `k` begins.
    #[inline]
    #[must_use]
    pub fn segment_start(&self, k: usize) -> usize {
        self.starts[k]
    }

    /// Bytes that were cast on the way in; 0 without `cast=True`.
    #[must_use]
    pub fn copied_bytes(&self) -> usize {
        self.copied_bytes
    }

    /// Which segment holds bar `index`, and the offset in it. The index must be below `len()`.
    #[inline]
    #[must_use]
    pub fn locate(&self, index: usize) -> (usize, usize) {
        // Data in one chunk, the usual case, needs no search.
        let k = if self.segments.len() == 1 {
            0
        } else {
            self.starts.partition_point(|&start| start <= index) - 1
        };
        (k, index - self.starts[k])
    }

    /// Open time of bar `index`.
    #[inline]
    #[must_use]
    pub fn time(&self, index: usize) -> i64 {
        let (k, offset) = self.locate(index);
        self.segments[k].time[offset]
    }

    /// Open times of a range of bars: shared where one segment holds them, else put together.
    #[must_use]
    pub fn times(&self, bars: Range<usize>) -> ScalarBuffer<i64> {
        if bars.is_empty() {
            return ScalarBuffer::from(Vec::new());
        }
        let (first, offset) = self.locate(bars.start);
        let segment = &self.segments[first];
        if offset + bars.len() <= segment.len() {
            // The times of a result then share the store's memory.
            return segment.time.slice(offset, bars.len());
        }
        let times = self.segments[first..]
            .iter()
            .flat_map(|segment| segment.time.iter().copied());
        times.skip(offset).take(bars.len()).collect()
    }

    /// Both sides of bar `index`.
    #[must_use]
    pub fn bar(&self, index: usize) -> Bar {
        let (k, offset) = self.locate(index);
        self.segments[k].bar(offset)
    }

    /// The first bar with an open time at or after `time`; `len()` where there is none.
    #[must_use]
    pub fn first_at_or_after(&self, time: i64) -> usize {
        let k = self
            .segments
            // First by segment, then within it: two searches in ascending times.
            .partition_point(|segment| segment.time.last().is_some_and(|&last| last < time));
        match self.segments.get(k) {
            Some(segment) => self.starts[k] + segment.time.partition_point(|&t| t < time),
            None => self.len(),
        }
    }
}

/// The candles of all symbols, in the order in which they were given.
#[derive(Debug, Clone)]
pub struct CandleStore {
    symbols: Vec<Arc<SymbolCandles>>,
}

impl CandleStore {
    /// A store over symbols in their given order.
    #[must_use]
    pub fn new(symbols: Vec<Arc<SymbolCandles>>) -> Self {
        Self { symbols }
    }

    /// All symbols, in order.
    #[must_use]
    pub fn symbols(&self) -> &[Arc<SymbolCandles>] {
        &self.symbols
    }

    /// The candles of one symbol.
    #[must_use]
    pub fn symbol(&self, id: SymbolId) -> &Arc<SymbolCandles> {
        &self.symbols[id.index()]
    }
}
