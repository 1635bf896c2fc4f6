//! Strategies that never leave the core: signal columns, and the built-in ones by name.
//!
//! In: candles, whose indicators are computed as whole columns before the run. Out: actions, of the
//! same kinds and in the same order as those of the Python class of the same name.

mod buy_and_hold;
mod disturbed;
mod donchian_breakout;
mod named;
mod pausing;
mod rsi_reversion;
mod scheduled;
mod signals;
mod sma_cross;
mod weights;
mod zscore_reversion;

use crate::execution::{self, Action, CloseTarget, ExitReason, OpenRequest, Position, Sizer};
use crate::replay::State;
use crate::types::{Direction, SymbolId};

pub use buy_and_hold::BuyAndHold;
pub use disturbed::{Disturbance, Disturbed};
pub use donchian_breakout::DonchianBreakout;
pub use named::{Native, Parameters, named};
pub use pausing::Cooldown;
pub use rsi_reversion::RsiReversion;
pub use scheduled::{Border, Scheduled};
pub use signals::{Entries, Level, Signals, SymbolSignals, Values, Wanted};
pub use sma_cross::SmaCross;
pub use weights::{Schedule, TargetSet, TargetWeight, Weights};
pub use zscore_reversion::{ZscoreOptions, ZscoreReversion};

/// A strategy that knows how many bars it needs before its first decision.
pub trait WarmedUp {
    /// Complete bars.
    fn warmup(&self) -> usize;
}

/// A market order with its protective exits; the run's sizer gives the size where none is named.
fn enter(
    symbol: SymbolId,
    direction: Direction,
    (stop_loss, take_profit): (Option<f64>, Option<f64>),
    size: Option<f64>,
) -> Action {
    Action::Open(OpenRequest {
        size: size.map(Sizer::FixedLots),
        stop_loss: stop_loss.map(execution::Level::At),
        take_profit: take_profit.map(execution::Level::At),
        ..OpenRequest::market(symbol, direction)
    })
}

/// Closes a position, for a reason.
fn close(position: &Position, reason: ExitReason) -> Action {
    Action::Close {
        target: CloseTarget::Trade(position.id),
        fraction: 1.0,
        reason,
    }
}

/// The oldest open position.
fn position<'a>(state: &State<'a>) -> Option<&'a Position> {
    state.positions.first()
}

/// How many bars it takes until a column has its first value.
fn first_value(values: &[f64]) -> usize {
    values
        .iter()
        .position(|value| !value.is_nan())
        .map_or(values.len(), |index| index + 1)
}
