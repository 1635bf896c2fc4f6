//! Columns cut differently become segments cut at the union of all cuts; only views are made.

use arrow_buffer::{ArrowNativeType, ScalarBuffer};

use super::{AskColumns, Segment};

/// The typed chunks of one symbol, all of the same total length.
pub(super) struct Chunked {
    pub time: Vec<ScalarBuffer<i64>>,
    pub bid: Prices,
    pub ask: Ask,
    pub volume: Option<Vec<ScalarBuffer<f64>>>,
}

/// One column for all four prices (quotes), or one for each.
pub(super) enum Prices {
    Quote(Vec<ScalarBuffer<f64>>),
    Bars([Vec<ScalarBuffer<f64>>; 4]),
}

/// How the ask side is given.
pub(super) enum Ask {
    Quoted(Prices),
    Constant(f64),
    Spread(Vec<ScalarBuffer<f64>>),
}

/// Walks the chunks of one column and returns views of any stretch that lies in one chunk.
struct Feed<T: ArrowNativeType> {
    chunks: std::vec::IntoIter<ScalarBuffer<T>>,
    rest: Option<ScalarBuffer<T>>,
}

impl<T: ArrowNativeType> Feed<T> {
    fn new(chunks: Vec<ScalarBuffer<T>>) -> Self {
        let mut feed = Self {
            chunks: chunks.into_iter(),
            rest: None,
        };
        feed.refill();
        feed
    }

    fn refill(&mut self) {
        // Empty chunks are skipped here, since no rows left is how `segments` recognises the end.
        self.rest = self.chunks.by_ref().find(|chunk| !chunk.is_empty());
    }

    /// Rows left in the current chunk; 0 at the end of the column.
    fn available(&self) -> usize {
        self.rest.as_ref().map_or(0, ScalarBuffer::len)
    }

    fn take(&mut self, rows: usize) -> ScalarBuffer<T> {
        match self.rest.take() {
            Some(chunk) if rows < chunk.len() => {
                let head = chunk.slice(0, rows);
                self.rest = Some(chunk.slice(rows, chunk.len() - rows));
                head
            }
            Some(chunk) => {
                self.refill();
                chunk
            }
            None => ScalarBuffer::from(Vec::new()),
        }
    }
}

enum PriceFeeds {
    Quote(Box<Feed<f64>>),
    Bars(Box<[Feed<f64>; 4]>),
}

impl PriceFeeds {
    fn new(prices: Prices) -> Self {
        match prices {
            Prices::Quote(chunks) => Self::Quote(Box::new(Feed::new(chunks))),
            Prices::Bars(columns) => Self::Bars(Box::new(columns.map(Feed::new))),
        }
    }

    fn available(&self) -> usize {
        match self {
            Self::Quote(feed) => feed.available(),
            Self::Bars(feeds) => feeds.iter().map(Feed::available).min().unwrap_or(0),
        }
    }

    fn take(&mut self, rows: usize) -> [ScalarBuffer<f64>; 4] {
        match self {
            Self::Quote(feed) => {
                let quote = feed.take(rows);
                // Four references to one buffer. Validation recognises quotes by that, see
                // `is_quote`.
                [quote.clone(), quote.clone(), quote.clone(), quote]
            }
            Self::Bars(feeds) => {
                let [open, high, low, close] = feeds.as_mut();
                [
                    open.take(rows),
                    high.take(rows),
                    low.take(rows),
                    close.take(rows),
                ]
            }
        }
    }
}

enum AskFeeds {
    Quoted(PriceFeeds),
    Constant(f64),
    Spread(Feed<f64>),
}

impl AskFeeds {
    fn new(ask: Ask) -> Self {
        match ask {
            Ask::Quoted(prices) => Self::Quoted(PriceFeeds::new(prices)),
            Ask::Constant(spread) => Self::Constant(spread),
            Ask::Spread(chunks) => Self::Spread(Feed::new(chunks)),
        }
    }

    fn available(&self) -> usize {
        match self {
            Self::Quoted(prices) => prices.available(),
            // A number has no chunks, so it never ends a segment.
            Self::Constant(_) => usize::MAX,
            Self::Spread(feed) => feed.available(),
        }
    }

    fn take(&mut self, rows: usize) -> AskColumns {
        match self {
            Self::Quoted(prices) => AskColumns::Quoted(prices.take(rows)),
            Self::Constant(spread) => AskColumns::Constant(*spread),
            Self::Spread(feed) => AskColumns::Spread(feed.take(rows)),
        }
    }
}

/// Segments whose columns are contiguous, in the order of the rows.
pub(super) fn segments(columns: Chunked) -> Vec<Segment> {
    let mut time = Feed::new(columns.time);
    let mut bid = PriceFeeds::new(columns.bid);
    let mut ask = AskFeeds::new(columns.ask);
    let mut volume = columns.volume.map(Feed::new);
    let mut segments = Vec::new();
    loop {
        let rows = time
            .available()
            .min(bid.available())
            .min(ask.available())
            .min(volume.as_ref().map_or(usize::MAX, Feed::available));
        // All columns end together: `Reader::column` refuses lengths that differ.
        if rows == 0 {
            return segments;
        }
        segments.push(Segment {
            time: time.take(rows),
            bid: bid.take(rows),
            ask: ask.take(rows),
            volume: volume.as_mut().map(|feed| feed.take(rows)),
        });
    }
}
