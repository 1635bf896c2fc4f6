//! What trading costs: fees of a leg, slippage of a fill, swap of a night (M4).

mod fees;
mod slippage;
mod swap;

pub use fees::{FeeBasis, FeeFunction, FeeParts, Fees};
pub use slippage::{Slippage, key_bits, next_bits, uniform};
pub use swap::Swap;
