//! The candle store: the column segments of each symbol, and the cursor over them.
//!
//! Takes checked segments from `columns` and gives access to bars by index, in O(1). A segment is
//! one chunk of the input; all its columns have one length, so that a bar is one offset in each.

mod cursor;
mod export;
mod market;
mod place;
mod resample;
mod stretch;
mod symbol;
#[cfg(test)]
mod tests;
mod visibility;

pub use crate::columns::{AskColumns, Segment};
pub use cursor::Cursor;
pub use market::{Align, Clock, Ends, Lasting, Market, Timeframe, TrackId};
pub use resample::{Grid, resample};
pub(crate) use stretch::FETCHED;
pub use stretch::{Prices, Spread, Stretch};
pub use symbol::{CandleStore, SymbolCandles};
pub use visibility::{ClosedWalk, Walk};
