//! Types shared by all stages: plain values that know of no stage.

mod days;
mod ids;
mod price;
mod side;
mod time;

pub use days::{Days, date_of};
pub use ids::{OrderId, SymbolId, TradeId};
pub use price::{Bar, Ohlc};
pub use side::{Direction, Side};
pub use time::TimeUnit;
