//! The turtles' rule: enter where the close leaves the channel of the bars before, leave where it
//! falls back through a shorter one.

use super::{WarmedUp, close, enter, first_value, position};
use crate::error::OmegaError;
use crate::execution::{Action, ExitReason};
use crate::indicators::statistics::{max, min};
use crate::replay::{State, Strategy, View};
use crate::types::{Direction, SymbolId};

/// Trades breakouts of a channel.
#[derive(Debug, Clone)]
pub struct DonchianBreakout {
    close: Vec<f64>,
    /// Highest high and lowest low of the entry channel.
    entry: [Vec<f64>; 2],
    /// The same of the exit channel.
    exit: [Vec<f64>; 2],
}

impl DonchianBreakout {
    /// Over highs, lows and closes of the bid, with the bars of both channels.
    #[must_use]
    pub fn new([high, low, close]: [&[f64]; 3], entry: usize, exit: usize) -> Self {
        Self {
            close: close.to_vec(),
            entry: [max(high, entry), min(low, entry)],
            exit: [max(high, exit), min(low, exit)],
        }
    }
}

impl WarmedUp for DonchianBreakout {
    fn warmup(&self) -> usize {
        first_value(&self.entry[0]).max(first_value(&self.exit[0])) + 1
    }
}

impl Strategy for DonchianBreakout {
    type Error = OmegaError;

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let now = view.newest();
        // The channel of the bar before: a close is never above a highest high that includes its
        // own bar.
        let Some(before) = now.checked_sub(1) else {
            return Ok(());
        };
        let price = self.close[now];
        if let Some(open) = position(state) {
            let leaves = match open.direction {
                Direction::Long => price < self.exit[1][before],
                Direction::Short => price > self.exit[0][before],
            };
            if leaves {
                actions.push(close(open, ExitReason::Signal));
            }
        } else if price > self.entry[0][before] {
            // The stop may include this bar, which is complete when the order is given.
            let stop = (Some(self.exit[1][now]), None);
            actions.push(enter(SymbolId(0), Direction::Long, stop, None));
        } else if price < self.entry[1][before] {
            let stop = (Some(self.exit[0][now]), None);
            actions.push(enter(SymbolId(0), Direction::Short, stop, None));
        }
        Ok(())
    }
}
