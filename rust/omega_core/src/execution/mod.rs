//! Orders to fills: order book, matching, protective exits, sizing and costs.

mod order;
mod position;

pub use order::{ExitReason, Expiry, Fill, Order, OrderStatus, OrderType, RejectReason};
pub use position::Position;
