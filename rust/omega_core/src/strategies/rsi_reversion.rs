//! Buys where the relative strength index comes up out of the low zone, sells where it comes down
//! out of the high one, and leaves in the middle.

use super::{WarmedUp, close, enter, first_value, position};
use crate::error::OmegaError;
use crate::execution::{Action, ExitReason};
use crate::indicators::momentum::rsi;
use crate::replay::{State, Strategy, View};
use crate::types::{Direction, SymbolId};

/// Trades returns from the extremes.
#[derive(Debug, Clone)]
pub struct RsiReversion {
    rsi: Vec<f64>,
    low: f64,
    high: f64,
    middle: f64,
}

impl RsiReversion {
    /// Over closes of the bid; levels are points of the index, from 0 to 100.
    #[must_use]
    pub fn new(close: &[f64], window: usize, low: f64, high: f64, middle: f64) -> Self {
        Self {
            rsi: rsi(close, window),
            low,
            high,
            middle,
        }
    }
}

impl WarmedUp for RsiReversion {
    fn warmup(&self) -> usize {
        first_value(&self.rsi) + 1
    }
}

impl Strategy for RsiReversion {
    type Error = OmegaError;

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let now = view.newest();
        let Some(before) = now.checked_sub(1) else {
            return Ok(());
        };
        let (before, value) = (self.rsi[before], self.rsi[now]);
        if let Some(open) = position(state) {
            let leaves = match open.direction {
                Direction::Long => value >= self.middle,
                Direction::Short => value <= self.middle,
            };
            if leaves {
                actions.push(close(open, ExitReason::Signal));
            }
        // Entered on the way out of the zone: inside it the index may stay for long.
        } else if before <= self.low && value > self.low {
            actions.push(enter(SymbolId(0), Direction::Long, (None, None), None));
        } else if before >= self.high && value < self.high {
            actions.push(enter(SymbolId(0), Direction::Short, (None, None), None));
        }
        Ok(())
    }
}
