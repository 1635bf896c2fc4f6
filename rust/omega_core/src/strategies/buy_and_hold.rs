//! The yardstick: buy at the first open and hold to the end.

use super::{WarmedUp, enter};
use crate::error::OmegaError;
use crate::execution::Action;
use crate::replay::{State, Strategy, View};
use crate::types::{Direction, SymbolId};

/// Buys once.
#[derive(Debug, Clone, Default)]
pub struct BuyAndHold {
    bought: bool,
}

impl WarmedUp for BuyAndHold {
    fn warmup(&self) -> usize {
        0
    }
}

impl Strategy for BuyAndHold {
    type Error = OmegaError;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        // Never again, so that the loop takes the rest of the run in stretches.
        if self.bought { usize::MAX } else { step }
    }

    fn evaluate(
        &mut self,
        view: &View<'_>,
        _state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        if !self.bought && view.is_ready(SymbolId(0)) {
            self.bought = true;
            actions.push(enter(SymbolId(0), Direction::Long, (None, None), None));
        }
        Ok(())
    }
}
