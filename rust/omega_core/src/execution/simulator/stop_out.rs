//! The stop-out: positions closed because the margin is used up (M6).

use super::Simulator;
use crate::execution::{Account, ExitReason, StepBars};

impl Simulator {
    /// Closes the position with the largest loss where equity is below the stop-out level, until it
    /// is not (M6). A position whose symbol has no bar at this step cannot be closed.
    pub(super) fn stop_out<A: Account>(&mut self, bars: StepBars<'_>, account: &mut A) {
        let Some(level) = self.settings.stop_out_level else {
            return;
        };
        // Again after each: what one close gives back may be enough. Without margin the threshold
        // is an equity of 0 (M6.2).
        while !self.positions.open.is_empty()
            && self.positions.equity(account) < level * self.positions.margin()
        {
            let Some(index) = self.positions.largest_loss(bars) else {
                return;
            };
            let position = &self.positions.open[index];
            let now = bars.of(position.symbol);
            let price = now.bar.side(position.direction.exit_side()).close;
            self.close_protected(index, price, ExitReason::StopOut, now, account);
        }
    }
}
