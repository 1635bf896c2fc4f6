//! The vocabulary that every stage speaks; plain values, no behaviour beyond their own meaning.

mod ids;
mod price;
mod side;
mod time;

pub use ids::{OrderId, SymbolId, TradeId};
pub use price::{Bar, Ohlc};
pub use side::{Direction, Side};
pub use time::TimeUnit;
