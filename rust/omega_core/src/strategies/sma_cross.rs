//! Two moving averages: always in the market, on the side of the faster one.

use super::{WarmedUp, close_all, crosses_over, crosses_under, enter};
use crate::error::OmegaError;
use crate::execution::Action;
use crate::indicators::averages::sma;
use crate::replay::{State, Strategy, View, Wakeups};
use crate::types::{Direction, SymbolId};

const UP: u8 = 1;
const DOWN: u8 = 2;

/// Reverses where the averages cross.
#[derive(Debug, Clone)]
pub struct SmaCross {
    wakeups: Wakeups,
    warmup: usize,
}

impl SmaCross {
    /// Over closes of the bid, with two windows.
    #[must_use]
    pub fn new(close: &[f64], fast: usize, slow: usize) -> Self {
        Self::of_averages(&sma(close, fast), &sma(close, slow), fast.max(slow))
    }

    /// Over averages that are there already, which need so many bars.
    #[must_use]
    pub fn of_averages(fast: &[f64], slow: &[f64], warmup: usize) -> Self {
        let crossing = |now| {
            if crosses_over(fast, slow, now) {
                UP
            } else if crosses_under(fast, slow, now) {
                DOWN
            } else {
                0
            }
        };
        Self {
            wakeups: Wakeups::new((0..fast.len()).map(crossing).collect()),
            warmup,
        }
    }
}

impl WarmedUp for SmaCross {
    fn warmup(&self) -> usize {
        self.warmup
    }
}

impl Strategy for SmaCross {
    type Error = OmegaError;

    #[inline]
    fn wakes_at(&mut self, step: usize) -> usize {
        self.wakeups.next(step)
    }

    #[inline]
    fn hears(&self) -> bool {
        false // it looks at its columns, not at events
    }

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let direction = match self.wakeups.at(view.step()) {
            UP => Direction::Long,
            DOWN => Direction::Short,
            _ => return Ok(()),
        };
        if !state.positions.is_empty() {
            actions.push(close_all(SymbolId(0)));
        }
        actions.push(enter(SymbolId(0), direction, (None, None), None));
        Ok(())
    }
}
