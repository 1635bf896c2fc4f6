//! Types shared by all stages: plain values, with no behaviour of their own.

mod ids;
mod price;
mod side;
mod time;

pub use ids::{OrderId, SymbolId, TradeId};
pub use price::{Bar, Ohlc};
pub use side::{Direction, Side};
pub use time::TimeUnit;
