//! The scenario tables of `tests/scenarios/`: read, mirrored, played through `Backtest`, compared.

mod bars;
mod compare;
mod mirror;
mod play;
mod read;
mod settings;
mod value;

pub use compare::differences;
pub use play::play;
pub use read::{Scenario, all, read};
