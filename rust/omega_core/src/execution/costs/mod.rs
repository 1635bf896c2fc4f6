//! What trading costs: fees of a leg and slippage of a fill (M4).

mod fees;
mod slippage;

pub use fees::Fees;
pub use slippage::{Slippage, uniform};
